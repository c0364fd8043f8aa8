"""When tags were invalidated last: one stamp for each, compared with the time of a fill."""

from collections import OrderedDict
from collections.abc import Iterable
from math import inf, nextafter

from chopin_mw.rules.cache_key import tags_of_key
from chopin_mw.rules.stored_response import CacheKey, Record


class InvalidationStamps:
    """Remember the latest `limit` tags and their times; what is older counts for every tag.

    Only hashes of tags are kept: a long tag takes no room, and where two have one hash, too much
    is invalidated rather than too little. Needs a lock around it.
    """

    __slots__ = ("_floor", "_limit", "_newest", "_stamps")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stamps: OrderedDict[int, float] = OrderedDict()
        self._newest = -inf
        self._floor = -inf

    def __len__(self) -> int:
        return len(self._stamps)

    def stamp(self, hashes: Iterable[int], now: float) -> float:
        """Invalidate the tags with these hashes, and return the time that counts."""
        # Later than the last time, however coarse the clock is.
        now = self._newest = max(now, nextafter(self._newest, inf))
        for each in hashes:
            self._stamps[each] = now
            self._stamps.move_to_end(each)
        while len(self._stamps) > self._limit:
            _, self._floor = self._stamps.popitem(last=False)
        return now

    def stamp_everything(self, now: float) -> None:
        """Invalidate all that is filled by now."""
        # Never back behind a stamp that was given out.
        self._newest = self._floor = max(now, self._newest)
        self._stamps.clear()

    def cover(self, key: CacheKey, record: Record) -> bool:
        """Say whether a tag of the record, or of its key, was stamped since its fill began."""
        start = record.fill_start
        if start > self._newest:
            return False
        if start <= self._floor:
            return True
        stamps = self._stamps
        tags = (*record.tags, *tags_of_key(key))
        return any(stamps.get(hash(tag), -inf) >= start for tag in tags)
