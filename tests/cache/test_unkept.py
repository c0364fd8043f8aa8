"""URLs whose responses name no lifetime: they pay for an ETag and no more, and not for ever."""

import asyncio
from typing import Any

import pytest

from cache.stage import get, whole
from cache.world import FRESH, World, saying
from chopin_mw.asgi.types import Scope, Send
from chopin_mw.cache import unkept
from chopin_mw.cache.statistics import Outcome
from chopin_mw.cache.unkept import Unkept
from chopin_mw.exchange import SCOPE_KEY, CacheChoice, Exchange, exchange_of
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.stored_response import CacheKey

KEYS: list[CacheKey] = [("", "http", b"host", "", f"/{number}", b"") for number in range(30)]


async def test_what_names_no_lifetime_goes_straight_to_the_app() -> None:
    """Still with an ETag, and a 304 for who has it."""
    world = World(saying())
    first = await world.ask()

    again = await world.ask()
    validated = await world.ask((b"if-none-match", first.fields[b"etag"]))

    assert world.calls == 3
    assert again.fields == first.fields
    assert (validated.status, validated.body) == (304, b"")


async def test_statistics_count_what_goes_straight() -> None:
    """A way that is faster is no way around the books."""
    world = World(saying())
    for _ in range(5):
        await world.ask()

    assert world.outcomes() == {Outcome.MISS: 5}
    assert world.statistics.refusals == {"no-lifetime": 5}


async def test_a_layer_outside_hears_of_what_goes_straight() -> None:
    """It listens to its own request, not to the sum."""
    world = World(saying())
    await world.ask()
    client, exchange = get(), Exchange()

    await world.middleware({**client.scope(), SCOPE_KEY: exchange}, client.receive, client.send)

    assert exchange.cache_outcome == Outcome.MISS


async def test_those_requests_do_not_wait_for_each_other() -> None:
    """What one gets, no other could have."""
    gate = asyncio.Event()

    async def answer(scope: Scope, send: Send) -> None:
        if world.calls > 1:
            await gate.wait()
        await whole(send, b"hello")

    world = World(answer)
    await world.ask()
    requests = [asyncio.create_task(world.ask()) for _ in range(10)]
    await asyncio.sleep(0)

    assert world.calls == 11
    gate.set()
    await asyncio.gather(*requests)


@pytest.mark.parametrize(
    "field",
    [
        FRESH,
        (b"Cache-Control", b"max-age=100"),
        (b"cdn-cache-control", b"max-age=100"),
        (b"expires", b"Fri, 01 Jan 2038 00:00:00 GMT"),
    ],
)
async def test_a_response_that_names_a_lifetime_is_noticed(field: tuple[bytes, bytes]) -> None:
    """The next one is kept again."""
    world = World(saying())
    await world.ask()
    world.answer = saying(field)

    for _ in range(4):
        await world.ask()

    assert world.calls == 3


@pytest.mark.parametrize("status", [301, 404])
async def test_it_is_noticed_whatever_the_status(status: int) -> None:
    """A redirect may be kept as well as a page."""
    world = World(saying())
    await world.ask()
    world.answer = saying(FRESH, status=status)

    for _ in range(4):
        await world.ask()

    assert world.calls == 3


async def test_a_decorator_that_speaks_is_noticed() -> None:
    """Handlers of one URL may differ by what they decide."""
    choice = CacheChoice(changes={"ttl": 100.0})

    async def decorated(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = choice
        await whole(send, b"hello")

    world = World(saying())
    await world.ask()
    world.answer = decorated

    for _ in range(4):
        await world.ask()

    assert world.calls == 3


async def test_an_app_that_fails_on_the_straight_way_fails() -> None:
    """Its exception leaves, and nothing is left behind."""

    async def failing(scope: Scope, send: Send) -> None:
        raise LookupError("the app failed")

    world = World(saying())
    await world.ask()
    world.answer = failing

    with pytest.raises(LookupError, match="the app failed"):
        await world.ask()
    assert world.statistics.failures == 0


def test_it_is_remembered_for_a_minute() -> None:
    """An app may be changed while it runs."""
    now = 0.0
    held = Unkept(lambda: now)
    held.add(KEYS[0], CachePolicy())

    now = 59.9
    assert KEYS[0] in held
    now = 60.0
    assert KEYS[0] not in held


@pytest.mark.parametrize(
    "policy",
    [
        CachePolicy(ttl=1),
        CachePolicy(negative_ttl=1),
        CachePolicy(heuristic_fraction=0.1),
        CachePolicy(proxied=True),
        CachePolicy(honour_request_directives=True),
    ],
)
def test_where_there_is_more_to_do_nothing_goes_straight(policy: CachePolicy) -> None:
    """Give a lifetime to the next, leave tags to the origin, answer only-if-cached."""
    held = Unkept(lambda: 0.0)

    held.add(KEYS[0], policy)

    assert KEYS[0] not in held


def test_what_was_never_added_may_be_discarded() -> None:
    """Two requests may notice the same thing."""
    held = Unkept(lambda: 0.0)
    held.add(KEYS[0], CachePolicy())

    held.discard(KEYS[1])
    held.discard(KEYS[0])
    held.discard(KEYS[0])

    assert KEYS[0] not in held


def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may invent URLs for ever."""
    monkeypatch.setattr(unkept, "_MOST", 10)
    held = Unkept(lambda: 0.0)

    for key in KEYS:
        held.add(key, CachePolicy())

    assert sum(key in held for key in KEYS) <= 10
    assert KEYS[-1] in held


async def test_a_proxy_gives_no_tags_on_the_straight_way_either() -> None:
    """They are the origin's to give, and If-Match its to evaluate."""
    world = World(saying(), policy=CachePolicy(proxied=True))
    await world.ask()

    again = await world.ask()
    conditional = await world.ask((b"if-match", b'"other"'))

    assert b"etag" not in again.fields
    assert b"date" in again.fields
    assert conditional.status == 200


@pytest.mark.parametrize("directive", [b"only-if-cached", b"only-if-cached, max-stale"])
async def test_only_if_cached_is_never_passed_on(directive: bytes) -> None:
    """RFC 9111 §5.2.1.7, where the policy honours it."""
    world = World(saying(), policy=CachePolicy(honour_request_directives=True))
    await world.ask()

    answer = await world.ask((b"cache-control", directive))

    assert answer.status == 504
    assert world.calls == 1


@pytest.mark.parametrize("options", [{}, {"cache_status": "me"}], ids=["plain", "named"])
async def test_a_request_with_a_precondition_is_a_bypass_like_any_other(options: Any) -> None:
    """Whether or not its URL is one that goes straight."""
    world = World(saying(), **options)
    await world.ask()

    await world.ask((b"if-match", b"*"))

    assert world.statistics.bypasses == {"precondition": 1}
