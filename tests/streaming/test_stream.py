import asyncio
import dataclasses
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
import uvloop

from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.streaming import production
from chopin_mw.streaming.framing import json_array, json_lines
from streaming.streams import (
    Source,
    ids,
    leaves_while_waiting,
    leaving_after,
    lines_of,
    serve,
    server,
    turns_until,
)
from support.scripted import Leaving, ScriptedServer

styles = pytest.mark.parametrize("style", Leaving, ids=lambda style: style.name.lower())


async def test_every_row_arrives_once_and_in_order() -> None:
    """1,000 rows are 1,000 lines under the header of a stream."""
    peer = await serve(lines_of(Source(1000).rows()))

    assert ids(peer.body) == list(range(1, 1001))
    assert (peer.status, peer.header(b"content-type")) == (200, b"application/x-ndjson")
    assert peer.header(b"cache-control") == b"no-store"
    assert peer.header(b"x-accel-buffering") == b"no"
    assert peer.header(b"content-length") is None


async def test_a_fast_source_goes_out_in_batches() -> None:
    """No message has more than batch_size rows, and few have less."""
    peer = await serve(lines_of(Source(1000).rows(), batch_size=50))

    sizes = [len(message["body"].splitlines()) for message in peer.sent[1:-1]]
    assert max(sizes) == 50
    assert len(sizes) < 25


async def test_lists_are_batches_of_rows() -> None:
    """A list counts as its members, however long it is."""

    async def pages() -> AsyncIterator[list[dict[str, int]]]:
        for page in range(3):
            yield [{"id": page * 400 + number} for number in range(400)]

    peer = await serve(lines_of(pages()))

    assert ids(peer.body) == list(range(1200))
    assert max(len(message.get("body", b"").splitlines()) for message in peer.sent) == 100


async def test_large_rows_go_out_in_small_batches() -> None:
    """What waits in memory is bounded by bytes as well: rows of 40 KB are sent one by one."""
    row = {"text": "x" * 40_000}

    peer = await serve(lines_of([row] * 200))

    assert [len(message["body"].splitlines()) for message in peer.sent[2:-1]] == [1] * 184


async def test_a_row_is_not_held_back_for_others() -> None:
    """The source makes its second row when the client has seen the first."""
    peer = server()

    async def rows() -> AsyncIterator[dict[str, int]]:
        for number in range(5):
            yield {"id": number}
            await peer.sees(number + 2)

    await serve(lines_of(rows()), peer)

    assert ids(peer.body) == list(range(5))


async def test_a_slow_reader_holds_the_source_back() -> None:
    """While one message is being sent, one batch is made and no more."""
    taken = asyncio.Event()

    async def on_send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await taken.wait()

    source, peer = Source(), server(on_send=on_send)
    stream = lines_of(source.rows(), batch_size=10)
    call = asyncio.create_task(stream(peer.scope, peer.receive, peer.send))

    await turns_until(lambda: source.made == 20)
    for _ in range(100):
        await asyncio.sleep(0)

    assert source.made == 20
    peer.leave()
    taken.set()
    await call


async def test_others_have_a_turn_between_two_messages() -> None:
    """A source and a server that never wait do not keep the loop to themselves."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    peer = await serve(lines_of([{"id": 1}] * 2000))
    counting.cancel()

    assert turns >= len(peer.sent) - 2


async def test_a_source_lives_in_one_task_and_in_the_context_of_its_handler() -> None:
    """Cancel scopes and context variables of a generator stay its own, to the close."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen: list[str] = []
    source = Source(300)

    async def rows() -> AsyncIterator[dict[str, int]]:
        seen.append(variable.get())
        variable.set("set by the source")
        async with aclosing(source.rows()) as inner:
            async for row in inner:
                yield row
        seen.append(variable.get())

    token = variable.set("set by the handler")
    stream = lines_of(rows())
    variable.reset(token)
    await serve(stream)

    assert seen == ["set by the handler", "set by the source"]
    assert len(source.tasks) == 1
    assert variable.get() == "unset"


@styles
async def test_a_client_that_leaves_stops_the_source(
    style: Leaving, caplog: pytest.LogCaptureFixture
) -> None:
    """Within one batch, closed before the call returns, without an error or a line in the log."""
    caplog.set_level(logging.INFO)
    source = Source()

    peer = await serve(lines_of(source.rows()), leaving_after(4, style))

    sent = peer.body.count(b"\n")
    assert source.closed
    assert source.made - sent <= 2 * 100
    assert peer.sends_after_leaving <= 1
    assert len(source.tasks) == 1
    assert not caplog.records


async def test_a_client_that_leaves_while_nothing_is_sent_is_noticed() -> None:
    """`receive` says so, and the waiting source is closed."""
    source = Source()

    peer = await serve(lines_of(source.waiting()), leaves_while_waiting(2))

    assert (source.closed, peer.order.complete) == (True, False)


async def test_a_client_that_has_left_before_the_first_row_gets_nothing() -> None:
    """No header is sent to nobody."""
    source = Source()
    peer = server()
    peer.leave()

    async def rows() -> AsyncIterator[Any]:
        async with aclosing(source.rows()) as inner:
            await asyncio.Event().wait()
            async for row in inner:
                yield row

    await serve(lines_of(rows()), peer)

    assert peer.sent == []


async def test_cancelled_it_closes_the_source_first() -> None:
    """The close has ended, awaits and all, when the cancellation comes out."""
    source, peer = Source(), server()
    call = asyncio.create_task(lines_of(source.waiting())(peer.scope, peer.receive, peer.send))
    await peer.sees(2)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert source.closed


async def test_a_cancel_scope_does_not_cut_the_close_short() -> None:
    """A scope of anyio cancels at every await, again and again: the source is closed."""
    source, peer = Source(), server()

    async def leave_the_scope() -> None:
        await peer.sees(2)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        stream = lines_of(source.waiting())
        group.start_soon(stream, peer.scope, peer.receive, peer.send)
        group.start_soon(leave_the_scope)

    await turns_until(lambda: source.closed)


async def test_a_source_that_ignores_its_cancellation_is_stopped_at_its_next_row() -> None:
    """It is not cancelled twice, and not read on."""
    made = 0

    async def rows() -> AsyncIterator[dict[str, int]]:
        nonlocal made
        while True:
            made += 1
            yield {"id": made}
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.sleep(0)

    await serve(lines_of(rows()), leaves_while_waiting(2))

    assert made == 2


async def test_a_close_that_does_not_end_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor that hangs does not hold the request for ever."""
    monkeypatch.setattr(production, "_SECONDS_TO_CLOSE", 0.02)
    ended = []

    async def rows() -> AsyncIterator[dict[str, int]]:
        try:
            yield {"id": 1}
            await asyncio.Event().wait()
        finally:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")

    await serve(lines_of(rows()), leaves_while_waiting(2))

    assert ended == ["cancelled"]


async def test_a_close_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is there to be told."""

    async def rows() -> AsyncIterator[dict[str, int]]:
        try:
            yield {"id": 1}
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("the session is gone")

    await serve(lines_of(rows()), leaves_while_waiting(2))

    (record,) = caplog.records
    assert "failed while it was closed" in record.message
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the session is gone"


async def test_a_client_that_takes_nothing_has_left(caplog: pytest.LogCaptureFixture) -> None:
    """After send_timeout the source is closed and the answer stays without its end."""
    caplog.set_level(logging.INFO)
    source = Source()

    async def on_send(message: Any) -> None:
        await asyncio.Event().wait()

    peer = await serve(lines_of(source.rows(), send_timeout=0.02), server(on_send=on_send))

    assert (source.closed, peer.order.complete) == (True, False)
    assert [record.message for record in caplog.records] == [
        "a client took nothing for 0.02 s: its stream is ended"
    ]


async def test_each_message_has_the_whole_time() -> None:
    """A stream that lasts longer than send_timeout is no slow client."""

    async def rows() -> AsyncIterator[dict[str, int]]:
        for number in range(8):
            yield {"id": number}
            await asyncio.sleep(0.01)

    peer = await serve(lines_of(rows(), send_timeout=0.03))

    assert len(ids(peer.body)) == 8
    assert peer.order.complete


async def test_a_cancellation_during_the_timeout_is_still_one() -> None:
    """Who cancels the request hears of it, though the client was given up at the same time."""
    stuck = asyncio.Event()

    async def on_send(message: Any) -> None:
        stuck.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            call.cancel()
            raise

    source, peer = Source(), server(on_send=on_send)
    call: asyncio.Task[None] = asyncio.ensure_future(
        lines_of(source.rows(), send_timeout=0.02)(peer.scope, peer.receive, peer.send)
    )

    with pytest.raises(asyncio.CancelledError):
        await call

    assert source.closed


async def failing(after: int, error: Exception) -> AsyncIterator[dict[str, int]]:
    for number in range(after):
        yield {"id": number}
    raise error


async def test_an_error_before_the_first_row_is_the_apps_own() -> None:
    """Nothing was sent: whoever answers errors can."""
    peer, error = server(), RuntimeError("no such table")

    with pytest.raises(RuntimeError) as raised:
        await serve(lines_of(failing(0, error)), peer)

    assert raised.value is error
    assert peer.sent == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            RuntimeError("a secret of the database"),
            {"title": "Internal Server Error", "status": 500},
        ),
        (
            ProblemError(409, "Conflict", "Changed under us.", code="CHANGED"),
            {
                "title": "Conflict",
                "status": 409,
                "detail": "Changed under us.",
                "code": "CHANGED",
            },
        ),
    ],
)
async def test_a_later_error_is_the_last_line(error: Exception, told: dict[str, Any]) -> None:
    """The client is told, the server is told, and the answer stays without its end."""
    peer = server()

    with pytest.raises(type(error)) as raised:
        await serve(lines_of(failing(150, error), json_lines(trailer=True)), peer)

    *rows, last = peer.body.splitlines()
    assert raised.value is error
    assert len(rows) == 150
    assert json.loads(last) == {"error": told}
    assert not peer.order.complete


async def test_an_array_that_fails_is_no_json() -> None:
    """No parser takes the part that came for the whole."""
    peer = server()

    with pytest.raises(RuntimeError):
        await serve(lines_of(failing(150, RuntimeError("x")), json_array(envelope=True)), peer)

    with pytest.raises(ValueError, match="Expecting"):
        json.loads(peer.body)
    assert not peer.order.complete


async def test_a_row_that_cannot_be_written_is_an_error_in_its_place() -> None:
    """The rows before it in its batch are sent, those after it are not made."""
    source = Source()
    peer = server()

    async def rows() -> AsyncIterator[object]:
        async with aclosing(source.rows()) as inner:
            async for row in inner:
                yield object() if row["id"] == 30 else row

    with pytest.raises(TypeError):
        await serve(lines_of(rows()), peer)

    *written, last = peer.body.splitlines()
    assert len(written) == 29
    assert json.loads(last)["error"]["status"] == 500
    assert source.closed


async def test_a_first_row_that_cannot_be_written_is_the_apps_own_error() -> None:
    """As any error before the first byte."""
    peer = server()

    with pytest.raises(TypeError):
        await serve(lines_of([object()]), peer)

    assert peer.sent == []


async def test_a_task_group_that_fails_is_no_end_of_the_rows() -> None:
    """Left at a yield it raises a group with a GeneratorExit, which is no Exception."""

    async def fail() -> None:
        raise RuntimeError("no connection")

    async def rows() -> AsyncIterator[dict[str, int]]:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            for number in range(1, 100):
                yield {"id": number}

    peer = server()
    with pytest.raises(BaseExceptionGroup) as caught:
        await serve(lines_of(rows(), json_lines(trailer=True), batch_size=1), peer)

    assert caught.group_contains(RuntimeError, match="no connection")
    assert peer.body.endswith(b'{"error":{"title":"Internal Server Error","status":500}}\n')
    assert not peer.order.complete


async def test_a_source_that_is_cancelled_from_elsewhere_fails() -> None:
    """A task that it waited for was cancelled: that is an error of the source, not of the call."""

    async def rows() -> AsyncIterator[dict[str, int]]:
        other = asyncio.create_task(asyncio.Event().wait())
        yield {"id": 1}
        other.cancel()
        await other

    peer = server()
    with pytest.raises(RuntimeError, match="was cancelled"):
        await serve(lines_of(rows()), peer)

    assert b'"error"' in peer.body


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (json_lines(), b""),
        (json_lines(trailer=True), b'{"end":true,"count":0}\n'),
        (json_array(), b"[]"),
        (json_array(envelope=True), b'{"success":true,"data":[]}'),
    ],
)
async def test_no_rows_are_a_whole_answer(framing: Any, body: bytes) -> None:
    """An empty source is no error."""
    peer = await serve(lines_of([], framing))

    assert (peer.status, peer.body, peer.order.complete) == (200, body, True)


async def test_head_gets_the_header_and_reads_nothing() -> None:
    """The source is closed without having been begun."""
    source = ClosedUnread()

    peer = await serve(lines_of(source), server("HEAD"))

    assert (peer.status, peer.body, peer.order.complete) == (200, b"", True)
    assert peer.header(b"content-type") == b"application/x-ndjson"
    assert source.closed


class ClosedUnread:
    """Be a result of a database: nothing is read before it is iterated, but it is open."""

    closed = False

    def __aiter__(self) -> AsyncIterator[Any]:
        raise AssertionError("it was read")

    async def close(self) -> None:
        self.closed = True


async def test_ten_streams_run_side_by_side() -> None:
    """Each is complete, each source closed, and they take turns."""
    sources = [Source(500) for _ in range(10)]

    peers = await asyncio.gather(*(serve(lines_of(source.rows())) for source in sources))

    assert [ids(peer.body) for peer in peers] == [list(range(1, 501))] * 10
    assert all(source.closed for source in sources)


async def test_whoever_sends_by_himself_gets_the_same_bytes() -> None:
    """It is an async iterable of the body."""
    body = b"".join([chunk async for chunk in lines_of(Source(250).rows(), json_array())])

    assert json.loads(body) == [{"id": number} for number in range(1, 251)]


async def test_an_iteration_that_is_left_closes_the_source() -> None:
    """A framework closes what it iterates when its client leaves."""
    source = Source()
    chunks: Any = aiter(lines_of(source.rows()))

    await anext(chunks)
    await chunks.aclose()

    assert source.closed


async def test_an_iteration_that_is_dropped_closes_the_source() -> None:
    """A framework that closes nothing leaves it to the garbage collector."""
    source = Source()
    chunks: Any = aiter(lines_of(source.rows()))

    await anext(chunks)
    del chunks

    await turns_until(lambda: source.closed)


async def test_an_iteration_that_takes_no_more_closes_the_source_and_fails() -> None:
    """The framework hangs in its send; what it would take for the end is an error."""
    source = Source()
    chunks: Any = aiter(lines_of(source.rows(), send_timeout=0.02))

    await anext(chunks)
    await asyncio.wait_for(source.is_closed.wait(), 10)

    with pytest.raises(TimeoutError, match=r"0\.02"):
        await anext(chunks)


async def test_a_server_that_repeats_the_end_of_the_request_is_not_asked_for_ever() -> None:
    """Some test clients answer `receive` with the request again and again."""
    peer = ScriptedServer(server().scope)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await asyncio.wait_for(lines_of(Source(10).rows())(peer.scope, receive, peer.send), 10)

    assert len(ids(peer.body)) == 10


async def test_a_receive_that_fails_is_reported() -> None:
    """An error of the server is not swallowed."""
    peer = server()

    async def receive() -> dict[str, Any]:
        raise RuntimeError("the server is broken")

    with pytest.raises(RuntimeError, match="the server is broken"):
        await lines_of(Source(10).rows())(peer.scope, receive, peer.send)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": True},
        {"batch_size": 1.5},
        {"send_timeout": 0},
        {"send_timeout": float("nan")},
        {"ping": -1.0},
        {"ping": "15"},
        {"shutdown": True},
        # Its `wait` would hold up the loop.
        {"shutdown": threading.Event()},
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    """At once, by name."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        lines_of([], **options)


def test_streams_run_on_uvloop() -> None:
    """Another event loop, the same streams."""
    source, plain = Source(500), Source(500)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        peer = runner.run(serve(lines_of(source.rows())))
        other = runner.run(serve(lines_of(plain.plain_rows())))

    assert ids(peer.body) == ids(other.body) == list(range(1, 501))
    assert source.closed
    assert plain.closed


async def test_a_batch_that_fails_as_a_whole_is_written_row_by_row() -> None:
    """What the codec cannot write together, it may write alone."""

    def encode(items: list[Any], _: int) -> bytes:
        if len(items) > 1:
            raise ValueError("one at a time")
        return b"%d\n" % items[0]

    framing = dataclasses.replace(json_lines(), encode=encode)

    peer = await serve(lines_of([1, 2, 3], framing))

    assert peer.body == b"1\n2\n3\n"


async def test_a_stream_is_read_once() -> None:
    """The second client would get a whole answer without a row."""
    stream = lines_of(Source(3).rows())
    await serve(stream)

    with pytest.raises(RuntimeError, match="read once"):
        await serve(stream)


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (json_lines(), b'{"id":1}\n{"error":{"title":"Service Unavailable","status":503}}\n'),
        (json_array(), b'[{"id":1}'),
    ],
)
async def test_what_a_shutdown_cuts_short_does_not_look_whole(framing: Any, body: bytes) -> None:
    """Lines say so, an array has no end; the answer ends in good order."""
    shutdown, source, peer = asyncio.Event(), Source(), server()
    stream = lines_of(source.waiting(), framing, shutdown=shutdown)
    call = asyncio.create_task(serve(stream, peer))
    await peer.sees(2)

    shutdown.set()
    await call

    assert (peer.body, peer.order.complete, source.closed) == (body, True, True)


async def test_a_source_that_ignores_its_cancellation_at_shutdown_is_not_read_on() -> None:
    """What it made before goes out, and nothing of what it makes after that."""
    shutdown = asyncio.Event()

    async def rows() -> AsyncIterator[dict[str, int]]:
        yield {"id": 1}
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        for number in range(2, 100):
            yield {"id": number}

    async def shut_down_while_a_row_is_sent(_: Any) -> None:
        if len(peer.sent) == 2:
            shutdown.set()
            for _ in range(10):
                await asyncio.sleep(0)

    peer = server(on_send=shut_down_while_a_row_is_sent)
    await serve(lines_of(rows(), json_array(), shutdown=shutdown), peer)

    assert peer.body == b'[{"id":1}'
