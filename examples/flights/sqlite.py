"""Builds the SQLite file of flights, with the standard library's driver."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from examples.flights.dataset import ROW_COUNTS, check_counts, columns_of, rows_of
from examples.flights.location import APPLICATION_ID, SCHEMA_VERSION
from examples.flights.models import Base

ROWS_PER_STEP = 5_000


def build(path: Path, advance: Callable[[int], None]) -> None:
    """Build the file at `path`; until it is whole, there is no such file.

    `advance` is told the number of rows done since its last call. Raises DatasetError when a row
    is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(unfinished)) as connection:
            _fill(connection, advance)
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, advance: Callable[[int], None]) -> None:
    # Nobody reads a half-built file, so there is nothing to roll back to and nothing to flush for.
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    for table in ROW_COUNTS:
        ddl = CreateTable(Base.metadata.tables[table]).compile(dialect=sqlite.dialect())
        connection.execute(str(ddl))
        connection.executemany(_insert(table), _counted(_stored_rows(table), advance))
    check_counts({table: _count(connection, table) for table in ROW_COUNTS})
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.commit()
    # Kept in the file: whoever reads a long stream does not hold up those who write.
    connection.execute("PRAGMA journal_mode = WAL")


def _insert(table: str) -> str:
    columns = columns_of(table)
    # Column affinity turns the text of the files into integers and floats.
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - the package's own names


def _stored_rows(table: str) -> Iterator[list[str | None]]:
    has_time = columns_of(table)[-1] == "time_hour"
    for row in rows_of(table):
        if has_time and row[-1]:
            # SQLAlchemy compares times in SQLite as text, so they must have its own spelling.
            row[-1] = row[-1].replace("T", " ").replace("Z", ".000000")
        yield row


def _counted(
    rows: Iterator[list[str | None]], advance: Callable[[int], None]
) -> Iterator[list[str | None]]:
    waiting = 0
    for row in rows:
        yield row
        waiting += 1
        if waiting == ROWS_PER_STEP:
            advance(waiting)
            waiting = 0
    advance(waiting)


def _count(connection: sqlite3.Connection, table: str) -> int:
    statement = f"SELECT count(*) FROM {table}"  # noqa: S608 - one of five constants
    return int(connection.execute(statement).fetchone()[0])
