"""The routes whose answers are worth keeping, and the one whose answers must not be kept."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, HTTPException, Path, Query
from pydantic import BaseModel, Field

from chopin_mw import cache_response, invalidates, no_store
from examples.fastapi.dependencies import Session
from examples.flights import queries, statistics
from examples.flights.models import Airport

router = APIRouter()


class Rename(BaseModel):
    name: str = Field(min_length=1, max_length=100)


# The answer names airports, so it goes when an airport does; until then for an hour.
@router.head("/routes", response_model=None, include_in_schema=False)
@router.get("/routes", response_model=None)
@cache_response(ttl=3600, tags=("airports",))
async def list_routes(
    session: Session,
    month: Annotated[int | None, Query(ge=1, le=12)] = None,
    origin: str | None = None,
) -> list[queries.Record]:
    return await statistics.list_routes(session, month=month, origin=origin)


async def load_airport(faa: Annotated[str, Path()], session: Session) -> Airport:
    airport = await statistics.find_airport(session, faa)
    if airport is None:
        raise HTTPException(404, "no such airport")
    return airport


# A tag may name a path parameter.
@router.get("/airports/{faa}", response_model=None)
@cache_response(ttl=3600, tags=("airport:{faa}",))
async def get_airport(
    airport: Annotated[Airport, Depends(load_airport)], session: Session
) -> queries.Record:
    return await statistics.show_airport(session, airport)


# Whatever shows the old name is gone before the client has this answer.
@router.patch("/airports/{faa}", response_model=None)
@invalidates(tags=("airport:{faa}", "airports"))
async def rename_airport(
    airport: Annotated[Airport, Depends(load_airport)], session: Session, change: Rename
) -> queries.Record:
    airport.name = change.name
    await session.commit()
    return await statistics.show_airport(session, airport)


# Requests with a cookie stay away from the cache, unless the route says which one matters.
@router.get("/weather", response_model=None)
@cache_response(ttl=3600, vary_by="cookie:units")
async def list_weather(
    session: Session, units: Annotated[statistics.Units, Cookie()] = "us"
) -> list[queries.Record]:
    return await statistics.list_weather(session, units)


@router.get("/flights/{flight_id}/pass", response_model=None)
@no_store
async def get_boarding_pass(flight_id: int, session: Session) -> queries.Record:
    if await queries.find_version(session, flight_id) is None:
        raise HTTPException(404, "no such flight")
    return {"flight": flight_id, "code": secrets.token_hex(8)}
