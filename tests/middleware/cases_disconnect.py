"""The client leaves, the server stops, work goes on in the background."""

import asyncio
import gc
import io
import logging
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from chopin_mw.asgi.types import Message, Receive, Scope, Send
from support.apps import BODY, chunk, start
from support.differential import Citizen, compare, play
from support.scopes import http_scope
from support.scripted import REQUEST, Leaving, ScriptedServer, peer_of

EVENTS = start(200, ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")))


async def leaves_after_three(server: ScriptedServer) -> None:
    await server.sees(4)
    server.leave()


async def endless_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Stream until send() says that the client has left; give up long after it should have."""
    peer, notes = peer_of(scope), peer_of(scope).notes
    await send(EVENTS)
    for number in range(40):
        try:
            await send(chunk(b"data: %d\n\n" % number))
        except OSError:
            notes.append(f"stopped at {number}")
            raise
        if number == 3:
            peer.leave()
        await asyncio.sleep(0)
    notes.append("never stopped")


async def stream_on_a_server_that_raises(wrap: Citizen) -> None:
    """ASGI 2.4: the OSError surfaces at the app's next send()."""
    outcome = await compare(wrap, endless_stream, may_tag=False)

    assert outcome.server.notes == ["stopped at 4"]
    assert outcome.server.sends_after_leaving == 1
    assert isinstance(outcome.error, OSError)


async def listening_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Stream in a child task and listen for the disconnect beside it, as frameworks do."""
    notes = peer_of(scope).notes

    async def stream() -> None:
        await send(EVENTS)
        for number in range(1000):
            await send(chunk(b"data: %d\n\n" % number))
            await asyncio.sleep(0)
        notes.append("never stopped")

    streaming = asyncio.ensure_future(stream())
    while (message := await receive())["type"] != "http.disconnect":
        notes.append(message["type"])
    streaming.cancel()
    notes.extend(map(type, await asyncio.gather(streaming, return_exceptions=True)))


async def stream_on_a_server_that_is_silent(wrap: Citizen) -> None:
    """ASGI 2.3: receive() tells of the disconnect while the stream runs."""
    outcome = await compare(
        wrap,
        listening_stream,
        script=(REQUEST, leaves_after_three),
        leaving=Leaving.SILENT,
        may_tag=False,
    )

    assert outcome.server.notes == ["http.request", asyncio.CancelledError]


async def child_tasks_keep_the_order(wrap: Citizen) -> None:
    """A start sent by the app and bodies sent by its child arrive in order, even slowly."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> None:
            await send(chunk(b"one"))
            await send(chunk(b"two", more_body=False))

        await send(start(200, scope["headers"][1:]))
        await asyncio.ensure_future(body())

    async def slow_start(message: Message) -> None:
        if message["type"] == "http.response.start":
            for _ in range(3):
                await asyncio.sleep(0)

    for length in ([], [(b"content-length", b"6")]):
        scope = partial(http_scope, headers=length)
        for outcome in (
            await compare(wrap, app, scope, on_send=slow_start),
            await compare(wrap, app, scope, before_send=slow_start),
        ):
            assert outcome.error is None, repr(outcome.error)


@contextmanager
def nothing_logged() -> Iterator[None]:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
    assert log.getvalue() == ""


@asynccontextmanager
async def loop_content() -> AsyncIterator[None]:
    """Fail on "exception was never retrieved" and whatever else the loop complains of."""
    loop, complaints = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    yield
    await asyncio.sleep(0)
    gc.collect()
    loop.set_exception_handler(None)
    assert complaints == []


async def disconnects_are_no_news(wrap: Citizen) -> None:
    """No log record and no complaint of the loop when clients leave."""
    script = (REQUEST, leaves_after_three)
    with nothing_logged():
        async with loop_content():
            for leaving in Leaving:
                await play(wrap(listening_stream), http_scope(), script, leaving=leaving)
                await play(wrap(endless_stream), http_scope(), script, leaving=leaving)


async def background_work(wrap: Citizen) -> None:
    """The client has all of it first; the call returns after the work; nobody else waits."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        peer = peer_of(scope)
        await send(start(200, scope["headers"][1:]))
        await send(BODY)
        peer.notes.append(("complete for the client", len(peer.sent)))
        if scope["path"] == "/slow":
            await second(scope)
        peer.leave()
        await asyncio.sleep(0)
        peer.notes.append("worked")

    async def second(scope: Scope) -> None:
        follower = await play(wrapped, http_scope(path="/quick"), (REQUEST,))
        peer_of(scope).notes.append(follower.server.body)

    for length in ([], [(b"content-length", b"5")]):
        wrapped = wrap(app)
        outcome = await play(wrapped, http_scope(path="/slow", headers=length), (REQUEST,))
        assert outcome.server.notes == [("complete for the client", 2), b"hello", "worked"]
        assert outcome.error is None


async def shutdown_with_open_streams(wrap: Citizen) -> None:
    """Streams that the server cancels end, and the lifespan ends after them."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await listening_stream(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    wrapped = wrap(app)
    servers = [ScriptedServer(http_scope()) for _ in range(3)]
    calls = [asyncio.ensure_future(wrapped(s.scope, s.receive, s.send)) for s in servers]
    for server in servers:
        await server.sees(3)
    for server in servers:
        server.leave()
    await asyncio.gather(*calls, return_exceptions=True)
    lifespan = await play(wrapped, {"type": "lifespan"}, ({"type": "lifespan.shutdown"},))

    assert lifespan.server.sent == [{"type": "lifespan.shutdown.complete"}]
    assert [server.body.startswith(b"data: 0") for server in servers] == [True] * 3


async def random_faults(wrap: Citizen) -> None:
    """300 requests with cancels, errors, drops and slow readers: who ended well has his bytes."""
    for seed in range(3):
        chance = random.Random(seed)  # noqa: S311  (faults must repeat by seed)
        wrapped = wrap(marked_app)
        plans = [
            chance.choice(("well", "well", "raise", "cancel", "leave", "slow")) for _ in range(100)
        ]
        outcomes = await asyncio.gather(
            *(_one_of_many(wrapped, number, plan, seed) for number, plan in enumerate(plans))
        )
        for number, (plan, server) in enumerate(zip(plans, outcomes, strict=True)):
            if plan in ("well", "slow"):
                assert server.body == b"%d;" % number * 4, f"seed {seed}, request {number}, {plan}"
                assert server.headers(b"x-number") == [b"%d" % number]
            else:
                assert b"%d;" % number * 4 != server.body or plan == "leave"


async def marked_app(scope: Scope, receive: Receive, send: Send) -> None:
    number, plan = scope["state"]["number"], scope["state"]["plan"]
    fields: list[Any] = [(b"x-number", b"%d" % number)]
    mark = b"%d;" % number
    if number % 3 == 0:
        fields.append((b"content-length", b"%d" % (len(mark) * 4)))
    await send(start(200, fields))
    for part in range(4):
        if number % 2:
            await asyncio.sleep(0)
        if plan == "raise" and part == 2:
            raise ValueError(number)
        await send(chunk(mark, more_body=part < 3))


async def _one_of_many(app: Any, number: int, plan: str, seed: int) -> ScriptedServer:
    async def slowly(message: Message) -> None:
        for _ in range(number % 4):
            await asyncio.sleep(0)
        if plan == "leave":
            server.leave()
        if plan == "cancel":
            await asyncio.Event().wait()

    server = ScriptedServer(
        http_scope(state={"number": number, "plan": plan}),
        leaving=list(Leaving)[seed % 2],
        on_send=slowly if plan in ("slow", "leave", "cancel") else None,
    )
    call = asyncio.ensure_future(app(server.scope, server.receive, server.send))
    if plan == "cancel":
        await server.sees(1)
        call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    return server
