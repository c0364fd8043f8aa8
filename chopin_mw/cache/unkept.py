"""Remember whose responses are never kept, so that their requests pay for an ETag and no more."""

from collections.abc import Callable
from typing import Final

from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.stored_response import CacheKey

_REMEMBERED_SECONDS: Final = 60.0
_MOST: Final = 8192


class Unkept:
    """Hold the keys whose last response named no lifetime; for a minute, as most stay like that.

    Their requests do not wait for each other either. Only hashes are held: where two keys share
    one, a response is kept a minute later than it might have been.
    """

    __slots__ = ("_now", "_until")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[int, float] = {}

    def add(self, key: CacheKey, policy: CachePolicy) -> None:
        """Note that a response named no lifetime, if its policy would not have given it one."""
        given = policy.ttl is not None or policy.negative_ttl is not None
        guessed = policy.heuristic_fraction > 0
        if not (given or guessed or policy.proxied or policy.honour_request_directives):
            if len(self._until) >= _MOST:
                self._until.clear()
            self._until[hash(key)] = self._now() + _REMEMBERED_SECONDS

    def discard(self, key: CacheKey) -> None:
        """Forget a key whose response has named a lifetime."""
        self._until.pop(hash(key), None)

    def __contains__(self, key: CacheKey) -> bool:
        until = self._until.get(hash(key))
        return until is not None and self._now() < until
