"""Long answers: all flights, row after row, and the departures of a day as they happened."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date
from mmap import PAGESIZE
from pathlib import Path

from sqlalchemy import select

from chopin_mw import ServerSentEvent
from examples.flights.database import sessions
from examples.flights.models import Flight
from examples.flights.queries import Record

BATCH = 100
MAX_PACE = 1440
FIRST_DAY = date(2013, 1, 1)

_LONGEST_ID = 9

counted: Counter[str] = Counter()
"""How many rows were read for streams, and how many streams are being read."""


# Both open a session of their own: that of the request may be closed before the answer ends, or
# keep a connection busy until then.
async def every_flight() -> AsyncIterator[list[Record]]:
    """Read all 336,776 flights, a hundred at a time, for as long as somebody takes them."""
    columns = Flight.id, Flight.carrier, Flight.origin, Flight.dest, Flight.dep_delay
    statement = select(*columns).order_by(Flight.id).execution_options(yield_per=BATCH)
    counted["open"] += 1
    try:
        async with sessions() as session:
            flights = await session.stream(statement)
            async for rows in flights.mappings().partitions():
                counted["rows"] += len(rows)
                yield [dict(row) for row in rows]
    finally:
        counted["open"] -= 1


async def departures_of(day: date, last_id: str | None) -> Sequence[Flight]:
    """Return who left on that day after the flight of which the client has heard last."""
    statement = (
        select(Flight)
        .where(Flight.year == day.year, Flight.month == day.month, Flight.day == day.day)
        .where(Flight.dep_time.is_not(None), Flight.id > _flight_id(last_id))
        # Flights have their numbers in the order in which they left.
        .order_by(Flight.id)
    )
    async with sessions() as session:
        return (await session.scalars(statement)).all()


async def replay(departures: Sequence[Flight], pace: float) -> AsyncIterator[ServerSentEvent]:
    """Let them leave again, so many minutes of that day in a second."""
    counted["open"] += 1
    try:
        now = _minute(departures[0])
        for flight in departures:
            await asyncio.sleep((_minute(flight) - now) / pace)
            now = _minute(flight)
            record = {"carrier": flight.carrier, "flight": flight.flight, "to": flight.dest}
            time = f"{now // 60:02}:{now % 60:02}"
            counted["events"] += 1
            yield ServerSentEvent({"time": time, **record}, event="departure", id=str(flight.id))
    finally:
        counted["open"] -= 1


def show_streams() -> Record:
    """Return what streams have cost so far, and the memory of this process if the system tells."""
    names = ("rows", "events", "open")
    return {**{name: counted[name] for name in names}, "resident_bytes": _resident_bytes()}


def _flight_id(text: str | None) -> int:
    # It comes from the client, who may send anything: what is no number begins at the beginning.
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
    return int(text) if text is not None and is_number else 0


def _minute(flight: Flight) -> int:
    # The data writes 5:17 as 517.
    time = flight.dep_time or 0
    return time // 100 * 60 + time % 100


def _resident_bytes() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGESIZE
    except OSError:
        return None
