"""One memory store in six threads with loops of their own, switching every 10 µs."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest

from chopin_mw.rules.stored_response import CacheKey, StoredResponse
from chopin_mw.stores.memory import MemoryStore
from stores.records import key_of, response, variants

THREADS = 6
STEPS = 1500
KEYS = 40


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], None]) -> None:
    """Run it in six threads, each within a loop, and raise what they raise."""
    barrier = Barrier(THREADS)

    async def in_a_loop(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: asyncio.run(in_a_loop(number)), range(THREADS)))


def marked(number: int, store: MemoryStore, random: Random) -> StoredResponse:
    """Return a response whose body and tags name its key."""
    body = b"%d:" % number + bytes(random.randrange(2000))
    return response(store._clock(), body=body, tags=(f"tag-{number % 7}", ("url", b"%d" % number)))


def one_step(store: MemoryStore, number: int, random: Random) -> None:
    key, choice = key_of(number), random.random()
    if choice < 0.6:
        found = store.get(key)
        if isinstance(found, StoredResponse):
            assert found.body.startswith(b"%d:" % number)
    elif choice < 0.85:
        store.set(key, marked(number, store, random))
    elif choice < 0.9:
        store.delete(key)
    elif choice < 0.95:
        store.invalidate([f"tag-{number % 7}"])
    elif choice < 0.99:
        figures = store.statistics()
        assert figures.bytes <= figures.max_bytes
        assert (figures.bytes == 0) is (figures.entries == 0)
    else:
        store.clear()


@pytest.mark.parametrize("max_bytes", [30_000, 10_000_000], ids=["full", "roomy"])
def test_nothing_is_lost_or_mixed(max_bytes: int) -> None:
    """Each key has its own answers, and the account is even when all are deleted."""
    store = MemoryStore(max_bytes=max_bytes)

    def work(number: int) -> None:
        random = Random(number)  # noqa: S311 - a seeded test
        for _ in range(STEPS):
            one_step(store, random.randrange(KEYS), random)

    in_threads(work)
    for number in range(KEYS):
        store.delete(key_of(number))

    assert (len(store), store.statistics().bytes) == (0, 0)


def test_variants_may_grow_while_others_remove_them() -> None:
    """A dict of keys that changes meanwhile breaks nothing."""
    store = MemoryStore(max_bytes=200_000)
    primary = key_of(0)
    shared = variants(filled=store._clock())

    def work(number: int) -> None:
        for step in range(STEPS // 5):
            key: CacheKey = (primary, number, step % 20)
            shared.keys[key] = None
            store.set(primary, shared)
            store.set(key, response(store._clock()))
            if step % 10 == 0:
                shared.keys.pop(key, None)
                store.delete(key)
            if step % 40 == 0:
                store.delete(primary)

    in_threads(work)
    store.set(primary, shared)
    store.delete(primary)
    assert store.statistics().entries <= THREADS * 20
    store.clear()

    assert store.statistics().bytes == 0


def test_no_thread_sees_what_was_invalidated_before() -> None:
    """After invalidate has returned, no get returns a response that was filled before it."""
    store = MemoryStore()
    keys = [key_of(number) for number in range(THREADS)]

    def work(number: int) -> None:
        random = Random(number)  # noqa: S311 - a seeded test
        for _ in range(STEPS):
            store.set(keys[number], response(store._clock(), tags=(f"own-{number}", "all")))
            if random.random() < 0.3:
                store.invalidate([f"own-{number}"])
                assert store.get(keys[number]) is None
            store.get(random.choice(keys))

    in_threads(work)
