"""Keep the key set of an issuer: fetched by one, used by all, and for some time without it."""

import json
import logging
from asyncio import get_running_loop, timeout, wrap_future
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from math import inf
from ssl import create_default_context
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from chopin_mw.auth.fetch import fetch
from chopin_mw.auth.forking import mend_after_fork
from chopin_mw.auth.jwks import JWKSURL, Fetch
from chopin_mw.auth.keys import KeySet, VerificationKey
from chopin_mw.rules.token import TokenRefusal

logger = logging.getLogger("chopin_mw")

# The last fifth of their life is for fetching new ones.
_FRESH_FRACTION = 0.8
# A fetch that has not ended so long after its time is nobody's any more.
_GRACE_SECONDS = 1.0

Flight: TypeAlias = Future[None]


class RemoteKeys:
    """Find keys in the set at a URL; safe to share by threads and event loops.

    A fetch runs in a thread of its own, or as a task where the settings have a coroutine function
    for it, and never raises: those who wait for it look what is there afterwards.
    """

    def __init__(
        self,
        settings: JWKSURL,
        read: Callable[[Any], KeySet],
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.generation = 0
        self.key_set: KeySet | None = None
        self.fetches = self.failures = 0
        self._settings = settings
        self._read = read
        self._clock = clock
        self._lock = Lock()
        self._flight: Flight | None = None
        self._flight_ends = self._no_fetch_before = self._no_search_before = -inf
        self._fetched_at = -inf
        self._task: object = None
        self._context = settings.ssl_context
        if self._context is None and settings.fetch is None and settings.url.startswith("https"):
            self._context = create_default_context()
        mend_after_fork(self)

    async def find(self, key_id: str | None) -> VerificationKey | TokenRefusal:
        """Return the key of a token with this `kid`, fetching the set if that may help."""
        asked_at = self._clock()
        age = asked_at - self._fetched_at
        if age >= self._settings.lifetime:
            # While the issuer is down nobody waits, as long as there are keys to go on with.
            flight = self._refresh(asked_at)
            if flight is not None and not (self._is_down and age < self._settings.hard_limit):
                await self._landing(flight)
        elif age >= self._settings.lifetime * _FRESH_FRACTION:
            self._refresh(asked_at)
        found = self._look_up(key_id)
        if found is TokenRefusal.UNKNOWN_KEY and self._fetched_at < asked_at:
            flight = self._refresh(asked_at, in_search=True)
            if flight is not None:
                await self._landing(flight)
                found = self._look_up(key_id)
        return found

    def mend(self) -> None:
        """Forget the fetch that was running in another process."""
        self._lock = Lock()
        if self._flight is not None:
            self._flight = None
            self._no_fetch_before = -inf

    @property
    def _is_down(self) -> bool:
        return self._no_fetch_before > -inf

    def _look_up(self, key_id: str | None) -> VerificationKey | TokenRefusal:
        keys = self.key_set
        if keys is None or self._clock() - self._fetched_at >= self._settings.hard_limit:
            return TokenRefusal.KEYS_UNAVAILABLE
        return keys.find(key_id)

    def _refresh(self, now: float, *, in_search: bool = False) -> Flight | None:
        """Return the fetch that is running, or begin one; None in a cool-down."""
        with self._lock:
            if self._flight is not None:
                if now < self._flight_ends:
                    return self._flight
                self._flight = None
                self._note_failure()
            if now < self._no_fetch_before or (in_search and now < self._no_search_before):
                return None
            if in_search:
                self._no_search_before = now + self._settings.cooldown
            flight: Flight = Future()
            # Those who wait may leave, but take nothing with them.
            flight.set_running_or_notify_cancel()
            self._flight = flight
            self._flight_ends = now + self._settings.timeout + _GRACE_SECONDS
            self.fetches += 1
        self._begin(flight, now)
        return flight

    def _begin(self, flight: Flight, now: float) -> None:
        own_fetch = self._settings.fetch
        try:
            if own_fetch is None:
                Thread(
                    target=self._fetch_in_thread, args=(flight, now), name="jwks", daemon=True
                ).start()
            else:
                loop = get_running_loop()
                task = self._fetch_in_task(own_fetch, flight, now)
                # The loop itself holds its tasks weakly.
                self._task = loop.create_task(task, context=Context())
        except RuntimeError as error:
            self._land(flight, now, error)

    def _fetch_in_thread(self, flight: Flight, now: float) -> None:
        settings = self._settings
        try:
            document = fetch(
                settings.url,
                timeout=settings.timeout,
                max_bytes=settings.max_bytes,
                context=self._context,
            )
            self._land(flight, now, self._key_set_in(document))
        except Exception as error:  # noqa: BLE001 - the next attempt may do better
            self._land(flight, now, error)

    async def _fetch_in_task(self, own_fetch: Fetch, flight: Flight, now: float) -> None:
        settings = self._settings
        outcome: KeySet | Exception = TimeoutError("cancelled")
        try:
            async with timeout(settings.timeout):
                outcome = self._key_set_in(await own_fetch(settings.url))
        except Exception as error:  # noqa: BLE001 - the next attempt may do better
            outcome = error
        finally:
            self._land(flight, now, outcome)

    def _key_set_in(self, document: bytes | str | Mapping[str, Any]) -> KeySet:
        if isinstance(document, Mapping):
            return self._read(document)
        if len(document) > self._settings.max_bytes:
            raise ValueError(f"the key set has more than {self._settings.max_bytes} bytes")
        try:
            return self._read(json.loads(document))
        except UnicodeDecodeError:
            # Its own text has the whole document, which nobody wants in a log.
            raise ValueError("the key set is no text in UTF-8") from None

    def _land(self, flight: Flight, now: float, outcome: KeySet | Exception) -> None:
        with self._lock:
            is_late = self._flight is not flight
            if isinstance(outcome, KeySet):
                self._take(outcome, now)
            elif not is_late:
                self._note_failure()
            if not is_late:
                self._flight = None
        if isinstance(outcome, Exception):
            # The host only: some have a secret in the query.
            host = urlsplit(self._settings.url).hostname
            logger.warning("the key set of %s could not be fetched: %r", host, outcome)
        flight.set_result(None)

    def _take(self, key_set: KeySet, now: float) -> None:
        """Use these keys, unless newer ones have come meanwhile; the lock is held."""
        if now <= self._fetched_at:
            return
        old, self.key_set = self.key_set, key_set
        self._fetched_at, self._no_fetch_before = now, -inf
        if old is not None and not old.fingerprints <= key_set.fingerprints:
            # After the keys: who has seen the new number has seen the new keys.
            self.generation += 1

    def _note_failure(self) -> None:
        """Leave the issuer alone for a while; the lock is held."""
        self.failures += 1
        self._no_fetch_before = self._clock() + self._settings.cooldown

    async def _landing(self, flight: Flight) -> None:
        try:
            landed = wrap_future(flight, loop=get_running_loop())
        except RuntimeError:
            # Only asyncio can wait for a thread; elsewhere the next request finds the keys.
            return
        with suppress(TimeoutError):
            async with timeout(self._settings.timeout + _GRACE_SECONDS):
                await landed
