import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from math import ceil
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from examples.clients import Apps

CROWD = 24


def counts(client: httpx.Client) -> dict[str, Any]:
    return cast("dict[str, Any]", client.get("/cache").json())


@contextmanager
def renamed(client: httpx.Client, faa: str, name: str) -> Iterator[httpx.Response]:
    """Rename an airport, and give it its name back: the apps share their database."""
    old = client.get(f"/airports/{faa}").json()["name"]
    try:
        yield client.patch(f"/airports/{faa}", json={"name": name})
    finally:
        client.patch(f"/airports/{faa}", json={"name": old})


def until_kept(client: httpx.Client, path: str) -> httpx.Response:
    # What is read while the write is still ending, after its answer, is not kept: it might be old.
    answers = (client.get(path) for _ in range(5))
    return next(answer for answer in answers if "age" in answer.headers)


def test_routes_cover_every_flight(apps: Apps) -> None:
    """All 336,776 flights are in the 224 routes, in order, each with its own airport."""
    routes = apps.fastapi.get("/routes").json()

    places = [(route["origin"], route["dest"]) for route in routes]
    assert len(set(places)) == 224
    assert places == sorted(places)
    assert sum(route["flights"] for route in routes) == 336_776


def test_the_figures_of_a_route_are_those_of_its_flights(apps: Apps, sqlite_path: Path) -> None:
    """Median and worst tenth, as Python finds them in the same flights."""
    with closing(sqlite3.connect(sqlite_path)) as connection:
        rows = connection.execute(
            "SELECT arr_delay FROM flights WHERE origin = 'JFK' AND dest = 'BOS' AND month = 7"
        ).fetchall()
    late = sorted(delay for (delay,) in rows if delay is not None)

    routes = apps.fastapi.get("/routes?month=7&origin=JFK").json()

    route = next(route for route in routes if route["dest"] == "BOS")
    assert {one["origin"] for one in routes} == {"JFK"}
    assert route == {
        "origin": "JFK",
        "dest": "BOS",
        "destination": "General Edward Lawrence Logan Intl",
        "flights": len(rows),
        "not_arrived": len(rows) - len(late),
        "late": sum(delay > 15 for delay in late),
        "average_minutes": pytest.approx(sum(late) / len(late), abs=0.01),
        "median_minutes": late[ceil(len(late) * 0.5) - 1],
        "worst_tenth_minutes": late[ceil(len(late) * 0.9) - 1],
    }


@pytest.mark.parametrize("path", ["/routes?month=3", "/airports/ATL"])
def test_the_second_read_wakes_nobody(apps: Apps, path: str) -> None:
    """It has an Age, the same bytes, and the database was not asked."""
    for client in apps.both:
        first = client.get(path)
        before = counts(client)["questions"]

        again = client.get(path)

        assert again.content == first.content
        assert again.headers["age"].isdigit()
        assert counts(client)["questions"] == before


def test_a_crowd_asks_once(apps: Apps) -> None:
    """Of many that ask for what nobody has asked before, one gets it for all."""
    for client in apps.both:
        before = counts(client)["questions"].get("routes", 0)

        with ThreadPoolExecutor(CROWD) as pool:
            answers = list(pool.map(client.get, ["/routes?origin=EWR"] * CROWD))

        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert counts(client)["questions"]["routes"] == before + 1


@pytest.mark.parametrize(
    ("headers", "status", "length"),
    [({"range": "bytes=0-9"}, 206, 10), ({"range": "bytes=99999999-"}, 416, None)],
)
def test_a_part_comes_from_what_is_kept(
    apps: Apps, headers: dict[str, str], status: int, length: int | None
) -> None:
    """A range is cut out of the stored answer; one that is not there is refused."""
    for client in apps.both:
        whole = client.get("/routes?month=4")

        part = client.get("/routes?month=4", headers=headers)

        assert part.status_code == status
        if length is not None:
            assert part.content == whole.content[:length]


def test_a_new_name_is_shown_at_once(apps: Apps) -> None:
    """Both answers that show the airport are made anew; then they are kept again."""
    paths = ["/airports/MIA", "/routes?month=5"]
    for client in apps.both:
        for path in paths:
            client.get(path)

        with renamed(client, "MIA", "Wilcox Field") as answer:
            found = [client.get(path) for path in paths]
            again = [until_kept(client, path) for path in paths]
        restored = [client.get(path).text for path in paths]

        assert answer.status_code == 200
        assert answer.json()["name"] == "Wilcox Field"
        assert all("Wilcox Field" in one.text for one in found)
        assert not any("age" in one.headers for one in found)
        assert all("Wilcox Field" in one.text for one in again)
        assert not any("Wilcox Field" in text for text in restored)


def test_another_airport_stays_kept(apps: Apps) -> None:
    """The tag of one airport says nothing of another."""
    for client in apps.both:
        client.get("/airports/SEA")

        with renamed(client, "PDX", "Portland"):
            other = client.get("/airports/SEA")

        assert "age" in other.headers


@pytest.mark.parametrize("body", [{"name": ""}, {"name": 1}, {"name": "x" * 101}, {}, []])
def test_a_bad_name_is_refused_and_drops_nothing(apps: Apps, body: object) -> None:
    """A name is a string of 1 to 100 characters; what is kept stays."""
    for client in apps.both:
        client.get("/routes?month=6")

        answer = client.patch("/airports/DEN", json=body)

        assert answer.status_code == 422
        assert "age" in client.get("/routes?month=6").headers


def test_an_unknown_airport_is_404(apps: Apps) -> None:
    """Reading and writing both say so, each time anew."""
    for client in apps.both:
        reads = [client.get("/airports/XYZ") for _ in range(2)]
        write = client.patch("/airports/XYZ", json={"name": "Nowhere"})

        assert [answer.status_code for answer in (*reads, write)] == [404, 404, 404]
        assert not any("age" in answer.headers for answer in reads)


@pytest.mark.parametrize("month", ["0", "13", "july"])
def test_a_bad_month_is_refused(apps: Apps, month: str) -> None:
    """There are twelve."""
    assert [client.get(f"/routes?month={month}").status_code for client in apps.both] == [422, 422]


def test_units_are_kept_apart(apps: Apps) -> None:
    """Each value of the cookie has an answer of its own, whatever other cookies there are."""
    for client in apps.both:
        first, again = (
            [
                client.get("/weather", headers={"cookie": f"theme={units}; units={units}"})
                for units in ("us", "metric")
            ]
            for _ in range(2)
        )

        us, metric = again
        assert [answer.content for answer in first] == [us.content, metric.content]
        assert us.headers["age"].isdigit()
        assert metric.headers["age"].isdigit()
        # January at Newark: the same weather.
        assert us.json()[0]["fahrenheit"] == pytest.approx(35.6)
        assert metric.json()[0]["celsius"] == pytest.approx(2.0)
        assert client.get("/weather", headers={"cookie": "units=kelvin"}).status_code == 422


def test_a_boarding_pass_is_nobody_elses(apps: Apps) -> None:
    """Two readers get two codes, and other caches are told not to keep them."""
    for client in apps.both:
        first, second = (client.get("/flights/7/pass") for _ in range(2))

        assert first.json()["flight"] == second.json()["flight"] == 7
        assert first.json()["code"] != second.json()["code"]
        assert second.headers["cache-control"] == "no-store"
        assert client.get("/flights/336777/pass").status_code == 404


def test_the_rule_keeps_its_path(apps: Apps) -> None:
    """The delays are kept with no decorator; the flights beside them are not."""
    for client in apps.both:
        kept, other = (
            [client.get(path) for _ in range(2)][1] for path in ("/delays", "/flights?limit=2")
        )

        assert "age" in kept.headers
        assert "age" not in other.headers


def test_the_statistics_add_up(apps: Apps) -> None:
    """Three reads of what was never asked for are a miss and two hits."""
    for client in apps.both:
        before = counts(client)
        for _ in range(3):
            client.get("/airports/BQK")
        after = counts(client)

        assert after["answers"]["hit"] - before["answers"].get("hit", 0) == 2
        # One of them is the request for these statistics.
        assert after["answers"]["miss"] - before["answers"]["miss"] == 2
        assert after["store"]["entries"] == before["store"]["entries"] + 1
