"""What a record takes in memory, with its key and its places in the tables of the store."""

from sys import getsizeof
from typing import Any

from chopin_mw.rules.stored_response import CacheKey, Record, StoredResponse, Variants
from chopin_mw.stores.sieve import Entry

# The allocator hands out multiples of 16 bytes: half of that is lost on average.
ROUNDING = 8
TUPLE = getsizeof(()) + ROUNDING
POINTER = getsizeof((0,)) - getsizeof(())
NUMBER = getsizeof(1.5) + ROUNDING
# Builds of Python differ in it.
_GC_HEADER = getsizeof(()) - ().__sizeof__()
# A place takes 24 bytes and 4 of index; a table that has just grown is one third full, and the
# cache has two of them, one for the entries and one for their sizes.
_PLACES = 2 * (2 * 24 + 3 * 4)
# What keys and tags of all records have in common; Python keeps one object of each literal.
_LITERALS = ("", b"", "http", "https", "namespace", "path", "url", None)
_CONSTANTS = frozenset(map(id, _LITERALS))


def _instance(kind: type) -> int:
    return kind.__basicsize__ + _GC_HEADER + ROUNDING


_ENTRY = _instance(Entry) + _PLACES + getsizeof(1 << 20) + ROUNDING
_RESPONSE = _ENTRY + _instance(StoredResponse)
_OTHER = _ENTRY + _instance(Variants) + 3 * NUMBER


def size_of(key: CacheKey, record: Record) -> int:
    """Return the bytes that a record takes, without the fields and times of a response."""
    # Tags are made of the parts of a key: what is there twice is counted once.
    parts: dict[int, Any] = {}
    _collect(key, parts)
    _collect(record.tags, parts)
    size = _OTHER
    if isinstance(record, StoredResponse):
        size = _RESPONSE + getsizeof(record.body) + ROUNDING
    elif isinstance(record, Variants):
        size += getsizeof(record.keys)
        # A copy, because the cache may add a key meanwhile.
        _collect(tuple(record.keys.copy()), parts)
        _collect(record.selectors, parts)
    return size + sum(map(getsizeof, parts.values())) + ROUNDING * len(parts)


def _collect(value: tuple[Any, ...], parts: dict[int, Any]) -> None:
    parts[id(value)] = value
    for part in value:
        if type(part) is tuple:
            _collect(part, parts)
        elif (name := id(part)) not in _CONSTANTS:
            parts[name] = part
