"""The Exchange: one object a request, found by scope and by context, gone afterwards."""

import asyncio
import contextvars
import gc

from chopin_mw.exchange import SCOPE_KEY, Exchange, current_exchange, exchange_of


def test_nested_uses_share_one_exchange() -> None:
    """Inner middleware gets the object that the outermost opened."""
    scope: dict[str, object] = {}

    with exchange_of(scope) as outer, exchange_of(scope) as inner:
        assert inner is outer
        assert current_exchange() is outer


def test_the_scope_and_the_context_are_as_before_afterwards() -> None:
    """Closing removes our key and resets the context variable, only at the outermost exit."""
    scope: dict[str, object] = {"type": "http"}

    with exchange_of(scope):
        with exchange_of(scope):
            pass
        assert SCOPE_KEY in scope

    assert scope == {"type": "http"}
    assert current_exchange() is None


def test_a_request_inside_a_request_gets_its_own() -> None:
    """An app called in-process from a handler has another scope, so another exchange."""
    with exchange_of({}) as outer:
        with exchange_of({}) as inner:
            assert inner is not outer
            assert current_exchange() is inner
        assert current_exchange() is outer


async def test_worker_threads_write_into_the_same_object() -> None:
    """The object is shared across thread pools, because it is never rebound."""
    with exchange_of({}) as exchange:

        def work() -> None:
            seen = current_exchange()
            assert seen is not None
            seen.cache_control = b"no-store"

        await asyncio.to_thread(work)

    assert exchange.cache_control == b"no-store"


def test_a_dropped_request_closes_quietly_in_another_context() -> None:
    """A coroutine closed by the garbage collector does not raise 'different Context'."""
    scope: dict[str, object] = {}

    def serve() -> object:
        with exchange_of(scope):
            yield

    request = serve()
    contextvars.copy_context().run(lambda: next(iter([request])) and next(request))  # type: ignore[call-overload]
    del request
    gc.collect()

    assert scope == {}


def test_an_exchange_starts_empty() -> None:
    """Nothing is decided before somebody decides it."""
    exchange = Exchange({})

    assert exchange.cache_control is None
    assert exchange.etag is None
    assert exchange.answered_status is None
    assert not exchange.applies_cache_control
