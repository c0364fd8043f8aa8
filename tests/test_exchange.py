"""The Exchange: what a handler leaves in the scope that a middleware listens with."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chopin_mw.exchange import (
    SCOPE_KEY,
    CacheControlChoice,
    Exchange,
    Listener,
    cache_control_scope,
    current_scope,
    exchange_of,
    preconditions_scope,
)


@contextmanager
def listening(listener: Listener, scope: dict[str, Any]) -> Iterator[None]:
    """Do what each of our middleware does around its app."""
    token = listener.set(scope)
    try:
        yield
    finally:
        listener.reset(token)


def test_an_exchange_is_made_when_somebody_has_something_to_say() -> None:
    """And it is one for each request."""
    scope: dict[str, Any] = {}

    exchange = exchange_of(scope)

    assert exchange_of(scope) is exchange
    assert scope == {SCOPE_KEY: exchange}
    assert isinstance(exchange, Exchange)
    assert exchange.cache_control is None
    assert exchange.precondition is None


def test_either_listener_knows_the_request() -> None:
    """Outside of a request nobody does."""
    scope = {"type": "http"}

    assert current_scope() is None
    for listener in (preconditions_scope, cache_control_scope):
        with listening(listener, scope):
            assert current_scope() is scope
    assert current_scope() is None


def test_a_request_inside_a_request_is_listened_to_on_its_own() -> None:
    """An app called in-process from a handler has another scope."""
    outer, inner = {"path": "/outer"}, {"path": "/inner"}

    with listening(preconditions_scope, outer):
        with listening(preconditions_scope, inner):
            assert preconditions_scope.get() is inner
        assert preconditions_scope.get() is outer


async def test_worker_threads_write_into_the_same_object() -> None:
    """The scope is shared across thread pools, because it is never rebound."""
    choice = CacheControlChoice(b"no-store", on_errors=True)
    scope: dict[str, Any] = {}
    with listening(cache_control_scope, scope):

        def work() -> None:
            seen = cache_control_scope.get()
            assert seen is not None
            exchange_of(seen).cache_control = choice

        await asyncio.to_thread(work)

    assert exchange_of(scope).cache_control is choice
