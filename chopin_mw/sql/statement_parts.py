"""Read the parts of a SELECT that SQLAlchemy has no public name for.

They have had these names since 1.4, and every library that pages reads them; here they are all in
one place.
"""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select

_READ = attrgetter(
    "_order_by_clauses",
    "_group_by_clauses",
    "_distinct",
    "_setup_joins",
    "_from_obj",
    "_where_criteria",
)
_LIMITS = attrgetter("_limit_clause", "_offset_clause", "_fetch_clause")


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold what a statement was built of; `joins` as (target, condition, left side, flags)."""

    order_by: tuple[ColumnElement[Any], ...]
    group_by: tuple[ColumnElement[Any], ...]
    is_distinct: bool
    joins: tuple[tuple[Any, Any, FromClause | None, dict[str, bool]], ...]
    tables: tuple[FromClause, ...]
    conditions: tuple[ColumnElement[bool], ...]


def parts_of(statement: Select[Any]) -> Parts:
    """Return the parts of a statement."""
    return Parts(*_READ(statement))


def is_limited(statement: Select[Any]) -> bool:
    """Say whether the statement has a LIMIT, an OFFSET or a FETCH of its own."""
    return any(part is not None for part in _LIMITS(statement))


def is_distinct_on(statement: Select[Any]) -> bool:
    """Say whether it is SELECT DISTINCT ON, by the older spelling or by that of SQLAlchemy 2.1."""
    given: tuple[ColumnElement[Any], ...] = attrgetter("_distinct_on")(statement)
    return bool(given) or getattr(statement, "_pre_columns_clause", None) is not None


def tables_in(condition: ColumnElement[Any]) -> list[FromClause]:
    """Return the tables that a condition brings into the FROM list of its statement."""
    tables: list[FromClause] = attrgetter("_from_objects")(condition)
    return tables
