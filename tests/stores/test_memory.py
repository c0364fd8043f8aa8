"""The memory store: the contract of stores, its bound, what leaves it when, and forks."""

import gc
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.stored_response import StoredResponse
from chopin_mw.stores.memory import MemoryStore, _mend_after_fork
from stores.contract import CONTRACT, KEY, OTHER, Case, name_of
from stores.records import ManualClock, key_of, marker, response, response_to, variants


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    return MemoryStore(clock=clock)


def known(store: MemoryStore, *keys: Any) -> list[bool]:
    return [store.get(key) is not None for key in keys]


@pytest.mark.parametrize("case", CONTRACT, ids=name_of)
async def test_the_contract(case: Case, store: MemoryStore, clock: ManualClock) -> None:
    """What every store does."""
    await case(store, clock)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"max_bytes": 0}, "max_bytes must be a whole number of bytes, 1 or more, got 0"),
        ({"max_bytes": 1.5}, "max_bytes must be .* got 1.5"),
        ({"max_bytes": True}, "max_bytes must be .* got True"),
        ({"max_object_bytes": -1}, "max_object_bytes must be .* got -1"),
        ({"max_object_bytes": None}, "max_object_bytes must be .* got None"),
        ({"clock": 7}, "clock must be a function that returns seconds, got 7"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], complaint: str) -> None:
    """At construction, by name and value."""
    with pytest.raises(ConfigurationError, match=complaint):
        MemoryStore(**options)


def test_it_stays_within_its_bytes(clock: ManualClock) -> None:
    """However many records come, the oldest make room."""
    store = MemoryStore(max_bytes=50_000, clock=clock)
    for number in range(1000):
        store.set(key_of(number), response())
        assert store.statistics().bytes <= 50_000

    figures = store.statistics()
    assert figures.entries == len(store) > 10
    assert figures.evictions == 1000 - figures.entries
    assert known(store, key_of(0), key_of(999)) == [False, True]


def test_what_is_asked_for_outlives_what_is_not(clock: ManualClock) -> None:
    """A thousand records that nobody asks for again do not push out one that is popular."""
    store = MemoryStore(max_bytes=50_000, clock=clock)
    store.set(KEY, response())
    for number in range(1000):
        assert store.get(KEY) is not None
        store.set(key_of(number), response())


def test_room_is_made_where_everything_is_popular(clock: ManualClock) -> None:
    """The search for a victim ends after some looks, though each found a mark."""
    store = MemoryStore(max_bytes=1_000_000, clock=clock)
    for number in range(1000):
        store.set(key_of(number), response())
        if store.statistics().evictions:
            break
        store.get(key_of(number))
    full = len(store)
    assert full > 300
    store.set(KEY, response())

    assert store.get(KEY) is not None
    assert len(store) >= full - 1


def test_a_record_that_is_too_large_is_refused(clock: ManualClock) -> None:
    """It is counted, and takes the older one under its key with it."""
    store = MemoryStore(max_object_bytes=10_000, clock=clock)
    store.set(KEY, response())
    store.set(OTHER, response())
    store.set(KEY, response(clock.now + 1, body=bytes(10_000)))

    assert known(store, KEY, OTHER) == [False, True]
    assert store.statistics().refusals_too_large == 1


def test_no_record_is_larger_than_the_store(clock: ManualClock) -> None:
    """A store smaller than the usual bound of an object refuses what it cannot hold."""
    store = MemoryStore(max_bytes=10_000, clock=clock)
    store.set(KEY, response(body=bytes(10_000)))
    store.set(OTHER, response())

    assert known(store, KEY, OTHER) == [False, True]


def test_dead_records_leave_with_the_sets_of_others(clock: ManualClock) -> None:
    """A few at a time and never all at once: 100,000 that die together stall nobody."""
    store = MemoryStore(max_bytes=400_000_000, clock=clock)
    for number in range(100_000):
        store.set((number,), marker(clock.now))
    clock.advance(3600)
    before = len(store)
    for number in range(20_000):
        store.set((number, "later"), marker(clock.now))
        assert len(store) >= before - 16
        before = len(store)

    assert len(store) == 20_000
    assert store.statistics().expirations == 100_000


def test_invalidated_records_leave_with_the_sets_of_others(
    store: MemoryStore, clock: ManualClock
) -> None:
    """Their bytes come back though nobody asks for them."""
    for number in range(10):
        store.set(key_of(number), response(clock.now, tags=("x",)))
    clock.advance(1)
    store.invalidate(["x"])
    for _ in range(10):
        store.set(KEY, response(clock.now))

    assert len(store) == 1
    assert store.statistics().invalidations == 10


def test_its_figures_add_up(store: MemoryStore, clock: ManualClock) -> None:
    """Each record that left is counted under its reason."""
    store.set(KEY, response(lives=10, tags=("x",)))
    store.set(OTHER, response(lives=10))
    store.invalidate(["x", "y"])
    store.get(KEY)
    clock.advance(20)
    store.get(OTHER)
    store.set(KEY, response(tags=("x",)))
    store.set(KEY, response(lives=5))

    figures = store.statistics()
    assert (figures.invalidations, figures.expirations, figures.refusals_too_late) == (1, 1, 2)
    assert (figures.entries, figures.bytes, figures.stamps) == (0, 0, 2)
    assert figures.max_bytes == 64 * 1024 * 1024


def test_bytes_return_when_records_go(store: MemoryStore) -> None:
    """Replaced, deleted or cleared: nothing stays on the account."""
    for number in range(100):
        store.set(key_of(number), response(body=bytes(number)))
        store.set(key_of(number), response(body=bytes(2 * number)))
    for number in range(50):
        store.delete(key_of(number))
    assert store.statistics().entries == 50
    store.clear()

    assert (store.statistics().entries, store.statistics().bytes) == (0, 0)


def test_clearing_frees_the_records_at_once(store: MemoryStore) -> None:
    """Nothing waits for the garbage collector, and fills that are running are refused."""
    gc.collect()
    gc.disable()
    try:
        before = sum(type(each) is StoredResponse for each in gc.get_objects())
        for number in range(10):
            store.set(key_of(number), response())
        store.clear()
        after = sum(type(each) is StoredResponse for each in gc.get_objects())
    finally:
        gc.enable()
    store.set(KEY, response())
    store.set(OTHER, response(1000.5))

    assert after == before
    assert known(store, KEY, OTHER) == [False, True]


def test_invalidations_are_remembered_up_to_a_number(clock: ManualClock) -> None:
    """Where the oldest stamp is dropped, all that was filled by then counts as invalidated."""
    store = MemoryStore(max_bytes=100_000, clock=clock)
    store.set(KEY, response(clock.now, tags=("never",)))
    for number in range(3000):
        clock.advance(1)
        store.invalidate([f"tag-{number}"])
    store.set(OTHER, response(clock.now - 1000, tags=("tag-1",)))

    assert store.statistics().stamps == 1024
    assert known(store, KEY, OTHER) == [False, True]


def test_clearing_does_not_turn_the_time_back(store: MemoryStore) -> None:
    """While the clock stands still, stamps go on all the same."""
    before = [store.invalidate(["x"]) for _ in range(3)]
    store.clear()

    assert store.invalidate(["x"]) > before[-1] > before[0]


def test_the_latest_time_of_a_tag_counts(store: MemoryStore, clock: ManualClock) -> None:
    """A tag that is invalidated again has one stamp."""
    store.invalidate(["x"])
    clock.advance(10)
    store.invalidate(["x"])
    store.set(KEY, response(clock.now - 5, tags=("x",)))

    assert store.statistics().stamps == 1
    assert known(store, KEY) == [False]


VARIANT, SECOND = (KEY, 7, b"text/html"), (KEY, 7, b"text/plain")


def fill_with_variants(store: MemoryStore, clock: ManualClock, **options: Any) -> None:
    store.set(KEY, variants(VARIANT, SECOND, filled=clock.now, **options))
    store.set(VARIANT, response(clock.now, lives=1e6))
    store.set(SECOND, response(clock.now, lives=1e6))


def test_dead_variants_leave_no_garbage(store: MemoryStore, clock: ManualClock) -> None:
    """The responses under a Variants record go when it dies."""
    fill_with_variants(store, clock)
    clock.advance(3600)

    assert store.get(KEY) is None
    assert (len(store), store.statistics().bytes) == (0, 0)


def test_invalidated_variants_leave_no_garbage(store: MemoryStore, clock: ManualClock) -> None:
    """Nor when it is invalidated."""
    fill_with_variants(store, clock, tags=("x",))
    store.invalidate(["x"])

    assert store.get(KEY) is None
    assert (len(store), store.statistics().invalidations) == (0, 3)


def test_evicted_variants_leave_no_garbage(clock: ManualClock) -> None:
    """Nor when it makes room."""
    store = MemoryStore(max_bytes=50_000, clock=clock)
    fill_with_variants(store, clock)
    while store.get(VARIANT) is not None:
        assert store.get(SECOND) is not None
        store.set(key_of(len(store)), response())

    assert store.get(SECOND) is None
    assert store.statistics().evictions == 3


def test_replaced_variants_leave_no_garbage(store: MemoryStore, clock: ManualClock) -> None:
    """What the next record under the key does not list goes, whatever its kind."""
    fill_with_variants(store, clock)
    store.set(KEY, variants(SECOND))
    assert known(store, VARIANT, SECOND) == [False, True]
    store.set(KEY, response())
    assert known(store, KEY, SECOND) == [True, False]


def test_a_variants_record_may_list_what_is_not_there(store: MemoryStore) -> None:
    """Its own key, too."""
    store.set(KEY, variants(KEY, VARIANT))
    store.delete(KEY)

    assert len(store) == 0


def test_a_full_store_takes_a_larger_record_under_a_known_key(clock: ManualClock) -> None:
    """Others make room for it, or its own predecessor does."""
    store = MemoryStore(max_bytes=20_000, clock=clock)
    for number in range(50):
        store.set(key_of(number), response())
    for size in (1_000, 5_000, 10_000, 15_000):
        store.set(KEY, response(body=bytes(size)))
        assert store.get(KEY) is not None

    assert store.statistics().bytes <= 20_000


def test_what_grows_is_weighed_again(store: MemoryStore) -> None:
    """A Variants record weighs more with every key."""
    record = variants()
    store.set(KEY, record)
    before = store.statistics().bytes
    record.keys[(KEY, 7, bytes(70_000))] = None
    store.set(KEY, record)

    assert store.statistics().bytes >= before + 70_000


def test_equal_fields_are_one_object(store: MemoryStore) -> None:
    """From the third response on; the rest is left as it was."""
    records = [response_to(key_of(number), b"body") for number in range(3)]
    before = [record.headers for record in records]
    for number, record in enumerate(records):
        store.set(key_of(number), record)
    second, third = records[1].headers, records[2].headers

    assert [record.headers for record in records] == before
    assert third[0] is second[0]
    assert third[1] is not second[1]
    assert third[1][0] is second[1][0]
    assert records[2].not_modified_headers[-1] is third[-1]


def test_the_table_of_shared_fields_is_bounded(store: MemoryStore) -> None:
    """Neither many names nor many values nor long ones fill it."""
    for number in range(5000):
        field = (b"x-name-%d" % number, b"value")
        for _ in range(2):
            store.set(KEY, response(headers=(field, (b"x-long", bytes(70_000) + b"%d" % number))))
    table = store._shared

    assert len(table._fields) <= 1024
    assert len(table._names) <= 1024
    assert len(table._candidates) <= 4096
    assert all(len(name) + len(value) <= 512 for name, value in table._fields)


@pytest.fixture
def held(store: MemoryStore) -> Iterator[None]:
    """Let another thread hold the lock, as a write does."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store._lock:
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    yield
    done.set()
    thread.join()


@pytest.mark.usefixtures("held")
def test_a_fork_during_a_write_starts_empty(store: MemoryStore) -> None:
    """Whoever held the lock does not exist in the child, and may have been half way."""
    _mend_after_fork(ref(store))
    store.set(KEY, response())

    assert store.get(KEY) is not None


def test_a_fork_between_writes_changes_nothing(store: MemoryStore) -> None:
    """The child begins with what its parent had."""
    store.set(KEY, response())
    _mend_after_fork(ref(store))

    assert store.get(KEY) is not None


def test_a_store_can_die(clock: ManualClock) -> None:
    """What is called after a fork does not keep it."""
    weak = ref(MemoryStore(clock=clock))
    gc.collect()

    assert weak() is None
    _mend_after_fork(weak)


if sys.platform != "win32":

    @pytest.mark.usefixtures("held")
    @pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
    def test_a_forked_child_has_a_working_store(store: MemoryStore) -> None:
        """The system calls what mends it."""
        child = os.fork()
        if child == 0:
            store.set(KEY, response())
            os._exit(store.get(KEY) is None)
        _, status = os.waitpid(child, 0)

        assert status == 0
