"""ETag, 304 and 412 in every framework, over the sockets of a real server."""

import httpx
import pytest

from frameworks.apps.shared import OWN_TAG, OWN_TEXT
from support.servers import Address, ask

PROBLEM = "application/problem+json"


def test_a_whole_answer_gets_a_weak_tag(client: httpx.Client) -> None:
    """A plain 200 leaves with an ETag, equal for equal bytes."""
    first, second = client.get("/flight"), client.get("/flight")

    assert first.status_code == 200
    assert first.headers["etag"].startswith('W/"')
    assert first.headers["etag"] == second.headers["etag"]
    assert first.content == second.content != b""


def test_another_body_gets_another_tag(client: httpx.Client) -> None:
    """Two resources with different bytes have different tags."""
    tags = {client.get(path).headers["etag"] for path in ("/flight", "/rows")}

    assert len(tags) == 2


@pytest.mark.parametrize(
    "condition",
    ["{weak}", "{strong}", '"other", {weak}', '"a,b" , W/"x",{weak}, "c"', "*", ",{weak} ,,"],
    ids=["weak", "strong", "list", "list with commas", "any", "empty elements"],
)
def test_a_known_tag_gives_304(client: httpx.Client, condition: str) -> None:
    """If-None-Match compares weakly, in lists, and `*` asks for existence (RFC 9110 §13.1.2)."""
    tag = client.get("/flight").headers["etag"]
    known = condition.format(weak=tag, strong=tag.removeprefix("W/"))

    answer = client.get("/flight", headers={"If-None-Match": known})

    assert answer.status_code == 304
    assert answer.headers["etag"] == tag
    assert answer.content == b""


def test_tags_on_two_lines_are_one_list(server: Address, client: httpx.Client) -> None:
    """A tag on the second line of If-None-Match counts (RFC 9110 §5.3)."""
    tag = client.get("/flight").headers["etag"].encode("ascii")

    answer = ask(
        server, b"GET", b"/flight", (b"If-None-Match", b'"other"'), (b"if-none-match", tag)
    )

    assert answer.status == 304
    assert answer.body == b""


def test_304_keeps_the_caching_fields_only(server: Address, client: httpx.Client) -> None:
    """A 304 names its validator and policy, and neither type nor length (RFC 9110 §15.4.5)."""
    tag = client.get("/flight").headers["etag"].encode("ascii")

    answer = ask(server, b"GET", b"/flight", (b"If-None-Match", tag))

    assert answer.header(b"cache-control") == b"private, max-age=0"
    assert answer.header(b"etag") == tag
    assert answer.header(b"content-type") is None
    assert answer.header(b"content-length") in (None, b"0")
    assert answer.body == b""


def test_an_unknown_tag_gives_the_whole_answer(client: httpx.Client) -> None:
    """A tag that the client does not have sends the body."""
    answer = client.get("/flight", headers={"If-None-Match": 'W/"0123", "other"'})

    assert answer.status_code == 200
    assert answer.json()["carrier"] == "UA"


def test_head_has_the_tag_of_get_and_no_body(server: Address, client: httpx.Client) -> None:
    """HEAD answers as GET would, less the body (RFC 9110 §9.3.2)."""
    whole = client.get("/flight")

    answer = ask(server, b"HEAD", b"/flight")

    assert answer.status == 200
    assert answer.header(b"etag") == whole.headers["etag"].encode("ascii")
    assert answer.header(b"content-length") == b"%d" % len(whole.content)
    assert answer.body == b""


def test_head_with_a_known_tag_gives_304(server: Address, client: httpx.Client) -> None:
    """HEAD is conditional like GET."""
    tag = client.get("/flight").headers["etag"].encode("ascii")

    answer = ask(server, b"HEAD", b"/flight", (b"If-None-Match", tag))

    assert (answer.status, answer.body) == (304, b"")


def test_the_tag_of_the_app_wins(client: httpx.Client) -> None:
    """An ETag that the app set is passed on and compared, not replaced."""
    whole = client.get("/own-tag")
    repeated = client.get("/own-tag", headers={"If-None-Match": f"W/{OWN_TAG}"})

    assert (whole.status_code, whole.text) == (200, OWN_TEXT)
    assert whole.headers.get_list("etag") == [OWN_TAG]
    assert repeated.status_code == 304
    assert repeated.headers["etag"] == OWN_TAG


def test_a_route_with_etag_sends_the_tag_it_named(client: httpx.Client) -> None:
    """`@etag` gives the answer the tag that was compared, strong, and 304 for it."""
    whole = client.get("/counter")
    repeated = client.get("/counter", headers={"If-None-Match": whole.headers["etag"]})

    assert whole.headers["etag"] == f'"v{whole.json()["version"]}"'
    assert (repeated.status_code, repeated.content) == (304, b"")
    assert repeated.headers["etag"] == whole.headers["etag"]


def test_a_stale_write_does_not_run(client: httpx.Client) -> None:
    """A POST with the tag of an older state gets 412 as a problem, and nothing is written."""
    before = client.get("/counter").json()

    answer = client.post("/counter", headers={"If-Match": '"v0"'})

    assert answer.status_code == 412
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == 412
    assert answer.json()["title"] == "Precondition Failed"
    assert client.get("/counter").json() == before


def test_a_write_with_the_current_tag_runs(client: httpx.Client) -> None:
    """A POST with the tag of the current state writes, once."""
    before = client.get("/counter")

    answer = client.post("/counter", headers={"If-Match": before.headers["etag"]})

    assert answer.status_code == 200
    assert answer.json() == {"version": before.json()["version"] + 1}
    assert client.get("/counter").json() == answer.json()


def test_of_two_writers_with_one_tag_only_the_first_writes(client: httpx.Client) -> None:
    """The second of two editors of the same state is told so: no lost update."""
    tag = client.get("/counter").headers["etag"]

    statuses = [client.post("/counter", headers={"If-Match": tag}).status_code for _ in "ab"]

    assert statuses == [200, 412]


@pytest.mark.parametrize("condition", ['W/"v1"', "v1", '"v1', "", "junk, *"], ids=str)
def test_a_malformed_if_match_writes_nothing(client: httpx.Client, condition: str) -> None:
    """What is no list of strong tags matches nothing, and is no reason to write."""
    before = client.get("/counter").json()

    answer = client.post("/counter", headers={"If-Match": condition})

    assert answer.status_code == 412
    assert client.get("/counter").json() == before
