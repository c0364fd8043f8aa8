"""Where other caches leak, stampede or lie, ours does not: over real sockets, in every framework.

Each test asks for URLs that no other test asks for.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import httpx
import pytest

from frameworks.apps import cached_apps
from frameworks.apps.cached_desk import EVENTS, HALVES, Desk
from frameworks.apps.every import FRAMEWORKS
from support.asgi_call import call
from support.servers import Address, RawAnswer, RawConnection, ask, uvicorn_thread

IDENTITIES = pytest.mark.parametrize(
    "identified",
    [lambda user: {"Authorization": f"Bearer {user}"}, lambda user: {"Cookie": f"user={user}"}],
    ids=["authorization", "cookie"],
)
NOT_OURS = (b"age", b"date")
numbers = count()


@dataclass(frozen=True)
class Served:
    """One framework's app on a server, and the desk behind it."""

    desk: Desk
    address: Address
    client: httpx.Client

    def get(self, url: str, **headers: str) -> httpx.Response:
        return self.client.get(url, headers=headers)


@pytest.fixture(scope="module", params=FRAMEWORKS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    desk = Desk()
    with (
        uvicorn_thread(cached_apps.build(request.param, desk)) as address,
        address.client() as client,
    ):
        yield Served(desk, address, client)


@pytest.fixture
def case() -> str:
    """A query for this test alone."""
    return f"case={next(numbers)}"


def without(answer: RawAnswer, *names: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(field for field in answer.headers if field[0] not in names)


def cookies_of(answer: RawAnswer) -> list[bytes]:
    return [value.partition(b";")[0] for name, value in answer.headers if name == b"set-cookie"]


@IDENTITIES
def test_each_user_gets_his_own(served: Served, case: str, identified) -> None:
    """A handler that forgot whom it answers for is not kept for anybody who says who he is."""
    url = f"/me?{case}"

    users = ["nobody", "alice", "bob", "alice", "nobody"]
    answers = [
        served.client.get(url, headers={} if user == "nobody" else identified(user))
        for user in users
    ]

    assert [answer.text.split()[1] for answer in answers] == users
    assert answers[4].text == answers[0].text


@IDENTITIES
def test_each_user_has_an_entry_of_his_own(served: Served, case: str, identified) -> None:
    """With `vary_by` and a callable, answers for one user are kept for that user."""
    url = f"/profile?{case}"

    answers = [
        served.client.get(url, headers=identified(user)).text
        for user in ("alice", "bob", "alice", "bob")
    ]

    assert answers[0].startswith("for alice")
    assert answers[1].startswith("for bob")
    assert answers[2:] == answers[:2]
    assert served.desk.calls[url] == served.desk.entered[url] == 2


def test_a_private_answer_is_not_replayed(served: Served, case: str) -> None:
    """`private, no-store` and a session cookie reach one client, whatever the decorator says."""
    url = f"/session?{case}"

    answers = [
        ask(served.address, b"GET", url.encode(), *headers)
        for headers in ((), ((b"Cookie", b"user=alice"),), ())
    ]

    assert [cookies_of(answer) for answer in answers] == [
        [b"session=nobody-1"],
        [b"session=alice-2"],
        [b"session=nobody-3"],
    ]


def test_what_is_not_to_be_stored_is_not(served: Served, case: str) -> None:
    """`@no_store` outweighs what the answer says of itself."""
    url = f"/secret?{case}"

    assert [served.get(url).text for _ in range(2)] == ["secret (1)", "secret (2)"]


def test_two_hosts_share_nothing(served: Served, case: str) -> None:
    """One path on two hosts is two resources."""
    url = f"/host?{case}"

    answers = [served.get(url, Host=host).text for host in ("a.test", "b.test", "a.test")]

    assert answers == ["at a.test (1)", "at b.test (2)", "at a.test (1)"]


def test_an_error_stays_an_error(served: Served, case: str) -> None:
    """503 is neither kept nor turned into 200."""
    url = f"/unavailable?{case}"

    answers = [served.get(url), served.get(url)]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert [answer.text for answer in answers] == ["try later (1)", "try later (2)"]


def test_cookies_reach_one_client(served: Served, case: str) -> None:
    """A public answer with two cookies is not kept: everybody gets cookies of his own."""
    url = f"/greeting?{case}"

    answers = [ask(served.address, b"GET", url.encode()) for _ in range(2)]

    assert [cookies_of(answer) for answer in answers] == [
        [b"visit=v1", b"basket=b1"],
        [b"visit=v2", b"basket=b2"],
    ]


def test_a_tag_speaks_for_its_own_url(served: Served, case: str) -> None:
    """The tag of one answer sent elsewhere, or with a write, is no reason for a 304."""
    tag = served.get(f"/a?{case}").headers["ETag"]
    condition = {"If-None-Match": tag}

    other = served.client.get(f"/b?{case}", headers=condition)
    other_again = served.client.get(f"/b?{case}", headers=condition)
    unknown = served.client.get(f"/nowhere?{case}", headers=condition)
    write = served.client.post(f"/a?{case}", headers=condition)

    assert [other.status_code, other_again.status_code] == [200, 200]
    assert unknown.status_code == 404
    assert (write.status_code, write.text) == (200, f"/a?{case} (2)")


@pytest.mark.parametrize("form", ["{}", "W/{}", "*", '"x", {}, "y"', '"x" , W/{}'])
def test_a_fresh_entry_answers_304(served: Served, case: str, form: str) -> None:
    """If-None-Match alone or in a list, strong or weak, or `*`: the client has it."""
    url = f"/a?{case}"
    tag = served.get(url).headers["ETag"]

    answer = served.client.get(url, headers={"If-None-Match": form.format(tag.removeprefix("W/"))})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert served.desk.calls[url] == served.desk.entered[url] == 1


def test_events_come_one_by_one(served: Served, case: str) -> None:
    """The next event is made when the client has seen the one before, and nothing is kept."""
    url = f"/events?{case}"
    first, second, third = (event.strip().encode() for event in EVENTS)

    for _ in range(2):
        with RawConnection(served.address) as connection:
            connection.send(b"GET", url.encode())
            early = connection.read_until(first)
            served.client.post("/release")
            later = connection.read_until(second)
            served.client.post("/release")
            whole = connection.read_all()
        assert second not in early
        assert third not in later
        assert third in whole

    assert served.desk.calls[url] == 2


def test_twenty_misses_are_one_call(served: Served, case: str) -> None:
    """The others wait for the first, on connections of their own."""
    url = f"/slow?{case}"
    served.desk.expect(20)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: ask(served.address, b"GET", url.encode()), range(20)))

    assert {(answer.status, answer.body) for answer in answers} == {(200, b"slow (1)")}
    assert served.desk.calls[url] == served.desk.entered[url] == 1


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_a_thousand_misses_are_one_call(framework: str) -> None:
    """In process: the handler runs until the last of them has arrived."""
    desk = Desk()
    desk.expect(1000)
    app = cached_apps.build(framework, desk)

    answers = await asyncio.gather(*(call(app, "/slow") for _ in range(1000)))

    assert {(answer.status, answer.body) for answer in answers} == {(200, b"slow (1)")}
    assert desk.calls["/slow"] == desk.entered["/slow"] == 1


def test_a_hit_never_enters_the_framework(served: Served, case: str) -> None:
    """It is the first answer again, byte for byte, but for its age."""
    url = f"/a?{case}"

    first, hit, again = (ask(served.address, b"GET", url.encode()) for _ in range(3))

    assert served.desk.calls[url] == served.desk.entered[url] == 1
    assert hit.header(b"age") is not None
    assert (hit.status, hit.body) == (first.status, first.body)
    assert (again.status, again.body) == (first.status, first.body)
    assert without(hit, *NOT_OURS) == without(again, *NOT_OURS) == without(first, *NOT_OURS)


def test_head_after_get_is_a_hit_without_a_body(served: Served, case: str) -> None:
    """The fields are those of the GET, its length too."""
    url = f"/a?{case}"

    get = ask(served.address, b"GET", url.encode())
    head = ask(served.address, b"HEAD", url.encode())

    assert (head.status, head.body) == (200, b"")
    assert without(head, *NOT_OURS) == without(get, *NOT_OURS)
    assert served.desk.calls[url] == served.desk.entered[url] == 1


def test_get_after_head_has_its_body(served: Served, case: str) -> None:
    """An answer without content is never kept for those who ask for the content."""
    url = f"/a?{case}"

    head = ask(served.address, b"HEAD", url.encode())
    get = ask(served.address, b"GET", url.encode())
    hit = ask(served.address, b"GET", url.encode())

    assert (head.status, head.body) == (200, b"")
    assert (get.status, get.body.startswith(url.encode())) == (200, True)
    assert (hit.status, hit.body) == (get.status, get.body)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{}?x=1&y=2", "{}?y=2&x=1"),
        ("{}/a?b=c", "{}/ab=c"),
        ("{}/a%2Fb", "{}/a/b"),
        ("{}/a%3Fb", "{}/a?b"),
        ("{}/a?b=c", "{}/a?b=C"),
        ("{}/a?b=%41", "{}/a?b=A"),
        ("{}/a?", "{}/a?&"),
    ],
)
def test_similar_urls_are_different(served: Served, case: str, one: str, other: str) -> None:
    """The order of the query, and where the path ends, make another URL."""
    urls = [form.format(f"/echo/{case}").encode() for form in (one, other)]

    first = [ask(served.address, b"GET", url).body for url in urls]
    again = [ask(served.address, b"GET", url).body for url in urls]

    assert [body.rpartition(b" ")[0] for body in first] == [url.removesuffix(b"?") for url in urls]
    assert again == first


def test_tags_are_gone_before_the_write_is_answered(served: Served) -> None:
    """Who has seen the first byte of the answer to a write reads what was written."""
    url = f"/flights/{next(numbers)}"
    before = [served.get(url).text, served.get(url).text]

    with RawConnection(served.address) as connection:
        connection.send(b"POST", f"{url}/delay".encode(), [(b"Content-Length", b"0")])
        connection.read_until(HALVES[0].encode())
        after = served.get(url).text
        served.client.post("/release")
        whole = connection.read_all()

    assert before == [f"{url} (1)", f"{url} (1)"]
    assert after == f"{url} (2)"
    assert HALVES[1].encode() in whole


def test_other_tags_stay(served: Served) -> None:
    """A write to one flight leaves the others where they are."""
    url, other = f"/flights/{next(numbers)}", f"/flights/{next(numbers)}"
    served.get(other)

    served.client.post("/release")
    served.client.post(f"{url}/delay")

    assert served.get(other).text == f"{other} (1)"
