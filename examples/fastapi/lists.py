"""The lists: by pages for people who leaf through them, by cursors for programs that read on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from chopin_mw import CursorPage, Page, Pagination, json_response
from chopin_mw.integrations.fastapi_page_parameters import page_parameters
from examples.fastapi.dependencies import Session
from examples.flights import departures, queries

router = APIRouter()


# What a client asks for is clamped before FastAPI sees it. One row more than it asked for tells
# whether there is a next page, which no COUNT has to.
@router.head("/flights", response_model=None, include_in_schema=False)
@router.get("/flights", response_model=None)
async def list_flights(
    session: Session,
    asked: Annotated[Pagination, Depends(page_parameters(queries.PAGES))],
    origin: str | None = None,
    carrier: str | None = None,
) -> Page[queries.Record]:
    rows = await queries.list_flights(
        session, limit=asked.limit + 1, offset=asked.offset, origin=origin, carrier=carrier
    )
    return Page.of(rows, asked)


# What is left out by ?fields= is never encoded.
@router.head("/departures", response_model=None, include_in_schema=False)
@router.get("/departures", response_model=None)
@json_response(fields=departures.FIELDS)
async def list_departures(
    session: Session,
    asked: Annotated[Pagination, Depends(page_parameters(departures.SIZES))],
    cursor: str | None = None,
    from_id: Annotated[int, Query(ge=1)] = 1,
) -> CursorPage[queries.Record]:
    return await departures.list_departures(
        session, limit=asked.limit, cursor=cursor, from_id=from_id
    )
