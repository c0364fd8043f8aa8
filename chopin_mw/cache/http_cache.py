"""The cache that an app holds in its hand: what it keeps, where, and how to make it forget."""

from asyncio import Task
from collections.abc import Awaitable, Generator, Iterable
from typing import Any

from chopin_mw.cache.clock import Clock
from chopin_mw.cache.flight import Flight
from chopin_mw.cache.keeper import Keeper
from chopin_mw.cache.per_loop import PerLoop
from chopin_mw.cache.selection import CacheRule, PolicyTable
from chopin_mw.cache.statistics import CacheStatistics, Counters
from chopin_mw.cache.unkept import Unkept
from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_key import namespace_tag, tags_of_url
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.cache_status import check_cache_name
from chopin_mw.rules.stored_response import Tag
from chopin_mw.stores.memory import MemoryStore
from chopin_mw.stores.protocol import ResponseStore


class HTTPCache:
    """Keep responses by policy; hand it to HTTPCacheMiddleware where the app needs it too.

    `policy` goes for every path that no rule names, None keeps nothing. `store` is a MemoryStore
    of 64 MiB unless given; middleware of several apps may share one, each with its namespace.
    `cache_status` is this cache's name in the Cache-Status field (RFC 9211), which is sent only
    if there is a name. Thread-safe as far as its store is.

        cache = HTTPCache(rules=[CacheRule(path="/airports/*", policy=CachePolicy(ttl=3600))])
        app.add_middleware(HTTPCacheMiddleware, cache=cache)
    """

    def __init__(
        self,
        *,
        policy: CachePolicy | None = CachePolicy(),  # noqa: B008 - frozen
        rules: Iterable[CacheRule] = (),
        store: ResponseStore | None = None,
        cache_status: str | None = None,
        clock: Clock = Clock(),  # noqa: B008 - frozen
    ) -> None:
        self.policies = PolicyTable(policy, rules)
        self.store: ResponseStore = (
            MemoryStore(clock=clock.monotonic) if store is None else _checked(store)
        )
        self.name = None if cache_status is None else check_cache_name(cache_status)
        self.clock = clock
        self.counters = Counters()
        self.keeper = Keeper(self.store, clock, self.counters)
        self.flights: PerLoop[Flight] = PerLoop()
        self.unkept = Unkept(clock.monotonic)
        self.refreshing: PerLoop[Task[None]] = PerLoop()

    def invalidate(
        self, *, url: str | None = None, tag: str | None = None, namespace: str | None = None
    ) -> Awaitable[None]:
        """Forget the responses of a URL, of a tag, or of a whole namespace.

        A path (`"/flights?page=1"`) stands for that path at every host. Responses being filled
        now are forgotten too. In memory it is done when this returns; await it for any store.
        """
        tags: list[Tag] = []
        if url is not None:
            tags += self.policies.canonical(tags_of_url(url))
        if tag is not None:
            tags.append(tag)
        if namespace is not None:
            tags.append(namespace_tag(namespace))
        if not tags:
            raise ConfigurationError("invalidate needs url=, tag= or namespace=")
        return _Begun(self._invalidate(tags))

    async def _invalidate(self, tags: list[Tag]) -> None:
        await self.keeper.invalidate(tags)

    def statistics(self) -> CacheStatistics:
        """Return what has been counted so far."""
        describe = getattr(self.store, "statistics", None)
        return self.counters.snapshot(describe() if callable(describe) else None)


class _Begun:
    """Run an operation as far as it goes without waiting, and leave the rest to be awaited."""

    __slots__ = ("_steps", "_waits_for")

    def __init__(self, operation: Any) -> None:
        self._steps = operation.__await__()
        self._waits_for: Any = None
        try:
            self._waits_for = next(self._steps)
        except StopIteration:
            self._steps = None

    def __await__(self) -> Generator[Any, Any, None]:
        if self._steps is not None:
            yield self._waits_for
            yield from self._steps


def check_cache(name: str, value: object) -> HTTPCache:
    """Return the cache, or raise ConfigurationError."""
    if not isinstance(value, HTTPCache):
        raise ConfigurationError(f"{name} must be an HTTPCache, got {value!r}")
    return value


def _checked(store: object) -> Any:
    for method in ("get", "set", "delete", "invalidate"):
        if not callable(getattr(store, method, None)):
            raise ConfigurationError(f"store must be a ResponseStore, got {store!r}")
    return store
