"""An exception of the app leaves as the same object, and what was sent before it stays sent."""

import asyncio
from collections.abc import Callable

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from support.apps import BODY, chunk, sending, start
from support.differential import Citizen, compare, play
from support.scopes import http_scope, scope_of
from support.scripted import REQUEST, Leaving, ScriptedServer, peer_of


class UnknownToAll(BaseException):
    """An exception that no `except Exception` catches."""


def deep(depth: int = 0) -> int:
    return deep(depth + 1)


ERRORS: tuple[Callable[[], BaseException], ...] = (
    lambda: ValueError("wrong"),
    lambda: OSError(5, "disk"),
    lambda: TimeoutError("slow"),
    lambda: RuntimeError("cannot reuse already awaited coroutine"),
    lambda: RecursionError("deep"),
    lambda: StopAsyncIteration("spent"),
    lambda: ExceptionGroup("two", [ValueError("a"), KeyError("b")]),
    lambda: BaseExceptionGroup("all", [UnknownToAll("c")]),
    lambda: asyncio.CancelledError("by the app itself"),
    lambda: GeneratorExit("by the app itself"),
    KeyboardInterrupt,
    lambda: SystemExit(3),
    lambda: UnknownToAll("x"),
)


def raising(error: BaseException, *messages: Message, suspends: bool = False) -> ASGIApp:
    """Build an app that sends these messages and then raises this object."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if suspends:
            await asyncio.sleep(0)
        raise error

    return app


async def assert_raises_as_bare(wrap: Citizen, *messages: Message, method: str = "GET") -> None:
    for make in ERRORS:
        for suspends in (False, True):
            error = make()
            # What stops the task, and not only the request, may leave a start that is held unsent.
            if isinstance(error, Exception):
                await compare(wrap, raising(make(), *messages, suspends=suspends), scope_of(method))
            error.add_note("from the app")
            app = raising(error, *messages, suspends=suspends)
            outcome = await play(wrap(app), scope_of(method)(), (REQUEST,))
            assert outcome.error is error, f"{error!r} became {outcome.error!r}"
            assert error.__cause__ is None
            assert error.__context__ is None
            assert error.__notes__ == ["from the app"]
            assert outcome.scope_before == outcome.scope_after
            assert outcome.context_changes == {}
            sent = [message["type"] for message in outcome.server.sent]
            assert sent == [message["type"] for message in messages][: len(sent)]


async def raises_before_the_start(wrap: Citizen) -> None:
    """The same object comes out and nothing is sent."""
    for method in ("GET", "HEAD", "POST"):
        await assert_raises_as_bare(wrap, method=method)


async def raises_after_the_start(wrap: Citizen) -> None:
    """The start has been sent, whether or not its body was still awaited."""
    await assert_raises_as_bare(wrap, start())
    await assert_raises_as_bare(wrap, start(200, ((b"content-length", b"10"),)))


async def raises_in_the_body(wrap: Citizen) -> None:
    """No last body message makes a broken answer look whole."""
    await assert_raises_as_bare(wrap, start(), chunk(b"half"))
    await assert_raises_as_bare(wrap, start(200, ((b"content-length", b"10"),)), chunk(b"half"))


async def raises_after_the_end(wrap: Citizen) -> None:
    """The answer stays as it was, and the exception is reported."""
    await assert_raises_as_bare(wrap, start(), BODY)
    await assert_raises_as_bare(wrap, start(200, ((b"content-length", b"5"),)), BODY)


async def errors_with_a_history(wrap: Citizen) -> None:
    """Cause and context of an exception are the app's."""

    async def chained(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise KeyError("first")
        except KeyError as first:
            raise ValueError("second") from first

    async def in_a_handler(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise KeyError("first")
        except KeyError:
            await send(start())
            raise ValueError("second")  # noqa: B904  (an implicit context is what is tested)

    async def too_deep(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        deep()

    for app in (chained, in_a_handler, too_deep):
        await compare(wrap, app)


async def incomplete_answers(wrap: Citizen) -> None:
    """An app that returns early gets nothing invented on its behalf."""
    sized = start(200, ((b"content-length", b"10"),))
    halves: tuple[tuple[Message, ...], ...] = (
        (),
        (start(),),
        (sized,),
        (start(), chunk(b"half")),
        (sized, chunk(b"half")),
        (sized, chunk(b"half"), chunk(b"more")),
    )
    for messages in halves:
        for method in ("GET", "HEAD", "POST"):
            app = sending(*messages)
            await compare(wrap, app, scope_of(method), may_tag=False)


async def lengths_that_lie(wrap: Citizen) -> None:
    """More or fewer bytes than declared: passed on as they are, for the server to judge."""
    for declared in (b"3", b"7", b"-1", b"5, 5", b"", b"+5", b"\xd9\xa5"):
        sized = start(200, ((b"content-length", declared),))
        await compare(wrap, sending(sized, BODY))
        parts = (sized, chunk(b"hel"), chunk(b"lo", more_body=False))
        await compare(wrap, sending(*parts))


async def one_of_six_fails(wrap: Citizen) -> None:
    """Six equal requests in flight: exactly the one that fails fails."""
    arrived = asyncio.Semaphore(0)
    gate = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.release()
        await gate.wait()
        if scope["state"]["number"] == 3:
            raise ValueError("the third")
        await send(start())
        await send(BODY)

    wrapped = wrap(app)
    # Authorized, because a cache lets the other five wait for the first otherwise.
    scopes = [
        http_scope(state={"number": number}, headers=[(b"authorization", b"Bearer of-six")])
        for number in range(6)
    ]
    servers = [ScriptedServer(scope) for scope in scopes]
    calls = [asyncio.ensure_future(wrapped(s.scope, s.receive, s.send)) for s in servers]
    for _ in servers:
        await arrived.acquire()
    gate.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(ValueError) == 1
    assert isinstance(outcomes[3], ValueError)
    assert [server.body for server in servers].count(b"hello") == 5


async def send_that_fails_is_heard_by_the_app(wrap: Citizen) -> None:
    """An OSError of the server surfaces in the app, which may go on as it likes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        server = peer_of(scope)
        await send(start())
        await asyncio.sleep(0)
        await send(chunk(b"seen"))
        server.leave()
        try:
            await send(chunk(b"lost"))
        except OSError as error:
            server.notes.append(repr(error))
            raise LookupError("cleaned up") from error

    for leaving in Leaving:
        await compare(wrap, app, leaving=leaving, may_tag=False)


async def client_gone_before_the_answer(wrap: Citizen) -> None:
    """Nobody is there any more: the call ends, with the server's error or silently."""

    async def leaves(server: ScriptedServer) -> None:
        server.leave()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(start())
        await send(BODY)

    for leaving in Leaving:
        outcome = await play(wrap(app), http_scope(), (leaves,), leaving=leaving)
        assert outcome.server.sent == []
        assert isinstance(outcome.error, OSError) is (leaving is Leaving.RAISES)
        assert outcome.scope_before == outcome.scope_after
        assert outcome.context_changes == {}


async def send_errors_surface_in_send(wrap: Citizen) -> None:
    """The server's OSError is raised by send(), not by whatever else the app waits for."""
    for head in (start(), start(200, ((b"content-length", b"10"),))):

        async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
            peer_of(scope).leave()
            await send(head)
            try:
                await asyncio.sleep(0)
            except OSError:
                peer_of(scope).notes.append("raised by another await")
                raise
            await send(chunk(b"half"))

        outcome = await play(wrap(app), http_scope(), (REQUEST,))
        assert isinstance(outcome.error, OSError)
        assert outcome.server.notes == []
