"""A handler speaks for its own answers: not for those of a handler that calls it as a function."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chopin_mw import CacheControlMiddleware, cache_control, cache_response
from chopin_mw.asgi.types import ASGIApp
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from frameworks.apps import cached_callers, cached_shapes

WARNING = "was called by another handler"
Build = Callable[[Callable[[Any], Any]], ASGIApp]
callers = pytest.mark.parametrize(
    "build", cached_callers.CASES, ids=lambda build: f"{build.__name__}"
)
shapes = pytest.mark.parametrize(
    "build",
    [*cached_callers.CASES, *cached_shapes.CASES],
    ids=lambda build: f"{build.__module__.rpartition('.')[2]}.{build.__name__}",
)


async def answers_to(app: ASGIApp, url: str, method: str = "GET") -> list[httpx.Response]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answers = [await client.request(method, url) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    return answers


@callers
async def test_an_answer_with_another_in_it_is_not_kept(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be personal; one warning says whose word did not count."""
    app = HTTPCacheMiddleware(build(cache_response(ttl=60)))

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        first, second = await answers_to(app, "/me")

    assert first.text != second.text
    assert "age" not in second.headers
    (warning,) = [record for record in caplog.records if record.name == "chopin_mw"]
    assert WARNING in warning.message


@shapes
async def test_the_handler_of_the_route_is_kept(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever stands between the route and the handler, and no warning is given."""
    app = HTTPCacheMiddleware(build(cache_response(ttl=60)))

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        first, second = await answers_to(app, "/flight")

    assert first.text == second.text
    assert "age" in second.headers
    assert WARNING not in caplog.text


@callers
async def test_an_answer_with_another_in_it_is_not_public(build: Build) -> None:
    """`@cache_control` does not speak for the caller either."""
    app = CacheControlMiddleware(build(cache_control(public=True, max_age=60)))

    answers = await answers_to(app, "/me")

    assert not any("cache-control" in answer.headers for answer in answers)


@callers
async def test_no_store_speaks_for_the_caller(build: Build) -> None:
    """What must not be stored must not be stored as a part of something else."""
    app = CacheControlMiddleware(build(cache_control(no_store=True)), default="max-age=60")

    answers = await answers_to(app, "/me")

    assert [answer.headers["cache-control"] for answer in answers] == ["no-store", "no-store"]


@shapes
async def test_the_handler_of_the_route_has_its_policy(build: Build) -> None:
    """Whatever stands between them."""
    app = CacheControlMiddleware(build(cache_control(public=True, max_age=60)))

    answers = await answers_to(app, "/flight")

    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=60"}


@pytest.mark.parametrize(
    "build",
    [cached_callers.starlette_endpoint, cached_callers.quart_view, cached_callers.django_view],
    ids=lambda build: f"{build.__name__}",
)
async def test_head_is_answered_by_get(build: Build) -> None:
    """In a class without `head` the framework takes `get`."""
    app = CacheControlMiddleware(build(cache_control(public=True, max_age=60)))

    answers = await answers_to(app, "/flight", "HEAD")

    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=60"}
