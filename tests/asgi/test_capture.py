"""Capture: an app is stepped like `await` does it, and nothing is held while it waits."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Generator, Sequence
from types import ModuleType
from typing import Any

import pytest

from chopin_mw.asgi.capture import Capture
from chopin_mw.asgi.types import Message
from support.calls import body, start

LIMIT = 100


def length(size: int) -> tuple[bytes, bytes]:
    return (b"Content-Length", b"%d" % size)


class Waiting:
    """Judge that wants every response whole, and marks what became of it."""

    def at_start(self, start: Message) -> None:
        return None

    def when_whole(self, start: Message, chunks: Sequence[bytes]) -> Message:
        return {**start, "whole": b"".join(chunks)}

    def when_released(self, start: Message) -> Message:
        return {**start, "released": True}


class Server:
    """Record what arrives; fail or wait when told to."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def send(self, message: Message) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    def capture(self) -> Capture:
        return Capture(self.send, Waiting(), limit=LIMIT)


async def test_what_is_sent_in_one_message_is_whole() -> None:
    """Without a declared length too."""
    server = Server()
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())
        await capture.send(body(b"ab"))

    await capture.run(app())

    assert server.sent == [{**start(), "whole": b"ab"}, body(b"ab")]


async def test_a_declared_body_sent_in_one_go_is_whole() -> None:
    """In several messages, which stay several."""
    server = Server()
    capture = server.capture()

    async def app() -> None:
        await capture.send(start(200, length(2)))
        await capture.send(body(b"a", more=True))
        await capture.send(body(b"b"))

    await capture.run(app())

    assert server.sent[0]["whole"] == b"ab"
    assert server.sent[1:] == [body(b"a", more=True), body(b"b")]


async def test_a_rush_of_tiny_chunks_is_not_held() -> None:
    """Each message held costs a hundred times its bytes."""
    server = Server()
    capture = Capture(server.send, Waiting(), limit=10_000)

    async def app() -> None:
        await capture.send(start(200, length(1000)))
        for _ in range(999):
            await capture.send(body(b"a", more=True))
        await capture.send(body(b"a"))

    await capture.run(app())

    assert server.sent[0]["released"]
    assert len(server.sent) == 1001


async def test_waiting_lets_go_before_anybody_waits() -> None:
    """The app sees its own messages arrive while it waits for something else."""
    server = Server()
    capture = server.capture()
    seen: list[int] = []

    async def app() -> None:
        await capture.send(start())
        await asyncio.sleep(0)
        seen.append(len(server.sent))
        await capture.send(body(b"a", more=True))
        seen.append(len(server.sent))
        await capture.send(body())

    await capture.run(app())

    assert seen == [1, 2]
    assert server.sent[0]["released"]


async def test_chunks_are_copied_when_they_are_held() -> None:
    """An app may use one dict and one bytearray for everything."""
    server = Server()
    capture = server.capture()

    async def app() -> None:
        chunk = bytearray(b"a")
        message: Message = {"type": "http.response.body", "body": chunk, "more_body": True}
        await capture.send(start(200, length(2)))
        await capture.send(message)
        chunk[:] = b"b"
        message["more_body"] = False
        await capture.send(message)

    await capture.run(app())

    assert [bytes(message["body"]) for message in server.sent[1:]] == [b"a", b"b"]


async def test_a_send_that_fails_while_the_app_waits_is_raised_by_its_next_send() -> None:
    """The client has left: the app hears of it where it expects to, and only once from us."""
    server = Server()
    server.error = OSError("gone")
    capture = server.capture()
    heard: list[BaseException] = []

    async def app() -> None:
        await capture.send(start())
        await asyncio.sleep(0)
        try:
            await capture.send(body(b"a"))
        except OSError as error:
            heard.append(error)
        server.error = None
        await capture.send(body(b"b"))

    await capture.run(app())

    assert [str(error) for error in heard] == ["gone"]
    assert server.sent == [body(b"b")]


async def test_a_send_that_fails_is_not_forgotten_when_the_app_sends_no_more() -> None:
    """The server hears of its own error, as it would without us."""
    server = Server()
    server.error = OSError("gone")
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())
        await asyncio.sleep(0)

    with pytest.raises(OSError, match="gone"):
        await capture.run(app())


async def test_what_tasks_of_the_app_send_waits_for_what_was_held() -> None:
    """The server gets the start first, however slowly it takes it."""
    server = Server()
    server.gate = asyncio.Event()
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())
        child = asyncio.create_task(_awaited(capture.send(body(b"a"))))
        opener = asyncio.create_task(open_gate())
        await child
        await opener

    async def open_gate() -> None:
        assert server.gate is not None
        await asyncio.sleep(0)
        server.gate.set()

    await capture.run(app())

    assert [message["type"] for message in server.sent] == [
        "http.response.start",
        "http.response.body",
    ]


async def test_a_server_that_makes_us_wait_while_we_let_go_is_waited_for() -> None:
    """Back-pressure holds the app, and what it waited for may be ready long before."""
    server = Server()
    server.gate = asyncio.Event()
    capture = server.capture()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    results: list[str] = []

    async def app() -> None:
        await capture.send(start())
        results.append(await ready)
        await capture.send(body(b"a"))

    task = asyncio.create_task(_awaited(capture.run(app())))
    await asyncio.sleep(0)
    ready.set_result("ready")
    await asyncio.sleep(0)
    assert results == []
    server.gate.set()
    await task

    assert results == ["ready"]
    assert len(server.sent) == 2


async def test_cancellation_reaches_the_app_and_nothing_is_sent() -> None:
    """Its own clean-up runs; a start that was held stays unsent."""
    server = Server()
    capture = server.capture()
    cleaned: list[bool] = []
    waits = asyncio.Event()

    async def app() -> None:
        await capture.send(start(200, length(5)))
        waits.set()
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    task = asyncio.create_task(_awaited(capture.run(app())))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert cleaned == [True]
    assert server.sent == []


async def test_an_exception_comes_after_what_was_sent_before_it() -> None:
    """The same object, and no terminal body of our own."""
    server = Server()
    capture = server.capture()
    error = ExceptionGroup("mine", [ValueError()])

    async def app() -> None:
        await capture.send(start())
        await capture.send(body(b"a", more=True))
        raise error

    with pytest.raises(ExceptionGroup) as raised:
        await capture.run(app())

    assert raised.value is error
    assert server.sent[1:] == [body(b"a", more=True)]


async def test_the_apps_exception_wins_over_a_failing_send() -> None:
    """A client that left does not hide a bug."""
    server = Server()
    server.error = OSError("gone")
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        await capture.run(app())


async def test_half_an_answer_is_sent_as_half_an_answer() -> None:
    """Nothing is invented."""
    server = Server()
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())

    await capture.run(app())

    assert server.sent == [{**start(), "released": True}]


class OldStyle:
    """An awaitable that is no coroutine, as compiled frameworks return."""

    def __init__(self, inner: Awaitable[None]) -> None:
        self.inner = inner

    def __await__(self) -> Generator[Any, Any, None]:
        return self.inner.__await__()


async def test_any_awaitable_can_be_run() -> None:
    """Not only native coroutines."""
    server = Server()
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())
        await capture.send(body(b"a"))

    await capture.run(OldStyle(app()))

    assert server.sent[0]["whole"] == b"a"


async def test_what_is_not_awaitable_fails_as_await_does() -> None:
    """An app that forgot its async gets Python's own words."""
    with pytest.raises(TypeError, match="await"):
        await Server().capture().run(None)  # type: ignore[arg-type]  # the slip


def test_a_request_that_is_dropped_is_closed() -> None:
    """The garbage collector ends the app like any coroutine."""
    closed: list[bool] = []

    async def app() -> None:
        try:
            await asyncio.Future()
        finally:
            closed.append(True)

    async def serve() -> None:
        steps = Server().capture().run(app())
        next(iter(steps.__await__() if hasattr(steps, "__await__") else steps))
        del steps
        gc.collect()

    asyncio.run(serve())

    assert closed == [True]


async def test_a_start_from_another_task_is_not_held() -> None:
    """We would not hear of it when that task waits."""
    server = Server()
    capture = server.capture()

    async def app() -> None:
        await asyncio.create_task(_awaited(capture.send(start())))

    await capture.run(app())

    assert server.sent == [{**start(), "released": True}]


@pytest.mark.parametrize("ends", [True, False])
async def test_what_is_still_held_when_a_wait_is_cancelled_is_not_lost(*, ends: bool) -> None:
    """It goes out before the next message, or at the end."""
    server = Server()
    capture = server.capture()

    async def slow(message: Message) -> None:
        server.sent.append(message)
        if message["type"] == "http.response.body" and len(server.sent) == 2:
            await asyncio.sleep(3600)

    capture = Capture(slow, Waiting(), limit=LIMIT)

    async def app() -> None:
        await capture.send(start(200, length(9)))
        await capture.send(body(b"aaa", more=True))
        await capture.send(body(b"bbb", more=True))
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            pass
        if ends:
            await capture.send(body(b"ccc"))

    await capture.run(app())

    sent = [message["body"] for message in server.sent[1:]]
    assert sent == ([b"aaa", b"bbb", b"ccc"] if ends else [b"aaa", b"bbb"])


async def test_what_the_app_waits_for_is_cancelled_with_it() -> None:
    """Also while the server makes held messages wait."""
    server = Server()
    server.gate = asyncio.Event()
    capture = server.capture()
    ended: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def app() -> None:
        await capture.send(start())
        await asyncio.gather(child())

    task = asyncio.create_task(_awaited(capture.run(app())))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended == ["cancelled"]


def test_without_asyncio_nothing_is_held_while_an_app_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Trio counts on what is awaited next, so its apps are not stepped."""
    monkeypatch.setitem(sys.modules, "trio", ModuleType("trio"))
    server = Server()
    capture = server.capture()
    seen: list[int] = []

    class Trap:
        def __await__(self) -> Generator[str, None, None]:
            yield "trap"

    async def app() -> None:
        await capture.send(start())
        seen.append(len(server.sent))
        await Trap()
        await capture.send(body(b"a"))

    async def serve() -> None:
        await capture.run(app())

    steps = serve()
    assert steps.send(None) == "trap"
    with pytest.raises(StopIteration):
        steps.send(None)

    assert seen == [1]
    assert [message["type"] for message in server.sent] == [
        "http.response.start",
        "http.response.body",
    ]


async def test_a_process_that_has_trio_may_still_run_asyncio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What counts is which loop runs."""
    monkeypatch.setitem(sys.modules, "trio", ModuleType("trio"))
    server = Server()
    capture = server.capture()

    async def app() -> None:
        await capture.send(start())
        await capture.send(body(b"a"))

    await capture.run(app())

    assert server.sent[0]["whole"] == b"a"


async def _awaited(awaitable: Any) -> None:
    await awaitable
