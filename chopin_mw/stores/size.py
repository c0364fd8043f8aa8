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


def _instance(kind: type) -> int:
    return kind.__basicsize__ + _GC_HEADER + ROUNDING


_ENTRY = _instance(Entry) + _PLACES + getsizeof(1 << 20) + ROUNDING
_RESPONSE = _ENTRY + _instance(StoredResponse)
_OTHER = _ENTRY + _instance(Variants) + 3 * NUMBER


def size_of(key: CacheKey, record: Record) -> int:
    """Return the bytes that a record takes, without the fields and times of a response."""
    size = _key_size(key)
    if record.tags:
        size += _tuple_size(record.tags)
    if isinstance(record, StoredResponse):
        return size + _RESPONSE + getsizeof(record.body) + ROUNDING
    if isinstance(record, Variants):
        size += getsizeof(record.keys) + _tuple_size(record.selectors)
        # A copy, because the cache may add a key meanwhile.
        size += sum(map(_key_size, record.keys.copy()))
    return size + _OTHER


def _key_size(key: CacheKey) -> int:
    # All variants of a URL have its key in theirs: one object.
    return _tuple_size(key[1:]) + POINTER if isinstance(key[0], tuple) else _tuple_size(key)


def _tuple_size(value: tuple[Any, ...]) -> int:
    size = getsizeof(value) + ROUNDING
    for part in value:
        if type(part) is tuple:
            size += _tuple_size(part)
        elif part:
            # What is empty, Python has once.
            size += getsizeof(part) + ROUNDING
    return size
