"""Loads the flights into PostgreSQL with COPY, in one transaction, if they are not there yet."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.schema import AddConstraint, CreateTable

from examples.flights.dataset import MISSING, ROW_COUNTS, check_counts, columns_of, open_csv
from examples.flights.models import Base

BYTES_PER_STEP = 1 << 18
LOCK_KEY = 336_776
"""Names the advisory lock that makes two loaders of one database take turns."""


async def load(url: str, advance: Callable[[int], None]) -> bool:
    """Load every table unless there are flights already; tell whether it did.

    `advance` is told the number of rows done since its last call. Raises DatasetError when a row
    is missing.
    """
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(LOCK_KEY)))
            if await connection.run_sync(_has_flights):
                return False
            for table in ROW_COUNTS:
                await _create_and_copy(connection, table, advance)
            check_counts({table: await _count(connection, table) for table in ROW_COUNTS})
        return True
    finally:
        await engine.dispose()


async def _create_and_copy(
    connection: AsyncConnection, name: str, advance: Callable[[int], None]
) -> None:
    table = Base.metadata.tables[name]
    await connection.execute(CreateTable(table, include_foreign_key_constraints=[]))
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.copy_to_table(
        name,
        source=_chunks(name, advance),
        columns=columns_of(name),
        format="csv",
        header=True,
        null=MISSING,
    )
    # Checked once for the whole table: row by row, the load takes three times as long.
    for constraint in table.foreign_key_constraints:
        await connection.execute(AddConstraint(constraint))


async def _chunks(table: str, advance: Callable[[int], None]) -> AsyncIterator[bytes]:
    with open_csv(table) as source:
        header_lines = 1
        while chunk := source.read(BYTES_PER_STEP):
            yield chunk
            advance(chunk.count(b"\n") - header_lines)
            header_lines = 0


async def _count(connection: AsyncConnection, name: str) -> int:
    return (
        await connection.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0
    )


def _has_flights(connection: Connection) -> bool:
    return inspect(connection).has_table("flights")
