"""One request is one task and one context, and none sees another."""

import asyncio
import sys
import threading
from contextvars import ContextVar, Token, copy_context
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.exchange import SCOPE_KEY, current_scope, exchange_of
from support.apps import BODY, chunk, sending, start
from support.differential import Citizen, compare, play
from support.scopes import http_scope, scope_of
from support.scripted import REQUEST, ScriptedServer, peer_of, request

user: ContextVar[str] = ContextVar("user", default="nobody")


async def context_is_shared(wrap: Citizen) -> None:
    """What is set outside is seen inside; what is set inside is seen in send() and afterwards."""
    at_send: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        peer_of(scope).notes.append(user.get())
        user.set("inner")
        await send(start())
        await send(chunk(b"x"))
        await asyncio.sleep(0)
        user.set("last")
        await send(chunk(more_body=False))

    async def noting(message: Message) -> None:
        at_send.append(user.get())

    token = user.set("outer")
    server = await request(wrap(app), http_scope(), on_send=noting)
    seen_after = user.get()
    user.reset(token)

    assert server.notes == ["outer"]
    assert at_send == ["inner", "inner", "last"]
    assert seen_after == "last"


async def tokens_can_be_reset(wrap: Citizen) -> None:
    """A token of outside resets inside, and one of inside resets outside: it is one Context."""
    tokens: list[Token[str]] = [user.set("outer")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        user.reset(tokens.pop())
        tokens.append(user.set("inner"))
        await asyncio.sleep(0)
        await send(start())
        await send(BODY)

    await request(wrap(app), http_scope())

    user.reset(tokens.pop())
    assert user.get() == "nobody"


async def same_task_and_thread(wrap: Citizen) -> None:
    """The app runs in the caller's task, and starts no other behind its back."""
    caller, before = asyncio.current_task(), asyncio.all_tasks()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes = peer_of(scope).notes
        for message in (start(), chunk(b"x"), chunk(more_body=False)):
            notes.append(asyncio.current_task() is caller)
            notes.append(asyncio.all_tasks() == before)
            notes.append(threading.current_thread() is threading.main_thread())
            await asyncio.sleep(0)
            await send(message)

    await compare(wrap, app)


async def context_does_not_grow(wrap: Citizen) -> None:
    """Fifty requests in one task leave the context as it was."""
    before = dict(copy_context().items())

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        raise ValueError("no")

    for app in (sending(start(), BODY), failing):
        wrapped = wrap(app)
        for method in ("GET", "POST") * 25:
            await play(wrapped, scope_of(method)(), (REQUEST,))

    assert dict(copy_context().items()) == before
    assert current_scope() is None


async def no_exchange_outlives_its_request(wrap: Citizen) -> None:
    """Requests made inside a request get exchanges of their own."""
    seen: list[Any] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        listening = current_scope()
        seen.append(None if listening is None else exchange_of(listening))
        await send(start())
        await send(BODY)

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        mine = current_scope()
        await request(wrap(inner), http_scope(path="/inner"))
        assert current_scope() is mine
        await inner(scope, receive, send)

    server = await request(wrap(outer), http_scope())

    assert SCOPE_KEY not in server.scope
    assert current_scope() is None
    assert seen == [None, None] or seen[0] is not seen[1]


async def two_hundred_at_once(wrap: Citizen) -> None:
    """Interleaved answers keep their own headers, lengths, bodies and context."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["state"]["number"]
        user.set(str(number))
        body = b"%d;" % number * (number + 1)
        await asyncio.sleep(0)
        await send(
            start(200, ((b"x-number", b"%d" % number), (b"content-length", b"%d" % len(body))))
        )
        if number % 2:
            await asyncio.sleep(0)
        await send(chunk(body[:7]))
        if number % 3:
            await asyncio.sleep(0)
        assert user.get() == str(number)
        await send(chunk(body[7:], more_body=False))

    wrapped = wrap(app)
    servers = await asyncio.gather(
        *(request(wrapped, http_scope(state={"number": number})) for number in range(200))
    )

    for number, server in enumerate(servers):
        body = b"%d;" % number * (number + 1)
        assert server.body == body
        assert server.header(b"x-number") == b"%d" % number
        assert server.header(b"content-length") == b"%d" % len(body)


async def no_event_loop_needed(wrap: Citizen) -> None:
    """Nothing of ours asks for a loop: trio and any other driver can run it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(start())
        await send(BODY)

    def drive() -> ScriptedServer:
        server = ScriptedServer(http_scope())
        steps = wrap(app)(server.scope, server.receive, server.send).__await__()
        assert next(steps, "done") == "done", "it waits for something that no app asked for"
        return server

    server = await asyncio.to_thread(drive)
    assert server.body == b"hello"


async def dead_loops(wrap: Citizen) -> None:
    """One instance works in loop after loop, also after one died in the middle of a request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        if scope["path"] == "/stuck":
            await asyncio.Event().wait()
        await send(BODY)

    wrapped = wrap(app)

    async def dies() -> None:
        server = ScriptedServer(http_scope(path="/stuck"))
        stuck = asyncio.ensure_future(wrapped(server.scope, server.receive, server.send))
        await asyncio.wait([stuck], timeout=0)

    def in_loops_of_its_own() -> list[bytes]:
        bodies = []
        for _ in range(3):
            asyncio.run(dies())
            bodies.append(asyncio.run(request(wrapped, http_scope())).body)
        return bodies

    assert await asyncio.to_thread(in_loops_of_its_own) == [b"hello"] * 3


async def six_threads(wrap: Citizen) -> None:
    """Six threads with loops of their own share one instance and mix nothing up."""
    wrapped = wrap(numbered_app)

    def thread(number: int) -> list[bool]:
        async def many() -> list[bool]:
            return [await gets_its_own(wrapped, number * 1000 + turn) for turn in range(50)]

        return asyncio.run(many())

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        results = await asyncio.gather(*(asyncio.to_thread(thread, n) for n in range(6)))
    finally:
        sys.setswitchinterval(interval)
    assert all(all(result) for result in results)


async def numbered_app(scope: Scope, receive: Receive, send: Send) -> None:
    mark = b"%d" % scope["state"]["number"]
    await send(start(200, ((b"x-number", mark),)))
    if scope["state"]["number"] % 2:
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": mark * 20})


async def gets_its_own(app: ASGIApp, number: int) -> bool:
    server = await request(app, http_scope(state={"number": number}))
    mark = b"%d" % number
    return server.body == mark * 20 and server.header(b"x-number") == mark
