"""Stream all flights out of SQLite, as a program that reports what it cost, or as an app.

/async  rows of `AsyncSession.stream`, one dict each
/parts  the same result in lists of 100
/sync   rows of a plain Session, read in threads
/array  as /async, in one JSON array
"""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from sqlalchemy import create_engine, event, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from chopin_mw.asgi.types import Message, Scope
from chopin_mw.handlers.streams import json_array_stream, ndjson_stream
from examples.flights.models import Flight

ROWS_PER_FETCH = 500


class Flights:
    """Hold the engines over one file, and count the rows that sources made."""

    def __init__(self, path: str) -> None:
        self.made = 0
        self.async_engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        self.sync_engine = create_engine(f"sqlite:///{path}")
        self.checked_out = 0
        for engine in (self.async_engine.sync_engine, self.sync_engine):
            event.listen(engine, "checkout", lambda *_: self._count(1))
            event.listen(engine, "checkin", lambda *_: self._count(-1))

    def _count(self, change: int) -> None:
        self.checked_out += change

    def select(self, limit: int | None) -> Any:
        columns = (Flight.id, Flight.carrier, Flight.flight, Flight.origin, Flight.dest)
        chosen = select(*columns, Flight.dep_delay).order_by(Flight.id).limit(limit)
        return chosen.execution_options(yield_per=ROWS_PER_FETCH)

    async def rows(self, limit: int | None = None) -> AsyncIterator[dict[str, Any]]:
        async with AsyncSession(self.async_engine) as session:
            result = await session.stream(self.select(limit))
            async for row in result.mappings():
                self.made += 1
                yield dict(row)

    async def parts(self, limit: int | None = None) -> AsyncIterator[list[dict[str, Any]]]:
        async with AsyncSession(self.async_engine) as session:
            result = await session.stream(self.select(limit))
            async for part in result.mappings().partitions(100):
                self.made += len(part)
                yield [dict(row) for row in part]

    def sync_rows(self, limit: int | None = None) -> Iterator[dict[str, Any]]:
        with Session(self.sync_engine) as session:
            for row in session.execute(self.select(limit)).mappings():
                self.made += 1
                yield dict(row)

    def answer(self, form: str, limit: int | None = None) -> Any:
        if form == "array":
            return json_array_stream(self.rows(limit))
        sources: dict[str, Callable[[int | None], Any]] = {
            "async": self.rows,
            "parts": self.parts,
            "sync": self.sync_rows,
        }
        return ndjson_stream(sources[form](limit))


async def take(answer: Any) -> dict[str, int]:
    """Be a server whose client takes all at once, and keeps nothing."""
    sizes: list[int] = []
    lines = 0

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal lines
        body = message.get("body", b"")
        sizes.append(len(body))
        lines += body.count(b"\n")

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await answer(scope, receive, send)
    return {"lines": lines, "bytes": sum(sizes), "largest": max(sizes)}


async def main(path: str, form: str) -> dict[str, int]:
    flights = Flights(path)
    await take(flights.answer(form, 2000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = await take(flights.answer(form))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kib = 1024 if sys.platform != "darwin" else 1
    await flights.async_engine.dispose()
    return {**took, "grown": (after - before) * kib, "checked_out": flights.checked_out}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(*sys.argv[1:]))))
