"""Answer one request to GET or HEAD: from the store, after somebody else's, or from the app."""

from contextlib import suppress
from math import log
from random import random

from chopin_mw.asgi.capture import Capture
from chopin_mw.asgi.tagging import Tagging
from chopin_mw.asgi.types import ASGIApp, Headers, Message, Receive, Scope, Send
from chopin_mw.cache.answers import answer_from, answer_to_failure, gateway_timeout
from chopin_mw.cache.fill import Fill
from chopin_mw.cache.flight import Flight, Landing, is_led_here
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.listening import Listening
from chopin_mw.cache.refresh import BackgroundRefresh, replayed
from chopin_mw.cache.request import CacheRequest
from chopin_mw.cache.statistics import Outcome, tell
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.cache_control import parse_request_directives
from chopin_mw.rules.reuse import Reuse, decide_reuse
from chopin_mw.rules.stored_response import CacheKey, StoredResponse

# A second failure in a row is nobody's bad luck: from then on all ask at once.
_MOST_FAILURES = 2
_MOST_LANDINGS = 5
# What of the client's a validation replaces; its own conditions are evaluated afterwards.
_REPLACED = frozenset({b"if-none-match", b"if-modified-since", b"if-range", b"range"})
_NAME_A_LIFETIME = frozenset({b"cache-control", b"cdn-cache-control", b"expires"})
_NEVER_STORED = frozenset({"body", "identity"})


class Serving:
    """Serve requests for one app from one cache; `limit` is the largest body that gets a tag."""

    __slots__ = ("_app", "_cache", "_is_plain", "_limit", "refresh")

    def __init__(self, app: ASGIApp, cache: HTTPCache, limit: int) -> None:
        self._app = app
        self._cache = cache
        self._is_plain = cache.name is None
        self._limit = limit
        self.refresh = BackgroundRefresh(cache, self.ask)

    async def serve(self, request: CacheRequest, receive: Receive, send: Send) -> None:
        """Answer a request that was looked up."""
        if self._goes_straight(request):
            await self.pass_on(request.scope, receive, send, key=request.key)
            return
        may_store, collapsed, failures = True, False, 0
        for _ in range(_MOST_LANDINGS):
            answer = self._answer(request, collapsed=collapsed)
            if answer is not None:
                await _send_all(send, answer)
                return
            flights = self._cache.flights.here() if _may_wait(request) else None
            flight = None if flights is None else flights.get(request.entry_key)
            if flights is None or (flight is not None and is_led_here(flight)):
                break
            if flight is None:
                with Flight(flights, request.entry_key) as flight:
                    await self.ask(request, receive, send, flight=flight)
                return
            landing = await flight.wait(request.policy.wait_limit)
            may_store = landing is not Landing.LATE
            failures += landing in (Landing.FAILED, Landing.ABANDONED)
            if landing in (Landing.LATE, Landing.UNSHAREABLE) or failures >= _MOST_FAILURES:
                break
            collapsed = landing is Landing.STORED
            if landing is Landing.FAILED:
                answer = answer_to_failure(self._cache, request)
                if answer is not None:
                    await _send_all(send, answer)
                    return
            before = request.entry_key
            await self._cache.keeper.look_up(request)
            if collapsed and request.stored is None and request.entry_key == before:
                # The store had no room for it: there is nothing to wait for.
                break
        await self.ask(request, receive, send, may_store=may_store)

    def _goes_straight(self, request: CacheRequest) -> bool:
        """Say whether nothing was found, and nothing will be kept."""
        found = request.bypass is not None or request.stored is not None
        return self._is_plain and not found and request.key in self._cache.unkept

    def _answer(self, request: CacheRequest, *, collapsed: bool) -> list[Message] | None:
        """Answer without the app, if that may be."""
        stored = request.stored
        if stored is None and request.directives is None:
            return None
        now = self._cache.clock.monotonic()
        reuse = decide_reuse(stored, request.directives, now)
        if reuse is Reuse.GATEWAY_TIMEOUT:
            self._cache.counters.note(request.scope, Outcome.GATEWAY_TIMEOUT)
            return gateway_timeout(request.method)
        if stored is None or reuse in (Reuse.REVALIDATE, Reuse.MISS):
            return None
        if reuse is Reuse.SERVE_AND_REFRESH and not self.refresh.begin(request):
            return None
        if stored.early_refresh and _is_early(stored, now):
            self.refresh.begin(request)
        outcome = Outcome.HIT if now < stored.fresh_until else Outcome.HIT_STALE
        return answer_from(
            self._cache, stored, request, Outcome.COLLAPSED if collapsed else outcome
        )

    async def pass_on(
        self, scope: Scope, receive: Receive, send: Send, *, key: CacheKey | None = None
    ) -> None:
        """Do what an ETag layer does; `key` is that of a response that is not kept as a rule."""
        tagging = Tagging(scope)
        capture = Capture(send, tagging, self._limit)
        with Listening(scope):
            try:
                await capture.run(self._app(scope, receive, capture.send))
            finally:
                exchange = scope.get(SCOPE_KEY)
                choice = None if exchange is None else exchange.cache
                if choice is not None and choice.invalidates:
                    await self._cache.keeper.invalidate(choice.invalidates)
                if key is not None:
                    self._note_passed(scope, key, tagging, chosen=choice is not None)

    def _note_passed(self, scope: Scope, key: CacheKey, tagging: Tagging, *, chosen: bool) -> None:
        self._cache.counters.passed += 1
        tell(scope, Outcome.MISS)
        if chosen or not _NAME_A_LIFETIME.isdisjoint(tagging.fields):
            self._cache.unkept.discard(key)

    async def ask(
        self,
        request: CacheRequest,
        receive: Receive,
        send: Send,
        *,
        flight: Flight | None = None,
        may_store: bool = True,
    ) -> None:
        """Have the app answer, and keep what may be kept."""
        stored, scope = request.stored, request.scope
        validates = stored is not None and request.method == "GET" and bool(stored.validators)

        def undo() -> None:
            if validates:
                scope["headers"] = request.headers

        if request.bypass is not None:
            self._cache.counters.bypasses[request.bypass] += 1
            may_store = may_store and request.bypass not in _NEVER_STORED
        if stored is not None and validates:
            scope["headers"] = _headers_to_validate(request.headers, stored)
        fill = Fill(
            self._cache, request, send, limit=self._limit,
            flight=flight, may_store=may_store, validates=validates, undo=undo,
        )  # fmt: skip
        before = dict(scope) if validates else {}
        try:
            await self._run(request, fill, receive, send)
        finally:
            fill.part()
            undo()
        if fill.ask_again:
            request.stored = None
            scope.clear()
            scope.update(before, headers=request.headers)
            again = replayed(receive)
            await self.ask(request, again, send, flight=flight, may_store=may_store)

    async def _run(self, request: CacheRequest, fill: Fill, receive: Receive, send: Send) -> None:
        with Listening(request.scope):
            try:
                call = self._app(request.scope, _watched(receive, fill), fill.send)
                await fill.capture.run(call)
            except Exception:
                if not fill.started and (answer := fill.answer_to_failure()) is not None:
                    with suppress(Exception):
                        await _send_all(send, answer)
                # The app's own exception always wins: whoever logs it is to hear of it.
                raise


def _watched(receive: Receive, fill: Fill) -> Receive:
    """Notice what makes a response one that not everybody would get."""

    async def watched_receive() -> Message:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            # An app that knows that nobody listens may well stop half way.
            fill.abandon("client-left")
        elif message.get("body"):
            fill.abandon("request-body")
        return message

    return watched_receive


async def _send_all(send: Send, messages: list[Message]) -> None:
    for message in messages:
        await send(message)


def _may_wait(request: CacheRequest) -> bool:
    """Say whether the request may wait for the response to another one, or others for its own."""
    fields = request.fields
    if request.bypass or request.marked or request.method != "GET" or b"range" in fields:
        return False
    if b"cache-control" in fields and parse_request_directives(fields[b"cache-control"]).no_store:
        return False
    ignores_cookies = request.policy.cookies == "ignore"
    if b"authorization" in fields or (b"cookie" in fields and not ignores_cookies):
        # Most such responses are for one user only, and waiting for them would be in vain.
        return request.identified or request.stored is not None
    return True


def _headers_to_validate(headers: Headers, stored: StoredResponse) -> Headers:
    """Ask the app whether the stored response still holds (RFC 9111 §4.3.1)."""
    return [field for field in headers if field[0].lower() not in _REPLACED] + list(
        stored.validators
    )


def _is_early(stored: StoredResponse, now: float) -> bool:
    """Say whether to refresh before the time, the likelier the longer a fill takes (XFetch)."""
    return now - stored.early_refresh * log(1 - random()) >= stored.fresh_until  # noqa: S311 - to spread load
