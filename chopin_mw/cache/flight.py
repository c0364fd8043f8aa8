"""Single flight: of many requests that miss the same response, one asks the app."""

from asyncio import Event, timeout
from contextlib import suppress
from contextvars import ContextVar, Token
from enum import Enum
from typing import Self

from chopin_mw.rules.stored_response import CacheKey


class Landing(Enum):
    """How a flight ended, and so what those who waited for it do."""

    STORED = "the response is in the store: look it up"
    UNSHAREABLE = "nobody else can use the response: ask the app, all at once"
    FAILED = "the app failed: a stale response may do, or one of those who waited takes over"
    ABANDONED = "the response was for one client only, or never came: one of them takes over"
    LATE = "it takes too long: ask the app, and do not store"


# A handler that calls its own app may come back to the URL that it is busy answering.
_led_here: ContextVar[tuple["Flight", ...]] = ContextVar("chopin_mw.flights", default=())


class Flight:
    """Let requests wait for the one that asks the app; all of them in one event loop.

    Lead it with `with`; it is abandoned if it has not landed at the end.
    """

    __slots__ = ("_flights", "_key", "_landed", "_landing", "_token", "waiting")

    _token: Token[tuple["Flight", ...]]

    def __init__(self, flights: dict[CacheKey, "Flight"], key: CacheKey) -> None:
        self._flights = flights
        self._key = key
        self._landing: Landing | None = None
        self._landed: Event | None = None
        self.waiting = 0

    def land(self, landing: Landing) -> None:
        """Tell those who wait, and let nobody else; the first word counts."""
        if self._landing is None:
            self._landing = landing
            self._leave()
            if self._landed is not None:
                with suppress(RuntimeError):  # a loop that died, and is collected only now
                    self._landed.set()

    async def wait(self, limit: float) -> Landing:
        """Wait until it lands, `limit` seconds at most."""
        if self._landed is None:
            self._landed = Event()
        self.waiting += 1
        try:
            async with timeout(limit):
                await self._landed.wait()
        except TimeoutError:
            # Others need not wait as long: the next one leads, and stores what it gets.
            self._leave()
        finally:
            self.waiting -= 1
        return self._landing or Landing.LATE

    def __enter__(self) -> Self:
        self._flights[self._key] = self
        self._token = _led_here.set((*_led_here.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        try:  # noqa: SIM105 - suppress() costs 0.15 µs
            _led_here.reset(self._token)
        except ValueError:
            # Dropped, not ended: closed by the garbage collector, in some other context.
            pass
        self.land(Landing.ABANDONED)

    def _leave(self) -> None:
        if self._flights.get(self._key) is self:
            del self._flights[self._key]


def is_led_here(flight: Flight) -> bool:
    """Say whether waiting for this flight would be waiting for oneself."""
    return flight in _led_here.get()
