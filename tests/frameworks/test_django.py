"""What is Django's alone: answers without a length, views as functions, plain middleware."""

from typing import Any

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View

from chopin_mw import ChopinMiddleware, cache_control, etag
from frameworks.apps.django_app import COMMON, PLAIN, URLs, handler_for


async def version(request: HttpRequest) -> str:
    return "v1"


def client_of(view: Any, *middleware: str) -> httpx.AsyncClient:
    app = ChopinMiddleware(handler_for(URLs(path("", view)), *middleware))
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False)


async def test_without_a_declared_length_the_answer_passes_whole() -> None:
    """No CommonMiddleware, no length: Django 6 gets its tag still, 5.2 sends from another task."""

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("whole")

    async with client_of(view) as client:
        answer = await client.get("/", headers={"If-None-Match": '"other"'})

    assert (answer.status_code, answer.text) == (200, "whole")


@pytest.mark.parametrize("layers", [(), (COMMON,)], ids=["bare", "common"])
async def test_a_decorated_view_needs_no_length(layers: tuple[str, ...]) -> None:
    """`@etag` compares before the view runs, whatever stands around it."""

    @etag(version)
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("whole")

    async with client_of(view, *layers) as client:
        whole = await client.get("/")
        again = await client.get("/", headers={"If-None-Match": '"v1"'})

    assert (whole.headers["etag"], again.status_code) == ('"v1"', 304)


class AsyncView(View):  # type: ignore[misc]  # Django has no types
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("async")


class PlainView(View):  # type: ignore[misc]  # Django has no types
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("plain")


@pytest.mark.parametrize("view", [AsyncView, PlainView])
async def test_what_as_view_returns_can_be_decorated(view: Any) -> None:
    """In the list of URLs, `as_view()` is decorated like any function."""
    decorated = cache_control(max_age=60)(etag(lambda request: "v1")(view.as_view()))

    async with client_of(decorated) as client:
        whole = await client.get("/")
        again = await client.get("/", headers={"If-None-Match": '"v1"'})
        stale = await client.get("/", headers={"If-Match": '"v0"'})

    statuses = [answer.status_code for answer in (whole, again, stale)]
    assert statuses == [200, 304, 412]
    assert whole.headers["cache-control"] == again.headers["cache-control"] == "max-age=60"


async def test_decorators_are_heard_below_plain_middleware() -> None:
    """An async view below a plain middleware runs in another loop, and is heard."""

    @cache_control(max_age=60)
    @etag(version)
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("whole")

    async with client_of(view, PLAIN) as client:
        whole = await client.get("/")
        again = await client.get("/", headers={"If-None-Match": '"v1"'})

    assert (whole.status_code, again.status_code) == (200, 304)
    assert whole.headers["cache-control"] == "max-age=60"
