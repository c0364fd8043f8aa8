"""Send a long list in a process of its own, and say how much memory that took at its highest.

`python -m benchmarks.resident_streams WAY ROWS` prints one JSON object a line: progress, then the
result.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from benchmarks import stream_apps as apps
from benchmarks.apps import http_scope
from benchmarks.connection import Connection
from benchmarks.fresh_process import forget_peak, peak_bytes, resident_bytes, tell
from chopin_mw.asgi.types import Message
from chopin_mw.handlers.streams import ndjson_stream

_OPENING: Message = {"type": "http.request", "body": b"", "more_body": False}
_WARMING = 10
_STEPS = 50
# A look takes 15 µs; the rows between two of them are some kilobytes.
_ROWS_BETWEEN_LOOKS = 200
_LARGE_BODY = 1024 * 1024
_PLAIN = "ndjson_stream, from a plain generator"

WAYS: dict[str, Callable[[apps.Source], Any]] = {
    **{name: partial(apps.ours, answer) for name, answer in apps.OURS.items()},
    _PLAIN: partial(apps.ours, ndjson_stream),
    "peer: Starlette's StreamingResponse, a line at a time": apps.by_starlette,
    "a list, encoded by orjson at once": apps.whole_list,
    "a list, returned from FastAPI": apps.whole_list_on_fastapi,
}


class Watch:
    """Keep the highest figure of resident memory, as the system knows it or as it was seen."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._before = self._highest = resident_bytes()
        self._is_known = forget_peak()

    @property
    def grown(self) -> int:
        highest = peak_bytes() if self._is_known else self._highest
        return highest - self._before

    def look(self) -> None:
        if not self._is_known:
            self._highest = max(self._highest, resident_bytes(collect=False))

    def on_row(self, number: int) -> None:
        if number % _ROWS_BETWEEN_LOOKS == 0:
            self.look()
        if number % max(1, self._rows // _STEPS) == 0:
            tell(number / self._rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resident_streams")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("rows", type=int)
    options = parser.parse_args()
    asyncio.run(_stream(options.way, options.rows))
    return 0


async def _stream(way: str, rows: int) -> None:
    # What a first request leaves behind, threads and imports, is not of the second.
    await _send_all(way, _WARMING, Watch(rows))
    watch = Watch(rows)
    sent = await _send_all(way, rows, watch)
    print(json.dumps({"grown": watch.grown, **sent}))


async def _send_all(way: str, count: int, watch: Watch) -> dict[str, int]:
    """Ask for the stream and take it as fast as it comes; return what was in it."""
    rows = bytes_sent = 0

    async def send(message: Message) -> None:
        nonlocal rows, bytes_sent
        body = message.get("body", b"")
        rows += body.count(b'"carrier"')
        bytes_sent += len(body)
        if len(body) >= _LARGE_BODY:
            watch.look()
        # As a server that has to wait for its socket.
        await asyncio.sleep(0)

    source = partial(_made if way == _PLAIN else _made_async, count, watch)
    await WAYS[way](source)(http_scope("GET")(), Connection(_OPENING).receive, send)
    return {"rows": rows, "bytes": bytes_sent}


def _made(count: int, watch: Watch) -> Iterator[apps.Row]:
    for number in range(count):
        watch.on_row(number)
        yield {
            "id": number,
            "carrier": "UA",
            "airline": "United",
            "origin": "EWR",
            "destination": "IAH",
            "scheduled_departure": f"2013-01-01T05:{number % 60:02}:00",
            "delay_minutes": number % 500 * 0.25,
            "cancelled": number % 50 == 0,
        }


async def _made_async(count: int, watch: Watch) -> AsyncIterator[apps.Row]:
    for row in _made(count, watch):
        yield row


if __name__ == "__main__":
    sys.exit(main())
