"""The flights in a temporary SQLite file, and the example apps serving them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.clients import Apps, clients_of
from examples.flights import sqlite


@pytest.fixture(scope="session")
def sqlite_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flights") / "flights.db"
    sqlite.build(path, lambda _rows: None)
    return path


@pytest.fixture(scope="session")
def sqlite_url(sqlite_path: Path) -> str:
    return f"sqlite:///{sqlite_path}"


@pytest.fixture(scope="session")
def apps(sqlite_url: str) -> Iterator[Apps]:
    with clients_of(
        sqlite_url,
        fastapi="examples.fastapi.app:app",
        quart="examples.quart.app:app",
        plain="examples.fastapi.plain:app",
    ) as clients:
        yield Apps(**clients)
