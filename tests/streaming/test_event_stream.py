import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.server_sent_event import ServerSentEvent
from chopin_mw.streaming.event_stream import EventStream
from streaming.streams import Source, leaves_while_waiting, serve, server, turns_until


async def test_events_are_sent_in_their_form() -> None:
    """Events, text, values and lists of them."""

    async def events() -> AsyncIterator[Any]:
        yield ServerSentEvent({"late": 1}, event="delay", id="1")
        yield "on time"
        yield [{"id": 2}, {"id": 3, "text": "},{"}]
        yield [{"id": 4}, {"id": 5}]

    peer = await serve(EventStream(events(), retry=2000))

    assert peer.body == (
        b"retry: 2000\n\n"
        b'id: 1\nevent: delay\ndata: {"late":1}\n\n'
        b"data: on time\n\n"
        b'data: {"id":2}\n\ndata: {"id":3,"text":"},{"}\n\n'
        b'data: {"id":4}\n\ndata: {"id":5}\n\n'
    )
    assert peer.header(b"content-type") == b"text/event-stream; charset=utf-8"
    assert peer.header(b"cache-control") == b"no-store"
    assert peer.order.complete


async def test_the_header_goes_out_before_the_first_event() -> None:
    """The source makes its first event when the client has seen header and comment."""
    peer = server()

    async def events() -> AsyncIterator[str]:
        await peer.sees(2)
        yield "first"

    await serve(EventStream(events()), peer)

    assert peer.body == b":\n\ndata: first\n\n"


async def test_a_silent_source_is_kept_alive() -> None:
    """A comment after `ping` seconds without an event, and after as many again."""
    enough = asyncio.Event()

    async def on_send(_: Any) -> None:
        if len(peer.sent) == 5:
            enough.set()

    async def events() -> AsyncIterator[str]:
        await enough.wait()
        yield "at last"

    peer = server(on_send=on_send)

    await serve(EventStream(events(), ping=0.02), peer)

    assert peer.body == b":\n\n" * 4 + b"data: at last\n\n"


async def test_a_busy_source_needs_no_keep_alive() -> None:
    """Each event starts the time anew."""

    async def events() -> AsyncIterator[str]:
        for _ in range(10):
            await asyncio.sleep(0.01)
            yield "x"

    peer = await serve(EventStream(events(), ping=0.08))

    assert peer.body == b":\n\n" + b"data: x\n\n" * 10


async def test_head_asks_for_no_event() -> None:
    """The header, and nothing else."""
    source = Source()

    peer = await serve(EventStream(source.rows()), server("HEAD"))

    assert (peer.status, peer.body, source.made) == (200, b"", 0)


async def test_an_error_is_an_event_of_its_own() -> None:
    """The client hears of it, without its text, and the connection breaks."""
    peer = server()

    async def events() -> AsyncIterator[str]:
        yield "first"
        raise RuntimeError("a secret of the database")

    with pytest.raises(RuntimeError):
        await serve(EventStream(events()), peer)

    assert peer.body.endswith(
        b'data: first\n\nevent: error\ndata: {"title":"Internal Server Error","status":500}\n\n'
    )
    assert not peer.order.complete


async def test_at_shutdown_it_says_farewell_and_ends() -> None:
    """What was made goes out, then the farewell, and the answer is whole; the source is closed."""
    shutdown, source, peer = asyncio.Event(), Source(), server()
    farewell = ServerSentEvent("back soon", event="shutdown", retry=500)
    stream = EventStream(source.waiting(), shutdown=shutdown, farewell=farewell)
    call = asyncio.create_task(serve(stream, peer))
    await peer.sees(3)

    shutdown.set()
    await call

    assert peer.body == (b':\n\ndata: {"id":1}\n\nevent: shutdown\nretry: 500\ndata: back soon\n\n')
    assert (peer.order.complete, source.closed) == (True, True)


async def test_a_stream_that_begins_at_shutdown_ends_at_once() -> None:
    """A request that came in before the door was shut is answered all the same."""
    shutdown, source = asyncio.Event(), Source()
    shutdown.set()

    peer = await serve(EventStream(source.waiting(), shutdown=shutdown))

    assert peer.order.complete
    assert source.closed or not source.made


async def test_a_source_that_hangs_in_its_close_does_not_delay_the_farewell() -> None:
    """The grace period of the server is short."""
    shutdown, release, peer = asyncio.Event(), asyncio.Event(), server()

    async def events() -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            await release.wait()

    stream = EventStream(events(), shutdown=shutdown, farewell=ServerSentEvent("bye"))
    call = asyncio.create_task(serve(stream, peer))
    await peer.sees(3)

    shutdown.set()
    await turns_until(lambda: peer.body.endswith(b"data: bye\n\n"))
    release.set()
    await call


async def test_a_client_that_leaves_closes_the_source() -> None:
    """While it waits for the next event."""
    source = Source()

    await serve(EventStream(source.waiting()), leaves_while_waiting(3))

    assert source.closed


async def test_its_bytes_can_be_sent_by_others() -> None:
    """It is an async iterable of its body, with the header beside it."""
    stream = EventStream(["x"], headers={"X-Desk": "7", "Cache-Control": "private, no-cache"})

    assert [chunk async for chunk in stream] == [b":\n\n", b"data: x\n\n"]
    assert stream.headers == [
        (b"x-desk", b"7"),
        (b"cache-control", b"private, no-cache"),
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"x-accel-buffering", b"no"),
    ]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"ping": 0}, "ping"),
        ({"retry": -1}, "retry"),
        ({"farewell": "bye"}, "farewell"),
        ({"headers": {"Content-Length": "3"}}, "Content-Length"),
        ({"headers": {"Connection": "keep-alive"}}, "Connection"),
        ({"headers": {"X": "a\r\nSet-Cookie: b"}}, "one line"),
        ({"headers": {"X Y": "a"}}, "X Y"),
        ({"headers": {"Ü": "a"}}, "str to str"),
        ({"headers": {"X": 7}}, "str to str"),
        ({"headers": [("X", "a")]}, "str to str"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], named: str) -> None:
    """At once, by name."""
    with pytest.raises(ConfigurationError, match=named):
        EventStream([], **options)
