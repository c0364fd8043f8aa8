"""The examples over a real PostgreSQL: a private one, or the one TEST_DATABASE_URL names."""

import asyncio
import hashlib
from collections.abc import Iterator
from itertools import islice

import httpx
import pytest

from examples.clients import Apps, clients_of
from examples.flights import postgresql
from support.postgresql import execute, new_database, postgresql_server

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
def server_url() -> Iterator[str]:
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="module")
def empty_database(server_url: str) -> Iterator[str]:
    with new_database(server_url) as url:
        yield url


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
