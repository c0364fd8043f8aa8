"""The expensive questions: what both example apps let the cache answer again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import Double, Select, Subquery, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chopin_mw import HTTPCache
from examples.flights.models import Airport, Flight, Weather
from examples.flights.queries import Record

Units = Literal["us", "metric"]

LATE_MINUTES = 15
"""Later than this counts as late, as the U.S. Department of Transportation has it."""

asked: Counter[str] = Counter()
"""How often the database was asked each question: what the cache is to keep low."""


async def list_routes(
    session: AsyncSession, *, month: int | None = None, origin: str | None = None
) -> list[Record]:
    """Say how late each of 224 routes is, medians and all; a year takes SQLite a second."""
    asked["routes"] += 1
    flights = _ranked_by_delay()
    if month is not None:
        flights = flights.where(Flight.month == month)
    if origin is not None:
        flights = flights.where(Flight.origin == origin)
    rows = await session.execute(_by_route(flights.subquery()))
    return [_route(row) for row in rows.mappings()]


async def find_airport(session: AsyncSession, faa: str) -> Airport | None:
    return await session.get(Airport, faa)


async def show_airport(session: AsyncSession, airport: Airport) -> Record:
    """Count the flights that went there; without an index that means to look at all of them."""
    asked["airports"] += 1
    arrivals = select(func.count()).where(Flight.dest == airport.faa)
    return {
        "faa": airport.faa,
        "name": airport.name,
        "altitude_feet": airport.alt,
        "flights_from_new_york": await session.scalar(arrivals),
    }


async def list_weather(session: AsyncSession, units: Units) -> list[Record]:
    """Average 26,115 hours into one record for each airport and month."""
    asked["weather"] += 1
    average = func.avg(Weather.temp), func.avg(Weather.wind_speed)
    statement = (
        select(Weather.origin, Weather.month, *average)
        .group_by(Weather.origin, Weather.month)
        .order_by(Weather.origin, Weather.month)
    )
    return [
        {"origin": origin, "month": month, **_measured(fahrenheit, miles, units)}
        for origin, month, fahrenheit, miles in await session.execute(statement)
    ]


def show_cache(cache: HTTPCache) -> Record:
    """Return what the cache has done so far, and how often the database was asked anyway."""
    counted = cache.statistics()
    store: Any = counted.store
    return {
        "answers": {outcome.value: count for outcome, count in counted.outcomes.items()},
        "not_asked": dict(counted.bypasses),
        "not_kept": dict(counted.refusals),
        "invalidations": counted.invalidations,
        "store": asdict(store),
        "questions": dict(asked),
    }


def _ranked_by_delay() -> Select[*tuple[Any, ...]]:
    # Flights that never arrived have no delay, and are no part of the ranking of those that did.
    share = func.cume_dist().over(
        partition_by=(Flight.origin, Flight.dest, Flight.arr_delay.is_(None)),
        order_by=Flight.arr_delay,
    )
    return select(Flight.origin, Flight.dest, Flight.arr_delay.label("late"), share.label("share"))


def _by_route(flights: Subquery) -> Select[*tuple[Any, ...]]:
    origin, dest, late, share = flights.c
    return (
        select(
            origin,
            dest,
            Airport.name,
            func.count().label("flights"),
            func.count(late).label("arrived"),
            func.avg(cast(late, Double)).label("average"),
            func.min(case((share >= 0.5, late))).label("median"),  # noqa: PLR2004 - half of them
            func.min(case((share >= 0.9, late))).label("worst_tenth"),  # noqa: PLR2004 - nine tenths
            func.count(case((late > LATE_MINUTES, 1))).label("late"),
        )
        .outerjoin(Airport, Airport.faa == dest)
        .group_by(origin, dest, Airport.name)
        .order_by(origin, dest)
    )


def _route(row: Mapping[Any, Any]) -> Record:
    average = row["average"]
    return {
        "origin": row["origin"],
        "dest": row["dest"],
        "destination": row["name"],
        "flights": row["flights"],
        "not_arrived": row["flights"] - row["arrived"],
        "late": row["late"],
        "average_minutes": None if average is None else round(average, 2),
        "median_minutes": row["median"],
        "worst_tenth_minutes": row["worst_tenth"],
    }


def _measured(fahrenheit: float, miles: float, units: Units) -> Record:
    if units == "us":
        return {"fahrenheit": round(fahrenheit, 1), "miles_per_hour": round(miles, 1)}
    celsius, kilometres = (fahrenheit - 32) / 1.8, miles * 1.609344
    return {"celsius": round(celsius, 1), "kilometres_per_hour": round(kilometres, 1)}
