"""The routes whose answers are worth keeping, and the one whose answers must not be kept."""

import secrets
from typing import Any, cast, get_args

from quart import Blueprint, abort, g, request

from chopin_mw import cache_response, invalidates, no_store
from examples.flights import queries, statistics
from examples.flights.models import Airport

cached = Blueprint("cached", __name__)

MONTHS = range(1, 13)
MAX_NAME_LENGTH = 100


# The answer names airports, so it goes when an airport does; until then for an hour.
@cached.get("/routes")
@cache_response(ttl=3600, tags=("airports",))
async def list_routes() -> list[queries.Record]:
    month = request.args.get("month", type=int)
    if "month" in request.args and month not in MONTHS:
        abort(422)
    return await statistics.list_routes(g.session, month=month, origin=request.args.get("origin"))


# A tag may name a path parameter.
@cached.get("/airports/<faa>")
@cache_response(ttl=3600, tags=("airport:{faa}",))
async def get_airport(faa: str) -> queries.Record:
    return await statistics.show_airport(g.session, await _load_airport(faa))


# Whatever shows the old name is gone before the client has this answer.
@cached.patch("/airports/<faa>")
@invalidates(tags=("airport:{faa}", "airports"))
async def rename_airport(faa: str) -> queries.Record:
    airport = await _load_airport(faa)
    airport.name = _name_in(await request.get_json())
    await g.session.commit()
    return await statistics.show_airport(g.session, airport)


# Requests with a cookie stay away from the cache, unless the route says which one matters.
@cached.get("/weather")
@cache_response(ttl=3600, vary_by="cookie:units")
async def list_weather() -> list[queries.Record]:
    units = request.cookies.get("units", "us")
    if units not in get_args(statistics.Units):
        abort(422)
    return await statistics.list_weather(g.session, cast("statistics.Units", units))


@cached.get("/flights/<int:flight_id>/pass")
@no_store
async def get_boarding_pass(flight_id: int) -> queries.Record:
    if await queries.find_version(g.session, flight_id) is None:
        abort(404)
    return {"flight": flight_id, "code": secrets.token_hex(8)}


async def _load_airport(faa: str) -> Airport:
    return await statistics.find_airport(g.session, faa) or abort(404)


def _name_in(body: Any) -> str:
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_LENGTH:
        abort(422)
    return name
