"""What a list is ordered by in the end, and what it cannot be ordered by."""

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    Table,
    collate,
    create_engine,
    func,
    literal_column,
    nulls_last,
    select,
    text,
    union,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.sql.keyset import keyset_page
from chopin_mw.sql.ordering import ordering_name, ordering_of
from support.library import Author, Book, Employee, Shelf, Tag

SIGNER = CursorSigner("a secret for tests that is long enough")

log = Table("log", MetaData(), Column("line", Integer, nullable=False))
writer = aliased(Author, select(Author).join(Author.books).subquery())
other = aliased(Book)


def names(statement: Select[Any], dialect: str = "sqlite", **options: Any) -> list[str]:
    return [column.name for column in ordering_of(statement, dialect, **options)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(Book), ["books.id Integer asc nulls first"]),
        (
            select(Book).order_by(Book.title),
            ["books.title String asc nulls first", "books.id Integer asc nulls first"],
        ),
        (
            select(Book).order_by(Book.title, Book.year.desc()),
            [
                "books.title String asc nulls first",
                "books.year Integer desc nulls last",
                "books.id Integer desc nulls last",
            ],
        ),
        (select(Book).order_by(Book.id.desc()), ["books.id Integer desc nulls last"]),
        (select(Book).order_by(Book.isbn), ["books.isbn String asc nulls first"]),
        (
            select(Shelf).order_by(Shelf.place),
            ["shelves.place String asc nulls first", "shelves.floor Integer asc nulls first"],
        ),
        (
            select(Book).order_by(nulls_last(Book.year.desc())),
            ["books.year Integer desc nulls last", "books.id Integer desc nulls last"],
        ),
        (
            select(Book).order_by(Book.year.nulls_first()),
            ["books.year Integer asc nulls first", "books.id Integer asc nulls first"],
        ),
        (select(other).order_by(other.id), ["books.id Integer asc nulls first"]),
        (
            select(Book).order_by(func.lower(Book.title)),
            ["lower(books.title) NullType asc nulls first", "books.id Integer asc nulls first"],
        ),
    ],
)
def test_the_primary_key_makes_an_order_total(statement: Any, expected: list[str]) -> None:
    """In the direction of the last column, so that one index serves both."""
    assert names(statement) == expected


@pytest.mark.parametrize(
    ("statement", "keys"),
    [
        (select(Book).join(Book.author), ["books.id"]),
        (select(Book).outerjoin(Book.author), ["books.id"]),
        (select(Book).join(Author, Author.id == Book.author_id), ["books.id"]),
        (select(Employee).join(Employee.boss.of_type(aliased(Employee))), ["employees.id"]),
        (select(Book).join(Author), ["books.id", "authors.number"]),
        (select(Book).join(Author, Author.id > Book.author_id), ["books.id", "authors.number"]),
        (select(Book).join(Author, Author.id == Author.id), ["books.id", "authors.number"]),
        (select(Book).join(Author, Author.id == 5), ["books.id", "authors.number"]),
        (select(Author).join(Author.books), ["authors.number", "books.id"]),
        (select(Book).join(Book.tags), ["books.id", "tags.name"]),
        (select(Book).join(Book.author, full=True), ["books.id", "authors.number"]),
        (select(Book).where(Book.author_id == Author.id), ["books.id", "authors.number"]),
        (select(Book).where(Book.author_id.in_(select(Author.id))), ["books.id"]),
    ],
)
def test_joined_tables_add_their_key_where_they_add_rows(statement: Any, keys: list[str]) -> None:
    """One author of each book adds none; many books of each author do."""
    assert [name.partition(" ")[0] for name in names(statement)] == keys


def test_nulls_stand_where_the_database_puts_them() -> None:
    """First or last in ascending order, unless the statement says it."""
    statement = select(Book).order_by(Book.year)

    assert names(statement, "sqlite")[0] == "books.year Integer asc nulls first"
    assert names(statement, "postgresql")[0] == "books.year Integer asc nulls last"
    said = select(Book).order_by(Book.year.nulls_last())
    assert names(said, "sqlite")[0] == names(said, "oracle")[0]


def test_an_unknown_database_is_asked_about_nulls_only_where_they_are() -> None:
    """What is NOT NULL can be ordered by anywhere."""
    assert len(names(select(Book).order_by(Book.title), "oracle")) == 2
    with pytest.raises(ConfigurationError, match=r"books\.year may be NULL: say where"):
        names(select(Book).order_by(Book.year), "oracle")


def test_the_name_of_an_order_is_the_same_in_every_process() -> None:
    """Names that SQLAlchemy makes up for aliases do not come into it, and databases do."""
    one, two = aliased(Book), aliased(Book)
    orders = [ordering_of(select(b).order_by(b.title), "sqlite") for b in (one, two, Book)]

    assert len({ordering_name(order, "sqlite") for order in orders}) == 1
    assert ordering_name(orders[0], "sqlite") != ordering_name(orders[0], "postgresql")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (select(Book).order_by(text("title")), r"text\('title'\)\) cannot be compared"),
        (select(Book).order_by(func.random()), r"order of random\(\) have no next page"),
        (select(Book).order_by(func.abs(func.RANDOM())), r"order of random\(\) have no next page"),
        (
            select(Book).order_by(func.row_number().over(order_by=Book.year)),
            "window function cannot be compared",
        ),
        (select(Book).order_by("nothing"), "'nothing', which is not a column it selects"),
        (select(Book).limit(5), "limit or an offset of its own"),
        (select(Book).offset(5), "limit or an offset of its own"),
        (select(Book).fetch(5), "limit or an offset of its own"),
        (select(log), "log has no primary key here"),
        (select(log).order_by(log.c.line), "log has no primary key here.*is_total=True"),
        (select(select(Book).subquery("few")), "few has no primary key here"),
        # An author for each of its books: the key of its table tells them not apart.
        (select(Book).join(writer, writer.id == Book.author_id), "has no primary key here"),
        (select(literal_column("1")), "has no order"),
        (
            select(Book.title).distinct().order_by(Book.year),
            "distinct statement can be ordered by what it selects only, not by books.year",
        ),
        (
            select(Book.title).ext(distinct_on(Book.title)).order_by(Book.title),
            "DISTINCT ON picks its rows",
        ),
        (union(select(Book.id), select(Author.id)), r"only a select\(\) can be paged"),
        (text("SELECT 1"), r"only a select\(\) can be paged, got a TextClause"),
    ],
)
def test_what_has_no_next_page_is_said_at_once(statement: Any, message: str) -> None:
    """With what to do about it, before anything is read."""
    with (
        Session(create_engine("sqlite://")) as session,
        pytest.raises(ConfigurationError, match=message),
    ):
        keyset_page(session, statement, limit=2, cursor=None, signer=CursorSigner("s" * 32))


@pytest.mark.parametrize("limit", [0, -1, True, 2.0, "20", None])
def test_a_limit_is_a_number_of_rows(limit: Any) -> None:
    """What a client sends is to be clamped before it comes here."""
    with (
        Session(create_engine("sqlite://")) as session,
        pytest.raises(ConfigurationError, match="limit must be"),
    ):
        keyset_page(session, select(Tag), limit=limit, cursor=None, signer=CursorSigner("s" * 32))


def test_an_order_may_be_called_total() -> None:
    """Then nothing is appended, and no primary key is asked for."""
    assert names(select(log).order_by(log.c.line), is_total=True) == [
        "log.line Integer asc nulls first"
    ]


def test_a_collation_is_part_of_what_is_compared() -> None:
    """Rows are compared in the order in which they come."""
    assert names(select(Book).order_by(collate(Book.title, "NOCASE")))[0].startswith(
        'books.title COLLATE "NOCASE"'
    )
