"""A table as long as that of the flights of 2013, in a file of its own, and pages of it."""

import atexit
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlakeyset
from sqlalchemy import Column as C  # noqa: N817 - eight of them follow
from sqlalchemy import (
    Connection,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    create_engine,
    event,
    select,
    text,
    tuple_,
)
from sqlalchemy import Table as SQLTable

from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.sql.keyset import keyset_page

ROWS = 336_776
DEEP = 300_000
LIMIT = 20
_SIGNER = CursorSigner("a secret of at least 32 bytes, for benchmarks only")

FLIGHTS = SQLTable(
    "flights",
    MetaData(),
    C("id", Integer, primary_key=True),
    C("time_hour", DateTime, nullable=False),
    C("carrier", String, nullable=False),
    C("flight", Integer, nullable=False),
    C("origin", String, nullable=False),
    C("dest", String, nullable=False),
    C("dep_delay", Float),
    C("distance", Integer, nullable=False),
    Index("flights_in_order", "time_hour", "id"),
)

# Made inside of SQLite, in a third of a second: 38 flights an hour, which are many that are equal.
_FILL = text("""
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows)
    INSERT INTO flights
    SELECT n, strftime('%Y-%m-%d %H:%M:%f000', '2013-01-01', (n / 38) || ' hours'),
           'UA', n * 7919 % 5000, 'EWR', 'IAH', nullif(n % 90 - 10, 79), 500 + n % 2000
    FROM numbers
""")


@dataclass(frozen=True, slots=True)
class Place:
    """Name a page by the number of rows before it, in each of the ways that it is asked for."""

    offset: int
    after: tuple[datetime, int] | None
    cursor: str | None
    bookmark: str | None


Rows = list[Any]
Page = Callable[[Place], Rows]


@cache
def connection() -> Connection:
    """Return the connection to the table, which is made when it is first needed."""
    closing = ExitStack()
    atexit.register(closing.close)
    directory = closing.enter_context(TemporaryDirectory())
    engine = create_engine(f"sqlite:///{Path(directory) / 'flights.db'}")
    closing.callback(engine.dispose)
    opened = closing.enter_context(engine.connect())
    FLIGHTS.metadata.create_all(opened)
    opened.execute(_FILL, {"rows": ROWS})
    opened.commit()
    return opened


@cache
def place(offset: int) -> Place:
    """Return the place of the page that begins after so many rows."""
    if offset == 0:
        return Place(0, None, None, None)
    # One long page up to there: its cursor is as good as that of many short ones.
    ours = keyset_page(connection(), _ids(), limit=offset, cursor=None, signer=_SIGNER)
    found = connection().execute(_ids().offset(offset - 1).limit(1)).one()
    after = (found.time_hour, found.id)
    return Place(offset, after, ours.next_cursor, sqlakeyset.serialize_bookmark((after, False)))


def by_keyset_page(asked: Place) -> Rows:
    """Return the page by ours, with the cursors of its neighbours."""
    page = keyset_page(connection(), _flights(), limit=LIMIT, cursor=asked.cursor, signer=_SIGNER)
    assert page.next_cursor is not None
    return page.rows


def by_hand(asked: Place) -> Rows:
    """Return the page by the shortest SELECT there is, which trusts the client with the values."""
    statement = _flights().limit(LIMIT + 1)
    if asked.after is not None:
        keys = tuple_(FLIGHTS.c.time_hour, FLIGHTS.c.id)
        statement = statement.where(keys > asked.after)
    return list(connection().execute(statement).all()[:LIMIT])


def by_offset(asked: Place) -> Rows:
    """Return the page by OFFSET."""
    statement = _flights().limit(LIMIT + 1).offset(asked.offset)
    return list(connection().execute(statement).all()[:LIMIT])


def by_sqlakeyset(asked: Place) -> Rows:
    """Return the page by sqlakeyset, with the bookmarks of its neighbours."""
    page = sqlakeyset.select_page(connection(), _flights(), per_page=LIMIT, page=asked.bookmark)
    assert page.paging.bookmark_next != page.paging.bookmark_previous
    return list(page)


@contextmanager
def statements_counted() -> Iterator[list[str]]:
    """Collect the statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def collect(_: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(connection(), "before_cursor_execute", collect)
    try:
        yield sent
    finally:
        event.remove(connection(), "before_cursor_execute", collect)


def _flights() -> Select[Any]:
    return _ordered(select(FLIGHTS))


def _ids() -> Select[Any]:
    return _ordered(select(FLIGHTS.c.time_hour, FLIGHTS.c.id))


def _ordered(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(FLIGHTS.c.time_hour, FLIGHTS.c.id)
