"""Statements of every shape, on both databases."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Result,
    Table,
    case,
    delete,
    desc,
    func,
    insert,
    join,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import (
    aliased,
    contains_eager,
    joinedload,
    load_only,
    selectinload,
    with_polymorphic,
)

from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.sql.keyset import keyset_page
from support.library import Author, Base, Book, Employee, Librarian, Shelf, Tag, fill, labels

SIGNER = CursorSigner("a secret for tests that is long enough")

numbers = Table(
    "numbers",
    MetaData(),
    Column("n", Integer, unique=True),
    Column("half", Integer, nullable=False),
)
boss = aliased(Employee)
other = aliased(Book)
counted = select(Book.author_id, func.count().label("books")).group_by(Book.author_id).subquery()
# An author is in it once for each book.
written = select(Author.id, Book.title).join(Author.books).subquery()
someone = with_polymorphic(Employee, "*")
book_table, author_table = Book.__table__, Author.__table__

STATEMENTS: dict[str, Any] = {
    "entities": select(Book).order_by(Book.title),
    "no order": select(Book),
    "a key of two columns": select(Shelf).order_by(Shelf.metres.desc()),
    "part of the key": select(Shelf).order_by(Shelf.place),
    "one column": select(Book.title).order_by(Book.title),
    "a table": select(book_table).order_by(book_table.c.year.desc().nulls_last()),
    "a unique column": select(Book).order_by(Book.isbn),
    "a label": select(Book.year.label("when"), Book.id).order_by(desc("when")),
    "a label by name": select(Book.title.label("called"), Book.id).order_by("called"),
    "a column by name": select(Book).order_by("title"),
    "a label by itself": select((x := func.lower(Book.title).label("x")), Book.id).order_by(
        x.desc()
    ),
    "an expression": select(Book).order_by(func.coalesce(Book.year, 5), Book.title),
    "a case": select(Book).order_by(case((Book.year > 1900, literal("b")), else_="a")),
    "a filter": select(Book).where(Book.year > 1900).order_by(Book.year),
    "another name": select(other).order_by(other.year, other.title.desc()),
    "a relationship": select(Book).join(Book.author).order_by(Author.name),
    "columns of two tables": select(Book.title, Author.name)
    .join(Book.author)
    .order_by(Author.name.desc(), Book.title.desc()),
    "a joined class": select(Book).join(Author).order_by(Book.title),
    "a condition": select(Book.id, Author.name)
    .join(Author, Author.id == Book.author_id)
    .order_by(Author.name),
    "a condition with more": select(Book)
    .join(Author, (Author.id == Book.author_id) & (Author.name != "Ann"))
    .order_by(Book.title),
    "a condition of many": select(Author.name, Book.title)
    .join(Book, Book.author_id == Author.id)
    .order_by(Author.name),
    "no condition at all": select(Author.name, Tag.name.label("tag"))
    .join(Tag, literal(value=True))
    .order_by(Author.name),
    "an outer join": select(Book.id, Author.name)
    .outerjoin(Book.author)
    .order_by(Author.name.desc().nulls_last()),
    "an outer join of many": select(Author.name, Book.title)
    .outerjoin(Author.books)
    .order_by(Author.name),
    "a full join": select(Author.name, Book.title)
    .join(Author.books, full=True)
    .order_by(Book.title),
    "a full join of references": select(Book.title, Author.name)
    .join(Book.author, full=True)
    .order_by(Book.title),
    "from a full join": select(Book.title, author_table.c.full_name)
    .select_from(join(book_table, author_table, full=True))
    .order_by(Book.title),
    "many to many": select(Book).join(Book.tags).order_by(Book.title),
    "eager from a join": select(Book)
    .join(Book.author)
    .options(contains_eager(Book.author))
    .order_by(Author.name),
    "an eager collection": select(Author).options(joinedload(Author.books)).order_by(Author.name),
    "an eager collection later": select(Author)
    .options(selectinload(Author.books))
    .order_by(Author.name),
    "an eager reference": select(Book).options(joinedload(Book.author)).order_by(Book.year),
    "only some columns": select(Book).options(load_only(Book.title)).order_by(Book.year),
    "a tree": select(Employee.name, boss.name.label("boss"))
    .outerjoin(boss, Employee.boss)
    .order_by(boss.name, Employee.name),
    "a tree from above": select(boss.name, Employee.name.label("clerk"))
    .join(boss.staff.of_type(Employee))
    .order_by(boss.name),
    "a tree by hand": select(boss.name)
    .join(Employee, Employee.boss_id == boss.id)
    .order_by(boss.name),
    "from a join": select(Book.id, author_table.c.full_name)
    .select_from(join(book_table, author_table))
    .order_by(author_table.c.full_name),
    "from an outer join": select(Book.id, author_table.c.full_name)
    .select_from(book_table.outerjoin(author_table))
    .order_by(author_table.c.full_name),
    "from nested joins": select(author_table.c.full_name, labels.c.tag)
    .select_from(author_table.outerjoin(book_table.join(labels)))
    .order_by(author_table.c.full_name),
    "join from": select(Author.name).join_from(Book, Author).order_by(Author.name),
    "two tables in the condition": select(Book.id, Author.name)
    .where(Book.author_id == Author.id)
    .order_by(Author.name),
    "another table only in the condition": select(Author.name)
    .where(Book.author_id == Author.id)
    .order_by(Author.name),
    "a subclass": select(Librarian).order_by(Librarian.name),
    "all classes": select(someone).order_by(someone.name.desc()),
    "groups": select(Book.title, func.count().label("n")).group_by(Book.title).order_by(desc("n")),
    "groups by label": select((t := func.upper(Book.title).label("t")), func.max(Book.year))
    .group_by(t)
    .order_by(func.max(Book.year).desc()),
    "groups having": select(Book.author_id, func.count())
    .group_by(Book.author_id)
    .having(func.count() > 1)
    .order_by(Book.author_id),
    "groups by a function": select(func.upper(Book.title), func.count())
    .group_by(func.upper(Book.title))
    .order_by(func.count().desc()),
    "groups by a class": select(Author.name, func.count(Book.id))
    .outerjoin(Author.books)
    .group_by(cast("Any", Author))
    .order_by(func.count(Book.id)),
    "groups of a subquery": select(written.c.id, written.c.title, func.count())
    .group_by(written.c.id, written.c.title)
    .order_by(written.c.id),
    "distinct columns of a subquery": select(written.c.id, written.c.title)
    .distinct()
    .order_by(written.c.id),
    "distinct columns": select(Book.title, Book.year).distinct().order_by(Book.year.desc()),
    "distinct entities": select(Book).join(Book.tags).distinct().order_by(Book.title),
    "distinct expressions": select(u := func.upper(Book.title).label("u")).distinct().order_by(u),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_its_pages_are_all_of_it(connect: Any, name: str) -> None:
    """As many of each row as the statement has, the same forth and back."""
    async with librarian(connect) as session:
        result = await session.execute(STATEMENTS[name])
        everything = whole(result.unique() if name == "an eager collection" else result)

        assert Counter(await walk(session, STATEMENTS[name])) == Counter(everything)


async def test_a_subquery_is_paged_by_an_order_that_is_total(connect: Any) -> None:
    """It has no primary key: who wrote it knows what is unique in it."""
    statement = select(counted).order_by(counted.c.books.desc(), counted.c.author_id)

    async with librarian(connect) as session:
        everything = whole(await session.execute(statement))

        assert await walk(session, statement, is_total=True) == everything


@pytest.mark.parametrize(
    "order",
    [
        [numbers.c.n],
        [numbers.c.n.desc()],
        [numbers.c.n.nulls_last()],
        [numbers.c.half, numbers.c.n.nulls_last()],
        [numbers.c.half, numbers.c.n.nulls_first()],
    ],
)
async def test_an_order_that_is_total_may_end_with_a_null(connect: Any, order: Any) -> None:
    """No two rows share its columns, of which one may be NULL."""
    statement = select(numbers.c.n).order_by(*order)

    async with connect() as connection:
        await connection.run_sync(numbers.create)
        await connection.execute(
            insert(numbers), [{"n": n, "half": (n or 2) // 2} for n in (3, None, 1, 2)]
        )
        everything = whole(await connection.execute(statement))

        assert await walk(connection, statement, limit=1, is_total=True) == everything
        empty = await emptied(connection, statement)
        assert empty == everything[:1]


async def emptied(connection: Any, statement: Any) -> list[Any]:
    """Return what is left of the first page, come back to from behind all that is gone."""
    options: Any = {"limit": 1, "signer": SIGNER, "is_total": True}
    first = await keyset_page(connection, statement, cursor=None, **options)
    (kept,) = first.rows
    gone = numbers.c.n.is_not(kept) if kept is None else numbers.c.n.is_distinct_from(kept)
    await connection.execute(delete(numbers).where(gone))
    empty = await keyset_page(connection, statement, cursor=first.next_cursor, **options)
    assert empty.rows == []
    back = await keyset_page(connection, statement, cursor=empty.previous_cursor, **options)
    return list(back.rows)


@asynccontextmanager
async def librarian(connect: Any) -> AsyncIterator[AsyncSession]:
    async with connect() as connection:
        await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(connection) as session:
            await session.run_sync(fill)
            yield session


def whole(result: Result[Any]) -> list[Any]:
    rows = result.all()
    return [row[0] for row in rows] if len(rows[0]) == 1 else list(rows)


async def walk(
    session: Any, statement: Any, *, limit: int = 2, is_total: bool = False
) -> list[Any]:
    """Return what the pages hold, read to the last and back to the first."""

    async def page(cursor: str | None) -> Any:
        return await keyset_page(
            session, statement, limit=limit, cursor=cursor, signer=SIGNER, is_total=is_total
        )

    pages = [await page(None)]
    while cursor := pages[-1].next_cursor:
        pages.append(await page(cursor))
    back = [pages[-1]]
    while cursor := back[-1].previous_cursor:
        back.append(await page(cursor))
    assert back[::-1] == pages
    assert all(len(page.rows) == limit for page in pages[:-1])
    return [row for page in pages for row in page.rows]
