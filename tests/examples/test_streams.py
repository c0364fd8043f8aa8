import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import httpx
import pytest

from examples.clients import Apps
from examples.server import free_port, serving


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Read events as a browser does, in the fields of their lines."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif "data" in event:
            yield event
            event = {}


def test_all_flights_are_streamed(apps: Apps, sqlite_path: Path) -> None:
    """Each line is a flight, in order, and nothing else is."""
    with closing(sqlite3.connect(sqlite_path)) as connection:
        rows = "SELECT id, carrier, origin, dest, dep_delay FROM flights ORDER BY id"
        expected = connection.execute(rows).fetchall()
    for client in apps.both:
        with client.stream("GET", "/flights/stream") as answer:
            flights = [tuple(json.loads(line).values()) for line in answer.iter_lines()]

        assert answer.headers["content-type"] == "application/x-ndjson"
        assert flights == expected


def test_a_stream_holds_up_no_writer(apps: Apps) -> None:
    """A client that takes nothing keeps its cursor open, and others write meanwhile."""
    for number, client in enumerate(apps.both, 70):
        with client.stream("GET", "/flights/stream") as answer:
            # Held on to: when nobody does, httpx closes the connection.
            parts = answer.iter_raw()
            next(parts)

            write = client.patch(f"/flights/{number}", json={"note": "meanwhile"})

            assert write.status_code == 200
            assert client.get("/streams").json()["open"] >= 1


def test_departures_are_replayed(apps: Apps) -> None:
    """Each event has the time of that day, a name, and the id to come back with."""
    for client in apps.both:
        with client.stream("GET", "/flights/live?day=2013-10-01&pace=1440") as answer:
            first, second = islice(events(answer.iter_lines()), 2)

        assert answer.headers["content-type"].startswith("text/event-stream")
        assert first == {
            "retry": "1000",
            "id": "27005",
            "event": "departure",
            "data": '{"time":"04:47","carrier":"US","flight":1877,"to":"CLT"}',
        }
        assert second["id"] == "27006"


@pytest.mark.parametrize(
    ("last", "following"), [("5", 6), ("0", 1), ("x", 1), ("9" * 50, 1), ("-1", 1), ("٣", 1)]
)
def test_a_client_goes_on_where_it_was(apps: Apps, last: str, following: int) -> None:
    """Last-Event-ID is a flight's number; what is none begins at the beginning."""
    for client in apps.both:
        headers = [(b"last-event-id", last.encode())]
        with client.stream("GET", "/flights/live", headers=headers) as answer:
            event = next(events(answer.iter_lines()))

        assert int(event["id"]) == following


@pytest.mark.parametrize("query", ["day=2014-01-01", "day=2013-02-03&pace=5"])
def test_a_day_that_is_over_is_not_asked_for_again(apps: Apps, query: str) -> None:
    """Where nothing is left to send, 204 keeps a browser from coming back."""
    for client in apps.both:
        answer = client.get(f"/flights/live?{query}", headers={"last-event-id": "336776"})

        assert answer.status_code == 204


@pytest.mark.parametrize(
    "query", ["pace=0", "pace=nan", "pace=inf", "pace=-1", "pace=x", "pace=1441", "day=x"]
)
def test_a_bad_replay_is_refused(apps: Apps, query: str) -> None:
    """The pace is 0 to 1440 minutes a second, the day a date."""
    statuses = [client.get(f"/flights/live?{query}").status_code for client in apps.both]

    assert statuses == [422, 422]


@pytest.mark.parametrize("app", ["examples.fastapi.app:app", "examples.quart.app:app"])
def test_a_server_that_stops_ends_its_event_streams(sqlite_url: str, app: str) -> None:
    """It does not wait for a client that would listen for hours."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", sqlite_url)
        with serving(app, free_port()) as server:
            server.wait_until_open()
            with httpx.stream("GET", f"{server.url}/flights/live?pace=0.01", timeout=30) as answer:
                lines = answer.iter_lines()
                first = next(events(lines))

                server.process.terminate()
                rest = list(lines)

    assert first["id"] == "1"
    assert not any(rest)
