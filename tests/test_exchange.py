"""The Exchange: one object a request, found by scope and by context, gone afterwards."""

import asyncio
import contextvars
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chopin_mw import cache_control, etag
from chopin_mw.exchange import (
    SCOPE_KEY,
    CacheControlChoice,
    Exchange,
    current_exchange,
    expect_writers,
    needs_exchange,
    writers,
)


@contextmanager
def opened(scope: dict[str, Any]) -> Iterator[Exchange]:
    """Do what each of our middleware does around its app."""
    found: Exchange | None = scope.get(SCOPE_KEY)
    exchange = found or Exchange(scope)
    try:
        yield exchange
    finally:
        if found is None:
            exchange.close()


def test_nested_uses_share_one_exchange() -> None:
    """Inner middleware gets the object that the outermost opened."""
    scope: dict[str, Any] = {}

    with opened(scope) as outer, opened(scope) as inner:
        assert inner is outer
        assert current_exchange() is outer


def test_the_scope_and_the_context_are_as_before_afterwards() -> None:
    """Closing removes our key and resets the context variable, only at the outermost exit."""
    scope: dict[str, Any] = {"type": "http"}

    with opened(scope):
        with opened(scope):
            pass
        assert SCOPE_KEY in scope

    assert scope == {"type": "http"}
    assert current_exchange() is None


def test_a_request_inside_a_request_gets_its_own() -> None:
    """An app called in-process from a handler has another scope, so another exchange."""
    with opened({}) as outer:
        with opened({}) as inner:
            assert inner is not outer
            assert current_exchange() is inner
        assert current_exchange() is outer


async def test_worker_threads_write_into_the_same_object() -> None:
    """The object is shared across thread pools, because it is never rebound."""
    choice = CacheControlChoice(b"no-store", on_errors=True)
    with opened({}) as exchange:

        def work() -> None:
            seen = current_exchange()
            assert seen is not None
            seen.cache_control = choice

        await asyncio.to_thread(work)

    assert exchange.cache_control is choice


def test_a_dropped_request_closes_quietly_in_another_context() -> None:
    """A coroutine closed by the garbage collector does not raise 'different Context'."""
    scope: dict[str, Any] = {}

    def serve() -> Iterator[None]:
        with opened(scope):
            yield

    request = serve()
    contextvars.copy_context().run(next, request)
    del request
    gc.collect()

    assert scope == {}


def test_an_exchange_starts_empty() -> None:
    """Nothing is decided before somebody decides it."""
    with opened({}) as exchange:
        assert exchange.cache_control is None
        assert exchange.precondition is None
        assert not exchange.applies_cache_control
        assert not exchange.applies_preconditions


def test_nothing_is_opened_for_nobody() -> None:
    """Without a decorated handler, only headers that can be read once need an exchange."""
    writers.expected = False

    assert not needs_exchange({"headers": []})
    assert needs_exchange({"headers": iter(())})
    assert needs_exchange({})

    expect_writers()

    assert needs_exchange({"headers": []})


@pytest.mark.parametrize("make", [lambda: cache_control(no_store=True), lambda: etag(lambda: "v1")])
def test_a_decorator_is_enough_to_have_them_opened(make: Callable[[], object]) -> None:
    """From the moment it is made."""
    writers.expected = False

    make()

    assert writers.expected
