"""Random tables, orders and page sizes: every row is on one page, forth and back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Select, String, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.sql.keyset import keyset_page

SIGNER = CursorSigner("a secret for tests that is long enough")

# Few values make many ties.
rows_table = Table(
    "rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("low", Integer),
    Column("word", String),
    Column("sure", Integer, nullable=False),
)
c = rows_table.c

row = st.fixed_dictionaries(
    {
        "low": st.none() | st.integers(-1, 1),
        "word": st.none() | st.sampled_from(["", "a", "b"]),
        "sure": st.integers(0, 2),
    }
)


@dataclass(frozen=True)
class Term:
    name: str
    descending: bool
    nulls: str

    def clause(self) -> Any:
        column = c[self.name].desc() if self.descending else c[self.name]
        if self.nulls == "unsaid":
            return column
        return column.nulls_first() if self.nulls == "first" else column.nulls_last()


term = st.builds(
    Term,
    st.sampled_from(["low", "word", "sure"]),
    st.booleans(),
    st.sampled_from(["unsaid", "first", "last"]),
)
orders = st.lists(term, max_size=3, unique_by=lambda term: term.name)


@dataclass
class World:
    connection: AsyncConnection
    order: Sequence[Term]
    limit: int
    # Odd ones come later, so that ids do not follow the order of insertion.
    ids: list[int] = field(default_factory=lambda: [*range(1, 400, 2), *range(0, 400, 2)])

    def statement(self) -> Select[Any]:
        return select(c.id, c.low).order_by(*(term.clause() for term in self.order))

    async def everything(self) -> list[int]:
        """Return all ids in order, as the database has them."""
        last = c.id.desc() if self.order and self.order[-1].descending else c.id
        result = await self.connection.execute(self.statement().order_by(last))
        return [row.id for row in result]

    async def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            numbered = [{**row, "id": self.ids.pop(0)} for row in rows]
            await self.connection.execute(insert(rows_table), numbered)

    async def delete(self, ids: Sequence[int]) -> None:
        await self.connection.execute(delete(rows_table).where(c.id.in_(ids)))

    async def page(self, cursor: str | None) -> CursorPage[Any]:
        return await keyset_page(
            self.connection, self.statement(), limit=self.limit, cursor=cursor, signer=SIGNER
        )


def ids(page: CursorPage[Any]) -> list[int]:
    return [row.id for row in page.rows]


async def walk_forth_and_back(world: World, example: "Example") -> None:
    await world.insert(example.rows)
    pages = [await world.page(None)]
    while pages[-1].next_cursor:
        pages.append(await world.page(pages[-1].next_cursor))
    everything = await world.everything()
    assert [one for page in pages for one in ids(page)] == everything
    assert all(len(page.rows) == world.limit for page in pages[:-1])

    back = [pages[-1]]
    while back[-1].previous_cursor:
        back.append(await world.page(back[-1].previous_cursor))
    assert [ids(page) for page in reversed(back)] == [ids(page) for page in pages]
    # The cursors of a page are the same from wherever one comes.
    assert [page.next_cursor for page in reversed(back)] == [page.next_cursor for page in pages]


@dataclass(frozen=True)
class Change:
    """What happens between two pages, and which way the reader goes then."""

    inserted: Sequence[dict[str, Any]]
    deleted: Sequence[int]
    backwards: bool


changes = st.lists(
    st.builds(
        Change,
        st.lists(row, max_size=3),
        st.lists(st.integers(0, 30), max_size=4),
        st.booleans(),
    ),
    max_size=6,
)


async def walk_while_the_list_changes(world: World, example: "Example") -> None:
    await world.insert(example.rows)
    page = await world.page(None)
    for step in example.steps:
        cursor = page.previous_cursor if step.backwards else page.next_cursor
        if cursor is None or not page.rows:
            return
        edge = ids(page)[0 if step.backwards else -1]
        await world.insert(step.inserted)
        everything = await world.everything()
        gone = {everything[at] for at in step.deleted if at < len(everything)}
        await world.delete(list(gone))
        at = everything.index(edge)
        before = [one for one in everything[:at] if one not in gone]
        after = [one for one in everything[at + 1 :] if one not in gone]
        page = await world.page(cursor)
        if step.backwards:
            assert ids(page) == before[-world.limit :]
            assert (page.previous_cursor is not None) is (len(before) > world.limit)
        else:
            assert ids(page) == after[: world.limit]
            assert (page.next_cursor is not None) is (len(after) > world.limit)


def run(runner: asyncio.Runner, connect: Any, example: "Example", walk: Any) -> None:
    async def walked() -> None:
        async with connect() as connection:
            await connection.run_sync(rows_table.create)
            await walk(World(connection, example.order, example.limit), example)

    runner.run(walked())


quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Example:
    """A list, and what happens while it is read."""

    order: Sequence[Term]
    rows: Sequence[dict[str, Any]]
    limit: int
    steps: Sequence[Change] = ()


@quick
@given(st.builds(Example, orders, st.lists(row, max_size=12), st.integers(1, 5)))
def test_every_row_is_on_one_page(runner: asyncio.Runner, connect: Any, example: Example) -> None:
    """Forth and back, in the order of the database, with NULLs and ties anywhere."""
    run(runner, connect, example, walk_forth_and_back)


@quick
@given(
    st.builds(Example, orders, st.lists(row, min_size=4, max_size=12), st.integers(1, 3), changes)
)
def test_pages_go_on_where_they_ended(
    runner: asyncio.Runner, connect: Any, example: Example
) -> None:
    """Whatever is inserted and deleted meanwhile, even the rows that a cursor was made of."""
    run(runner, connect, example, walk_while_the_list_changes)
