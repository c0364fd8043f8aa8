"""The same over hypercorn and granian: 200, 304, HEAD, 412 and a stream, bare and in FastAPI."""

from collections.abc import Iterator

import httpx
import pytest

from frameworks.apps.shared import CHUNKS, FLIGHT
from support.servers import Address, RawConnection, ask, granian_process, hypercorn_process

APPS = ("bare", "fastapi")
SERVERS = {"granian": granian_process, "hypercorn": hypercorn_process}

of_each_app = pytest.mark.parametrize("app", APPS)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    with SERVERS[request.param]("frameworks.apps.served:app") as address:
        yield address


@pytest.fixture(scope="module")
def client(server: Address) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@of_each_app
def test_a_whole_answer_gets_a_tag(client: httpx.Client, app: str) -> None:
    """200 with ETag, default Cache-Control, and the body as it was."""
    answer = client.get(f"/{app}/flight")

    assert (answer.status_code, answer.json()) == (200, FLIGHT)
    assert answer.headers["etag"].startswith('W/"')
    assert answer.headers["cache-control"] == "private, max-age=0"


@of_each_app
@pytest.mark.parametrize("condition", ["{tag}", '"other", {tag}', "*"])
def test_a_known_tag_gives_304(client: httpx.Client, app: str, condition: str) -> None:
    """304, with the tag and without a body."""
    tag = client.get(f"/{app}/flight").headers["etag"]

    answer = client.get(f"/{app}/flight", headers={"If-None-Match": condition.format(tag=tag)})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag


@of_each_app
def test_a_304_leaves_the_connection_in_step(client: httpx.Client, app: str) -> None:
    """On one connection, the answer after a 304 is read from its first byte."""
    tag = client.get(f"/{app}/flight").headers["etag"]
    client.get(f"/{app}/flight", headers={"If-None-Match": tag})

    assert client.get(f"/{app}/flight").json() == FLIGHT


@of_each_app
def test_head_has_the_tag_and_no_body(server: Address, client: httpx.Client, app: str) -> None:
    """HEAD answers with the tag of GET, and nothing after the header."""
    tag = client.get(f"/{app}/flight").headers["etag"].encode("ascii")

    answer = ask(server, b"HEAD", f"/{app}/flight".encode())

    assert (answer.status, answer.header(b"etag"), answer.body) == (200, tag, b"")


@of_each_app
def test_a_stream_arrives_chunk_by_chunk(server: Address, client: httpx.Client, app: str) -> None:
    """The second chunk is made after the client has seen the first."""
    first, second = (chunk.encode() for chunk in CHUNKS)

    with RawConnection(server) as connection:
        connection.send(b"GET", f"/{app}/stream".encode())
        early = connection.read_until(first.strip())
        client.post(f"/{app}/release")
        whole = connection.read_all()

    assert second not in early
    assert second in whole
    assert b"etag" not in whole.lower()


@of_each_app
def test_a_stale_write_does_not_run(client: httpx.Client, app: str) -> None:
    """412 before the handler."""
    before = client.get(f"/{app}/counter").json()

    answer = client.post(f"/{app}/counter", headers={"If-Match": '"v0"'})

    assert (answer.status_code, answer.json()["status"]) == (412, 412)
    assert client.get(f"/{app}/counter").json() == before


@of_each_app
def test_junk_gives_the_whole_answer(server: Address, app: str) -> None:
    """30 KB of junk in If-None-Match is no 304 and no 500."""
    answer = ask(server, b"GET", f"/{app}/flight".encode(), (b"If-None-Match", b"W/" * 15_000))

    assert answer.status == 200
