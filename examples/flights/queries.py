"""The questions that both example apps ask the database; rows come back as plain dicts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Double, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from chopin_mw import PagePolicy
from examples.flights.models import Airline, Flight

Record = dict[str, Any]

PAGES = PagePolicy(max_offset=1_000_000)
"""Deep enough for the last of 336,776 flights: the default stops at 10,000.

Rows that are skipped are read all the same, here in 10 ms: of a larger table let fewer be skipped,
and offer cursors.
"""

FLIGHTS_ON_1_JANUARY = 842
MAX_ID = 2**31 - 1
"""The largest integer that both databases take as a key."""


async def list_flights(
    session: AsyncSession,
    *,
    limit: int,
    offset: int = 0,
    origin: str | None = None,
    carrier: str | None = None,
) -> list[Record]:
    statement = select(Flight).order_by(Flight.id)
    if origin is not None:
        statement = statement.where(Flight.origin == origin)
    if carrier is not None:
        statement = statement.where(Flight.carrier == carrier)
    flights = await session.scalars(statement.limit(limit).offset(offset))
    return [_record(flight) for flight in flights]


async def load_board(session: AsyncSession) -> list[Record]:
    """Return the first hundred departures of 2 January: what the apps keep in memory."""
    return await list_flights(session, limit=100, offset=FLIGHTS_ON_1_JANUARY)


async def find_flight(session: AsyncSession, flight_id: int) -> Flight | None:
    if not 0 < flight_id <= MAX_ID:
        return None
    related = joinedload(Flight.airline), joinedload(Flight.plane), joinedload(Flight.dest_airport)
    return await session.get(Flight, flight_id, options=related)


async def find_version(session: AsyncSession, flight_id: int) -> int | None:
    """Return what changes with every write to a flight, for much less than the flight itself."""
    if not 0 < flight_id <= MAX_ID:
        return None
    return await session.scalar(select(Flight.version).where(Flight.id == flight_id))


def tag(flight_id: int, version: int) -> str:
    """Return the entity tag of a flight as it is in this version."""
    return f"{flight_id}-{version}"


async def list_airlines(session: AsyncSession) -> list[Record]:
    airlines = await session.scalars(select(Airline).order_by(Airline.carrier))
    return [{"carrier": airline.carrier, "name": airline.name} for airline in airlines]


async def list_delays(session: AsyncSession) -> list[Record]:
    """Average minutes late per airline over all 336,776 flights, the latest first."""
    average = func.avg(cast(Flight.arr_delay, Double))
    statement = (
        select(Airline.carrier, Airline.name, func.count().label("flights"), average.label("late"))
        .join(Airline.flights)
        .group_by(Airline.carrier, Airline.name)
        .order_by(average.desc())
    )
    return [_delay(row) for row in (await session.execute(statement)).mappings()]


def detail(flight: Flight) -> Record:
    """Return one flight with what it refers to, as far as that is known."""
    return {
        **_record(flight),
        "airline": flight.airline.name,
        "aircraft": flight.plane and f"{flight.plane.manufacturer} {flight.plane.model}",
        "destination": flight.dest_airport and flight.dest_airport.name,
    }


def _delay(row: Mapping[Any, Any]) -> Record:
    return {
        "carrier": row["carrier"],
        "name": row["name"],
        "flights": row["flights"],
        "average_delay_minutes": round(row["late"], 2),
    }


def _record(flight: Flight) -> Record:
    return {
        "id": flight.id,
        "carrier": flight.carrier,
        "flight": flight.flight,
        "tailnum": flight.tailnum,
        "origin": flight.origin,
        "dest": flight.dest,
        "scheduled": flight.time_hour.replace(minute=flight.minute).isoformat() + "Z",
        "dep_delay": flight.dep_delay,
        "arr_delay": flight.arr_delay,
        "air_time": flight.air_time,
        "distance": flight.distance,
        "note": flight.note,
    }
