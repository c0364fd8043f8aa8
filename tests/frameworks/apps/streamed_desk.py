"""What streams in every framework, and what is known of the sources behind it.

/lines, /sync-lines  250 rows as NDJSON, of an async and a plain generator
/array, /envelope    the same rows as one array
/events              two events and the end
/live                one event, and then none for ever
/endless             rows of 1 KB as fast as they are taken, for ever
/sync-endless        the same of a plain generator
/breaks              NDJSON that fails behind 150 rows
/fails               NDJSON that fails before there is a row
/state               what the sources did so far, as a line of JSON
/over                the same, once every source that was opened is closed
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chopin_mw.errors import ProblemError
from chopin_mw.handlers.streams import event_stream, json_array_stream, ndjson_stream
from chopin_mw.rules.server_sent_event import ServerSentEvent

COUNT = 250
PADDING = "x" * 1000
EVENTS = [ServerSentEvent({"late": 1}, event="delay", id="1"), ServerSentEvent("on time\nagain")]
LIVE = b"data: live\n\n"
SECONDS_TO_CLOSE = 10


def row(number: int) -> dict[str, Any]:
    return {"id": number, "carrier": "ÜA", "late": None}


class Desk:
    """Count what sources make, and know which of them are open."""

    def __init__(self) -> None:
        self.made = self.opened = self.closed = 0
        # Set by whoever sees what the server says.
        self.made_when_told = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        self.opened += 1
        try:
            yield
        finally:
            self.closed += 1

    def state(self) -> dict[str, int]:
        return {
            "made": self.made,
            "made_when_told": self.made_when_told,
            "opened": self.opened,
            "closed": self.closed,
        }

    async def over(self) -> AsyncIterator[dict[str, int]]:
        until = time.monotonic() + SECONDS_TO_CLOSE
        # Plain generators are closed in threads, where no event can be set.
        while self.closed < self.opened and time.monotonic() < until:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.001)
        yield self.state()

    async def rows(self) -> AsyncIterator[dict[str, Any]]:
        with self.open():
            for number in range(COUNT):
                yield row(number)

    def sync_rows(self) -> Iterator[dict[str, Any]]:
        with self.open():
            for number in range(COUNT):
                yield row(number)

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        with self.open():
            for event in EVENTS:
                yield event

    async def live(self) -> AsyncIterator[str]:
        with self.open():
            yield "live"
            await asyncio.Event().wait()

    async def endless(self) -> AsyncIterator[dict[str, Any]]:
        with self.open():
            while True:
                self.made += 1
                yield {"id": self.made, "padding": PADDING}

    def sync_endless(self) -> Iterator[dict[str, Any]]:
        with self.open():
            while True:
                self.made += 1
                yield {"id": self.made, "padding": PADDING}

    async def breaking(self) -> AsyncIterator[dict[str, Any]]:
        with self.open():
            for number in range(150):
                yield row(number)
            raise RuntimeError("a secret of the database")

    async def failing(self) -> AsyncIterator[dict[str, Any]]:
        with self.open():
            raise ProblemError(409, "Conflict", "There are no flights yet.")
            yield {}

    def routes(self) -> Mapping[str, Callable[[], Any]]:
        """Return what handlers return, by path; call it from inside a handler."""
        return {
            "lines": lambda: ndjson_stream(self.rows(), trailer=True),
            "sync-lines": lambda: ndjson_stream(self.sync_rows()),
            "array": lambda: json_array_stream(self.rows()),
            "envelope": lambda: json_array_stream(self.rows(), envelope=True),
            "events": lambda: event_stream(self.events(), headers={"x-desk": "7"}),
            "live": lambda: event_stream(self.live()),
            "endless": lambda: ndjson_stream(self.endless()),
            "sync-endless": lambda: ndjson_stream(self.sync_endless()),
            "breaks": lambda: ndjson_stream(self.breaking()),
            "fails": lambda: ndjson_stream(self.failing()),
            "state": lambda: ndjson_stream([self.state()]),
            "over": lambda: ndjson_stream(self.over()),
        }
