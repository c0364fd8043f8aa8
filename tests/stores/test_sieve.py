"""The order in which SIEVE lets go."""

from itertools import count

import pytest

from chopin_mw.stores.sieve import Entry, Sieve
from stores.records import marker, variants


def put(cache: Sieve, name: str, size: int = 1) -> Entry:
    entry = Entry((name,), marker(), size, 0)
    cache[(name,)] = entry
    return entry


def names(cache: Sieve) -> str:
    return "".join(name for (name,) in cache)


def test_the_hand_passes_what_was_visited_and_goes_on_from_there() -> None:
    """The example of the paper: A, B and G are popular, and the hand does not go back."""
    cache = Sieve(7)
    entries = {name: put(cache, name) for name in "GFEDCBA"}
    for name in "ABG":
        entries[name].visited = True

    put(cache, "H")
    assert names(cache) == "GEDCBAH"
    entries["A"].visited = True
    entries["D"].visited = True
    put(cache, "I")
    assert names(cache) == "GDCBAHI"
    entries["B"].visited = True
    put(cache, "J")
    assert names(cache) == "GDBAHIJ"


def test_an_entry_may_make_room_for_its_own_successor() -> None:
    """It is the oldest, and everything else has been asked for as well."""
    cache = Sieve(100)
    for name in "ABC":
        put(cache, name, 30).visited = True
    put(cache, "A", 60)

    assert names(cache) == "CA"
    assert cache.currsize == 90
    assert cache.next_entry().key == ("C",)
    assert cache.next_entry().key == ("A",)


def test_where_everything_is_popular_the_search_ends() -> None:
    """After 256 looks, however long the queue is."""
    cache = Sieve(1000)
    for number in count():
        entry = put(cache, str(number))
        entry.visited = True
        if cache.evictions:
            break

    assert ("256",) not in cache
    assert sum(not cache[key].visited for key in cache) == 256


def test_going_round_skips_what_has_gone() -> None:
    """An entry removed under the hand or the broom leaves both at the next one."""
    cache = Sieve(3)
    for name in "ABC":
        put(cache, name)
    assert cache.next_entry().key == ("A",)
    del cache[("B",)]
    assert cache.next_entry().key == ("C",)
    assert cache.popitem()[0] == ("A",)
    del cache[("C",)]

    assert list(cache) == []
    with pytest.raises(KeyError):
        cache.popitem()


def test_it_is_a_mapping_like_any_cache() -> None:
    """What is missing reads as None, and cannot be deleted."""
    cache = Sieve(3)
    put(cache, "A")

    assert cache[("B",)] is None
    assert cache.get(("B",)) is None
    assert ("B",) not in cache
    with pytest.raises(KeyError):
        del cache[("B",)]
    cache.clear()
    assert len(cache) == 0


def test_an_eviction_takes_variants_along() -> None:
    """All of them count."""
    cache = Sieve(3)
    cache[("A",)] = Entry(("A",), variants(("B",), ("C",)), 1, 0)
    put(cache, "B")
    put(cache, "C")
    put(cache, "D")

    assert names(cache) == "D"
    assert cache.evictions == 3
