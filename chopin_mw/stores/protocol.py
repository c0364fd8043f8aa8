"""What a response cache asks of a store."""

from collections.abc import Awaitable, Iterable
from typing import Protocol

from chopin_mw.rules.stored_response import CacheKey, Record, Tag


class ResponseStore(Protocol):
    """Keep records under keys.

    A method may return its result, or an awaitable of it: a store in memory answers at once,
    because awaiting what never waits costs a hit 0.15 µs. No method raises because of a key, a
    record or an outage: what cannot be read is not there.
    """

    def get(self, key: CacheKey) -> Record | Awaitable[Record | None] | None:
        """Return the record, unless it has died or one of its tags was invalidated since.

        Its tags are those it names and those of its key (`rules.cache_key.tags_of_key`).

        A record counts as invalidated if that happened at its `fill_start` or later: a fill that
        was running does not bring back what was invalidated meanwhile.
        """

    def set(self, key: CacheKey, record: Record) -> Awaitable[None] | None:
        """Keep the record, if there is room for one of its size."""

    def delete(self, key: CacheKey) -> Awaitable[None] | None:
        """Forget the record."""

    def invalidate(self, tags: Iterable[Tag]) -> Awaitable[float] | float:
        """Forget every record with one of these tags, those that are being filled too.

        Returns the time of it: a record whose `fill_start` is later is not concerned.
        """
