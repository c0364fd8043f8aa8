"""Which records to let go: SIEVE (Zhang et al., NSDI 2024), as one of the caches of cachetools.

A queue in order of arrival, and a hand that goes over it from old to new. What was asked for since
the hand came by loses its mark and stays; the first without a mark goes. So a hit sets one flag,
moves nothing and needs no lock, and what is asked for once does not push out what is asked for
often.
"""

from collections.abc import Iterable

from cachetools import Cache

from chopin_mw.rules.stored_response import CacheKey, Record, Variants

# Where everything is marked the hand stops here all the same: nobody waits for a whole round.
_MOST_LOOKS = 256


class Entry:
    """Hold a record and its place in the queue."""

    __slots__ = ("checked", "key", "newer", "older", "record", "size", "visited")

    newer: "Entry"
    older: "Entry"

    def __init__(self, key: CacheKey, record: Record, size: int, checked: int) -> None:
        self.key = key
        self.record = record
        self.size = size
        # How many invalidations there had been when the record was last compared with them.
        self.checked = checked
        self.visited = False


class Sieve(Cache[CacheKey, Entry]):
    """Keep entries up to a sum of sizes; a key that is not there reads as None.

    What is removed, for whatever reason, takes with it the records that it lists as its variants.
    Changes need a lock around them; reading needs none.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        # Stands between the newest and the oldest, and spares every edge case.
        self._ends = ends = Entry((), _NOTHING, 0, 0)
        ends.newer = ends.older = ends
        self._hand = self._broom = ends
        self.evictions = 0

    @staticmethod
    def getsizeof(value: Entry) -> int:
        """Return the size that the entry was made with."""
        return value.size

    def __missing__(self, key: CacheKey) -> None:  # type: ignore[override]  # absence is no error
        """Spare a miss the second half of an exception."""

    def __setitem__(self, key: CacheKey, entry: Entry) -> None:
        replaced = self.get(key)
        if replaced is not None:
            # Making room for the new one had better not choose it: its variants would go too.
            replaced.visited = True
        super().__setitem__(key, entry)
        newest = self._ends.older
        entry.newer, entry.older = self._ends, newest
        newest.newer = self._ends.older = entry
        if replaced is not None:
            self._unlink(replaced)
            kept = _variants_of(entry.record)
            self._remove(each for each in _variants_of(replaced.record) if each not in kept)

    def __delitem__(self, key: CacheKey) -> None:
        entry = self[key]
        super().__delitem__(key)
        self._unlink(entry)
        self._remove(_variants_of(entry.record))

    def popitem(self) -> tuple[CacheKey, Entry]:
        """Remove the first entry that nobody asked for since the hand came by."""
        entry = self._skip_ends(self._hand)
        for _ in range(_MOST_LOOKS):
            if not entry.visited:
                break
            entry.visited = False
            entry = self._skip_ends(entry.newer)
        self._hand = entry
        before = len(self)
        del self[entry.key]
        self.evictions += before - len(self)
        return entry.key, entry

    def next_entry(self) -> Entry:
        """Return one entry after the other, round and round."""
        entry = self._skip_ends(self._broom)
        self._broom = entry.newer
        return entry

    def clear(self) -> None:
        """Forget everything, and leave no circles to the garbage collector."""
        super().clear()
        while self._ends.newer is not self._ends:
            self._unlink(self._ends.newer)

    def _skip_ends(self, entry: Entry) -> Entry:
        return entry.newer if entry is self._ends else entry

    def _unlink(self, entry: Entry) -> None:
        newer, older = entry.newer, entry.older
        if newer.older is not entry:
            return  # It was replaced, but had gone to make room for its successor.
        newer.older, older.newer = older, newer
        if entry is self._hand:
            self._hand = newer
        if entry is self._broom:
            self._broom = newer

    def _remove(self, keys: Iterable[CacheKey]) -> None:
        for key in keys:
            if key in self:
                del self[key]


_NOTHING = Variants((), 0, {}, 0, 0, ())
_NO_KEYS: dict[CacheKey, None] = {}


def _variants_of(record: Record) -> dict[CacheKey, None]:
    # A copy, because the cache adds keys while other threads remove records.
    return record.keys.copy() if isinstance(record, Variants) else _NO_KEYS
