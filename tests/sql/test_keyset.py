"""Pages by cursor: what they hold, what they cost, and how the database finds them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
)
from sqlalchemy.orm import Session, load_only, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

from chopin_mw.asgi.messages import reply
from chopin_mw.errors import ConfigurationError, CursorError
from chopin_mw.json import dumps
from chopin_mw.middleware.pagination import PaginationMiddleware
from chopin_mw.rules.cursor import Cursor, CursorSigner
from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.sql.keyset import keyset_page
from chopin_mw.sql.ordering import ordering_name, ordering_of
from support.calls import call
from support.library import Author, Base, Book, fill

SIGNER = CursorSigner("a secret for tests that is long enough")
BY_TITLE = select(Book).order_by(Book.title)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session)
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def queries(engine: Engine) -> list[str]:
    """Grow with each statement that reads."""
    statements: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append(" ".join(statement.split()))

    return statements


def page_of(session: Any, statement: Any, cursor: str | None = None, **options: Any) -> Any:
    return keyset_page(
        session, statement, **{"limit": 3, "cursor": cursor, "signer": SIGNER} | options
    )


def titles(page: CursorPage[Book]) -> list[tuple[str, int]]:
    return [(book.title, book.id) for book in page.rows]


def test_a_page_and_its_neighbours(session: Session) -> None:
    """The first has none before it, and one goes forth and back by cursors."""
    first = page_of(session, BY_TITLE)
    second = page_of(session, BY_TITLE, first.next_cursor)

    assert titles(first) == [("Title 0", 3), ("Title 0", 6), ("Title 0", 9)]
    assert titles(second) == [("Title 1", 1), ("Title 1", 4), ("Title 1", 7)]
    assert first.previous_cursor is None
    assert page_of(session, BY_TITLE, second.previous_cursor) == first


def test_the_members_of_a_page(session: Session) -> None:
    """Those of its JSON, in their order, once the rows are what is to be sent."""
    page = page_of(session, BY_TITLE, limit=20).map(lambda book: book.id)

    assert dumps(page) == (
        b'{"items":[3,6,9,1,4,7,10,2,5,8,11],"per_page":20,"next_cursor":null,"previous_cursor":null}'
    )


def test_an_empty_list_is_one_empty_page(session: Session) -> None:
    """With nowhere to go."""
    page = page_of(session, BY_TITLE.where(Book.id < 0))

    assert page == {"items": [], "per_page": 3, "next_cursor": None, "previous_cursor": None}


def test_rows_are_what_the_statement_selects(session: Session) -> None:
    """By name, by column and by position, without what they are ordered by."""
    page = page_of(session, select(Book.id, Book.title.label("called")).order_by(Book.year))

    row = page.rows[0]
    assert (row.id, row.called) == (row[0], row[1]) == tuple(row)
    assert row._mapping[Book.id] == row.id
    assert row._asdict() == {"id": 4, "called": "Title 1"}


def test_one_column_gives_its_values(session: Session) -> None:
    """As session.scalars() does."""
    page = page_of(session, select(Book.title).order_by(Book.title.desc()))

    assert page.rows == ["Title 2", "Title 2", "Title 2"]


def test_what_happens_to_all_rows_after_a_page_can_be_undone(session: Session) -> None:
    """A page found empty leads back to the row that its cursor was made of."""
    first = page_of(session, BY_TITLE)
    session.execute(delete(Book).where(Book.title > "Title 0"))

    empty = page_of(session, BY_TITLE, first.next_cursor)

    assert (empty.rows, empty.next_cursor) == ([], None)
    assert titles(page_of(session, BY_TITLE, empty.previous_cursor)) == titles(first)


def test_what_happens_to_all_rows_before_a_page_can_be_undone(session: Session) -> None:
    """The same the other way round, and again from there."""
    second = page_of(session, BY_TITLE, page_of(session, BY_TITLE).next_cursor)
    session.execute(delete(Book).where(Book.title < "Title 1"))

    empty = page_of(session, BY_TITLE, second.previous_cursor)
    again = page_of(session, BY_TITLE, empty.next_cursor)

    assert (empty.rows, empty.previous_cursor) == ([], None)
    assert titles(again) == titles(second)
    session.execute(delete(Book))
    nothing = page_of(session, BY_TITLE, empty.next_cursor)
    assert page_of(session, BY_TITLE, nothing.previous_cursor).rows == []


@given(st.text() | st.binary() | st.integers())
def test_any_other_cursor_is_a_400(cursor: Any) -> None:
    """Before the database hears of it."""
    with Session(create_engine("sqlite://")) as session, pytest.raises(CursorError):
        page_of(session, BY_TITLE, cursor)


@pytest.mark.parametrize(
    ("statement", "purpose"),
    [
        (BY_TITLE, "another"),
        (select(Book).order_by(Book.title.desc()), "mine"),
        (select(Book).order_by(Book.title.nulls_last()), "mine"),
        (select(Book).order_by(Book.title, Book.year), "mine"),
        (select(Book), "mine"),
        (select(Author).order_by(Author.name), "mine"),
    ],
)
def test_a_cursor_is_of_one_list(session: Session, statement: Any, purpose: str) -> None:
    """Another order or another purpose refuses it."""
    cursor = page_of(session, BY_TITLE, purpose="mine").next_cursor
    assert page_of(session, BY_TITLE, cursor, purpose="mine").rows

    with pytest.raises(CursorError):
        page_of(session, statement, cursor, purpose=purpose)


def test_a_cursor_of_too_few_values_is_not_ours(session: Session) -> None:
    """Whoever has signed it."""
    ordering = ordering_name(ordering_of(BY_TITLE, "sqlite"), "sqlite")
    cursor = SIGNER.write(Cursor(("Title 1",)), ordering=ordering)

    with pytest.raises(CursorError):
        page_of(session, BY_TITLE, cursor)


def test_a_value_too_long_for_a_cursor_is_the_programmer_s_fault(engine: Engine) -> None:
    """It says so, and does not send what it would not read."""
    table = Table("long", MetaData(), Column("text", Text, nullable=False, unique=True))
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"text": letter * 5000} for letter in "abcde"])

        with pytest.raises(ConfigurationError, match="does not fit into a cursor"):
            page_of(connection, select(table).order_by(table.c.text))


def test_values_are_bound_never_written(session: Session, queries: list[str]) -> None:
    """What stands in a row is no SQL on its way back."""
    session.execute(update(Book).where(Book.id == 9).values(title="Title 0'; DROP TABLE books; --"))
    first = page_of(session, BY_TITLE)

    assert titles(page_of(session, BY_TITLE, first.next_cursor))[0] == ("Title 1", 1)
    assert not any("DROP" in statement for statement in queries)


CONDITIONS = [
    ([Book.id], "books.id > ?"),
    ([Book.id.desc()], "books.id < ?"),
    ([Book.title], "(books.title, books.id) > (?, ?)"),
    ([Book.title.desc()], "(books.title, books.id) < (?, ?)"),
    (
        [Book.title, Book.id.desc()],
        "books.title >= ? AND (books.title > ? OR books.id < ?)",
    ),
    # NULLs come first on SQLite: all that comes after a value has a value.
    ([Book.year], "(books.year, books.id) > (?, ?)"),
    ([Book.year.nulls_last()], "(books.year, books.id) > (?, ?)"),
    (
        [Book.title, Book.year.desc()],
        "books.title >= ? AND (books.title > ? OR (books.year <= ? OR books.year IS NULL) AND",
    ),
]


@pytest.mark.parametrize(("order", "condition"), CONDITIONS)
def test_conditions_that_an_index_can_serve(
    session: Session, queries: list[str], order: Any, condition: str
) -> None:
    """One comparison of rows where it says it all, else a range outside and ties inside."""
    statement = select(Book).where(Book.year.is_not(None)).order_by(*order)
    cursor = page_of(session, statement).next_cursor
    queries.clear()

    page_of(session, statement, cursor)

    assert condition in queries[0]


def test_a_page_is_one_query_and_two_where_nulls_begin(
    session: Session, queries: list[str]
) -> None:
    """One condition for both would make the database read the list from its beginning."""
    statement = select(Book).order_by(Book.year.desc())
    counts, cursor = [], None
    while True:
        queries.clear()
        page = page_of(session, statement, cursor, limit=2)
        counts.append(len(queries))
        cursor = page.next_cursor
        if cursor is None:
            break

    # Nine years, then two NULLs; the fifth page has one of each.
    assert counts == [1, 1, 1, 1, 2, 1]


PLANS = {
    "sqlite": ("EXPLAIN QUERY PLAN ", "INDEX by_title (title>?)"),
    "postgresql": ("EXPLAIN ", "Index Cond: (ROW("),
}


async def test_the_database_goes_straight_to_a_row(connect: Any) -> None:
    """With an index on what the list is ordered by, its planner uses it for the place."""
    async with connect() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(text("CREATE INDEX by_title ON books (title, id)"))
        rows = [{"title": f"{n // 9}", "isbn": str(n)} for n in range(5000)]
        await connection.execute(insert(Book), rows)
        await connection.execute(text("ANALYZE"))
        explain, used = PLANS[connection.dialect.name]
        seen: list[tuple[str, Any]] = []

        @event.listens_for(connection.sync_connection, "before_cursor_execute")
        def note(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
            seen.append((statement, values))

        first = await page_of(connection, select(Book.id).order_by(Book.title))
        await page_of(connection, select(Book.id).order_by(Book.title), first.next_cursor)
        plan = await connection.exec_driver_sql(explain + seen[-1][0], seen[-1][1])

        assert used in "\n".join(str(row) for row in plan.all())


def test_a_row_is_where_the_database_has_it(engine: Engine, session: Session) -> None:
    """Not where an object that the session loaded before says it was."""
    kept = session.get_one(Book, 9)
    with engine.connect() as connection:
        connection.execute(update(Book).where(Book.id == 9).values(title="Title 00"))

    first = page_of(session, BY_TITLE)
    second = page_of(session, BY_TITLE, first.next_cursor)

    assert [book.id for book in (*first.rows, *second.rows)] == [3, 6, 9, 1, 4, 7]
    assert kept.title == "Title 0"


def test_columns_that_are_not_loaded_stay_so(session: Session, queries: list[str]) -> None:
    """A cursor does not read attributes."""
    statement = BY_TITLE.options(load_only(Book.isbn))
    session.expunge_all()

    assert page_of(session, statement).next_cursor
    assert len(queries) == 1


def test_what_the_session_has_not_sent_yet_is_counted(session: Session) -> None:
    """It flushes as before any query."""
    session.add(Book(title="A", isbn="new"))

    assert titles(page_of(session, BY_TITLE))[0] == ("A", 12)


@pytest.mark.parametrize("kind", [Session, Connection, scoped_session])
def test_sessions_and_connections(engine: Engine, kind: type) -> None:
    """Whatever executes, its page comes at once."""
    executors: dict[type, Callable[[], Any]] = {
        Session: lambda: Session(engine),
        Connection: engine.connect,
        scoped_session: scoped_session(sessionmaker(engine)),
    }
    executor = executors[kind]()
    page = page_of(executor, select(Book.id).order_by(Book.title))

    assert page_of(executor, select(Book.id).order_by(Book.title), page.next_cursor).rows == [
        1,
        4,
        7,
    ]
    executor.close()


@pytest.mark.parametrize("kind", [AsyncSession, AsyncConnection, async_scoped_session])
async def test_async_sessions_and_connections(sqlite: AsyncConnection, kind: type) -> None:
    """Whatever is awaited, so is its page; a second query is too."""
    await sqlite.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(sqlite)
    async with sessions() as session:
        await session.run_sync(fill)
        await session.commit()
    executors: dict[type, Callable[[], Any]] = {
        AsyncSession: sessions,
        AsyncConnection: lambda: sqlite,
        async_scoped_session: lambda: async_scoped_session(sessions, lambda: None),
    }
    executor = executors[kind]()
    statement = select(Book.id).order_by(Book.year.desc())
    rows, cursor = [], None
    while True:
        page = await page_of(executor, statement, cursor)
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break

    assert rows == [11, 5, 2, 10, 7, 1, 9, 6, 3, 8, 4]
    await executor.close()


def test_an_app_without_asyncio_needs_no_greenlet() -> None:
    """SQLAlchemy needs it for AsyncSession only."""
    code = (
        "import sys; sys.modules['greenlet'] = None;"
        "from sqlalchemy import create_engine, literal_column, select;"
        "from chopin_mw.sql.keyset import keyset_page;"
        "from chopin_mw.rules.cursor import CursorSigner;"
        "connection = create_engine('sqlite://').connect();"
        "one = literal_column('1');"
        "page = keyset_page(connection, select(one).order_by(one), limit=1,"
        " cursor=None, signer=CursorSigner('s' * 32), is_total=True);"
        "print(page.rows)"
    )
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=True
    )

    assert shown.stdout.decode().strip() == "[1]"


def app_of(engine: Engine, **options: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        cursor = dict(
            part.split("=", 1) for part in scope["query_string"].decode().split("&") if "=" in part
        ).get("after" if "parameter" in options else "cursor")
        with Session(engine) as session:
            page = page_of(session, BY_TITLE, cursor, **options).map(lambda book: book.id)
        for message in reply(200, [], dumps(page)):
            await send(message)

    return app


async def test_links_lead_to_the_neighbours(engine: Engine) -> None:
    """Under PaginationMiddleware, with what else the client asked for, as it was clamped."""
    app = PaginationMiddleware(app_of(engine), base_url="https://api.example")
    first = page_of(Session(engine), BY_TITLE)

    begin = await call(app, path="/books", query_string=b"limit=1000&sort=a%20b")
    second = await call(
        app, path="/books", query_string=b"cursor=%b&sort=a%%20b" % first.next_cursor.encode()
    )

    base = "https://api.example/books?"
    assert (begin[b"link"] or b"").decode() == (
        f'<{base}limit=100&sort=a%20b>; rel="first", '
        f'<{base}limit=100&sort=a%20b&cursor={first.next_cursor}>; rel="next"'
    )
    links = (second[b"link"] or b"").decode().split(", ")
    assert [link.split("; ")[1] for link in links] == ['rel="first"', 'rel="prev"', 'rel="next"']
    assert links[0] == f'<{base}sort=a%20b>; rel="first"'
    assert links[1].startswith(f"<{base}sort=a%20b&cursor=W")


async def test_links_use_the_name_that_the_app_uses(engine: Engine) -> None:
    """And none are sent where it wants none, or nobody listens."""
    named = await call(PaginationMiddleware(app_of(engine, parameter="after")), path="/books")
    silent = await call(PaginationMiddleware(app_of(engine, parameter=None)), path="/books")
    alone = await call(app_of(engine), path="/books")

    assert b"</books?after=W" in (named[b"link"] or b"")
    assert silent[b"link"] is None
    assert alone[b"link"] is None


async def test_the_last_page_that_is_made_has_its_links_sent(engine: Engine) -> None:
    """A handler that looks at one list before it answers with another announces one."""
    inner = app_of(engine)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with Session(engine) as session:
            page_of(session, select(Author), limit=1)
        await inner(scope, receive, send)

    answer = await call(PaginationMiddleware(app), path="/books")

    assert [name for name, _ in answer.headers].count(b"link") == 1


def test_arguments_in_the_wrong_place_are_named(session: Session) -> None:
    """A text for the signer, a factory for the session."""
    with pytest.raises(ConfigurationError, match="signer must be a CursorSigner, got a str"):
        keyset_page(session, BY_TITLE, limit=1, cursor=None, signer="secret")  # type: ignore[call-overload]  # what is tested
    with pytest.raises(ConfigurationError, match="session must be a session or a connection"):
        keyset_page(object(), BY_TITLE, limit=1, cursor=None, signer=SIGNER)  # type: ignore[call-overload]  # what is tested
