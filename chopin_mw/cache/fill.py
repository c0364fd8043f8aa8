"""Pass one response of the app on to the client, with what is stored in mind."""

from collections.abc import Awaitable, Callable, Sequence

from chopin_mw.asgi.capture import Capture
from chopin_mw.asgi.tagging import Tagging, missing_validators
from chopin_mw.asgi.types import Message, Send
from chopin_mw.cache.answers import answer_from, answer_to_failure, status_of_forward
from chopin_mw.cache.app_response import AppResponse
from chopin_mw.cache.collecting import OF_THE_REQUEST, Collecting, keep
from chopin_mw.cache.flight import Flight, Landing
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.request import CacheRequest
from chopin_mw.cache.statistics import Outcome
from chopin_mw.cache.updating import is_same, is_selected, updated
from chopin_mw.exchange import SCOPE_KEY, take_fields
from chopin_mw.rules.headers import has, select
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.rules.storability import RESPONSE_FIELDS
from chopin_mw.rules.stored_response import StoredResponse

_OK, _NOT_MODIFIED = 200, 304
_ERRORS_FROM = 400
# The server could not: no word about the resource (RFC 5861 §4).
_FAILURES = frozenset({500, 502, 503, 504})
_VARY = frozenset({b"vary"})
_GONE = frozenset({404, 410})
_NOT_A_BODY = frozenset(
    {"http.response.pathsend", "http.response.zerocopysend", "http.response.trailers"}
)


class Fill:
    """Stand between the app and a Capture, and judge for it what the client gets.

    Awaits the store before the last byte goes out, so that the next request finds the response.
    Without a `limit` nothing is held and nothing judged: the response is only kept.
    """

    __slots__ = ("_answer", "_cache", "_collecting", "_fill_start", "_flight", "_may_store",
                 "_request", "_send", "_tagging", "_to_client", "_undo", "_validates", "ask_again",
                 "capture", "started", "status")  # fmt: skip

    def __init__(
        self,
        cache: HTTPCache,
        request: CacheRequest,
        send: Send,
        *,
        limit: int | None = None,
        flight: Flight | None = None,
        may_store: bool = True,
        validates: bool = False,
        undo: Callable[[], None] | None = None,
        fill_start: float | None = None,
    ) -> None:
        self._cache = cache
        self._request = request
        self._flight = flight
        self._may_store = may_store
        self._validates = validates
        # Gives the scope back as it was, before anybody outside sees the response.
        self._undo = undo
        self._tagging = Tagging(request.scope, request.fields)
        self._collecting = Collecting(cache, request, flight)
        self.capture = Capture(send, self, limit or 0)
        self._to_client = send
        self._send = send if limit is None else self.capture.send
        self._fill_start = cache.clock.monotonic() if fill_start is None else fill_start
        self.started = self.ask_again = False
        self.status = 0
        self._answer: list[Message] | None = None

    # --- what the app sends -------------------------------------------------------------------

    async def send(self, message: Message) -> None:
        """Take a message of the app, and pass it on."""
        kind = message["type"]
        pending: Awaitable[None] | None = None
        if kind == "http.response.body":
            pending = self._collecting.take_body(message)
        elif kind == "http.response.start":
            if not self.started:
                # Read once: the headers may be a generator.
                message = {**message, "headers": list(message.get("headers") or ())}
                pending = self._take_start(message)
        elif kind in _NOT_A_BODY and self._collecting.goes_on:
            pending = self._collecting.refuse("no-body")
        if pending is not None:
            await pending
        await self._send(message)

    def _take_start(self, start: Message) -> Awaitable[None] | None:
        self.started = True
        self.status = start["status"]
        if self._undo is not None:
            self._undo()
        request = self._request
        exchange = request.scope.get(SCOPE_KEY)
        if exchange is not None and exchange.fields is not None:
            start["headers"] += take_fields(request.scope, self.status)
        if exchange is not None and exchange.precondition is not None and self.status == _OK:
            # What `@etag` compared is the response's tag: it goes into the store with it.
            start["headers"] += missing_validators(start["headers"], exchange.precondition)
        # A tuple, because the client's start message is edited further on.
        headers = tuple(start["headers"])
        self._tagging.fields = select(headers, RESPONSE_FIELDS)
        response = AppResponse(
            self.status,
            headers,
            self._tagging.fields,
            self._fill_start,
            self._cache.clock.monotonic(),
            None if exchange is None else exchange.cache,
            exchange is not None and exchange.is_guarded,
        )
        if request.stored is not None or response.choice is not None:
            return self._take_start_with_care(start, response)
        self._note()
        if self._may_store and request.method != "HEAD":
            return self._collecting.begin(response, has_trailers=bool(start.get("trailers")))
        return None

    async def _take_start_with_care(self, start: Message, response: AppResponse) -> None:
        """Take a start that may be for a stored response, or comes with a decorator's word."""
        choice, stored = response.choice, self._request.stored
        if choice is not None and choice.invalidates and response.status < _ERRORS_FROM:
            await self._cache.keeper.invalidate(choice.invalidates)
        if stored is not None and self._validates and response.status == _NOT_MODIFIED:
            await self._take_not_modified(stored, response)
            return
        if response.status in _FAILURES:
            self._answer = self.answer_to_failure()
            if self._answer is not None:
                return
        self._note()
        if self._request.method == "HEAD":
            await self._freshen(stored, response)
        elif self._may_store:
            pending = self._collecting.begin(response, has_trailers=bool(start.get("trailers")))
            if pending is not None:
                await pending

    def _note(self) -> None:
        request = self._request
        if not request.in_background:
            outcome = Outcome.MISS if request.bypass is None else Outcome.BYPASS
            self._cache.counters.note(request.scope, outcome)

    def abandon(self, reason: str) -> None:
        """Keep nothing of the response from now on."""
        self._collecting.abandon(reason)

    def part(self) -> None:
        """Let go of the capture, which holds this: as a cycle both cost the collector 3 µs."""
        del self.capture
        # For a task of the app's that goes on sending; what it says is the server's to judge.
        self._send = self._to_client

    # --- what was stored before ---------------------------------------------------------------

    async def _take_not_modified(self, stored: StoredResponse, response: AppResponse) -> None:
        if not is_selected(stored, response.fields):
            # It speaks of a response that is not ours, so only a whole one will do.
            self.ask_again, self._answer = True, []
            return
        newer = await self._update(stored, response)
        self._answer = answer_from(self._cache, newer, self._request, Outcome.REVALIDATED)

    async def _freshen(self, stored: StoredResponse | None, response: AppResponse) -> None:
        if stored is None:
            return
        if response.status == _OK and is_same(stored, response.fields):
            await self._update(stored, response)
        elif response.status == _OK or response.status in _GONE:
            await self._cache.keeper.delete(self._request.entry_key)

    async def _update(self, stored: StoredResponse, response: AppResponse) -> StoredResponse:
        newer, refusal = updated(stored, self._request, response, self._cache.clock)
        if refusal is None:
            vary = response.fields.get(b"vary") or select(newer.headers, _VARY).get(b"vary")
            await keep(self._cache, self._request, newer, vary, self._flight)
        elif refusal not in OF_THE_REQUEST:
            await self._cache.keeper.delete(self._request.entry_key)
        return newer

    def answer_to_failure(self) -> list[Message] | None:
        """Return the stored response as the answer if it may be, and to those who wait too."""
        answer = answer_to_failure(self._cache, self._request)
        if answer is not None:
            self._collecting.land(Landing.FAILED)
        return answer

    # --- what the client gets: the judge of the capture ---------------------------------------

    def at_start(self, start: Message) -> Message | list[Message] | None:
        """Answer from the store, or do what an ETag layer does."""
        if self._answer is not None:
            return self._answer
        cache = self._cache
        if cache.name is not None:
            stored = self._collecting.goes_on
            status = status_of_forward(cache.name, cache, self._request, self.status, stored=stored)
            start["headers"].append((b"cache-status", status))
        if self._request.policy.proxied:
            if not has(start["headers"], b"date"):
                # A recipient with a clock has to (RFC 9110 §6.6.1).
                start["headers"].append((b"date", format_http_date(cache.clock.time())))
            # Tags are the origin's to give, and If-Match was its to evaluate.
            return self._tagging.at_start_of_another(start)
        return self._tagging.at_start(start)

    def when_whole(self, start: Message, chunks: Sequence[bytes]) -> Message | list[Message]:
        """Tag the whole body, and compare."""
        self._tagging.known_tag = self._collecting.etag
        return self._tagging.when_whole(start, chunks)

    def when_released(self, start: Message) -> Message | list[Message]:
        """Compare by what the header says."""
        return self._tagging.when_released(start)
