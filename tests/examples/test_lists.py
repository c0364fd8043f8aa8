import httpx
import pytest

from examples.clients import Apps


def ids(answer: httpx.Response) -> list[int]:
    return [flight["id"] for flight in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "count"), [("limit=0", 20), ("limit=-5", 20), ("limit=7", 7), ("per_page=1000", 100)]
)
@pytest.mark.parametrize("path", ["/flights", "/departures"])
def test_the_limit_is_clamped(apps: Apps, path: str, query: str, count: int) -> None:
    """Whatever is asked for, 1 to 100 flights come back, with the middleware and without."""
    if path == "/departures":
        query = query.replace("per_page", "limit")
    for client in (*apps.both, apps.plain):
        page = client.get(f"{path}?{query}").json()

        assert len(page["items"]) == page["per_page"] == count


def test_filters_narrow_the_list(apps: Apps) -> None:
    """Origin and carrier apply together."""
    for client in apps.both:
        flights = client.get("/flights?origin=JFK&carrier=B6&limit=50").json()["items"]

        assert len(flights) == 50
        assert {(flight["origin"], flight["carrier"]) for flight in flights} == {("JFK", "B6")}


@pytest.mark.parametrize("query", ["offset=1000001", "page=50002", "offset=99999999999999999999"])
def test_too_deep_is_refused(apps: Apps, query: str) -> None:
    """A million rows is the most that may be skipped; FastAPI alone says so in its own form."""
    for client in (*apps.both, apps.plain):
        answer = client.get(f"/flights?{query}")

        assert answer.status_code == 422
        assert "whole number" in answer.text


def test_pages_link_to_each_other(apps: Apps) -> None:
    """Link leads from the first page of the last five through all of them, and not beyond."""
    for client in apps.both:
        answer = client.get("/flights?limit=2&offset=336771")
        seen = [ids(answer)]
        while "next" in answer.links:
            answer = client.get(answer.links["next"]["url"])
            seen.append(ids(answer))

        assert seen == [[336_772, 336_773], [336_774, 336_775], [336_776]]
        assert answer.json()["has_next"] is False
        assert "last" not in answer.links


def test_a_page_knows_its_number(apps: Apps) -> None:
    """Clients that count in pages are answered in pages."""
    for client in apps.both:
        page = client.get("/flights?page=3&per_page=5").json()

        assert [flight["id"] for flight in page["items"]] == [11, 12, 13, 14, 15]
        assert (page["page"], page["per_page"], page["has_next"]) == (3, 5, True)


def test_cursors_lead_to_the_end_and_back(apps: Apps) -> None:
    """Each flight of the end of the list comes once, forwards and backwards."""
    for client in apps.both:
        answer = client.get("/departures?limit=10&from_id=336743")
        there = [ids(answer)]
        while "next" in answer.links:
            answer = client.get(answer.links["next"]["url"])
            there.append(ids(answer))
        back = [ids(answer)]
        while "prev" in answer.links:
            answer = client.get(answer.links["prev"]["url"])
            back.append(ids(answer))

        assert [one for page in there for one in page] == list(range(336_743, 336_777))
        assert back[::-1] == there


def test_a_cursor_of_one_app_is_good_in_the_other(apps: Apps) -> None:
    """With one CURSOR_SECRET, any process goes on where another one stopped."""
    cursor = apps.fastapi.get("/departures?limit=3").json()["next_cursor"]

    assert ids(apps.quart.get(f"/departures?limit=3&cursor={cursor}")) == [4, 5, 6]


@pytest.mark.parametrize("cursor", ["", "x", "WzAsMl0", "WzAsMl0." + "A" * 43, "x" * 5000])
def test_a_forged_cursor_is_refused(apps: Apps, cursor: str) -> None:
    """Whoever makes up a cursor is answered 400 with a problem, with the middleware and without."""
    for client in (*apps.both, apps.plain):
        answer = client.get(f"/departures?cursor={cursor}")

        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("query", ["from_id=0", "from_id=x", "from_id="])
def test_a_bad_beginning_is_refused(apps: Apps, query: str) -> None:
    """A list begins at a flight, counted from 1."""
    statuses = [client.get(f"/departures?{query}").status_code for client in apps.both]

    assert statuses == [422, 422]


def test_fields_are_chosen(apps: Apps) -> None:
    """Only what is asked for is sent, nested too; what is beside the items stays."""
    for client in (*apps.both, apps.plain):
        page = client.get("/departures?limit=1&fields=id,destination(name),airline/carrier").json()

        assert page["items"] == [
            {
                "id": 1,
                "destination": {"name": "George Bush Intercontinental"},
                "airline": {"carrier": "UA"},
            }
        ]
        assert page["per_page"] == 1
        assert page["next_cursor"]


@pytest.mark.parametrize("fields", ["wings", "id,airline.secret", "id,("])
def test_other_fields_are_refused(apps: Apps, fields: str) -> None:
    """A field that is not offered, and what is no list of fields, is a 400."""
    for client in (*apps.both, apps.plain):
        answer = client.get(f"/departures?fields={fields}")

        assert answer.status_code == 400
        assert answer.json()["code"] == "INVALID_FIELDS"
