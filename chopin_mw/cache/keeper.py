"""Find responses in a store and put them there, each variant of a URL by itself."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from os import urandom
from typing import Any, TypeAlias

from chopin_mw.cache.clock import Clock
from chopin_mw.cache.request import CacheRequest, may_be_answered
from chopin_mw.cache.statistics import Counters
from chopin_mw.rules.cache_policy import Selector
from chopin_mw.rules.sharing import IDENTIFYING_SELECTORS
from chopin_mw.rules.stored_response import (
    CacheKey,
    HitForMiss,
    Record,
    StoredResponse,
    Tag,
    Variants,
)
from chopin_mw.rules.vary import merge_selectors, variant_values
from chopin_mw.stores.memory import MemoryStore
from chopin_mw.stores.protocol import ResponseStore

# More variants than this mean a field that everybody fills differently, such as User-Agent.
_MOST_VARIANTS = 64
_MARKED_SECONDS = 120.0
_WARNING_SECONDS = 60.0

_WHO = IDENTIFYING_SELECTORS | {"header:cookie"}

Found: TypeAlias = Record | Awaitable[Record | None] | None
_NOT_ASKED: Any = object()
_RECORDS = (StoredResponse, Variants, HitForMiss)

logger = logging.getLogger("chopin_mw")


class Keeper:
    """Ask the store, and go on without it when it fails: a cache must never cost an answer."""

    __slots__ = ("_silent_until", "begin_get", "clock", "counters", "store")

    def __init__(self, store: ResponseStore, clock: Clock, counters: Counters) -> None:
        self.store = store
        self.clock = clock
        self.counters = counters
        self._silent_until = float("-inf")
        # A hit asks the store itself where that cannot fail: one call less is 0.1 µs.
        self.begin_get: Callable[[CacheKey], Found] = (
            store.get if isinstance(store, MemoryStore) else self._begin_get
        )

    def _begin_get(self, key: CacheKey) -> Found:
        try:
            return self.store.get(key)
        except Exception as error:  # noqa: BLE001 - fail open
            self.note_failure("the store failed to get", error)
            return None

    async def look_up(self, request: CacheRequest, found: Found = _NOT_ASKED) -> None:
        """Find what is stored for this request; `found` is what the store said to its key."""
        request.entry_key, request.stored, request.marked = request.key, None, False
        record = await self._get(request.key, found)
        selectors: tuple[Selector, ...] = ()
        prefix: CacheKey = (request.key,)
        if isinstance(record, Variants):
            selectors, prefix = record.selectors, (request.key, record.generation)
        elif record is None:
            selectors = request.policy.vary_by
        if selectors:
            request.identified = any(map(_tells_who_asks, selectors))
            values = self._values(selectors, request)
            if values is None:
                request.bypass = "identity"
                return
            request.identities = _identities(selectors, values)
            request.entry_key = (*prefix, *values)
            record = await self._get(request.entry_key)
        if isinstance(record, StoredResponse) and request.bypass is None:
            if may_be_answered(record, request.fields):
                request.stored = record
            else:
                request.bypass = "personal"
        request.marked = isinstance(record, HitForMiss)

    async def keep(
        self, request: CacheRequest, response: StoredResponse, selectors: tuple[Selector, ...]
    ) -> bool:
        """Store a response where requests like this one will find it; False if none would."""
        known = await self._get(request.key)
        before = known.selectors if isinstance(known, Variants) else ()
        # A response that varies by less than others did is stored as if it varied by as much:
        # nobody gets one whose difference was not considered.
        selectors = merge_selectors(before, selectors)
        if isinstance(known, StoredResponse) and known.fill_start > response.fill_start:
            # Asked for later, and here before: it is the newer one.
            return False
        if not selectors:
            await self._set(request.key, response)
            return True
        values = self._values(selectors, request)
        if values is None:
            return False
        if isinstance(known, Variants) and selectors == before:
            variants = known
        else:
            if known is not None:
                await self.delete(request.key)
            variants = _variants(selectors, response)
        now = _identities(selectors, values)
        if any(request.identities.get(each, _NOT_ASKED) != now[each] for each in now):
            # The next request will be asked who it is before the app runs.
            await self._set(request.key, variants)
            return False
        await self._keep_variant(request.key, variants, values, response)
        return True

    async def _keep_variant(
        self, key: CacheKey, variants: Variants, values: tuple[Any, ...], response: StoredResponse
    ) -> None:
        entry_key = (key, variants.generation, *values)
        if entry_key not in variants.keys and len(variants.keys) >= _MOST_VARIANTS:
            oldest = next(iter(variants.keys))
            variants.keys.pop(oldest, None)
            await self.delete(oldest)
        variants.keys[entry_key] = None
        variants.dies_at = max(variants.dies_at, response.dies_at)
        await self._set(key, variants)
        await self._set(entry_key, response)

    async def mark(self, request: CacheRequest, fill_start: float) -> None:
        """Note that responses here cannot be shared, so that requests need not queue for them."""
        marker = HitForMiss(dies_at=self.clock.monotonic() + _MARKED_SECONDS, fill_start=fill_start)
        await self._set(request.entry_key, marker)

    def _values(
        self, selectors: tuple[Selector, ...], request: CacheRequest
    ) -> tuple[Any, ...] | None:
        try:
            return variant_values(selectors, request.scope, request.headers)
        except Exception as error:  # noqa: BLE001 - a selector is the app's code: fail open
            self.note_failure("a vary_by function failed; the request was not cached", error)
            return None

    async def _get(self, key: CacheKey, found: Found = _NOT_ASKED) -> Record | None:
        try:
            if found is _NOT_ASKED:
                found = self.store.get(key)
            # Asking for the class costs a tenth of what `inspect.isawaitable` does.
            if found is None or isinstance(found, _RECORDS):
                return found
            return await found
        except Exception as error:  # noqa: BLE001 - fail open
            self.note_failure("the store failed to get", error)
            return None

    async def _set(self, key: CacheKey, record: Record) -> None:
        await self._do("set", lambda: self.store.set(key, record))

    async def delete(self, key: CacheKey) -> None:
        """Delete the record, or count the failure."""
        await self._do("delete", lambda: self.store.delete(key))

    async def invalidate(self, tags: Iterable[Tag]) -> float | None:
        """Invalidate what has one of the tags; return the time of it, None after a failure."""
        stamp = self.begin_invalidate(tags)
        if stamp is None or isinstance(stamp, float):
            return stamp
        return await self.finish_invalidate(stamp)

    async def finish_invalidate(self, pending: Awaitable[float]) -> float | None:
        """Await what a store has begun."""
        try:
            return await pending
        except Exception as error:  # noqa: BLE001 - fail open
            self.note_failure("the store failed to invalidate", error)
            return None

    def begin_invalidate(self, tags: Iterable[Tag]) -> float | Awaitable[float] | None:
        """Do the same as far as it goes without waiting: all of it in memory."""
        self.counters.invalidations += 1
        try:
            return self.store.invalidate(tags)
        except Exception as error:  # noqa: BLE001 - fail open
            self.note_failure("the store failed to invalidate", error)
            return None

    async def _do(self, what: str, operation: Any) -> None:
        try:
            pending: Awaitable[None] | None = operation()
            if pending is not None:
                await pending
        except Exception as error:  # noqa: BLE001 - fail open
            self.note_failure(f"the store failed to {what}", error)

    def note_failure(self, what: str, error: Exception) -> None:
        """Count a failure, and log one a minute."""
        self.counters.failures += 1
        now = self.clock.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _WARNING_SECONDS
            logger.warning("HTTP cache: %s: %r", what, error, exc_info=error)


def _identities(
    selectors: tuple[Selector, ...], values: tuple[Any, ...]
) -> dict[int, bytes | None]:
    pairs = zip(selectors, values, strict=True)
    return {id(selector): value for selector, value in pairs if callable(selector)}


def _tells_who_asks(selector: Selector) -> bool:
    return callable(selector) or selector.startswith("cookie:") or selector.lower() in _WHO


def _variants(selectors: tuple[Selector, ...], response: StoredResponse) -> Variants:
    return Variants(
        selectors=selectors,
        generation=int.from_bytes(urandom(8)),
        keys={},
        dies_at=response.dies_at,
        fill_start=response.fill_start,
        tags=(),
    )
