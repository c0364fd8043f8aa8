"""Columns of every type that a list is ordered by."""

import enum
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    TypeDecorator,
    Uuid,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, TypeEngine

from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.sql.keyset import keyset_page

SIGNER = CursorSigner("a secret for tests that is long enough")

Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


class Colour(enum.Enum):
    RED = "the red one"
    BLUE = "the blue one"
    GREEN = "the green one"


class Cents(TypeDecorator[Decimal]):
    """Money as Python has it, an integer as the database does."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


EAST = timezone(timedelta(hours=5, minutes=45))

TYPES: dict[str, tuple[TypeEngine[Any], list[Any]]] = {
    "integer": (Integer(), [-1, 0, 7]),
    "big integer": (BigInteger(), [-(2**63), 0, 2**63 - 1]),
    "text": (String(), ["", "a'; --", "Zürich", "\U0001f6eb"]),
    "boolean": (Boolean(), [True, False]),
    "float": (Float(), [0.1, -2.5, 1e-30]),
    "double": (Double(), [0.1, float("inf"), -1e300]),
    "numeric": (Numeric(12, 2), [Decimal("0.10"), Decimal("-1.01"), Decimal("1234567.89")]),
    "datetime": (
        DateTime(),
        [
            datetime.fromisoformat("0001-01-01"),
            datetime.fromisoformat("2013-01-01T05:00:00.000001"),
        ],
    ),
    "date": (Date(), [date(2013, 1, 1), date(1, 1, 1)]),
    "time": (Time(), [time(5), time(5, 0, 0, 1)]),
    "interval": (Interval(), [timedelta(days=1, microseconds=1), timedelta(hours=2)]),
    "uuid": (Uuid(), [UUID(int=1), UUID(int=2**127)]),
    "enum": (Enum(Colour, name="colour"), list(Colour)),
    "enum of words": (Enum("no", "yes", name="answer"), ["yes", "no"]),
    "enum by value": (
        Enum(Colour, name="hue", values_callable=lambda kind: [one.value for one in kind]),
        list(Colour),
    ),
    "bytes": (LargeBinary(), [b"", b"\x00\xff", b"a"]),
    "a type of one's own": (Cents(), [Decimal("1.01"), Decimal(-3)]),
    "aware datetime": (
        DateTime(timezone=True),
        [datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 1, 1, 5, tzinfo=EAST)],
    ),
}


@pytest.mark.parametrize("kind", TYPES)
async def test_a_list_can_be_ordered_by(connect: Connect, kind: str) -> None:
    """Each value stands twice among NULLs, and every row comes once, as the database orders."""
    type_, values = TYPES[kind]
    table = Table(
        "typed",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("value", type_),
    )
    async with connect() as connection:
        await connection.run_sync(table.create)
        rows = [{"value": value} for value in [*values, None, *values, None]]
        await connection.execute(insert(table), rows)
        for order in (table.c.value, table.c.value.desc()):
            last = table.c.id.desc() if order is not table.c.value else table.c.id
            bare = await connection.execute(select(table).order_by(order, last))

            assert await every_row(connection, select(table).order_by(order)) == bare.all()


async def every_row(connection: AsyncConnection, statement: Any) -> list[Any]:
    rows: list[Any] = []
    cursor = None
    while True:
        page = await keyset_page(connection, statement, limit=1, cursor=cursor, signer=SIGNER)
        rows += page.rows
        if page.next_cursor is None:
            return rows
        cursor = page.next_cursor


async def test_values_are_compared_as_they_are_stored(sqlite: AsyncConnection) -> None:
    """SQLite keeps more digits than a Numeric shows: a rounded cursor would repeat the row."""
    table = Table(
        "typed",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("value", Numeric(12, 2), nullable=False),
    )
    await sqlite.run_sync(table.create)
    exact = [{"value": type_coerce(value, Double)} for value in (0.119, 0.12, 0.121)]
    await sqlite.execute(insert(table).values(exact))

    rows = await every_row(sqlite, select(table).order_by(table.c.value))

    assert [row.id for row in rows] == [1, 2, 3]
    assert {str(row.value) for row in rows} == {"0.12"}
