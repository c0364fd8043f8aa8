"""What a SELECT reads from: which of its tables make a row of it unique, and which may be missing.

SQLAlchemy's `get_final_froms()` says it too, at two to three times the price of a whole page: it
prepares the statement, and counts eager loads in, which multiply no rows of ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeAlias

from sqlalchemy import Alias, Column, ColumnElement, FromClause, Join, Select, Table
from sqlalchemy.orm import RelationshipDirection
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList
from sqlalchemy.sql.selectable import FromGrouping

from chopin_mw.sql.statement_parts import Parts, tables_in

Identity: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Hold what a table is to the rows of a statement.

    `optional`: an outer join gives NULLs where it has no row. `follows`: it has at most one row
    for each row of the others.
    """

    table: FromClause
    optional: bool = False
    follows: bool = False

    @property
    def declared(self) -> FromClause:
        """Return the table itself, if this is another name of it."""
        return _declared(self.table)

    @property
    def is_plain(self) -> bool:
        """Say whether this is a table by whatever name: its columns say truly if they are NULL."""
        return isinstance(self.declared, Table)


def identity(column: ColumnElement[Any]) -> Identity:
    """Return what is equal for the same column of the same table, and for no other.

    Of the columns of an alias, SQLAlchemy makes new objects.
    """
    return hash(getattr(column, "table", column)), getattr(column, "name", "")


def key_of(table: FromClause) -> set[Identity]:
    """Return the primary key of a table, nothing for what is none.

    A subquery has the key of the table that it reads, and may have each of its rows many times.
    """
    if not isinstance(_declared(table), Table):
        return set()
    return set(map(identity, table.primary_key))


def sources_of(statement: Select[Any], parts: Parts) -> list[Source]:
    """Return what a statement reads from, each table once."""
    found: dict[FromClause, Source] = {}
    implied = chain.from_iterable(map(tables_in, parts.conditions))
    lefts = [left for _, _, left, _ in parts.joins if left is not None]
    for table in chain(statement.columns_clause_froms, parts.tables, lefts, implied):
        for source in _sources_in(table):
            _add(found, source)
    for target, onclause, _, flags in parts.joins:
        if flags["full"]:
            found = {table: replace(source, optional=True) for table, source in found.items()}
        optional = flags["isouter"] or flags["full"]
        for source in _sources_in(_table_of(target), optional=optional):
            # Of a full join, the rows that match nothing are told apart by their own key only.
            fixed = not flags["full"] and _is_fixed(source.table, target, onclause)
            _add(found, replace(source, follows=source.follows or fixed))
    return list(found.values())


def _add(found: dict[FromClause, Source], source: Source) -> None:
    # A selected column names its table without its join, which comes later.
    known = found.get(source.table, source)
    optional, follows = known.optional or source.optional, known.follows or source.follows
    found[source.table] = Source(source.table, optional, follows)


def _sources_in(table: FromClause, *, optional: bool = False) -> Iterator[Source]:
    if isinstance(table, FromGrouping):
        yield from _sources_in(table.element, optional=optional)
    elif isinstance(table, Join):
        yield from _sources_in(table.left, optional=optional or table.full)
        outer = table.isouter or table.full
        for source in _sources_in(table.right, optional=optional or outer):
            fixed = not table.full and _is_fixed_by_condition(source.table, table.onclause)
            yield replace(source, follows=source.follows or fixed)
    else:
        yield Source(table, optional)


def _table_of(target: Any) -> FromClause:
    # A relationship knows the class it leads to; all else is a table by now.
    entity = getattr(target, "entity", None)
    table: FromClause = target if entity is None else entity.selectable
    return table


def _is_fixed(table: FromClause, target: Any, onclause: Any) -> bool:
    for given in (onclause, target):
        relationship = getattr(given, "property", None)
        if relationship is not None:
            return _is_fixed_by_relationship(table, relationship)
    return _is_fixed_by_condition(table, onclause)


def _is_fixed_by_relationship(table: FromClause, relationship: Any) -> bool:
    if relationship.direction is not RelationshipDirection.MANYTOONE:
        return False
    # It is declared between the tables themselves, whatever this statement calls them.
    pairs = _equalities(relationship.primaryjoin)
    return _has_key(_declared(table), {identity(side) for pair in pairs for side in pair})


def _is_fixed_by_condition(table: FromClause, condition: Any) -> bool:
    """Say whether a join gives each column of the primary key the value of another table's."""
    pairs = [pair for pair in _equalities(condition) if pair[0].table != pair[1].table]
    return _has_key(table, {identity(side) for pair in pairs for side in pair})


def _has_key(table: FromClause, columns: set[Identity]) -> bool:
    key = key_of(table)
    return bool(key) and key <= columns


def _equalities(condition: Any) -> Iterator[tuple[Column[Any], Column[Any]]]:
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _equalities(part)
    elif isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
        sides: tuple[ColumnElement[Any], ColumnElement[Any]] = (condition.left, condition.right)
        if isinstance(sides[0], Column) and isinstance(sides[1], Column):
            yield sides[0], sides[1]


def _declared(table: FromClause) -> FromClause:
    return table.element if isinstance(table, Alias) else table
