"""HTTPCache, the part of the cache that an app holds in its hand."""

import asyncio
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cache.stage import Client, FakeClock, SlowStore, get, turns, whole
from cache.world import FRESH, World, saying
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.errors import ConfigurationError
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.stored_response import Tag
from chopin_mw.stores.memory import MemoryStore

STORES = pytest.mark.parametrize("store", [lambda memory: memory, SlowStore], ids=["sync", "async"])


class OnlyReads:
    def get(self, key: object) -> None: ...


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": 1}, "policy must be a CachePolicy or None, got 1"),
        ({"rules": [1]}, "rules must hold CacheRule, got 1"),
        ({"store": {}}, "store must be a ResponseStore, got {}"),
        ({"store": OnlyReads()}, "store must be a ResponseStore"),
        ({"cache_status": ""}, "cache_status must be a name, got ''"),
        ({"cache_status": b"x"}, "cache_status must be a name, got b'x'"),
        ({"cache_status": "a\nb"}, "cache_status must be a name of printable ASCII"),
        ({"cache_status": "é"}, "cache_status must be a name of printable ASCII"),
    ],
)
def test_a_mistake_is_named(options: dict[str, Any], message: str) -> None:
    """The option and the value."""
    with pytest.raises(ConfigurationError, match=message):
        HTTPCache(**options)


def test_invalidate_wants_to_know_what() -> None:
    """Everything at once is not said by saying nothing."""
    with pytest.raises(ConfigurationError, match="invalidate needs url=, tag= or namespace="):
        HTTPCache().invalidate()  # type: ignore[unused-awaitable]  # it raises


@pytest.mark.parametrize("url", ["flights", "ftp://example.org/", "", "//example.org/a"])
def test_what_is_no_url_is_refused(url: str) -> None:
    """A mistake would leave old responses in place, unnoticed."""
    with pytest.raises(ConfigurationError, match="url must be a path"):
        HTTPCache().invalidate(url=url)  # type: ignore[unused-awaitable]  # it raises


URLS = [("/a", b"one.example"), ("/a", b"two.example"), ("/b", b"one.example")]


@STORES
@pytest.mark.parametrize(
    ("what", "gone"),
    [
        ({"url": "/a"}, URLS[:2]),
        ({"url": "http://one.example/a"}, URLS[:1]),
        ({"url": "http://ONE.example:80/a"}, URLS[:1]),
        ({"tag": "flights"}, URLS),
        ({"namespace": "mine"}, URLS),
        ({"tag": "others"}, []),
        ({"namespace": ""}, []),
        ({"url": "/a", "tag": "others"}, URLS[:2]),
    ],
    ids=str,
)
async def test_what_is_named_is_forgotten(
    store: Any, what: dict[str, str], gone: list[tuple[str, bytes]]
) -> None:
    """And nothing else."""
    policy = CachePolicy(tags=("flights",), namespace="mine")
    world = World(saying(FRESH), store=store, policy=policy)
    for path, host in URLS:
        await world.ask(path=path, host=host)
    del world.scopes[:]

    await world.cache.invalidate(**what)
    world.clock.advance(1)
    for path, host in URLS:
        await world.ask(path=path, host=host)

    assert [(each["path"], dict(each["headers"])[b"host"]) for each in world.scopes] == gone


async def test_in_memory_it_is_done_when_the_call_returns() -> None:
    """Plain functions, which cannot await, may invalidate too."""
    world = World(saying(FRESH))
    await world.ask()

    world.cache.invalidate(url="/")  # type: ignore[unused-awaitable]  # that is the point
    world.clock.advance(1)

    await world.ask()
    assert world.calls == 2


class Distant(SlowStore):
    """A store whose answer to an invalidation comes when the test says so."""

    def __init__(self, memory: MemoryStore) -> None:
        super().__init__(memory)
        self.arrived = asyncio.Event()
        self.asked = 0

    async def invalidate(self, tags: Iterable[Tag]) -> float:
        self.asked += 1
        await self.arrived.wait()
        return await super().invalidate(tags)


@pytest.mark.parametrize("arrives_first", [True, False])
async def test_a_store_over_a_wire_is_asked_at_once_and_awaited(arrives_first: bool) -> None:
    """The invalidation is over when it was awaited, and not before."""
    clock = FakeClock()
    store = Distant(MemoryStore(clock=clock.monotonic))
    pending = HTTPCache(store=store, clock=clock.clock).invalidate(url="/")
    assert store.asked == 1
    if arrives_first:
        store.arrived.set()
        await asyncio.sleep(0)

    waiting = asyncio.ensure_future(_until(pending))
    await turns(5)
    assert waiting.done() is arrives_first
    store.arrived.set()
    await waiting


async def _until(pending: Awaitable[None]) -> None:
    await pending


def test_a_plain_function_in_a_thread_may_invalidate_what_is_in_memory() -> None:
    """A sync handler runs without an event loop."""
    cache = HTTPCache()

    def plain() -> None:
        cache.invalidate(tag="flights")  # type: ignore[unused-awaitable]  # that is the point

    with ThreadPoolExecutor(1) as pool:
        pool.submit(plain).result()

    assert cache.statistics().invalidations == 1
    assert cache.statistics().failures == 0


async def test_a_handler_may_invalidate_by_the_cache_it_was_given() -> None:
    """The cache is made first, and handed to the middleware and to the app."""
    clock = FakeClock()
    cache = HTTPCache(clock=clock.clock)
    calls: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["path"])
        if scope["path"] == "/forget":
            await cache.invalidate(url="/a")
        await whole(send, b"hello", FRESH)

    cached = HTTPCacheMiddleware(app, cache=cache)
    for path in ("/a", "/forget", "/a"):
        clock.advance(1)
        await get(path).ask(cached)

    assert calls == ["/a", "/forget", "/a"]
    assert cached.cache is cache


@STORES
async def test_two_apps_share_a_store_and_not_their_responses(store: Any) -> None:
    """Each has a namespace; an invalidation of one leaves the other alone."""
    clock = FakeClock()
    shared = store(MemoryStore(clock=clock.monotonic))
    calls: list[bytes] = []

    def app_of(name: bytes) -> HTTPCacheMiddleware:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            calls.append(name)
            await whole(send, name, FRESH)

        policy = CachePolicy(namespace=name.decode())
        return HTTPCacheMiddleware(app, policy=policy, store=shared, clock=clock.clock)

    one, two = app_of(b"one"), app_of(b"two")

    async def ask_both() -> list[bytes]:
        return [(await Client().ask(app)).body for app in (one, two)]

    assert await ask_both() == await ask_both() == [b"one", b"two"]
    await one.cache.invalidate(namespace="one")
    clock.advance(1)
    assert await ask_both() == [b"one", b"two"]
    assert calls == [b"one", b"two", b"one"]


async def test_by_default_it_keeps_64_mib_on_the_clock_it_was_given() -> None:
    """A store that died by another clock would forget too early or too late."""
    world_clock = FakeClock()
    cache = HTTPCache(clock=world_clock.clock)
    cached = HTTPCacheMiddleware(World(saying(FRESH)).middleware, cache=cache)
    await get().ask(cached)
    world_clock.advance(99)

    assert (await get().ask(cached)).fields[b"age"] == b"99"
    assert cache.statistics().store.max_bytes == 64 * 1024 * 1024  # type: ignore[attr-defined]  # MemoryStore's
