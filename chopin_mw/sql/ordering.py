"""The total order of a SELECT's rows: what it is ordered by, and then what makes rows unique."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, Label, Over, Select, TextClause
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import ClauseList, UnaryExpression
from sqlalchemy.sql.functions import FunctionElement

from chopin_mw.errors import ConfigurationError
from chopin_mw.sql.sources import Source, identity, key_of, sources_of
from chopin_mw.sql.statement_parts import Parts, is_distinct_on, is_limited, parts_of

# Where NULL stands if the statement does not say, SQL leaves open.
_NULLS_ARE_LARGEST = {"postgresql": True, "sqlite": False}

_RANDOM = frozenset({"rand", "random", "newid", "uuid", "gen_random_uuid", "uuid_generate_v4"})


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """Hold one term of an ORDER BY; `says_nulls` if it says itself where NULLs come.

    `expression` is what rows are compared by, `shown` its spelling in the ORDER BY.
    """

    expression: ColumnElement[Any]
    shown: ColumnElement[Any]
    name: str
    descending: bool
    nullable: bool
    nulls_last: bool
    says_nulls: bool = False

    def reversed(self) -> "OrderColumn":
        """Return the term of the opposite order, NULLs and all."""
        return replace(self, descending=not self.descending, nulls_last=not self.nulls_last)

    def clause(self) -> ColumnElement[Any]:
        """Return the term as it stands in an ORDER BY."""
        directed = self.shown.desc() if self.descending else self.shown
        if not self.says_nulls:
            return directed
        return directed.nulls_last() if self.nulls_last else directed.nulls_first()


def ordering_of(
    statement: Select[Any], dialect: str, *, is_total: bool = False
) -> tuple[OrderColumn, ...]:
    """Return the order of a statement's rows, primary keys appended unless it `is_total`.

    Raises ConfigurationError where there is none, or none that rows can be compared by.
    """
    parts = parts_of(statement)
    _check(statement)
    reader = _Reader(statement, dialect, tuple(sources_of(statement, parts)))
    columns = [reader.term(clause) for clause in parts.order_by]
    if parts.is_distinct:
        _check_selected(columns, reader.selected())
    descending = bool(columns) and columns[-1].descending
    for expression in () if is_total else reader.unique_columns(parts, columns):
        if not _is_among(expression, (column.expression for column in columns)):
            columns.append(reader.column(expression, expression, descending=descending))
    if not columns:
        raise ConfigurationError("the statement has no order: give it order_by()")
    return tuple(columns)


def ordering_name(columns: Sequence[OrderColumn], dialect: str) -> str:
    """Return a text that is the same for the same order only, for cursors to be bound to."""
    return ", ".join((dialect, *(column.name for column in columns)))


def _check(statement: Select[Any]) -> None:
    if is_limited(statement):
        raise ConfigurationError(
            "the statement has a limit or an offset of its own: leave it to the page"
        )
    if is_distinct_on(statement):
        raise ConfigurationError(
            "DISTINCT ON picks its rows before they are compared: select from it as a subquery"
        )


def _check_selected(columns: Iterable[OrderColumn], selected: Sequence[ColumnElement[Any]]) -> None:
    for column in columns:
        if not _is_among(column.expression, selected):
            raise ConfigurationError(
                f"a distinct statement can be ordered by what it selects only, not by {column.name}"
            )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Read expressions as one statement means them."""

    statement: Select[Any]
    dialect: str
    sources: tuple[Source, ...]

    def term(self, clause: ColumnElement[Any]) -> OrderColumn:
        descending, nulls_last = False, None
        while True:
            if isinstance(clause, UnaryExpression) and clause.modifier is not None:
                if clause.modifier in (operators.asc_op, operators.desc_op):
                    descending = clause.modifier is operators.desc_op
                else:
                    nulls_last = clause.modifier is operators.nulls_last_op
                clause = clause.element
                continue
            named = self.named(clause)
            if named is clause:
                break
            clause = named
        expression = _without_label(clause)
        return self.column(expression, clause, descending=descending, nulls_last=nulls_last)

    def named(self, clause: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return what a reference to a label refers to, or the clause itself."""
        kind = clause.__visit_name__
        if not kind.endswith("label_reference"):
            return clause
        # The classes of both kinds of reference are SQLAlchemy's own business.
        referred: Any = attrgetter("element")(clause)
        if kind == "label_reference":
            return cast("ColumnElement[Any]", referred)
        columns = self.statement.selected_columns
        if referred not in columns:
            raise ConfigurationError(
                f"the statement is ordered by {referred!r}, which is not a column it selects"
            )
        column: ColumnElement[Any] = columns[referred]
        return column

    def column(
        self,
        expression: ColumnElement[Any],
        shown: ColumnElement[Any],
        *,
        descending: bool,
        nulls_last: bool | None = None,
    ) -> OrderColumn:
        _check_comparable(expression)
        source = self.source_of(expression)
        nullable = source is None or source.optional or bool(getattr(expression, "nullable", True))
        name = _name(expression, source)
        says_nulls = nulls_last is not None
        if nulls_last is None:
            nulls_last = self.default_nulls_last(name, nullable=nullable, descending=descending)
        direction = f"{'desc' if descending else 'asc'} nulls {'last' if nulls_last else 'first'}"
        kind = type(expression.type).__name__
        return OrderColumn(
            expression,
            shown,
            f"{name} {kind} {direction}",
            descending,
            nullable,
            nulls_last,
            says_nulls,
        )

    def source_of(self, expression: ColumnElement[Any]) -> Source | None:
        """Return the table whose column this is, if the table can be taken at its word."""
        if not isinstance(expression, Column):
            return None
        return next((s for s in self.sources if s.is_plain and s.table == expression.table), None)

    def default_nulls_last(self, name: str, *, nullable: bool, descending: bool) -> bool:
        largest = _NULLS_ARE_LARGEST.get(self.dialect)
        if largest is None and nullable:
            raise ConfigurationError(
                f"{name} may be NULL: say where with nulls_first() or nulls_last(), because "
                f"chopin_mw does not know where {self.dialect} puts it"
            )
        return largest is not descending

    def selected(self) -> list[ColumnElement[Any]]:
        return [_without_label(column) for column in self.statement.selected_columns]

    def unique_columns(
        self, parts: Parts, columns: Sequence[OrderColumn]
    ) -> Iterator[ColumnElement[Any]]:
        """Yield what no two rows have in common."""
        if parts.group_by:
            terms = (self.named(term) for clause in parts.group_by for term in _terms(clause))
            yield from _distinct_columns([_without_label(term) for term in terms])
        elif parts.is_distinct:
            yield from _distinct_columns(self.selected())
        else:
            ordered = [column.expression for column in columns if not column.nullable]
            for source in self.sources:
                if not source.follows:
                    yield from _row_key(source, ordered)


def _terms(clause: ColumnElement[Any]) -> Iterable[ColumnElement[Any]]:
    # To group_by(), functions and classes are tables: it has the list of their columns.
    if isinstance(clause, ClauseList) and not isinstance(clause, ColumnElement):
        terms: Iterable[ColumnElement[Any]] = clause.clauses
        return terms
    return (clause,)


def _distinct_columns(selected: Sequence[ColumnElement[Any]]) -> Iterator[ColumnElement[Any]]:
    everything = set(map(identity, selected))
    for column in selected:
        key = key_of(column.table) if isinstance(column, Column) else set()
        # Where the primary key is selected, the other columns tell no more rows apart.
        if identity(column) in key or not key or not key <= everything:
            yield column


def _row_key(source: Source, ordered: Sequence[ColumnElement[Any]]) -> Iterable[ColumnElement[Any]]:
    """Return the columns that tell a table's rows apart, none if it is ordered by one that does."""
    key = list(source.table.primary_key) if source.is_plain else []
    for column in ordered:
        if isinstance(column, Column) and column.unique and column.table == source.table:
            return ()
    if not key:
        raise ConfigurationError(
            f"{source.table.description} has no primary key here, so rows that are equal in the "
            "order_by() could be lost: order by columns that no two rows share, and say "
            "is_total=True"
        )
    return key


def _name(expression: ColumnElement[Any], source: Source | None) -> str:
    if source is None:
        return str(expression)
    # What an alias is called differs from process to process.
    return f"{getattr(source.declared, 'fullname', '')}.{getattr(expression, 'name', '')}"


def _without_label(clause: ColumnElement[Any]) -> ColumnElement[Any]:
    return clause.element if isinstance(clause, Label) else clause


def _is_among(expression: ColumnElement[Any], known: Iterable[ColumnElement[Any]]) -> bool:
    if isinstance(expression, Column):
        # To compare() two aliases of a table are the same.
        return identity(expression) in map(identity, known)
    return any(expression.compare(other) for other in known)


def _check_comparable(expression: ColumnElement[Any]) -> None:
    if isinstance(expression, Column):
        return
    for element in visitors.iterate(expression):
        if isinstance(element, TextClause):
            raise ConfigurationError(
                f"order_by(text({element.text!r})) cannot be compared: order by columns or "
                "expressions"
            )
        if isinstance(element, Over):
            raise ConfigurationError(
                "a window function cannot be compared where it is made: select from the statement "
                "as a subquery, and order that"
            )
        if isinstance(element, FunctionElement) and element.name.lower() in _RANDOM:
            raise ConfigurationError(
                f"rows in the order of {element.name}() have no next page: order by columns"
            )
