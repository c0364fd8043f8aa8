"""Cancelled calls end, clean up, send nothing more and leave nothing behind."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

import anyio

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.exchange import SCOPE_KEY
from support.apps import BODY, chunk, start
from support.differential import Citizen, assert_same_messages, compare, play
from support.scopes import http_scope
from support.scripted import REQUEST, ScriptedServer, peer_of

SIZED = start(200, ((b"content-length", b"10"),))


def waiting_after(*messages: Message) -> ASGIApp:
    """Build an app that sends these messages, then waits until it is cancelled."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes = peer_of(scope).notes
        try:
            for message in messages:
                await send(message)
            notes.append("waits")
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            notes.append(error.args)
            raise
        finally:
            notes.append("finally")

    return app


async def cancelled(
    app: ASGIApp, *, until: Callable[[ScriptedServer], bool], times: int = 1, **options: Any
) -> tuple[ScriptedServer, BaseException | None]:
    """Call the app in a task of its own and cancel it once it is where the test wants it."""
    server = ScriptedServer(http_scope(), **options)
    scope = dict(server.scope)
    call = asyncio.ensure_future(app(server.scope, server.receive, server.send))
    await turns(lambda: until(server))
    for _ in range(times):
        call.cancel("by the server")
        await asyncio.sleep(0)
    outcome = (await asyncio.gather(call, return_exceptions=True))[0]
    sent = len(server.sent)
    await asyncio.sleep(0)
    assert len(server.sent) == sent, "something was sent after the call had ended"
    assert server.scope == scope, "the scope was not given back as it was"
    return server, outcome


async def turns(claim: Callable[[], bool]) -> None:
    for _ in range(50):
        if claim():
            return
        await asyncio.sleep(0)
    raise AssertionError("the app never got there")


async def assert_cancels_as_bare(wrap: Citizen, app: ASGIApp, **options: Any) -> None:
    options.setdefault("until", lambda server: "waits" in server.notes)
    bare, bare_outcome = await cancelled(app, **options)
    wrapped, wrapped_outcome = await cancelled(wrap(app), **options)
    assert_same_messages(bare.sent, wrapped.sent, wrap.adds - {b"etag"})
    assert wrapped.notes == bare.notes, wrapped.notes
    assert type(wrapped_outcome) is type(bare_outcome)
    assert getattr(wrapped_outcome, "args", None) == getattr(bare_outcome, "args", None)


async def cancelled_before_the_start(wrap: Citizen) -> None:
    """CancelledError leaves, the app's finally has run, nothing was sent."""
    await assert_cancels_as_bare(wrap, waiting_after())


async def cancelled_after_the_start(wrap: Citizen) -> None:
    """The start that the client has seen is all it gets."""
    await assert_cancels_as_bare(wrap, waiting_after(start()))


async def cancelled_in_the_body(wrap: Citizen) -> None:
    """No last message pretends that the answer was whole."""
    await assert_cancels_as_bare(wrap, waiting_after(start(), chunk(b"half")))
    await assert_cancels_as_bare(wrap, waiting_after(SIZED, chunk(b"half")))


async def cancelled_before_a_declared_body(wrap: Citizen) -> None:
    """A start still held back for its body may go or stay; nothing else is sent."""
    server, outcome = await cancelled(
        wrap(waiting_after(SIZED)), until=lambda server: "waits" in server.notes
    )

    assert isinstance(outcome, asyncio.CancelledError)
    assert [message["type"] for message in server.sent] in ([], ["http.response.start"])
    assert server.notes == ["waits", ("by the server",), "finally"]


async def cancelled_under_back_pressure(wrap: Citizen) -> None:
    """Cancelled while the server makes it wait, the app hears of it and cleans up."""
    for messages in (
        (start(),),
        (start(), chunk(b"half")),
        (SIZED, chunk(b"half")),
        (start(), BODY),
    ):
        heard: list[str] = []

        async def stuck(message: Message) -> None:
            await asyncio.Event().wait()

        async def app(
            scope: Scope,
            receive: Receive,
            send: Send,
            messages: tuple[Message, ...] = messages,
            heard: list[str] = heard,
        ) -> None:
            try:
                for message in messages:
                    await send(message)
                await asyncio.Event().wait()
            finally:
                heard.append("finally")

        server, outcome = await cancelled(wrap(app), until=lambda s: len(s.sent) > 0, on_send=stuck)

        assert isinstance(outcome, asyncio.CancelledError)
        assert heard == ["finally"]
        assert len(server.sent) == 1


async def cleanup_that_awaits(wrap: Citizen) -> None:
    """The app's own asynchronous clean-up runs to its end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes = peer_of(scope).notes
        await send(start())
        notes.append("waits")
        try:
            await asyncio.Event().wait()
        finally:
            for number in range(3):
                await asyncio.sleep(0)
                notes.append(number)

    await assert_cancels_as_bare(wrap, app)
    await assert_cancels_as_bare(wrap, app, times=2)


async def cancellation_that_is_refused(wrap: Citizen) -> None:
    """An app that catches its cancellation and answers after all is not cut short."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes = peer_of(scope).notes
        notes.append("waits")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            notes.append("refuses")
        await send(start(503))
        await asyncio.sleep(0)
        await send(BODY)

    await assert_cancels_as_bare(wrap, app)


async def timeouts_inside_the_app(wrap: Citizen) -> None:
    """asyncio.timeout, wait_for and anyio's scopes end inside the app, which then answers."""

    async def by_timeout() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    async def by_wait_for() -> None:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)

    async def by_anyio() -> None:
        with anyio.fail_after(0):
            await anyio.sleep_forever()

    async def by_task_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait())
            await asyncio.sleep(0)
            raise TimeoutError

    for slow in (by_timeout, by_wait_for, by_anyio, by_task_group):

        async def app(
            scope: Scope, receive: Receive, send: Send, slow: Callable[[], Awaitable[None]] = slow
        ) -> None:
            for message in (start(504), BODY):
                try:
                    await slow()
                except* TimeoutError:
                    peer_of(scope).notes.append("late")
                await send(message)

        await compare(wrap, app)


async def timeout_around_the_call(wrap: Citizen) -> None:
    """A server's own time limit ends the call and is reported as such."""
    for messages in ((), (start(),), (start(), chunk(b"half"))):
        app = waiting_after(*messages)
        servers = [ScriptedServer(http_scope()) for _ in range(2)]
        for server, callee in zip(servers, (app, wrap(app)), strict=True):
            try:
                async with asyncio.timeout(0):
                    await callee(server.scope, server.receive, server.send)
            except TimeoutError:
                server.notes.append("limit")

        bare, wrapped = servers
        assert wrapped.notes == bare.notes
        assert wrapped.notes[-2:] == ["finally", "limit"]


async def a_hundred_cancelled(wrap: Citizen) -> None:
    """A hundred cancelled requests leave no task, and the instance answers the next."""
    before = asyncio.all_tasks()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        if scope["path"] == "/slow":
            await asyncio.Event().wait()
        await send(BODY)

    wrapped = wrap(app)
    servers = [ScriptedServer(http_scope(path="/slow")) for _ in range(100)]
    calls = [asyncio.ensure_future(wrapped(s.scope, s.receive, s.send)) for s in servers]
    for number, call in enumerate(calls):
        if number % 2:
            await asyncio.sleep(0)
        call.cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
    assert asyncio.all_tasks() == before
    assert (await play(wrapped, http_scope(), (REQUEST,))).server.body == b"hello"


async def dropped_and_closed(wrap: Citizen) -> None:
    """A call that is never resumed but closed, as the garbage collector does, cleans up."""
    for messages in ((), (start(),), (SIZED,), (start(), chunk(b"half"))):
        server = ScriptedServer(http_scope())
        notes = server.notes

        async def app(
            scope: Scope, receive: Receive, send: Send, messages: Any = messages, notes: Any = notes
        ) -> None:
            try:
                for message in messages:
                    await send(message)
                await asyncio.sleep(0)
            finally:
                notes.append("finally")

        call = wrap(app)(server.scope, server.receive, server.send).__await__()
        # The collector closes it in whatever context it happens to run.
        copy_context().run(next, call)
        call.close()
        assert notes == ["finally"]
        assert len(server.sent) <= len(messages)
        assert SCOPE_KEY not in server.scope
