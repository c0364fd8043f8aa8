"""Keep things by key for each event loop: what belongs to one loop cannot be awaited in another."""

from asyncio import AbstractEventLoop, get_running_loop
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from chopin_mw.rules.stored_response import CacheKey

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Hold one dict for each event loop; it goes with its loop, or when the next one comes."""

    __slots__ = ("_by_loop",)

    def __init__(self) -> None:
        self._by_loop: WeakKeyDictionary[AbstractEventLoop, dict[CacheKey, T]] = WeakKeyDictionary()

    def here(self) -> dict[CacheKey, T] | None:
        """Return the dict of the running loop; None where it is not asyncio's."""
        try:
            loop = get_running_loop()
        except RuntimeError:
            return None
        found = self._by_loop.get(loop)
        if found is None:
            # What waits in a loop that died holds on to it.
            for other in [each() for each in self._by_loop.keyrefs()]:
                if other is not None and other.is_closed():
                    self._by_loop.pop(other, None)
            found = self._by_loop.setdefault(loop, {})
        return found
