"""Read one page: statements go out, their results come in. Who drives this does the waiting."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, CursorResult, FrozenResult, Result, Row, Select

from chopin_mw.errors import CursorError
from chopin_mw.rules.cursor import Cursor
from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.sql.ordering import OrderColumn
from chopin_mw.sql.place import ranges_after, raw
from chopin_mw.sql.statement_parts import parts_of

Reading: TypeAlias = Generator[Select[Any], Result[Any], CursorPage[Any]]
Rows: TypeAlias = list[Row[Any]]


@dataclass(frozen=True, slots=True)
class KeysetQuery:
    """Hold a statement and the total order of its rows."""

    statement: Select[Any]
    columns: tuple[OrderColumn, ...]
    dialect: str


def read_page(
    query: KeysetQuery, limit: int, place: Cursor | None, write: Callable[[Cursor], str]
) -> Reading:
    """Return the page after the place, the first one if there is none.

    It asks for one row more than it gives, to know whether there are more.
    """
    rows: Rows = []
    statements = _statements(query, place)
    while True:
        statement, *statements = statements
        wanted = limit + 1 - len(rows)
        frozen, read = _frozen((yield statement.limit(wanted)), len(query.columns))
        rows += frozen.data
        if len(frozen.data) < read == wanted:
            # Of a one-to-one that is none, an eager load repeats rows, which may have used up the
            # limit. Of a collection SQLAlchemy sees to it, and nothing is left to be read.
            backwards = place is not None and place.backwards
            statements = _statements(query, _at(rows[-1], len(query.columns), backwards=backwards))
        if len(rows) > limit or not statements:
            break
    has_more = len(rows) > limit
    del rows[limit:]
    if place is not None and place.backwards:
        rows.reverse()
    before, after = _neighbours(rows, len(query.columns), place, has_more=has_more)
    return CursorPage.of(
        _shown(frozen, rows, len(query.columns)),
        per_page=limit,
        next_cursor=write(after) if after else None,
        previous_cursor=write(before) if before else None,
    )


def _statements(query: KeysetQuery, place: Cursor | None) -> list[Select[Any]]:
    columns = query.columns
    if place is not None and place.backwards:
        columns = tuple(column.reversed() for column in columns)
    # What rows are ordered by comes with them: the attributes of an object that the session knew
    # before may be older than its place in the list, and may not be loaded at all.
    keys = [raw(column).label(f"keyset_{index}") for index, column in enumerate(columns)]
    order = [column.clause() for column in columns]
    statement = query.statement.add_columns(*keys).order_by(None).order_by(*order)
    if place is None:
        return [statement]
    if len(place.values) != len(columns):
        raise CursorError("the cursor is of a list with another order")
    ranges = ranges_after(columns, place.values, query.dialect, inclusive=place.inclusive)
    return [_within(statement, range_) for range_ in ranges]


def _within(statement: Select[Any], range_: ColumnElement[bool]) -> Select[Any]:
    # Groups are compared once they are made.
    if parts_of(statement).group_by:
        return statement.having(range_)
    return statement.where(range_)


def _frozen(result: Result[Any], keys: int) -> tuple[FrozenResult[Any], int]:
    """Return the rows, each once, and how many were read."""
    if isinstance(result, CursorResult):
        frozen = result.freeze()
        return frozen, len(frozen.data)
    read = 0

    def place_of(row: Any) -> Any:
        nonlocal read
        read += 1
        return row[-keys:]

    # An eager load of a collection repeats its row, and SQLAlchemy wants to be told what to do.
    return result.unique(place_of).freeze(), read


def _neighbours(
    rows: Rows, keys: int, place: Cursor | None, *, has_more: bool
) -> tuple[Cursor | None, Cursor | None]:
    """Return where the pages before and after this one begin."""
    if place is None:
        return None, _at(rows[-1], keys) if has_more else None
    # Where this page began there was a row when its cursor was written.
    here = Cursor(place.values, not place.backwards, inclusive=not place.inclusive)
    if place.backwards:
        before = _at(rows[0], keys, backwards=True) if has_more else None
        return before, _at(rows[-1], keys) if rows else here
    after = _at(rows[-1], keys) if has_more else None
    return _at(rows[0], keys, backwards=True) if rows else here, after


def _at(row: Row[Any], keys: int, *, backwards: bool = False) -> Cursor:
    return Cursor(tuple(row[-keys:]), backwards)


def _shown(frozen: FrozenResult[Any], rows: Rows, keys: int) -> Sequence[Any]:
    """Return the rows as the statement has them, without what they are ordered by."""
    width = len(rows[0]) - keys if rows else 0
    if width <= 1:
        return [row[0] for row in rows]
    return frozen.with_new_rows(rows)().columns(*range(width)).all()
