"""The flights API in FastAPI's own idiom: a router, dependencies, pydantic models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from chopin_mw import cache_control, etag, stop_signal
from examples.fastapi import cached, lists, streams
from examples.fastapi.dependencies import Session
from examples.flights import queries
from examples.flights.database import sessions
from examples.flights.models import Flight
from examples.flights.pages import index_page


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with sessions() as session:
        board = await queries.load_board(session)
    # Set when the server is told to stop: it waits for open streams, so these have to end.
    with stop_signal() as stopping:
        yield {"board": board, "stopping": stopping}


router = APIRouter(lifespan=lifespan)
router.include_router(lists.router)
router.include_router(cached.router)
# Before /flights/{flight_id}, which would take "stream" for a flight.
router.include_router(streams.router)


class Note(BaseModel):
    note: str | None = Field(max_length=200)


class Delay(BaseModel):
    carrier: str
    name: str
    flights: int
    average_delay_minutes: float


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
async def index(request: Request) -> str:
    docs = {"/docs": "FastAPI's own page: try a PATCH with If-Match here"}
    return index_page("FastAPI", str(request.base_url), docs)


# Without a response model FastAPI walks through every value of every record before it encodes
# them: this is what install_json does away with.
@router.get("/board", response_model=None)
async def show_board(request: Request) -> list[queries.Record]:
    return cast("list[queries.Record]", request.state.board)


async def load_flight(flight_id: int, session: Session) -> Flight:
    flight = await queries.find_flight(session, flight_id)
    if flight is None:
        raise HTTPException(404, "no such flight")
    return flight


async def read_tag(flight_id: int, session: AsyncSession) -> str | None:
    """Read one column by primary key: on a 304 that is all that happens."""
    version = await queries.find_version(session, flight_id)
    return None if version is None else queries.tag(flight_id, version)


# FastAPI answers HEAD only where it is asked to.
@router.head("/flights/{flight_id}", response_model=None, include_in_schema=False)
@router.get("/flights/{flight_id}", response_model=None)
@etag(read_tag)
async def get_flight(flight_id: int, session: Session) -> queries.Record:
    return queries.detail(await load_flight(flight_id, session))


def loaded_tag(flight: Flight) -> str:
    """Tag the very object that is written, so that no other write slips in between."""
    return queries.tag(flight.id, flight.version)


# A stale If-Match is answered with 412, and this function never runs.
@router.patch("/flights/{flight_id}", response_model=None)
@etag(loaded_tag)
async def annotate_flight(
    flight: Annotated[Flight, Depends(load_flight)], session: Session, change: Note
) -> queries.Record:
    flight.note = change.note
    try:
        await session.commit()
    except StaleDataError:
        raise HTTPException(409, "another write came first") from None
    return queries.detail(flight)


@router.head("/airlines", response_model=None, include_in_schema=False)
@router.get("/airlines", response_model=None)
@cache_control(public=True, max_age=60, stale_while_revalidate=30)
async def list_airlines(session: Session) -> list[queries.Record]:
    return await queries.list_airlines(session)


# With a response model pydantic encodes the answer itself, and install_json leaves it alone.
@router.get("/delays")
async def list_delays(session: Session) -> list[Delay]:
    return [Delay(**row) for row in await queries.list_delays(session)]
