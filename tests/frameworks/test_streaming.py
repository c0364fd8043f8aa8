"""Streams in every framework, on real sockets, inside the whole stack."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from frameworks.apps.streamed_apps import BUILDERS
from frameworks.apps.streamed_desk import COUNT, EVENTS, LIVE, Desk, row
from support.servers import Address, RawConnection, ask, uvicorn_thread

ROWS = [row(number) for number in range(COUNT)]
WRITTEN = b":\n\n" + b"".join(
    event.encode(lambda data: json.dumps(data).encode()) for event in EVENTS
)


@pytest.fixture(scope="module", params=BUILDERS)
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    with uvicorn_thread(BUILDERS[request.param](Desk())) as address:
        yield address


@pytest.fixture(scope="module")
def client(server: Address) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def lines(answer: httpx.Response) -> list[Any]:
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize(
    ("path", "trailer"), [("lines", [{"end": True, "count": COUNT}]), ("sync-lines", [])]
)
def test_rows_arrive_as_lines(client: httpx.Client, path: str, trailer: list[Any]) -> None:
    """Of an async and of a plain generator."""
    answer = client.get(f"/{path}")

    assert lines(answer) == ROWS + trailer
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_rows_arrive_as_one_array(client: httpx.Client) -> None:
    """Bare and in the envelope."""
    assert client.get("/array").json() == ROWS
    assert client.get("/envelope").json() == {"success": True, "data": ROWS}


def test_events_arrive_in_their_form(client: httpx.Client) -> None:
    """With the fields that the handler gave."""
    answer = client.get("/events")

    assert answer.content.replace(b'{"late":1}', b'{"late": 1}') == WRITTEN
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-desk"] == "7"


@pytest.mark.parametrize("path", ["lines", "array", "events"])
def test_no_cache_keeps_a_stream_and_no_proxy_holds_it_back(
    client: httpx.Client, path: str
) -> None:
    """Nor does our own stack tag it, store it or say how long it is."""
    answers = [client.get(f"/{path}") for _ in range(2)]

    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert not {"etag", "content-length", "age"} & answer.headers.keys()


def test_the_first_event_arrives_while_the_stream_is_open(server: Address) -> None:
    """Through all layers, and in three answers to one URL at the same time."""
    with ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(RawConnection(server))
            connection.send(b"GET", b"/live")

            assert connection.read_until(LIVE).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", ["live", "endless", "sync-endless"])
def test_a_client_that_leaves_closes_the_source(
    server: Address, client: httpx.Client, path: str
) -> None:
    """Whether the source waits, or the server for the client."""
    with RawConnection(server) as connection:
        connection.send(b"GET", f"/{path}".encode())
        connection.read_until(LIVE if path == "live" else b'"padding"')

    (state,) = lines(client.get("/over"))

    assert state["closed"] == state["opened"]


def test_head_opens_no_stream(server: Address, client: httpx.Client) -> None:
    """It would not end: the answer has the header of GET, and the source is not begun."""
    (before,) = lines(client.get("/over"))

    answer = ask(server, b"HEAD", b"/live")

    (after,) = lines(client.get("/over"))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header(b"content-type") == b"text/event-stream; charset=utf-8"
    assert after["opened"] == before["opened"]


def test_ten_streams_run_at_once(client: httpx.Client) -> None:
    """Each whole."""
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: lines(client.get("/sync-lines")), range(10)))

    assert answers == [ROWS] * 10
