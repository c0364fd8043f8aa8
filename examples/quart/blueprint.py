"""The flights API in Quart's own idiom: a blueprint, request globals, returned dicts and lists."""

from collections.abc import AsyncGenerator
from typing import Any, cast

from quart import Blueprint, abort, current_app, g, request
from sqlalchemy.orm.exc import StaleDataError

from chopin_mw import cache_control, etag, stop_signal
from examples.flights import queries
from examples.flights.database import sessions
from examples.flights.models import Flight
from examples.flights.pages import index_page
from examples.quart.cached import cached
from examples.quart.lists import lists
from examples.quart.streams import streams

flights = Blueprint("flights", __name__)
# Nested, so that an app registers one blueprint and has them all.
flights.register_blueprint(cached)
flights.register_blueprint(lists)
flights.register_blueprint(streams)

MAX_NOTE_LENGTH = 200


@flights.while_app_serving
async def lifespan() -> AsyncGenerator[None, None]:
    async with sessions() as session:
        current_app.config["BOARD"] = await queries.load_board(session)
    # Set when the server is told to stop: it waits for open streams, so these have to end.
    with stop_signal() as stopping:
        current_app.config["STOPPING"] = stopping
        yield


@flights.before_app_request
async def open_session() -> None:
    g.session = sessions()


@flights.teardown_app_request
async def close_session(_error: BaseException | None) -> None:
    await g.session.close()


@flights.get("/")
async def index() -> str:
    return index_page("Quart", request.host_url)


@flights.get("/board")
async def show_board() -> list[queries.Record]:
    return cast("list[queries.Record]", current_app.config["BOARD"])


async def read_tag(flight_id: int) -> str | None:
    """Read one column by primary key: on a 304 that is all that happens."""
    version = await queries.find_version(g.session, flight_id)
    return None if version is None else queries.tag(flight_id, version)


@flights.get("/flights/<int:flight_id>")
@etag(read_tag)
async def get_flight(flight_id: int) -> queries.Record:
    return queries.detail(await load_flight(flight_id))


async def load_flight(flight_id: int) -> Flight:
    if "flight" not in g:
        g.flight = await queries.find_flight(g.session, flight_id) or abort(404)
    flight: Flight = g.flight
    return flight


async def loaded_tag(flight_id: int) -> str:
    """Tag the very object that is written, so that no other write slips in between."""
    flight = await load_flight(flight_id)
    return queries.tag(flight.id, flight.version)


# A stale If-Match is answered with 412, and this function never runs.
@flights.patch("/flights/<int:flight_id>")
@etag(loaded_tag)
async def annotate_flight(flight_id: int) -> queries.Record:
    flight = await load_flight(flight_id)
    flight.note = _note_in(await request.get_json())
    try:
        await g.session.commit()
    except StaleDataError:
        abort(409)
    return queries.detail(flight)


@flights.get("/airlines")
@cache_control(public=True, max_age=60, stale_while_revalidate=30)
async def list_airlines() -> list[queries.Record]:
    return await queries.list_airlines(g.session)


@flights.get("/delays")
async def list_delays() -> list[queries.Record]:
    return await queries.list_delays(g.session)


def _note_in(body: Any) -> str | None:
    note = body.get("note", 0) if isinstance(body, dict) else 0
    if note is not None and (not isinstance(note, str) or len(note) > MAX_NOTE_LENGTH):
        abort(422)
    return note
