"""Pages of a SELECT that cost the same at any depth: each begins after the last row of another.

cursors = CursorSigner(os.environ["CURSOR_SECRET"])

statement = select(Flight).order_by(Flight.time_hour)
page = await keyset_page(session, statement, limit=20, cursor=cursor, signer=cursors)
return page.map(FlightOut.from_row)

Give the table an index on what the list is ordered by, and then its primary key: (time_hour, id).
Without one the database sorts the table for each page, whatever the way of paging.
"""

from collections.abc import Callable, Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from sqlalchemy import Connection, Select
from sqlalchemy.orm import Session, scoped_session

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cursor import Cursor, CursorSigner
from chopin_mw.rules.cursor_links import cursor_link_fields
from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.rules.page_links import announce
from chopin_mw.sql.ordering import ordering_name, ordering_of
from chopin_mw.sql.reading import KeysetQuery, Reading, read_page

if TYPE_CHECKING:
    # To import it takes greenlet, which an app without asyncio need not have.
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_scoped_session

Item = TypeVar("Item")

Sync: TypeAlias = Session | Connection | scoped_session[Any]
Async: TypeAlias = "AsyncSession | AsyncConnection | async_scoped_session[Any]"


@overload
def keyset_page(
    session: Async,
    statement: Select[Item],
    *,
    limit: int,
    cursor: str | None,
    signer: CursorSigner,
    purpose: str = "",
    parameter: str | None = "cursor",
    is_total: bool = False,
) -> Coroutine[Any, Any, CursorPage[Item]]: ...
@overload
def keyset_page(
    session: Async,
    statement: "Select[*tuple[Any, ...]]",
    *,
    limit: int,
    cursor: str | None,
    signer: CursorSigner,
    purpose: str = "",
    parameter: str | None = "cursor",
    is_total: bool = False,
) -> Coroutine[Any, Any, CursorPage[Any]]: ...
@overload
def keyset_page(
    session: Sync,
    statement: Select[Item],
    *,
    limit: int,
    cursor: str | None,
    signer: CursorSigner,
    purpose: str = "",
    parameter: str | None = "cursor",
    is_total: bool = False,
) -> CursorPage[Item]: ...
@overload
def keyset_page(
    session: Sync,
    statement: "Select[*tuple[Any, ...]]",
    *,
    limit: int,
    cursor: str | None,
    signer: CursorSigner,
    purpose: str = "",
    parameter: str | None = "cursor",
    is_total: bool = False,
) -> CursorPage[Any]: ...
def keyset_page(
    session: "Sync | Async",
    statement: Select[Any],
    *,
    limit: int,
    cursor: str | None,
    signer: CursorSigner,
    purpose: str = "",
    parameter: str | None = "cursor",
    is_total: bool = False,
) -> CursorPage[Any] | Coroutine[Any, Any, CursorPage[Any]]:
    """Return the page of the statement that begins at `cursor`, the first one if it is None.

    Awaitable if the session or connection is. Items are rows, or where the statement selects one
    thing, such as a class, that thing. Rows are ordered by the statement's order_by(), and where
    they are equal by primary key, so that each row is on one page; `is_total` says that none are
    equal. A cursor is good for lists of the same order and `purpose`: put into that who may use it
    and how the list is filtered, if such a cursor must not work elsewhere. `limit` is yours to
    bound. One query a page, and a second one where an order goes over from values to NULLs.
    Under PaginationMiddleware the answer gets Link, made for a `parameter` of that name.
    Raises CursorError (a 400) for any cursor not from here, ConfigurationError for a statement
    that cannot be paged.
    """
    _check(limit, statement, signer)
    dialect = _dialect_of(session, statement)
    columns = ordering_of(statement, dialect, is_total=is_total)
    ordering = ordering_name(columns, dialect)
    place = None
    if cursor is not None:
        place = signer.read(cursor, ordering=ordering, purpose=purpose)

    def write(place: Cursor) -> str:
        return signer.write(place, ordering=ordering, purpose=purpose)

    reading = read_page(KeysetQuery(statement, columns, dialect), limit, place, write)
    result = session.execute(next(reading))
    if isawaitable(result):
        return _finish_later(session.execute, reading, result, parameter)
    return _finish(session.execute, reading, result, parameter)


def _check(limit: object, statement: object, signer: object) -> None:
    if not isinstance(signer, CursorSigner):
        raise ConfigurationError(f"signer must be a CursorSigner, got a {type(signer).__name__}")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ConfigurationError(f"limit must be a whole number of rows from 1 on, got {limit!r}")
    if not isinstance(statement, Select):
        raise ConfigurationError(
            f"only a select() can be paged, got a {type(statement).__name__}: select from it as a "
            "subquery"
        )


def _dialect_of(session: Any, statement: Select[Any]) -> str:
    if not hasattr(session, "execute"):
        raise ConfigurationError(
            f"session must be a session or a connection, got a {type(session).__name__}"
        )
    bind = session if hasattr(session, "dialect") else session.get_bind(clause=statement)
    name: str = bind.dialect.name
    return name


def _finish(
    execute: Callable[..., Any], reading: Reading, result: Any, parameter: str | None
) -> CursorPage[Any]:
    try:
        while True:
            result = execute(reading.send(result))
    except StopIteration as end:
        return _announced(end.value, parameter)


async def _finish_later(
    execute: Callable[..., Any], reading: Reading, result: Any, parameter: str | None
) -> CursorPage[Any]:
    try:
        while True:
            result = execute(reading.send(await result))
    except StopIteration as end:
        return _announced(end.value, parameter)


def _announced(page: CursorPage[Any], parameter: str | None) -> CursorPage[Any]:
    if parameter is not None:
        announce(lambda scope, links: cursor_link_fields(scope, links.base_url, parameter, page))
    return page
