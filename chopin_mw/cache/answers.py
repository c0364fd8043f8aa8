"""Answer from a stored response: whole, 304, a part of it, or without its body."""

from chopin_mw.asgi.messages import problem, reply
from chopin_mw.asgi.types import Headers, Message
from chopin_mw.cache.clock import Clock
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.request import CacheRequest
from chopin_mw.cache.statistics import Outcome
from chopin_mw.rules.cache_status import ForwardReason, forward_status, hit_status
from chopin_mw.rules.entity_tag import parse_entity_tag
from chopin_mw.rules.preconditions import Validators, Verdict, evaluate
from chopin_mw.rules.ranges import (
    NoRange,
    if_range_holds,
    parse_range,
    partial_response,
    unsatisfiable_response,
)
from chopin_mw.rules.reuse import may_answer_failure
from chopin_mw.rules.stored_response import StoredResponse

_OK = 200
_KNOWN_TO_CLIENT = frozenset(
    {b"content-encoding", b"content-language", b"content-type", b"last-modified"}
)
_CONDITIONS = (b"if-none-match", b"if-modified-since")


def answer_from(
    cache: HTTPCache, stored: StoredResponse, request: CacheRequest, outcome: Outcome
) -> list[Message]:
    """Return the messages of the answer, and count it; every one of them is new.

    Layers outside may edit a message or its list of headers, and do.
    """
    if not request.in_background:
        cache.counters.note(request.scope, outcome)
    clock, now = cache.clock, cache.clock.monotonic()
    own: Headers = [(b"age", b"%d" % max(0, now - stored.born))]
    if cache.name is not None:
        ttl = stored.fresh_until - now
        own.append((b"cache-status", _status_of_answer(cache.name, outcome, ttl)))
    if stored.status == _OK and _client_has_it(stored, request, clock):
        return reply(304, [*stored.not_modified_headers, *own])
    headers: Headers = [*stored.headers, *own]
    if request.method == "HEAD":
        return reply(stored.status, headers)
    if b"range" in request.fields and stored.status == _OK:
        return _partial(stored, headers, request, clock)
    return reply(stored.status, headers, stored.body)


def answer_to_failure(cache: HTTPCache, request: CacheRequest) -> list[Message] | None:
    """Return the stored response in place of a failing app's, if it may stand in for it."""
    stored, now = request.stored, cache.clock.monotonic()
    if stored is None or not may_answer_failure(stored, request.directives, now):
        return None
    return answer_from(cache, stored, request, Outcome.HIT_AFTER_FAILURE)


def _status_of_answer(name: bytes, outcome: Outcome, ttl: float) -> bytes:
    if outcome is Outcome.REVALIDATED:
        return forward_status(name, reason="stale", fwd_status=304, ttl=ttl, stored=True)
    return hit_status(name, ttl)


def status_of_forward(
    name: bytes, cache: HTTPCache, request: CacheRequest, status: int, *, stored: bool
) -> bytes:
    """Return the Cache-Status of a response that the app gave."""
    reason: ForwardReason = "vary-miss"
    if request.bypass is not None:
        reason = "bypass"
    elif request.stored is not None:
        fresh = cache.clock.monotonic() < request.stored.fresh_until
        reason = "request" if fresh else "stale"
    elif request.entry_key is request.key:
        reason = "uri-miss"
    return forward_status(
        name, reason=reason, fwd_status=status, stored=stored, detail=request.bypass
    )


def _client_has_it(stored: StoredResponse, request: CacheRequest, clock: Clock) -> bool:
    """Evaluate the conditions that are a cache's to evaluate (RFC 9111 §4.3.2)."""
    conditions = {name: request.fields[name] for name in _CONDITIONS if name in request.fields}
    if not conditions:
        return False
    tag = None if stored.etag is None else parse_entity_tag(stored.etag)
    modified = stored.last_modified
    if modified is None:
        # In its place, the time at which the response was made or received.
        modified = int(stored.date)
    verdict = evaluate(request.method, Validators(tag, modified), conditions, now=clock.time())
    return verdict is Verdict.NOT_MODIFIED


def _partial(
    stored: StoredResponse, headers: Headers, request: CacheRequest, clock: Clock
) -> list[Message]:
    fields = request.fields
    if_range = fields.get(b"if-range")
    if if_range is not None and not if_range_holds(
        if_range, stored.etag, stored.last_modified, stored.date, now=clock.time()
    ):
        return reply(stored.status, headers, stored.body)
    ranges = parse_range(fields[b"range"], len(stored.body))
    if ranges is NoRange.IGNORED:
        return reply(stored.status, headers, stored.body)
    if ranges is NoRange.UNSATISFIABLE:
        return reply(416, *unsatisfiable_response(headers, len(stored.body)))
    if if_range is not None and len(ranges) == 1:
        # The client has these from the response that it wants the rest of (RFC 9110 §15.3.7).
        headers = [field for field in headers if field[0].lower() not in _KNOWN_TO_CLIENT]
    return reply(206, *partial_response(headers, stored.body, ranges))


def gateway_timeout(method: str) -> list[Message]:
    """Return the answer to only-if-cached when nothing may be served (RFC 9111 §5.2.1.7).

    It has no Cache-Status, because it comes from no stored response (RFC 9211 §2).
    """
    detail = "The request asked for a stored response only, and there is none that may be used."
    start, body = problem(504, "Gateway Timeout", detail)
    return [start, {**body, "body": b""} if method == "HEAD" else body]
