"""Streams arrive chunk by chunk through the whole stack, in every framework."""

import httpx
import pytest

from frameworks.apps.shared import CHUNKS, EVENTS
from support.servers import Address, RawConnection

STREAMS = pytest.mark.parametrize(
    ("path", "parts"), [(b"/stream", CHUNKS), (b"/events", EVENTS)], ids=["stream", "events"]
)


@STREAMS
@pytest.mark.parametrize("condition", [(), ((b"If-None-Match", b'"a"'),)], ids=["plain", "if"])
def test_the_first_chunk_arrives_before_the_second_is_made(
    server: Address,
    client: httpx.Client,
    path: bytes,
    parts: tuple[str, str],
    condition: tuple[tuple[bytes, bytes], ...],
) -> None:
    """The app makes its second chunk when the client says that it has seen the first."""
    first, second = (part.strip().encode() for part in parts)

    with RawConnection(server) as connection:
        connection.send(b"GET", path, condition)
        early = connection.read_until(first)
        client.post("/release")
        whole = connection.read_all()

    assert second not in early
    assert second in whole
    assert b" 200 " in whole.partition(b"\r\n")[0]


@STREAMS
def test_a_stream_has_no_tag(client: httpx.Client, path: bytes, parts: tuple[str, str]) -> None:
    """A stream passes untagged and complete."""
    with client.stream("GET", path.decode()) as answer:
        chunks = answer.iter_text()
        got = next(chunks)
        client.post("/release")
        got += "".join(chunks)

    assert "etag" not in answer.headers
    assert got == "".join(parts)


def test_events_keep_their_type(client: httpx.Client) -> None:
    """Server-sent events leave as text/event-stream, under the default Cache-Control."""
    with client.stream("GET", "/events") as answer:
        client.post("/release")
        answer.read()

    assert answer.headers["content-type"].startswith("text/event-stream")
