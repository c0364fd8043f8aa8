"""The answers that take a while: what is made goes out at once, and ends when the client leaves."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from chopin_mw import event_stream, last_event_id, ndjson_stream
from examples.flights import queries, streams

router = APIRouter()


@router.get("/flights/stream", response_model=None)
async def stream_flights() -> Any:
    return ndjson_stream(streams.every_flight(), batch_size=streams.BATCH)


# A client that comes back names the last event it has had, and goes on after it.
@router.get("/flights/live", response_model=None)
async def follow_departures(
    request: Request,
    day: date = streams.FIRST_DAY,
    pace: Annotated[float, Query(gt=0, le=streams.MAX_PACE)] = 10,
) -> Any:
    departures = await streams.departures_of(day, last_event_id(request.scope))
    if not departures:
        # To an EventSource this says that there is nothing to come back for.
        return Response(status_code=204)
    return event_stream(
        streams.replay(departures, pace), retry=1000, shutdown=request.state.stopping
    )


# For your own eyes, as /cache is.
@router.get("/streams", response_model=None)
async def show_streams() -> queries.Record:
    return streams.show_streams()
