"""Where the flights are: SQLite in `.data/` by default, or what `DATABASE_URL` says.

Standard library only, so that the demo can look before anything heavy is imported.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SQLITE_FILE = ROOT / ".data" / "flights.db"

APPLICATION_ID = 336_776
"""Kept in SQLite's application_id: a file with another one is not ours."""

SCHEMA_VERSION = 2
"""Kept in SQLite's user_version; count it up when files are to be built anew, as for new models."""

ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


class DatasetError(Exception):
    """Say what is wrong with the flights or with the place where they should be."""


def database_url() -> str:
    """Return `DATABASE_URL`, or the SQLite file in this repository; always with an async driver."""
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{SQLITE_FILE}"
    scheme, separator, rest = url.partition("://")
    return ASYNC_DRIVERS.get(scheme, scheme) + separator + rest


def sqlite_file(url: str) -> Path | None:
    """Return the file that a SQLite URL names; None for every other URL."""
    scheme, _, rest = url.partition(":///")
    path = rest.partition("?")[0]
    return Path(path) if scheme.startswith("sqlite") and path else None


def sqlite_is_built(path: Path) -> bool:
    """Tell whether `path` holds all the flights, in the tables that the models now describe.

    Raises DatasetError for a file that is something else: it is not ours to overwrite.
    """
    if not path.is_file():
        return False
    with closing(sqlite3.connect(path)) as connection:
        try:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise DatasetError(f"{path} is left alone: {error}") from error
    if application != APPLICATION_ID:
        raise DatasetError(f"{path} is left alone: it is a database, but not of flights")
    return bool(version == SCHEMA_VERSION)
