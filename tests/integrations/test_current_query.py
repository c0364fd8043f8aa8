"""The query of the request is found where the framework has it, in the order of the evidence."""

import asyncio
import sys
from typing import Any

import pytest
from quart import Quart
from starlette.requests import Request

from chopin_mw.exchange import cache_scope
from chopin_mw.integrations.current_query import query_of_call
from support.scopes import http_scope


def test_a_request_among_the_arguments_tells_first() -> None:
    """Also where a middleware's scope says something else, as for a request inside of another."""
    token = cache_scope.set(http_scope(query_string=b"outer=1"))
    try:
        request = Request(http_scope(query_string=b"inner=1"))
        assert query_of_call((1, request)) == b"inner=1"
        assert query_of_call((1,)) == b"outer=1"
    finally:
        cache_scope.reset(token)


def test_a_scope_among_the_arguments_tells() -> None:
    """A dict of the app's own is none."""
    assert query_of_call(({"query_string": "mine"}, http_scope(query_string=b"a=1"))) == b"a=1"
    assert query_of_call(({"a": 1},)) is None


def test_a_scope_without_a_query_has_an_empty_one() -> None:
    """Where the ASGI server leaves it out."""
    scope = http_scope()
    del scope["query_string"]

    assert query_of_call((Request(scope),)) == b""
    token = cache_scope.set(scope)
    try:
        assert query_of_call(()) == b""
    finally:
        cache_scope.reset(token)


async def test_quarts_context_tells_in_threads_too() -> None:
    """Where a plain handler runs."""
    async with Quart("flights").test_request_context("/?a=1"):
        assert await asyncio.to_thread(query_of_call, ()) == b"a=1"


async def test_nobody_knows_it_outside_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Quart loaded and without, close to the outermost frame and far from it."""

    def deeper(frames: int) -> Any:
        return deeper(frames - 1) if frames else query_of_call(())

    assert await asyncio.to_thread(deeper, 0) is None
    assert await asyncio.to_thread(deeper, 100) is None
    monkeypatch.delitem(sys.modules, "quart")
    assert query_of_call(()) is None


def test_the_frame_of_a_framework_tells() -> None:
    """One without a request does not; the next may."""
    frames: dict[str, Any] = {"__name__": "starlette.routing", "query_of_call": query_of_call}
    exec("def call(request): return query_of_call(())", frames)  # noqa: S102 - a frame of that name

    assert frames["call"](None) is None
    assert frames["call"](Request(http_scope(query_string=b"a=1"))) == b"a=1"
