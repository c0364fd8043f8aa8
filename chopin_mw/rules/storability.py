"""Decide whether a shared cache may store a response, and on what terms (RFC 9111 §3)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from chopin_mw.rules.cache_control import (
    DELTA_SECONDS_MAX,
    ResponseDirectives,
    parse_request_directives,
    parse_response_directives,
)
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.freshness import (
    EXPLICIT,
    HEURISTICALLY_CACHEABLE,
    Freshness,
    Source,
    freshness_lifetime,
    initial_age,
)
from chopin_mw.rules.http_date import parse_http_date
from chopin_mw.rules.sharing import (
    is_for_authorization,
    is_for_cookies,
    is_from_authorization,
    varies_by_identity,
)
from chopin_mw.rules.targeted import parse_targeted
from chopin_mw.rules.vary import parse_vary

RESPONSE_FIELDS: Final = frozenset(
    {
        b"age",
        b"cache-control",
        b"cdn-cache-control",
        b"content-encoding",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"date",
        b"etag",
        b"expires",
        b"last-modified",
        b"location",
        b"set-cookie",
        b"trailer",
        b"vary",
    }
)
"""What the rules, and the cache around them, read of a response: one scan for all of it."""

# How long a stale response stands in for a failing app that did not say (`stale_on_failure`).
_UNASKED_SECONDS: Final = 7 * 24 * 3600

# RFC 9110 §15 and RFC 7725: what must-understand asks a cache to know (RFC 9111 §5.2.2.3). Not
# 206, 226 and 304, which are more than the bytes that came.
UNDERSTOOD_STATUSES: Final = (
    frozenset({*range(200, 206), *range(300, 304), 307, 308, *range(400, 418), 421, 422, 426, 451})
    | frozenset(range(500, 506))
) - {402}

_OK: Final = 200
_PARTIAL: Final = 206
_PRECONDITION_FAILED: Final = 412
_RANGE_NOT_SATISFIABLE: Final = 416
_NO_NAMES: Final[frozenset[bytes]] = frozenset()


class Refusal(StrEnum):
    """Why a response is not stored."""

    METHOD = "method"
    STATUS = "status"
    RANGE = "range"
    REQUEST_NO_STORE = "request-no-store"
    MUST_UNDERSTAND = "must-understand"
    NO_STORE = "no-store"
    PRIVATE = "private"
    VARY = "vary"
    SET_COOKIE = "set-cookie"
    AUTHORIZATION = "authorization"
    COOKIE = "cookie"
    NO_LIFETIME = "no-lifetime"
    NO_CACHE = "no-cache"
    EXPIRED = "expired"


class Storable(NamedTuple):
    """Hold the terms on which a response is stored; all times in seconds.

    - `lifetime`: how long it is fresh, counted from age zero; it may be over on arrival.
    - `no_cache`: to be validated at each use.
    - `must_revalidate`: never to be served stale, not even when the app fails.
    - `for_cookies`, `for_authorization`: may answer requests with Cookie, or Authorization.
    - `without`: the lower-case fields that this response wants left out of what is stored.
    """

    lifetime: float
    initial_age: float
    stale_while_revalidate: float
    stale_if_error: float
    no_cache: bool
    must_revalidate: bool
    for_cookies: bool
    for_authorization: bool
    without: frozenset[bytes]


def decide_storability(
    policy: CachePolicy,
    method: str,
    request_fields: Mapping[bytes, bytes],
    status: int,
    fields: Mapping[bytes, bytes],
    *,
    request_time: float,
    response_time: float,
) -> Storable | Refusal:
    """Return the terms of storing a response, or the first reason not to.

    Fields are by lower-case name: `fields` are those of RESPONSE_FIELDS that are there; read of
    `request_fields` are Authorization, Cache-Control, Cookie, Range and the preconditions. The
    method is POST only where Content-Location is the target itself (RFC 9110 §9.3.3). Times are
    the wall clock's, in seconds since the epoch.
    """
    refusal = _refused_by_message(policy, method, request_fields, status, fields)
    if refusal is not None:
        return refusal
    targeted = parse_targeted(fields.get(b"cdn-cache-control", b""))
    directives = targeted or parse_response_directives(fields.get(b"cache-control", b""))
    refusal = _refused_by_directives(policy, status, directives) or _refused_by_secrets(
        policy, request_fields, fields, directives
    )
    if refusal is not None:
        return refusal
    freshness = freshness_lifetime(
        status,
        fields,
        directives,
        policy,
        targeted=targeted is not None,
        response_time=response_time,
    )
    if method == "POST" and freshness.source not in EXPLICIT:
        return Refusal.NO_LIFETIME
    if freshness.source is Source.NONE and not _is_kept_to_validate(policy, status, directives):
        return Refusal.NO_LIFETIME
    terms = _terms(
        policy,
        directives,
        freshness,
        initial_age(fields, request_time=request_time, response_time=response_time),
    )
    if terms.lifetime > terms.initial_age and not terms.no_cache:
        return terms
    if _has_validator(fields, response_time):
        return terms
    if freshness.source is Source.NONE:
        return Refusal.NO_LIFETIME
    if terms.no_cache:
        return Refusal.NO_CACHE
    return terms if _may_be_served_stale(policy, terms) else Refusal.EXPIRED


def _refused_by_message(
    policy: CachePolicy,
    method: str,
    request_fields: Mapping[bytes, bytes],
    status: int,
    fields: Mapping[bytes, bytes],
) -> Refusal | None:
    if method != "GET" and not (method == "POST" and status == _OK):
        return Refusal.METHOD
    if status == _PARTIAL or b"content-range" in fields:
        return Refusal.RANGE
    if status not in policy.statuses:
        return Refusal.STATUS
    # Answers to what this request asked beside its URL, which the next request does not ask.
    if status == _RANGE_NOT_SATISFIABLE and b"range" in request_fields:
        return Refusal.RANGE
    if status == _PRECONDITION_FAILED and (
        b"if-match" in request_fields or b"if-unmodified-since" in request_fields
    ):
        return Refusal.STATUS
    if b"cache-control" in request_fields:
        asked = parse_request_directives(request_fields[b"cache-control"])
        return Refusal.REQUEST_NO_STORE if asked.no_store else None
    return None


def _refused_by_directives(
    policy: CachePolicy, status: int, directives: ResponseDirectives
) -> Refusal | None:
    if directives.must_understand:
        # A cache that understands the status ignores no-store (§5.2.2.3).
        if status not in UNDERSTOOD_STATUSES:
            return Refusal.MUST_UNDERSTAND
    elif directives.no_store:
        return Refusal.NO_STORE
    # A response that is stored for one identity is as good as in a private cache.
    if directives.private is True and not varies_by_identity(policy):
        return Refusal.PRIVATE
    return None


def _refused_by_secrets(
    policy: CachePolicy,
    request_fields: Mapping[bytes, bytes],
    fields: Mapping[bytes, bytes],
    directives: ResponseDirectives,
) -> Refusal | None:
    if b"vary" in fields and parse_vary(fields[b"vary"]) is None:
        return Refusal.VARY
    # A cookie that the response itself withholds is not in what others get.
    refuses_cookie = b"set-cookie" in fields and policy.set_cookie == "refuse"
    if refuses_cookie and b"set-cookie" not in _withheld(directives):
        return Refusal.SET_COOKIE
    if b"authorization" in request_fields and not is_from_authorization(policy, directives):
        return Refusal.AUTHORIZATION
    if b"cookie" in request_fields and not is_for_cookies(policy, directives):
        return Refusal.COOKIE
    return None


def _terms(
    policy: CachePolicy, directives: ResponseDirectives, freshness: Freshness, age: float
) -> Storable:
    overridden = policy.override_freshness and freshness.source is Source.POLICY
    no_cache = directives.no_cache is True and not overridden
    must_revalidate = (
        no_cache
        or directives.must_revalidate
        or directives.proxy_revalidate
        # It includes proxy-revalidate (§5.2.2.10).
        or (directives.s_maxage is not None and not overridden)
        # The request of a refresh, or of somebody in an outage, is not that of the identity.
        or directives.private is True
    )
    swr, sie = directives.stale_while_revalidate, directives.stale_if_error
    swr_seconds = policy.stale_while_revalidate if swr is None else swr
    unasked = _UNASKED_SECONDS if policy.stale_on_failure else policy.stale_if_error
    sie_seconds = unasked if sie is None else sie
    return Storable(
        lifetime=freshness.lifetime,
        initial_age=age,
        stale_while_revalidate=0 if must_revalidate else min(swr_seconds, DELTA_SECONDS_MAX),
        stale_if_error=0 if must_revalidate else min(sie_seconds, DELTA_SECONDS_MAX),
        no_cache=no_cache,
        must_revalidate=must_revalidate,
        for_cookies=is_for_cookies(policy, directives),
        for_authorization=is_for_authorization(policy, directives),
        without=_withheld(directives),
    )


def _is_kept_to_validate(policy: CachePolicy, status: int, directives: ResponseDirectives) -> bool:
    """Say whether a response that nobody gave a lifetime may be stored at all (§3)."""
    # Only a proxy gains by it: an app of one's own has made the response before it can validate.
    return policy.heuristic_fraction > 0 and (
        directives.public or status in HEURISTICALLY_CACHEABLE
    )


def _has_validator(fields: Mapping[bytes, bytes], response_time: float) -> bool:
    """Say whether the app can be asked if the response still holds; a malformed tag will do."""
    if fields.get(b"etag"):
        return True
    return parse_http_date(fields.get(b"last-modified", b""), now=response_time) is not None


def _may_be_served_stale(policy: CachePolicy, terms: Storable) -> bool:
    if terms.must_revalidate:
        return False
    # Any stale response can be of use to a request with max-stale.
    if policy.honour_request_directives:
        return True
    window = max(terms.stale_while_revalidate, terms.stale_if_error)
    return terms.lifetime + window > terms.initial_age


def _withheld(directives: ResponseDirectives) -> frozenset[bytes]:
    """Return the fields of private="..." and no-cache="...", which others never see."""
    private, no_cache = directives.private, directives.no_cache
    named = (private if isinstance(private, tuple) else ()) + (
        no_cache if isinstance(no_cache, tuple) else ()
    )
    return frozenset([name.encode("ascii") for name in named]) if named else _NO_NAMES
