"""The answers that take a while: what is made goes out at once, and ends when the client leaves."""

from datetime import date
from typing import Any

from quart import Blueprint, abort, current_app, request

from chopin_mw import event_stream, last_event_id, ndjson_stream
from examples.flights import queries
from examples.flights import streams as flight_streams

streams = Blueprint("streams", __name__)


@streams.get("/flights/stream")
async def stream_flights() -> Any:
    return ndjson_stream(flight_streams.every_flight(), batch_size=flight_streams.BATCH)


# A client that comes back names the last event it has had, and goes on after it.
@streams.get("/flights/live")
async def follow_departures() -> Any:
    day, pace = _asked()
    departures = await flight_streams.departures_of(day, last_event_id(request.scope))
    if not departures:
        # To an EventSource this says that there is nothing to come back for.
        return "", 204
    return event_stream(
        flight_streams.replay(departures, pace), retry=1000, shutdown=current_app.config["STOPPING"]
    )


# For your own eyes, as /cache is.
@streams.get("/streams")
async def show_streams() -> queries.Record:
    return flight_streams.show_streams()


def _asked() -> tuple[date, float]:
    try:
        day = date.fromisoformat(request.args.get("day", flight_streams.FIRST_DAY.isoformat()))
        pace = float(request.args.get("pace", 10))
    except ValueError:
        abort(422)
    # Written so that NaN is refused as well.
    if not 0 < pace <= flight_streams.MAX_PACE:
        abort(422)
    return day, pace
