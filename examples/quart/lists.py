"""The lists: by pages for people who leaf through them, by cursors for programs that read on."""

from quart import Blueprint, abort, g, request

from chopin_mw import CursorPage, Page, Pagination, json_response
from examples.flights import departures, queries

lists = Blueprint("lists", __name__)


# What a client asks for is clamped before Quart sees it. One row more than it asked for tells
# whether there is a next page, which no COUNT has to.
@lists.get("/flights")
async def list_flights() -> Page[queries.Record]:
    asked = Pagination.from_scope(request.scope, queries.PAGES)
    rows = await queries.list_flights(
        g.session,
        limit=asked.limit + 1,
        offset=asked.offset,
        origin=request.args.get("origin"),
        carrier=request.args.get("carrier"),
    )
    return Page.of(rows, asked)


# What is left out by ?fields= is never encoded.
@lists.get("/departures")
@json_response(fields=departures.FIELDS)
async def list_departures() -> CursorPage[queries.Record]:
    asked = Pagination.from_scope(request.scope, departures.SIZES)
    return await departures.list_departures(
        g.session, limit=asked.limit, cursor=request.args.get("cursor"), from_id=_from_id()
    )


def _from_id() -> int:
    from_id = request.args.get("from_id", type=int)
    if "from_id" not in request.args:
        return 1
    if from_id is None or from_id < 1:
        abort(422)
    return from_id
