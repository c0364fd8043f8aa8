"""Return long answers from handlers: rows as NDJSON or as one array, and server-sent events.

@app.get("/flights/stream")
async def stream():
    return ndjson_stream(rows())
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from chopin_mw.integrations.native_stream import native_stream
from chopin_mw.rules.server_sent_event import ServerSentEvent
from chopin_mw.streaming.event_stream import EventStream
from chopin_mw.streaming.framing import json_array, json_lines
from chopin_mw.streaming.source import Iterated
from chopin_mw.streaming.stream import Stream, StreamOptions


def ndjson_stream(
    rows: Iterated,
    *,
    trailer: bool = False,
    shutdown: asyncio.Event | None = None,
    batch_size: int = 100,
    send_timeout: float | None = 60.0,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Answer with a line of JSON for each row, as the calling framework's own response.

    `rows` is an iterable, async or not, of values or of lists of them. No more than `batch_size`
    rows are made ahead of the client, and rows that are there never wait for others. When the
    client leaves, or takes nothing for `send_timeout` seconds, the iterator is closed. An error
    becomes a last line `{"error": …}` and breaks the connection; `trailer` adds a last line
    `{"end": true, "count": …}` to what is complete. When `shutdown` is set, what was made goes out,
    then such an error with status 503, and the answer ends.
    """
    options = StreamOptions(batch_size=batch_size, send_timeout=send_timeout, shutdown=shutdown)
    return native_stream(Stream(rows, json_lines(trailer=trailer), options, headers))


def json_array_stream(
    rows: Iterated,
    *,
    envelope: bool = False,
    shutdown: asyncio.Event | None = None,
    batch_size: int = 100,
    send_timeout: float | None = 60.0,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Answer with one JSON array of all rows, as the calling framework's own response.

    As `ndjson_stream`, but for clients that want one document, which after an error or a shutdown
    stays without its end. With `envelope` it is `{"success": true, "data": […]}`.
    """
    options = StreamOptions(batch_size=batch_size, send_timeout=send_timeout, shutdown=shutdown)
    return native_stream(Stream(rows, json_array(envelope=envelope), options, headers))


def event_stream(
    events: Iterated,
    *,
    ping: float | None = 15.0,
    retry: int | None = None,
    shutdown: asyncio.Event | None = None,
    farewell: ServerSentEvent | None = None,
    batch_size: int = 100,
    send_timeout: float | None = 60.0,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Answer with server-sent events, as the calling framework's own response.

    The options are those of `EventStream`. An error becomes an event `error`, and breaks the
    connection.
    """
    return native_stream(
        EventStream(
            events,
            ping=ping,
            retry=retry,
            shutdown=shutdown,
            farewell=farewell,
            batch_size=batch_size,
            send_timeout=send_timeout,
            headers=headers,
        )
    )
