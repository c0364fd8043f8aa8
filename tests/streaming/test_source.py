import asyncio
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.streaming import production
from chopin_mw.streaming.source import source_of
from streaming.streams import (
    Source,
    ids,
    leaves_while_waiting,
    lines_of,
    serve,
    server,
    turns_until,
)
from support.scripted import ScriptedServer


async def test_a_plain_generator_is_read_in_threads() -> None:
    """The loop is free while it works, and every row arrives."""
    main, threads = threading.current_thread(), set()

    def rows() -> Iterator[dict[str, int]]:
        for number in range(1000):
            threads.add(threading.current_thread())
            yield {"id": number}

    peer = await serve(lines_of(rows()))

    assert ids(peer.body) == list(range(1000))
    assert main not in threads


async def test_a_plain_generator_keeps_its_context_from_thread_to_thread() -> None:
    """It sees what its handler has set, and what it has set itself."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen = set()

    def rows() -> Iterator[dict[str, int]]:
        seen.add(variable.get())
        variable.set("set by the source")
        for number in range(1000):
            yield {"id": number}
            seen.add(variable.get())

    token = variable.set("set by the handler")
    stream = lines_of(rows())
    variable.reset(token)
    await serve(stream)

    assert seen == {"set by the handler", "set by the source"}


async def test_a_plain_generator_is_held_back_and_closed_in_a_thread() -> None:
    """Not read beyond one batch ahead, and closed where it was read."""
    source, peer, threads = Source(), server(), []
    taken, made_all, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def rows() -> Iterator[dict[str, int]]:
        try:
            for row in source.plain_rows():
                if row["id"] == 20:
                    loop.call_soon_threadsafe(made_all.set)
                yield row
        finally:
            threads.append(threading.current_thread())

    async def on_send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await taken.wait()

    peer.on_send = on_send
    call = asyncio.create_task(serve(lines_of(rows(), batch_size=10), peer))
    await asyncio.wait_for(made_all.wait(), 10)
    for _ in range(100):
        await asyncio.sleep(0)

    assert source.made == 20
    peer.leave()
    taken.set()
    await call

    assert source.closed
    assert threads != [threading.main_thread()]


async def test_rows_of_a_slow_generator_are_not_held_back() -> None:
    """A batch takes no longer than a moment: what is there goes out."""
    peer = server()
    seen = threading.Event()

    async def on_send(message: Any) -> None:
        if b'{"id":0}' in message.get("body", b""):
            seen.set()

    peer.on_send = on_send

    def rows() -> Iterator[dict[str, int]]:
        yield {"id": 0}
        time.sleep(0.03)
        yield {"id": 1}
        assert seen.wait(10)
        yield {"id": 2}

    await serve(lines_of(rows()), peer)

    assert ids(peer.body) == [0, 1, 2]


async def test_an_error_of_a_plain_generator_comes_after_its_rows() -> None:
    """What it made before is sent, and the error is raised in the call."""
    peer = server()

    def rows() -> Iterator[Any]:
        yield [{"id": number} for number in range(5)]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        await serve(lines_of(rows()), peer)

    assert ids(b"\n".join(peer.body.splitlines()[:-1])) == list(range(5))


async def test_what_is_no_exception_does_not_end_a_plain_generator_quietly() -> None:
    """Its rows are sent, and what it raised is raised in the call."""

    class StopEverything(BaseException):
        pass

    def rows() -> Iterator[Any]:
        yield [{"id": number} for number in range(5)]
        raise StopEverything

    peer = server()
    with pytest.raises(StopEverything):
        await serve(lines_of(rows()), peer)

    *lines, last = peer.body.splitlines()
    assert ids(b"\n".join(lines)) == list(range(5))
    assert b'"error"' in last


async def test_an_iterable_that_cannot_be_begun_is_the_apps_own_error() -> None:
    """Its `__iter__` runs in the thread, too."""

    class Broken:
        def __iter__(self) -> Iterator[Any]:
            raise RuntimeError("no connection")

    peer = server()
    with pytest.raises(RuntimeError, match="no connection"):
        await serve(lines_of(Broken()), peer)

    assert peer.sent == []


async def test_a_result_with_a_close_is_closed_at_its_end() -> None:
    """As database results have one."""

    class Result:
        def __init__(self) -> None:
            self.rows = iter([{"id": 1}])
            self.closed = 0

        def __iter__(self) -> "Result":
            return self

        def __next__(self) -> dict[str, int]:
            return next(self.rows)

        def close(self) -> None:
            self.closed += 1

    result, unread = Result(), Result()

    peer = await serve(lines_of(result))
    await serve(lines_of(unread), server("HEAD"))

    assert (ids(peer.body), result.closed, unread.closed) == ([1], 1, 1)


async def test_a_client_that_leaves_waits_for_the_thread_to_come_back() -> None:
    """A generator cannot be closed while it runs: its row is dropped, and then it is closed."""
    source, begun, go_on = Source(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def rows() -> Iterator[dict[str, int]]:
        for row in source.plain_rows():
            yield row
            if row["id"] == 2:
                loop.call_soon_threadsafe(begun.set)
                assert go_on.wait(10)

    async def leave(peer: ScriptedServer) -> None:
        await begun.wait()
        peer.leave()
        go_on.set()

    plain = rows()
    await serve(lines_of(plain), server(script=({"type": "http.request"}, leave)))

    assert source.made == 3
    with pytest.raises(StopIteration):
        next(plain)


async def test_a_thread_that_hangs_is_left_and_its_generator_closed_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The request ends in its time; the close follows when the thread comes back."""
    monkeypatch.setattr(production, "_SECONDS_TO_CLOSE", 0.02)
    closed, begun, go_on = threading.Event(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def rows() -> Iterator[dict[str, int]]:
        try:
            loop.call_soon_threadsafe(begun.set)
            assert go_on.wait(10)
            yield {"id": 1}
        finally:
            closed.set()

    async def leave(peer: ScriptedServer) -> None:
        await begun.wait()
        peer.leave()

    await serve(lines_of(rows()), server(script=({"type": "http.request"}, leave)))

    assert not closed.is_set()
    go_on.set()
    assert await asyncio.to_thread(closed.wait, 10)


async def test_an_async_iterator_without_a_close_is_let_go() -> None:
    """Not everything that is iterated can be closed."""

    class Rows:
        def __aiter__(self) -> "Rows":
            return self

        async def __anext__(self) -> dict[str, int]:
            await asyncio.sleep(0)
            return {"id": 1}

    peer = server()
    call = asyncio.create_task(serve(lines_of(Rows()), peer))
    await turns_until(lambda: len(peer.sent) > 3)
    peer.leave()
    await call

    assert not peer.order.complete


async def test_a_plain_source_is_stopped_while_it_waits_for_room() -> None:
    """Its next batch is not made."""
    source = Source()

    peer = await serve(lines_of(source.plain_rows(), batch_size=1), leaves_while_waiting(2))

    assert source.closed
    assert source.made <= len(ids(peer.body)) + 2


@pytest.mark.parametrize("given", ["text", b"bytes", {"a": 1}, 7, None, Source])
def test_what_is_no_source_is_refused(given: Any) -> None:
    """Letters of a text and keys of a dict are not what anybody means."""
    with pytest.raises(ConfigurationError, match="iterable of items"):
        source_of(given)


def test_a_result_that_was_not_awaited_is_refused_with_a_hint() -> None:
    """`session.stream(...)` is a coroutine."""

    async def stream() -> None: ...

    coroutine: Any = stream()
    with pytest.raises(ConfigurationError, match="await it first"):
        source_of(coroutine)
    coroutine.close()
