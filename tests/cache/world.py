"""An app that counts its calls, behind a cache with a fake clock and any store."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from cache.stage import Client, FakeClock, whole
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.statistics import CacheStatistics, Outcome
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.stored_response import CacheKey, Record, Tag
from chopin_mw.stores.memory import MemoryStore
from chopin_mw.stores.protocol import ResponseStore

Answer = Callable[[Scope, Send], Awaitable[None]]
FRESH = (b"cache-control", b"max-age=100")
TAGGED = (b"etag", b'"one"')


class World:
    """`store` makes the store out of one in memory; other options are HTTPCacheMiddleware's."""

    def __init__(
        self,
        answer: Answer,
        *,
        store: Callable[[MemoryStore], ResponseStore] = lambda memory: memory,
        max_object_bytes: int = 1024 * 1024,
        **options: Any,
    ) -> None:
        self.clock = FakeClock()
        self.answer = answer
        # As the app saw them: they are given back as they were.
        self.scopes: list[Scope] = []
        self.memory = MemoryStore(clock=self.clock.monotonic, max_object_bytes=max_object_bytes)
        if "cache" not in options:
            options |= {"store": store(self.memory), "clock": self.clock.clock}
        self.middleware = HTTPCacheMiddleware(self._app, **options)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append({**scope})
        await self.answer(scope, send)

    async def ask(self, *headers: tuple[bytes, bytes], **options: Any) -> Client:
        return await Client(headers=list(headers), **options).ask(self.middleware)

    @property
    def calls(self) -> int:
        return len(self.scopes)

    @property
    def cache(self) -> HTTPCache:
        return self.middleware.cache

    @property
    def statistics(self) -> CacheStatistics:
        return self.cache.statistics()

    def outcomes(self) -> dict[Outcome, int]:
        return {each: count for each, count in self.statistics.outcomes.items() if count}


def saying(*headers: tuple[bytes, bytes], body: bytes = b"hello", status: int = 200) -> Answer:
    """Answer every request alike."""

    async def answer(scope: Scope, send: Send) -> None:
        await whole(send, body, *headers, status=status)

    return answer


class BrokenStore:
    """A store in memory of which some methods raise."""

    def __init__(self, memory: MemoryStore, *broken: str) -> None:
        self._memory = memory
        self.broken = set(broken)

    def _check(self, method: str) -> None:
        if method in self.broken:
            raise ConnectionError(f"no {method} today")

    def get(self, key: CacheKey) -> Record | None:
        self._check("get")
        return self._memory.get(key)

    def set(self, key: CacheKey, record: Record) -> None:
        self._check("set")
        self._memory.set(key, record)

    def delete(self, key: CacheKey) -> None:
        self._check("delete")
        self._memory.delete(key)

    def invalidate(self, tags: Iterable[Tag]) -> float:
        self._check("invalidate")
        return self._memory.invalidate(tags)


class BrokenWire:
    """The same behind a wire: its methods are coroutines."""

    def __init__(self, memory: MemoryStore, *broken: str) -> None:
        self._store = BrokenStore(memory, *broken)

    async def get(self, key: CacheKey) -> Record | None:
        return self._store.get(key)

    async def set(self, key: CacheKey, record: Record) -> None:
        self._store.set(key, record)

    async def delete(self, key: CacheKey) -> None:
        self._store.delete(key)

    async def invalidate(self, tags: Iterable[Tag]) -> float:
        return self._store.invalidate(tags)
