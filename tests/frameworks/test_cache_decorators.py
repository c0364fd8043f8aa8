"""`@cache_response` and `@invalidates` on every kind of handler, in eight kinds of apps."""

from collections.abc import Callable

import httpx
import pytest

from chopin_mw.asgi.types import ASGIApp
from chopin_mw.exchange import CacheChoice
from frameworks.apps import tagged_flights
from support.listening import ListeningMiddleware


@pytest.fixture(params=tagged_flights.CASES, ids=lambda build: build.__name__)
def app(request: pytest.FixtureRequest) -> ListeningMiddleware:
    build: Callable[[], ASGIApp] = request.param
    return ListeningMiddleware(build())


async def choice_of(app: ListeningMiddleware, method: str) -> CacheChoice:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, "/flights/7")
    assert answer.status_code == 200
    return app.choice


async def test_a_read_is_kept_under_its_tag(app: ListeningMiddleware) -> None:
    """The placeholder has the value that the framework's router found."""
    choice = await choice_of(app, "GET")

    assert choice.changes == {"ttl": 60, "override_freshness": True}
    assert choice.tags == ("flight:7",)


async def test_a_write_names_the_same_tag(app: ListeningMiddleware) -> None:
    """Whatever types the two handlers gave the parameter."""
    choice = await choice_of(app, "POST")

    assert choice.invalidates == ("flight:7",)
