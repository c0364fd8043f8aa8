"""Collect the body of a response on its way to the client, and keep what may be kept."""

from collections.abc import Awaitable, Mapping

from chopin_mw.asgi.types import Message
from chopin_mw.cache.app_response import AppResponse
from chopin_mw.cache.flight import Flight, Landing
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.making import make_stored_response
from chopin_mw.cache.request import CacheRequest
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.cache_policy import CachePolicy, Selector
from chopin_mw.rules.storability import Refusal, Storable, decide_storability
from chopin_mw.rules.stored_response import StoredResponse
from chopin_mw.rules.vary import parse_vary

_NOT_MODIFIED, _FAILURES_FROM = 304, 500
_MOST_DIGITS = 18
# What the app holds against one request: a stranger must not cost others what is stored.
_TO_THE_CLIENT = frozenset(
    {400, 401, 403, 405, 406, 408, *range(412, 418), 421, 422, 426, 428, 429, 431, 511}
)
# What refuses one request's response says nothing about the next one's.
OF_THE_REQUEST = frozenset(
    {Refusal.AUTHORIZATION, Refusal.COOKIE, Refusal.RANGE, Refusal.REQUEST_NO_STORE}
)


class Collecting:
    """Keep one response of the app if it may be kept, and tell those who wait for it.

    Whatever has to ask the store is returned to be awaited: what never waits costs 0.15 µs as
    well.
    """

    __slots__ = ("_cache", "_chunks", "_declared", "_flight", "_is_abandoned", "_is_kept",
                 "_policy", "_request", "_response", "_size", "_verdict", "etag")  # fmt: skip

    _response: AppResponse
    _verdict: Storable

    def __init__(self, cache: HTTPCache, request: CacheRequest, flight: Flight | None) -> None:
        self._cache = cache
        self._request = request
        self._policy = request.policy
        self._flight = flight
        self._chunks: list[bytes] | None = None
        self._declared: int | None = None
        self._size = 0
        self._is_kept = self._is_abandoned = False
        # The tag of a whole response to which the app gave none.
        self.etag: bytes | None = None

    def abandon(self, reason: str) -> None:
        """Keep nothing of a response that is no longer what everybody would get."""
        if not (self._is_kept or self._is_abandoned):
            self._chunks, self._is_abandoned = None, True
            self._cache.counters.refusals[reason] += 1
            self.land(Landing.ABANDONED)

    @property
    def goes_on(self) -> bool:
        """Say whether the response is going to be kept, if it ends well."""
        return self._chunks is not None

    def begin(self, response: AppResponse, *, has_trailers: bool) -> Awaitable[None] | None:
        """Decide whether the response that has just started is one to keep."""
        self._response = response
        if self._is_abandoned:
            return None
        choice, fields = response.choice, response.fields
        if choice is not None:
            if choice.changes is None:
                return self.refuse("decorator")
            self._request.identities.update(choice.identities)
            if choice.changes:
                self._policy = self._cache.policies.changed(self._policy, choice.changes)
        if response.is_guarded and not _tells_grants_apart(self._policy):
            return self.refuse("guarded")
        verdict = self._decide()
        if isinstance(verdict, Refusal):
            return self.refuse(verdict)
        if has_trailers or b"event-stream" in fields.get(b"content-type", b"").lower():
            return self.refuse("stream")
        self._declared = _declared_length(fields)
        if (self._declared or 0) > self._policy.max_body_bytes:
            return self.refuse("too-large")
        self._verdict, self._chunks = verdict, []
        return None

    def _decide(self) -> Storable | Refusal:
        response, now = self._response, self._cache.clock.time()
        # In a handler's own lifetime the time it took does not count; on the wire it does (§4.2.3).
        took = 0 if self._policy.ttl is not None else response.received - response.fill_start
        return decide_storability(
            self._policy,
            self._request.method,
            self._request.fields,
            response.status,
            response.fields,
            request_time=now - took,
            response_time=now,
        )

    def take_body(self, message: Message) -> Awaitable[None] | None:
        """Collect a piece, and keep the whole when it is there."""
        body = message.get("body", b"")
        chunks = self._chunks
        if chunks is None:
            if self._is_kept and body:
                # More than was declared: what looked whole is not.
                return self._cache.keeper.delete(self._request.key)
            return None
        self._size += len(body)
        if self._size > self._policy.max_body_bytes:
            return self.refuse("too-large")
        if body:
            # A copy, because apps reuse one bytearray for all chunks.
            chunks.append(bytes(body))
        if not message.get("more_body", False) or self._size == self._declared:
            # The client takes the declared length for the end, and may come back at once.
            return self._finish(chunks)
        if self._declared is None:
            # A stream may never end: it is kept if it does, but nobody waits for that.
            self.land(Landing.UNSHAREABLE)
        return None

    def _finish(self, chunks: list[bytes]) -> Awaitable[None] | None:
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if self._declared not in (None, len(body)):
            return self.refuse("length")
        exchange = self._request.scope.get(SCOPE_KEY)
        if exchange is not None and exchange.is_guarded and not _tells_grants_apart(self._policy):
            # By what a stream called after it had started.
            return self.refuse("guarded")
        self._chunks, self._is_kept = None, True
        stored = make_stored_response(
            self._policy,
            self._verdict,
            self._response,
            body,
            clock=self._cache.clock,
        )
        fields = self._response.fields
        if b"etag" not in fields:
            self.etag = stored.etag
        return keep(self._cache, self._request, stored, fields.get(b"vary"), self._flight)

    def refuse(self, reason: Refusal | str) -> Awaitable[None] | None:
        """Do not keep the response, and let those who wait for it go."""
        self._chunks = None
        self._cache.counters.refusals[reason] += 1
        status = self._response.status
        if status >= _FAILURES_FROM and status not in _TO_THE_CLIENT:
            self.land(Landing.FAILED)
        elif reason in OF_THE_REQUEST or status == _NOT_MODIFIED or status in _TO_THE_CLIENT:
            self.land(Landing.ABANDONED)
        elif self._request.stored is not None or (self._flight and self._flight.waiting):
            return self._forget_and_mark()
        else:
            fields = self._response.fields
            if reason is Refusal.NO_LIFETIME and not (self._response.choice or b"vary" in fields):
                self._cache.unkept.add(self._request.key, self._policy)
            self.land(Landing.UNSHAREABLE)
        return None

    async def _forget_and_mark(self) -> None:
        if self._request.stored is not None:
            # What was stored is no longer what the app says.
            await self._cache.keeper.delete(self._request.entry_key)
        if self._flight is not None and self._flight.waiting:
            await self._cache.keeper.mark(self._request, self._response.fill_start)
        self.land(Landing.UNSHAREABLE)

    def land(self, landing: Landing) -> None:
        """Tell those who wait, if this response is one that others wait for."""
        if self._flight is not None:
            self._flight.land(landing)


async def keep(
    cache: HTTPCache,
    request: CacheRequest,
    stored: StoredResponse,
    vary: bytes | None,
    flight: Flight | None,
) -> None:
    """Store a response, and let those who wait for it look it up; `vary` is its Vary."""
    selectors: tuple[Selector, ...] = () if stored.policy is None else stored.policy.vary_by
    if vary is not None:
        selectors += tuple([f"header:{name}" for name in parse_vary(vary) or ()])
    kept = await cache.keeper.keep(request, stored, selectors)
    cache.counters.stored += kept
    if flight is not None:
        fresh = cache.clock.monotonic() < stored.fresh_until
        flight.land(Landing.STORED if kept and fresh else Landing.UNSHAREABLE)


def _tells_grants_apart(policy: CachePolicy) -> bool:
    """Say whether who is granted less has a variant of his own: a hit asks no handler."""
    return any(getattr(selector, "holds_grants", False) for selector in policy.vary_by)


def _declared_length(fields: Mapping[bytes, bytes]) -> int | None:
    """Return the declared length; one that is no number agrees with no body."""
    declared = fields.get(b"content-length")
    if declared is None:
        return None
    return int(declared) if declared.isdigit() and len(declared) <= _MOST_DIGITS else -1
