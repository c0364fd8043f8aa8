"""What the store says it holds is what the process has lost to it."""

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from chopin_mw.rules.stored_response import CacheKey, Record
from chopin_mw.stores.memory import MemoryStore
from stores.records import key_of, marker, response, response_to, variants

BOUND = 4_000_000

Fill = Callable[[int], tuple[CacheKey, Record]]


def small(number: int) -> tuple[CacheKey, Record]:
    key = key_of(number)
    return key, response_to(key, b"%d" % number)


def medium(number: int) -> tuple[CacheKey, Record]:
    key = key_of(number)
    return key, response_to(key, b"%1100d" % number)


def with_long_path(number: int) -> tuple[CacheKey, Record]:
    key = key_of(number, "/" + "ä" * 3000 + "/%d")
    return key, response_to(key, b"%d" % number)


def with_fields_of_its_own(number: int) -> tuple[CacheKey, Record]:
    fields = tuple((b"x-%d-%d" % (number, each), b"%40d" % number) for each in range(30))
    return key_of(number), response(headers=fields, not_modified_headers=fields[:9])


def with_times_of_its_own(number: int) -> tuple[CacheKey, Record]:
    until = 1e9 + number
    record = response(
        stale_while_revalidate_until=until + 1,
        stale_if_error_until=until + 2,
        dies_at=until + 3,
        last_modified=1_700_000_000 + number,
        etag=b'"%50d"' % number,
        validators=((b"if-none-match", b'"%60d"' % number),),
    )
    return key_of(number), record


def with_variants(number: int) -> tuple[CacheKey, Record]:
    key = key_of(number)
    return key, variants(*[(key, number + each, b"%300d" % number) for each in range(3)])


def as_marker(number: int) -> tuple[CacheKey, Record]:
    return key_of(number), marker(tags=(("url", b"%d" % number),))


@pytest.mark.parametrize(
    ("fill", "number"),
    [
        (small, 20_000),
        (medium, 10_000),
        (with_long_path, 4_000),
        (with_fields_of_its_own, 6_000),
        (with_times_of_its_own, 6_000),
        (with_variants, 8_000),
        (as_marker, 20_000),
    ],
)
def test_the_bound_holds_for_the_memory_of_the_process(fill: Fill, number: int) -> None:
    """Many times the bound of distinct URLs: never more than a tenth over it, nor far below."""
    store = MemoryStore(max_bytes=BOUND, clock=lambda: 1000.0)
    gc.collect()
    tracemalloc.start()
    try:
        for each in range(number):
            store.set(*fill(each))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert store.statistics().evictions > 0
    assert 0.6 * BOUND <= taken <= 1.1 * BOUND


def test_long_tags_take_no_room_among_the_stamps() -> None:
    """A client that writes to a million long URLs fills no memory."""
    store = MemoryStore(max_bytes=BOUND, clock=lambda: 1000.0)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(5_000):
            store.invalidate([("path", "/" + "x" * 8000 + str(number), b"")])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken <= 0.1 * BOUND
