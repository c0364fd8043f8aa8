"""What a cache says it has done."""

from typing import Any

import pytest

from cache.stage import Client, SlowStore, get, whole
from cache.world import FRESH, TAGGED, World, saying
from chopin_mw.asgi.types import Scope, Send
from chopin_mw.cache.statistics import CacheStatistics, Outcome
from chopin_mw.exchange import SCOPE_KEY, CacheChoice, Exchange, exchange_of
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.stores.memory import MemoryStatistics


async def heard(world: World, *headers: tuple[bytes, bytes], **options: Any) -> str | None:
    """Ask, with a layer outside that listens."""
    client = Client(headers=list(headers), **options)
    exchange = Exchange()
    await world.middleware({**client.scope(), SCOPE_KEY: exchange}, client.receive, client.send)
    return exchange.cache_outcome


async def test_a_cache_that_has_done_nothing_says_so() -> None:
    """Every outcome is there, so that a dashboard can begin at zero."""
    statistics = World(saying()).statistics

    assert isinstance(statistics, CacheStatistics)
    assert statistics.outcomes == dict.fromkeys(Outcome, 0)
    assert statistics.bypasses == statistics.refusals == {}
    assert isinstance(statistics.store, MemoryStatistics)


async def test_a_store_that_counts_nothing_is_left_out() -> None:
    """Its statistics are no part of the protocol."""
    assert World(saying(), store=SlowStore).statistics.store is None


async def test_misses_and_hits_are_counted_and_told() -> None:
    """Whoever listens outside hears of its own request."""
    world = World(saying(FRESH))

    assert [await heard(world), await heard(world)] == [Outcome.MISS, Outcome.HIT]
    await world.ask()
    assert world.outcomes() == {Outcome.MISS: 1, Outcome.HIT: 2}
    assert world.statistics.stored == 1


async def test_a_hit_that_takes_the_general_way_is_counted_too() -> None:
    """Here a range."""
    world = World(saying(FRESH))
    await world.ask()

    assert await heard(world, (b"range", b"bytes=0-1")) == Outcome.HIT
    assert world.outcomes() == {Outcome.MISS: 1, Outcome.HIT: 1}


async def test_stale_hits_and_refreshes_are_counted() -> None:
    """The refresh itself is no request of anybody."""
    world = World(saying((b"cache-control", b"max-age=10, stale-while-revalidate=90")))
    await world.ask()
    world.clock.advance(20)

    assert await heard(world) == Outcome.HIT_STALE
    assert world.outcomes() == {Outcome.MISS: 1, Outcome.HIT_STALE: 1}
    assert world.statistics.refreshes == 1


async def test_a_validation_is_counted() -> None:
    """The app said 304, the client got the whole."""

    async def answer(scope: Scope, send: Send) -> None:
        known = b"if-none-match" in dict(scope["headers"])
        terms = (b"cache-control", b"max-age=10")
        await whole(send, b"" if known else b"hello", terms, TAGGED, status=304 if known else 200)

    world = World(answer)
    await world.ask()
    world.clock.advance(20)

    assert await heard(world) == Outcome.REVALIDATED
    assert (await world.ask()).body == b"hello"


async def test_a_stale_answer_after_a_failure_is_counted() -> None:
    """It is no hit, and no miss."""
    world = World(saying((b"cache-control", b"max-age=10, stale-if-error=90")))
    await world.ask()
    world.clock.advance(20)
    world.answer = saying(status=503)

    assert await heard(world) == Outcome.HIT_AFTER_FAILURE


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([(b"if-match", b'"x"')], "precondition"),
        ([(b"if-unmodified-since", b"Sat, 01 Jan 2000 00:00:00 GMT")], "precondition"),
        ([(b"content-length", b"3")], "body"),
        ([(b"transfer-encoding", b"chunked")], "body"),
        ([(b"cookie", b"a=1")], "personal"),
        ([(b"authorization", b"Basic x")], "personal"),
    ],
)
async def test_requests_that_the_cache_must_not_answer_are_counted_by_reason(
    headers: list[tuple[bytes, bytes]], reason: str
) -> None:
    """Although it has a response."""
    world = World(saying(FRESH))
    await world.ask()

    assert await heard(world, *headers) == Outcome.BYPASS
    assert world.statistics.bypasses == {reason: 1}
    assert world.calls == 2


async def test_an_empty_body_is_no_body() -> None:
    """Some clients send Content-Length: 0 with every GET."""
    world = World(saying(FRESH))
    await world.ask()

    assert await heard(world, (b"content-length", b"0")) == Outcome.HIT


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([(b"cache-control", b"no-store")], "no-store"),
        ([(b"cache-control", b"private, max-age=9")], "private"),
        ([FRESH, (b"vary", b"*")], "vary"),
        ([FRESH, (b"set-cookie", b"a=1")], "set-cookie"),
        ([FRESH, (b"content-type", b"text/event-stream")], "stream"),
        ([FRESH, (b"content-length", b"99")], "length"),
        ([FRESH, (b"content-length", b"2000000")], "too-large"),
        ([], "no-lifetime"),
    ],
)
async def test_responses_that_are_not_kept_are_counted_by_reason(
    headers: list[tuple[bytes, bytes]], reason: str
) -> None:
    """So that an operator sees why nothing is ever a hit."""
    world = World(saying(*headers))

    assert await heard(world) == Outcome.MISS
    assert world.statistics.refusals == {reason: 1}
    assert len(world.memory) == 0


async def test_a_decorators_no_store_is_a_reason() -> None:
    """It wins over all that the response says."""

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = CacheChoice(changes=None)
        await whole(send, b"hello", FRESH)

    world = World(answer)
    await world.ask()

    assert world.statistics.refusals == {"decorator": 1}


async def test_only_if_cached_is_counted() -> None:
    """The app hears nothing of it."""
    world = World(saying(FRESH), policy=CachePolicy(honour_request_directives=True))

    assert await heard(world, (b"cache-control", b"only-if-cached")) == Outcome.GATEWAY_TIMEOUT
    assert world.calls == 0


async def test_invalidations_are_counted_whoever_asks_for_them() -> None:
    """The app by the cache, or a client by an unsafe method: before its answer and after it."""
    world = World(saying(FRESH))
    await world.cache.invalidate(tag="a")
    assert world.statistics.invalidations == 1

    await world.ask(method="POST")
    assert world.statistics.invalidations == 3


async def test_nobody_needs_to_listen() -> None:
    """Without a layer outside there is no exchange, and none is left behind."""
    world = World(saying(FRESH))
    client = get()
    scope = client.scope()
    await world.middleware(scope, client.receive, client.send)

    assert SCOPE_KEY not in scope
