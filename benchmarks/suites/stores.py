"""What a memory store costs: 100 operations in a request, beside a request with an empty loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from threading import Lock

from cachetools import Cache, LRUCache

from benchmarks.apps import bare, http_scope
from benchmarks.case import Answer, Budget, Case
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.rules.stored_response import CacheKey, Record, StoredResponse
from chopin_mw.stores.memory import MemoryStore
from chopin_mw.stores.sieve import Entry, Sieve

TOPIC = "stores"
OPERATIONS = 100
_HELLO = b"hello"
_BASE = f"{OPERATIONS} times nothing"
_KNOWN = 1000
_BODY_BYTES = 1100
# About what a record of that size weighs: a store of so many bytes holds some 300 of them.
_FULL_BYTES = 1_000_000
_YEAR = 365 * 24 * 3600.0

Pair = tuple[CacheKey, StoredResponse]


class PlainStore:
    """Do the least that a bounded store must, with one of cachetools: look, and see who is dead."""

    def __init__(self, cache: "Cache[CacheKey, Entry]") -> None:
        self.cache = cache
        self._lock = Lock()

    def get(self, key: CacheKey) -> Record | None:
        with self._lock:
            entry = self.cache.get(key)
        if entry is None or entry.record.dies_at <= time.monotonic():
            return None
        return entry.record

    def set(self, key: CacheKey, record: StoredResponse) -> None:
        with self._lock:
            self.cache[key] = Entry(key, record, len(record.body) + 1800, 0)


class UnlockedStore(PlainStore):
    """Do the same, where a hit only sets a flag."""

    def get(self, key: CacheKey) -> Record | None:
        entry: Entry | None = self.cache[key]
        if entry is None or entry.record.dies_at <= time.monotonic():
            return None
        entry.visited = True
        return entry.record


Store = PlainStore | MemoryStore

STORES: dict[str, Callable[[int], Store]] = {
    "MemoryStore": lambda size: MemoryStore(max_bytes=size),
    "cachetools.LRUCache and a lock": lambda size: PlainStore(LRUCache(size, size_of_entry)),
    "Sieve alone": lambda size: UnlockedStore(Sieve(size)),
}


def size_of_entry(entry: Entry) -> int:
    return entry.size


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    pairs = [pair(number) for number in range(2 * _KNOWN)]
    known = [key_of(number) for number in range(OPERATIONS)]
    unknown = [key_of(number) for number in range(_KNOWN, _KNOWN + OPERATIONS)]
    yield _case(_BASE, _nothing(known))
    for name, make in STORES.items():
        ours = name == "MemoryStore"
        store = make(100 * _FULL_BYTES)
        for key, record in pairs[:_KNOWN]:
            store.set(key, record)
        hits = Budget(added=0.3 * OPERATIONS) if ours else None
        yield _case(f"{OPERATIONS} hits, {name}", _gets(store, known, found=True), hits)
        yield _case(f"{OPERATIONS} misses, {name}", _gets(store, unknown, found=False))
        yield _case(f"{OPERATIONS} sets that evict, {name}", _sets(make(_FULL_BYTES), pairs))


def key_of(number: int) -> CacheKey:
    """Return a key whose parts are objects of its own, as a server makes them."""
    path = f"/items/{number}"
    host = bytes(bytearray(b"example.org"))
    return ("", "http", host, "", path, path.encode(), b"page=%d" % number)


def pair(number: int) -> Pair:
    """Return a key, and a record like those that a cache makes."""
    key = key_of(number)
    now, etag = time.monotonic(), b'W/"%032x"' % number
    _, _, host, _, path, _, query = key
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % _BODY_BYTES),
        (b"cache-control", b"public, max-age=3600"),
        (b"vary", b"accept-encoding"),
        (b"etag", etag),
    )
    record = StoredResponse(
        status=200,
        headers=headers,
        not_modified_headers=headers[2:],
        body=b"x" * _BODY_BYTES,
        etag=etag,
        last_modified=None,
        date=time.time(),
        born=now,
        fresh_until=now + _YEAR,
        stale_while_revalidate_until=now + _YEAR,
        stale_if_error_until=now + _YEAR,
        dies_at=now + _YEAR,
        fill_start=now,
        fill_seconds=0.01,
        must_revalidate=False,
        for_cookies=False,
        for_authorization=False,
        validators=(),
        tags=(("namespace", ""), ("url", host, path, query), ("path", path, query)),
    )
    return key, record


def _nothing(keys: Sequence[CacheKey]) -> Callable[[], None]:
    def work() -> None:
        for _ in keys:
            pass

    return work


def _gets(store: Store, keys: Sequence[CacheKey], *, found: bool) -> Callable[[], None]:
    get = store.get
    assert all((get(key) is not None) is found for key in keys)

    def work() -> None:
        for key in keys:
            get(key)

    return work


def _sets(store: Store, pairs: Sequence[Pair]) -> Callable[[], None]:
    endless, store_one = cycle(pairs), store.set

    def work() -> None:
        for key, record in islice(endless, OPERATIONS):
            store_one(key, record)

    return work


def _case(name: str, work: Callable[[], None], budget: Budget | None = None) -> Case:
    return Case(
        name=name,
        topic=TOPIC,
        app=_working(work),
        scope=http_scope("GET"),
        is_right=_is_hello,
        base=None if name == _BASE else _BASE,
        budget=budget,
    )


def _working(work: Callable[[], None]) -> ASGIApp:
    answer = bare(_HELLO)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        work()
        await answer(scope, receive, send)

    return app


def _is_hello(answer: Answer) -> bool:
    return answer.status == 200 and answer.body == _HELLO
