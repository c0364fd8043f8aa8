"""Load the flights, unless they are there already: `python -m examples.flights`."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy.exc import SQLAlchemyError

from examples.flights import postgresql, sqlite
from examples.flights.dataset import ROW_COUNTS
from examples.flights.location import DatasetError, database_url, sqlite_file, sqlite_is_built

INTERRUPTED = 130


def main() -> int:
    """Load with a progress bar; return an exit status."""
    console = Console()
    try:
        with _progress_bar(console) as advance:
            _load(database_url(), advance)
    except (DatasetError, OSError, SQLAlchemyError) as error:
        console.print("[red]error:[/]", str(error), soft_wrap=True, highlight=False)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _load(url: str, advance: Callable[[int], None]) -> None:
    if url.startswith("postgresql"):
        asyncio.run(postgresql.load(url, advance))
        return
    path = sqlite_file(url)
    if path is None:
        # Not the URL itself: it may hold a password.
        scheme = url.partition("://")[0]
        raise DatasetError(f"DATABASE_URL must name a SQLite file or PostgreSQL, got {scheme}")
    if not sqlite_is_built(path):
        sqlite.build(path, advance)


@contextmanager
def _progress_bar(console: Console) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    progress = Progress(*columns, console=console)
    task: TaskID | None = None

    def advance(rows: int) -> None:
        nonlocal task
        # Shown from the first row on: when everything is there, there is nothing to show.
        if task is None:
            progress.start()
            task = progress.add_task("loading the flights, once", total=sum(ROW_COUNTS.values()))
        progress.advance(task, rows)

    try:
        yield advance
    finally:
        if task is not None:
            progress.stop()


if __name__ == "__main__":
    sys.exit(main())
