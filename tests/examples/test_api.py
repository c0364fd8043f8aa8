import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from examples.clients import Apps
from examples.flights.location import ROOT
from examples.flights.pages import LINKS

OF_ITS_OWN = {"/flights/1", "/flights/1/pass", "/cache", "/streams"}
"""What tests write, what is another each time, and what an app says of itself."""

STREAMS = {"/flights/stream", "/flights/live"}

READS = [
    *(path for path in LINKS if path not in OF_ITS_OWN | STREAMS),
    "/flights/336776",
    "/flights?limit=0&offset=-1",
    "/flights?limit=100&offset=100",
    "/flights?page=2&per_page=1000",
    "/flights?carrier=nobody",
]


@pytest.mark.parametrize("path", READS)
def test_both_examples_answer_the_same_json(apps: Apps, path: str) -> None:
    """FastAPI, Quart, and FastAPI without chopin_mw say the same about the same flights."""
    answers = [client.get(path) for client in (apps.fastapi, apps.quart, apps.plain)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}


def test_delays_cover_every_flight(apps: Apps) -> None:
    """All sixteen airlines and all 336,776 flights are in the averages."""
    delays = apps.fastapi.get("/delays").json()

    assert len(delays) == 16
    assert sum(delay["flights"] for delay in delays) == 336_776
    assert delays[0] == {
        "carrier": "F9",
        "name": "Frontier Airlines Inc.",
        "flights": 685,
        "average_delay_minutes": 21.92,
    }


@pytest.mark.parametrize("path", ["/airlines", "/flights/1", "/flights?limit=100", "/board"])
def test_a_repeated_read_is_answered_304(apps: Apps, path: str) -> None:
    """With the ETag of the first answer, the second has no body and keeps the ETag."""
    for client in apps.both:
        first = client.get(path)

        again = client.get(path, headers={"if-none-match": first.headers["etag"]})

        assert (first.status_code, again.status_code) == (200, 304)
        assert again.content == b""
        assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", ["/airlines", "/flights/1", "/flights", "/departures"])
def test_head_has_the_fields_of_get(apps: Apps, path: str) -> None:
    """HEAD gives the same ETag and length, and no body."""
    for client in apps.both:
        get, head = client.get(path), client.head(path)

        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["etag"] == get.headers["etag"]
        assert head.headers["content-length"] == get.headers["content-length"]


def test_the_decorator_sets_cache_control(apps: Apps) -> None:
    """@cache_control is sent with the airlines, on 200 and on 304, and nowhere else."""
    for client in apps.both:
        first = client.get("/airlines")
        again = client.get("/airlines", headers={"if-none-match": first.headers["etag"]})
        other = client.get("/delays")

        policy = "public, max-age=60, stale-while-revalidate=30"
        assert first.headers["cache-control"] == again.headers["cache-control"] == policy
        assert "cache-control" not in other.headers


def test_a_stale_write_is_refused(apps: Apps) -> None:
    """The second writer with the same If-Match gets 412, and the first note stays."""
    for number, client in enumerate(apps.both, 10):
        path = f"/flights/{number}"
        guard = {"if-match": client.get(path).headers["etag"]}

        first = client.patch(path, headers=guard, json={"note": "first"})
        second = client.patch(path, headers=guard, json={"note": "second"})

        assert (first.status_code, second.status_code) == (200, 412)
        assert first.json()["note"] == client.get(path).json()["note"] == "first"


def test_of_simultaneous_writes_one_wins(apps: Apps) -> None:
    """Eight writers with one If-Match: one is done, the others are refused, none is lost."""
    for number, client in enumerate(apps.both, 20):
        path = f"/flights/{number}"
        guard = {"if-match": client.get(path).headers["etag"]}

        def write(
            note: str,
            client: httpx.Client = client,
            path: str = path,
            guard: dict[str, str] = guard,
        ) -> httpx.Response:
            return client.patch(path, headers=guard, json={"note": note})

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(write, "abcdefgh"))

        statuses = sorted(answer.status_code for answer in answers)
        winner = next(answer for answer in answers if answer.status_code == 200)
        assert statuses[0] == 200
        assert set(statuses[1:]) <= {409, 412}
        assert client.get(path).json() == winner.json()


@pytest.mark.parametrize("body", [{"note": 1}, {"note": "x" * 201}, {}, [], None])
def test_a_bad_note_is_refused(apps: Apps, body: object) -> None:
    """A note is a string of at most 200 characters, or null."""
    statuses = [client.patch("/flights/30", json=body).status_code for client in apps.both]

    assert statuses == [422, 422]


@pytest.mark.parametrize("number", ["0", "336777", "99999999999999999999"])
def test_an_unknown_flight_is_404(apps: Apps, number: str) -> None:
    """Reading, asking for the header and writing all say so."""
    for client in apps.both:
        path = f"/flights/{number}"

        statuses = [
            client.get(path).status_code,
            client.head(path).status_code,
            client.patch(path, json={"note": "x"}).status_code,
        ]

        assert statuses == [404, 404, 404]


def test_the_index_links_to_everything(apps: Apps) -> None:
    """Every link of the page is answered, and every GET route is linked to."""
    for client in apps.both:
        page = client.get("/")
        links = re.findall(r'href="([^"]+)"', page.text)

        assert page.headers["content-type"].startswith("text/html")
        assert {"/flights", "/flights/1", "/airlines", "/delays", "/routes", "/cache"} <= set(links)
        assert {status_of(client, link.replace("&amp;", "&")) for link in links} == {200}


def status_of(client: httpx.Client, path: str) -> int:
    # Without the body: some of them go on for a while.
    with client.stream("GET", path) as answer:
        return answer.status_code


@pytest.mark.parametrize("folder", ["fastapi", "quart"])
def test_an_example_is_short(folder: str) -> None:
    """What a user copies is under 150 lines a file."""
    lengths = {
        path.name: len(path.read_text("utf-8").splitlines())
        for path in (ROOT / "examples" / folder).glob("*.py")
    }

    assert max(lengths.values()) < 150, lengths


def test_the_addresses_of_the_readme_are_answered(apps: Apps) -> None:
    """Every address in a line to paste is one that both examples answer."""
    readme = (ROOT / "examples" / "README.md").read_text("utf-8")
    paths = set(re.findall(r"http://127\.0\.0\.1:8000(/\S*)", readme))

    of_users = {"/login", "/me", "/logout"}
    assert paths - of_users == {
        *("/", "/airlines", "/flights/1", "/routes?month=7", "/airports/BOS", "/cache"),
        *("/departures?fields=id,airline.name", "/flights/stream", "/flights/live", "/streams"),
    }
    for client in apps.both:
        assert {status_of(client, path) for path in paths - of_users} == {200}
        # They take a token, or another method.
        assert {client.get(path).status_code for path in of_users} == {401, 405}
