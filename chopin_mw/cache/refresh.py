"""Refresh a stored response in the background, while clients get the stale one (RFC 5861 §3)."""

from asyncio import get_running_loop, timeout
from collections.abc import MutableMapping
from contextvars import Context
from typing import Any, Protocol

from chopin_mw.asgi.refusals import ADMISSION_KEY
from chopin_mw.asgi.types import Message, Receive, Scope, Send
from chopin_mw.cache.flight import Flight
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.request import CacheRequest
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.sharing import API_KEY_FIELDS

_MOST_AT_ONCE = 32
_LONGEST_SECONDS = 60.0
# A refresh is for everybody: nothing of the client that set it off goes with it.
_PERSONAL = frozenset(
    {
        *API_KEY_FIELDS,
        b"authorization",
        b"cache-control",
        b"cookie",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"pragma",
        b"proxy-authorization",
        b"range",
    }
)
_PERSONAL_KEYS = ("auth", "session", "user", ADMISSION_KEY, SCOPE_KEY)


class Ask(Protocol):
    """Have the app answer a request (see `Serving.ask`)."""

    async def __call__(
        self, request: CacheRequest, receive: Receive, send: Send, *, flight: Flight
    ) -> None:
        """Answer the request, and keep what may be kept."""


class BackgroundRefresh:
    """Run the refreshes of one app: one for a response, 32 at a time in an event loop.

    `state` is the lifespan's, of which each refresh gets a copy, as each request does.
    """

    __slots__ = ("_ask", "_cache", "state")

    def __init__(self, cache: HTTPCache, ask: Ask) -> None:
        self._cache = cache
        self._ask = ask
        self.state: MutableMapping[str, Any] | None = None

    def begin(self, request: CacheRequest) -> bool:
        """See to it that the response is refreshed; False if it cannot be without the client."""
        running, flights = self._cache.refreshing.here(), self._cache.flights.here()
        if request.identified or running is None or flights is None:
            return False
        if self.state is None and request.scope.get("state"):
            # What the lifespan gave was not for us to see, and the client's is not to be used.
            return False
        key = request.entry_key
        if key in running or key in flights:
            return True
        if len(running) >= _MOST_AT_ONCE:
            return False
        self._cache.counters.refreshes += 1
        refresh = self._refresh(self._request_of_nobody(request), flights)
        task = get_running_loop().create_task(refresh, context=Context())
        running[key] = task
        task.add_done_callback(lambda _: running.pop(key, None))
        return True

    async def _refresh(self, request: CacheRequest, flights: dict[Any, Flight]) -> None:
        if request.entry_key in flights:
            # Somebody has asked the app before this came to run.
            return
        try:
            with Flight(flights, request.entry_key) as flight:
                async with timeout(_LONGEST_SECONDS):
                    await self._ask(request, replayed(_never), _discard, flight=flight)
        except Exception as error:  # noqa: BLE001 - there is nobody to tell but the log
            self._cache.keeper.note_failure("a background refresh failed", error)

    def _request_of_nobody(self, request: CacheRequest) -> CacheRequest:
        scope = self._scrubbed(request.scope)
        anonymous = CacheRequest(
            scope, {b"host": request.host}, request.host, request.key, request.policy
        )
        anonymous.method = scope["method"] = "GET"
        anonymous.entry_key, anonymous.stored = request.entry_key, request.stored
        anonymous.in_background = True
        return anonymous

    def _scrubbed(self, scope: Scope) -> Scope:
        copy = {name: value for name, value in scope.items() if name not in _PERSONAL_KEYS}
        copy["headers"] = [f for f in scope["headers"] if f[0].lower() not in _PERSONAL]
        copy["extensions"] = {}
        if "state" in scope:
            copy["state"] = dict(self.state or {})
        return copy


def replayed(receive: Receive) -> Receive:
    """Return a receive that gives an empty request body first."""
    pending = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again


async def _never() -> Message:
    """Wait for a client that never says anything, and never leaves."""
    return await get_running_loop().create_future()  # type: ignore[no-any-return]  # there is none


async def _discard(message: Message) -> None:
    """Send to nobody."""
