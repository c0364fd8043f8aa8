"""Notice that something takes too long, at the price of reading the clock when it begins."""

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable


class Alarm:
    """Call `ring` once `seconds` have passed since it was set, and again after as many; None never.

    Use in one task of the running loop.
    """

    __slots__ = ("_clock", "_ring", "_seconds", "_since", "_timer")

    def __init__(self, seconds: float | None, ring: Callable[[], None]) -> None:
        loop = get_running_loop()
        self._clock = loop.time
        self._ring = ring
        self._seconds = seconds or 0.0
        self._since: float | None = None
        self._timer: TimerHandle | None = None
        if seconds is not None:
            self._timer = loop.call_later(seconds, self._look)

    def set(self) -> None:
        """Count from now on."""
        self._since = self._clock()

    def unset(self) -> None:
        """Do not ring until it is set again."""
        self._since = None

    def end(self) -> None:
        """Stop for good."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        # A timer for each message would cost 2 µs: this one fires early, and looks again in time.
        now = self._clock()
        rings_at = now + self._seconds
        if self._since is not None:
            rings_at = self._since + self._seconds
            if rings_at <= now:
                self._since, rings_at = now, now + self._seconds
                self._ring()
        if self._timer is not None:
            self._timer = get_running_loop().call_at(rings_at, self._look)
