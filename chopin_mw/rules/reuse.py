"""Decide whether a stored response answers a request (RFC 9111 §4, §5.2.1; RFC 5861)."""

from collections.abc import Mapping
from enum import Enum

from chopin_mw.rules.cache_control import RequestDirectives, parse_request_directives
from chopin_mw.rules.stored_response import StoredResponse


class Reuse(Enum):
    """What to do with a request, given what is stored."""

    SERVE = "serve"
    SERVE_AND_REFRESH = "serve-and-refresh"
    REVALIDATE = "revalidate"
    MISS = "miss"
    GATEWAY_TIMEOUT = "gateway-timeout"


_NO_DIRECTIVES = RequestDirectives()


def request_directives(fields: Mapping[bytes, bytes]) -> RequestDirectives:
    """Return the directives of a request; Pragma counts only without Cache-Control (§5.4)."""
    if b"cache-control" in fields:
        return parse_request_directives(fields[b"cache-control"])
    if b"pragma" in fields:
        return RequestDirectives(no_cache=parse_request_directives(fields[b"pragma"]).no_cache)
    return _NO_DIRECTIVES


def decide_reuse(
    stored: StoredResponse | None, request: RequestDirectives | None, now: float
) -> Reuse:
    """Say what to do; `request` is None where its directives are not honoured.

    A stored response without validators can be revalidated too: by a request without conditions,
    whose answer replaces it. A request's `no-store` does not forbid reuse (§5.2.1.5).
    """
    if request is not None and request is not _NO_DIRECTIVES:
        return _as_requested(stored, request, now)
    if stored is None:
        return Reuse.MISS
    if now < stored.fresh_until:
        return Reuse.SERVE
    if now < stored.stale_while_revalidate_until and not stored.must_revalidate:
        return Reuse.SERVE_AND_REFRESH
    return Reuse.REVALIDATE


def _as_requested(stored: StoredResponse | None, request: RequestDirectives, now: float) -> Reuse:
    if stored is not None and _suits(stored, request, now):
        if now < stored.fresh_until:
            return Reuse.SERVE
        if now < stored.stale_while_revalidate_until and not request.only_if_cached:
            return Reuse.SERVE_AND_REFRESH
        return Reuse.SERVE
    if request.only_if_cached:
        return Reuse.GATEWAY_TIMEOUT
    return Reuse.MISS if stored is None else Reuse.REVALIDATE


def _suits(stored: StoredResponse, request: RequestDirectives, now: float) -> bool:
    """Say whether both sides accept the response at this age (§5.2.1)."""
    if request.no_cache:
        return False
    if request.max_age is not None and now - stored.born > request.max_age:
        return False
    if request.min_fresh is not None and stored.fresh_until - now < request.min_fresh:
        return False
    if now < stored.fresh_until:
        return True
    if stored.must_revalidate:
        return False
    if request.max_stale is not None:
        return now - stored.fresh_until <= request.max_stale
    # A client that sends max-age without max-stale wishes nothing stale (§5.2.1.1).
    return request.max_age is None and now < stored.stale_while_revalidate_until


def may_answer_failure(
    stored: StoredResponse, request: RequestDirectives | None, now: float
) -> bool:
    """Say whether the stored response may stand in for an app that failed (§4.2.4, RFC 5861 §4)."""
    if request is not None and request.no_cache:
        return False
    if now < stored.fresh_until:
        return True
    if stored.must_revalidate:
        return False
    if now < stored.stale_if_error_until:
        return True
    asked = None if request is None else request.stale_if_error
    return asked is not None and now - stored.fresh_until <= asked
