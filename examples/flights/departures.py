"""All departures as one long list, read a page at a time by cursors."""

import os
import secrets

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from chopin_mw import CursorPage, FieldPolicy, PagePolicy
from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.sql.keyset import keyset_page
from examples.flights.models import Flight
from examples.flights.queries import MAX_ID, Record

SIZES = PagePolicy(limit_names=("limit",), offset_names=(), page_names=())
"""A list that is read by cursors is asked how many rows, and never from which one on."""

FIELDS = FieldPolicy(
    allow="id,flight,scheduled,dep_delay,origin,airline(carrier,name),destination(faa,name)"
)
"""What may leave; `?fields=id,airline.name` chooses among it."""

# Without the variable a secret of this process: with several of them, or after a restart, a client
# that goes on with a cursor of another one is sent back to the first page.
cursors = CursorSigner(os.environ.get("CURSOR_SECRET") or secrets.token_urlsafe(32))


async def list_departures(
    session: AsyncSession, *, limit: int, cursor: str | None, from_id: int = 1
) -> CursorPage[Record]:
    """Return the page that begins at the cursor; a first one may begin at any flight.

    In the order of the primary key, the only index there is: a page costs the same at any depth.
    By (time_hour, id) it would need an index on those two, or the database sorts 336,776 rows for
    each page.
    """
    related = joinedload(Flight.airline), joinedload(Flight.dest_airport)
    statement = select(Flight).options(*related).order_by(Flight.id)
    if from_id > 1:
        statement = statement.where(Flight.id >= min(from_id, MAX_ID))
    page = await keyset_page(session, statement, limit=limit, cursor=cursor, signer=cursors)
    return page.map(_departure)


def _departure(flight: Flight) -> Record:
    to = flight.dest_airport
    return {
        "id": flight.id,
        "flight": flight.flight,
        "scheduled": flight.time_hour.replace(minute=flight.minute).isoformat() + "Z",
        "dep_delay": flight.dep_delay,
        "origin": flight.origin,
        "airline": {"carrier": flight.carrier, "name": flight.airline.name},
        "destination": {"faa": flight.dest, "name": to and to.name},
    }
