"""The flights that users have saved, in the memory of this process: in an app of yours, a table."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chopin_mw import ProblemError
from examples.flights import statistics
from examples.flights.models import Flight
from examples.flights.queries import Record, find_version

_MOST = 100
_saved: dict[str, set[int]] = {"amelia": {1, 842}, "orville": {17, 1903}}


async def list_saved(session: AsyncSession, user: str) -> list[Record]:
    statistics.asked["saved"] += 1
    # No note among them: a kept answer would go on showing the old one.
    columns = Flight.id, Flight.carrier, Flight.flight, Flight.origin, Flight.dest
    statement = select(*columns).where(Flight.id.in_(_saved.get(user, ()))).order_by(Flight.id)
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def save(session: AsyncSession, user: str, flight_id: int) -> Record:
    """Add a flight to those of the user; raise ProblemError where that cannot be done."""
    if await find_version(session, flight_id) is None:
        raise ProblemError(404, "Not Found", f"there is no flight {flight_id}")
    flights = _saved.setdefault(user, set())
    if len(flights) >= _MOST:
        raise ProblemError(409, "Conflict", f"{_MOST} flights are saved, and more cannot be")
    flights.add(flight_id)
    return {"saved": len(flights)}
