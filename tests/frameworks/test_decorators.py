"""`@etag` and `@cache_control` in eight kinds of apps and on every kind of handler they have."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from chopin_mw import ChopinMiddleware
from chopin_mw.asgi.types import ASGIApp
from frameworks.apps import decorated_asgi, decorated_frameworks

CASES = (*decorated_asgi.CASES, *decorated_frameworks.CASES)
Client = httpx.AsyncClient


@pytest.fixture
def calls() -> list[str]:
    """The methods of the requests that reached the handler."""
    return []


@pytest.fixture(params=CASES, ids=lambda build: build.__name__)
async def client(request: pytest.FixtureRequest, calls: list[str]) -> AsyncIterator[Client]:
    build: Callable[[list[str]], ASGIApp] = request.param
    transport = httpx.ASGITransport(ChopinMiddleware(build(calls)))
    async with Client(transport=transport, base_url="http://test", trust_env=False) as client:
        yield client


async def test_a_read_carries_tag_and_policy(client: Client, calls: list[str]) -> None:
    """The answer has the tag that the function returned and the policy of the decorator."""
    answer = await client.get("/")

    assert (answer.status_code, calls) == (200, ["GET"])
    assert answer.headers.get_list("etag") == ['"v1"']
    assert answer.headers.get_list("cache-control") == ["max-age=60"]
    assert "done" in answer.text


async def test_a_repeated_read_does_not_run(client: Client, calls: list[str]) -> None:
    """304 comes before the handler, with tag and policy, without type and body."""
    answer = await client.get("/", headers={"If-None-Match": 'W/"v1"'})

    assert (answer.status_code, calls) == (304, [])
    assert answer.headers.get_list("etag") == ['"v1"']
    assert answer.headers.get_list("cache-control") == ["max-age=60"]
    assert "content-type" not in answer.headers
    assert answer.content == b""


async def test_a_read_of_another_state_runs(client: Client, calls: list[str]) -> None:
    """An old tag gets the new answer."""
    answer = await client.get("/", headers={"If-None-Match": '"v0"'})

    assert (answer.status_code, calls) == (200, ["GET"])


async def test_a_stale_write_does_not_run(client: Client, calls: list[str]) -> None:
    """412 comes before the handler, as problem details, and may not be reused."""
    answer = await client.post("/", headers={"If-Match": '"v0"'})

    assert (answer.status_code, calls) == (412, [])
    assert answer.headers.get_list("content-type") == ["application/problem+json"]
    assert answer.headers.get_list("content-length") == [str(len(answer.content))]
    assert answer.json()["title"] == "Precondition Failed"
    assert "cache-control" not in answer.headers


async def test_a_write_of_the_current_state_runs(client: Client, calls: list[str]) -> None:
    """A matching tag lets the write through."""
    answer = await client.post("/", headers={"If-Match": '"v1"'})

    assert (answer.status_code, calls) == (200, ["POST"])


async def test_an_unconditional_write_runs(client: Client, calls: list[str]) -> None:
    """Who asks for nothing is refused nothing."""
    answer = await client.post("/")

    assert (answer.status_code, calls) == (200, ["POST"])
