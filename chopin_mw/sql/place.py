"""Conditions for the rows that come after a place in an order.

Values are bound without a type, and read without one: as the driver gave them, so that they are
compared as the database compares them. SQLAlchemy's types round a Numeric on SQLite, and a rounded
place repeats rows or skips them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, true, tuple_, type_coerce
from sqlalchemy.types import NullType

from chopin_mw.sql.ordering import OrderColumn

_RAW = NullType()

Values = Sequence[Any]
Columns = Sequence[OrderColumn]

# Where `(a, b) > (1, 2)` is compared term by term, with an index on (a, b) in one step.
_COMPARES_ROWS = frozenset({"postgresql", "sqlite"})


def raw(column: OrderColumn) -> ColumnElement[Any]:
    """Return the expression without its type, for its values to be left alone."""
    return type_coerce(column.expression, _RAW)


def ranges_after(
    columns: Columns, values: Values, dialect: str, *, inclusive: bool
) -> list[ColumnElement[bool]]:
    """Return conditions for all rows after the place: of each earlier one all rows come first.

    There are two where the first column changes between values and NULLs on the way. Together in
    one condition they would make the database read the list from its beginning.
    """
    first, value = columns[0], values[0]
    if value is not None:
        with_value = replace(first, nullable=False)
        compared = _after([with_value, *columns[1:]], values, dialect, inclusive=inclusive)
        goes_on = first.nullable and first.nulls_last
        return [compared, raw(first).is_(None)] if goes_on else [compared]
    rest: ColumnElement[bool] = true() if inclusive else false()
    if columns[1:]:
        rest = _after(columns[1:], values[1:], dialect, inclusive=inclusive)
    among_nulls = and_(raw(first).is_(None), rest)
    return [among_nulls] if first.nulls_last else [among_nulls, raw(first).is_not(None)]


def _after(
    columns: Columns, values: Values, dialect: str, *, inclusive: bool
) -> ColumnElement[bool]:
    if len(columns) > 1 and dialect in _COMPARES_ROWS and _compares_as_row(columns, values):
        return _row_after(columns, values, inclusive=inclusive)
    column, value = columns[0], values[0]
    if len(columns) == 1:
        return _at_or_after(column, value) if inclusive else _strictly_after(column, value)
    # The range stands outside, where a planner finds it; inside it, what ties are broken by.
    rest = _after(columns[1:], values[1:], dialect, inclusive=inclusive)
    return and_(_at_or_after(column, value), or_(_strictly_after(column, value), rest))


def _compares_as_row(columns: Columns, values: Values) -> bool:
    # A comparison with NULL is not true, which is right where NULLs have all gone by.
    return all(
        value is not None
        and column.descending is columns[0].descending
        and not (column.nullable and column.nulls_last)
        for column, value in zip(columns, values, strict=True)
    )


def _row_after(columns: Columns, values: Values, *, inclusive: bool) -> ColumnElement[bool]:
    row, place = tuple_(*map(raw, columns)), tuple_(*map(_bound, values))
    if columns[0].descending:
        return row <= place if inclusive else row < place
    return row >= place if inclusive else row > place


def _strictly_after(column: OrderColumn, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false() if column.nulls_last else raw(column).is_not(None)
    compared = raw(column) < _bound(value) if column.descending else raw(column) > _bound(value)
    return _or_null(column, compared)


def _at_or_after(column: OrderColumn, value: Any) -> ColumnElement[bool]:
    if value is None:
        return raw(column).is_(None) if column.nulls_last else true()
    compared = raw(column) <= _bound(value) if column.descending else raw(column) >= _bound(value)
    return _or_null(column, compared)


def _or_null(column: OrderColumn, compared: ColumnElement[bool]) -> ColumnElement[bool]:
    if column.nullable and column.nulls_last:
        return or_(compared, raw(column).is_(None))
    return compared


def _bound(value: Any) -> ColumnElement[Any]:
    return bindparam(None, value, type_=_RAW)
