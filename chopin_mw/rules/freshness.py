"""How long a response is fresh, and how old it was when it came (RFC 9111 §4.2)."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from chopin_mw.rules.cache_control import DELTA_SECONDS_MAX, ResponseDirectives
from chopin_mw.rules.cache_policy import NEGATIVE_STATUSES, CachePolicy
from chopin_mw.rules.http_date import parse_http_date

# RFC 9110 §15.1, and 451 by RFC 7725 §3; 206 is heuristically cacheable too, but never stored here.
HEURISTICALLY_CACHEABLE: Final = frozenset(
    {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501}
)

_DIGITS = re.compile(rb"[0-9]+")
_MOST_DIGITS: Final = len(str(DELTA_SECONDS_MAX))


class Source(Enum):
    """What named a lifetime."""

    TARGETED = "cdn-cache-control"
    S_MAXAGE = "s-maxage"
    MAX_AGE = "max-age"
    EXPIRES = "expires"
    HEURISTIC = "heuristic"
    POLICY = "policy"
    NONE = "none"


EXPLICIT: Final = frozenset({Source.TARGETED, Source.S_MAXAGE, Source.MAX_AGE, Source.EXPIRES})
"""What the response itself says, which is all that "explicit" means in RFC 9111."""


class Freshness(NamedTuple):
    """Hold a lifetime in seconds, counted from age zero, and what named it."""

    lifetime: float
    source: Source


_UNKNOWN: Final = Freshness(0, Source.NONE)


def freshness_lifetime(
    status: int,
    fields: Mapping[bytes, bytes],
    directives: ResponseDirectives,
    policy: CachePolicy,
    *,
    targeted: bool,
    response_time: float,
) -> Freshness:
    """Return the lifetime that the response names, or else the policy's, or else a guess.

    `targeted` says that `directives` come from CDN-Cache-Control, which replaces Expires too
    (RFC 9213 §2.2). `response_time` is the wall clock's, in seconds since the epoch.
    """
    # What is not there is kept only by a wish of its own, never by the general ttl.
    negative = status in NEGATIVE_STATUSES
    ttl = policy.negative_ttl if negative else policy.ttl
    wished = None if ttl is None else Freshness(min(ttl, DELTA_SECONDS_MAX), Source.POLICY)
    found = wished if policy.override_freshness else None
    if found is None:
        found = _explicit(fields, directives, targeted=targeted, response_time=response_time)
    if found is None and directives.no_cache is not True:
        found = wished
    if found is None and (status in HEURISTICALLY_CACHEABLE or directives.public):
        found = _guess(fields, policy.heuristic_fraction, response_time)
    if found is None:
        return _UNKNOWN
    if negative and found.lifetime > policy.max_negative_ttl:
        return Freshness(policy.max_negative_ttl, found.source)
    return found


def _explicit(
    fields: Mapping[bytes, bytes],
    directives: ResponseDirectives,
    *,
    targeted: bool,
    response_time: float,
) -> Freshness | None:
    if directives.s_maxage is not None:
        return Freshness(directives.s_maxage, Source.TARGETED if targeted else Source.S_MAXAGE)
    if directives.max_age is not None:
        return Freshness(directives.max_age, Source.TARGETED if targeted else Source.MAX_AGE)
    if targeted or b"expires" not in fields:
        return None
    # Two lines of it, or "0", are no date, and so have passed (§5.3).
    expires = parse_http_date(fields[b"expires"], now=response_time)
    lifetime = 0 if expires is None else _seconds(expires - _date(fields, response_time))
    return Freshness(lifetime, Source.EXPIRES)


def _guess(
    fields: Mapping[bytes, bytes], fraction: float, response_time: float
) -> Freshness | None:
    """Return a share of the time since the last change (§4.2.2), if there was such a time."""
    if not fraction or b"last-modified" not in fields:
        return None
    modified = parse_http_date(fields[b"last-modified"], now=response_time)
    if modified is None:
        return None
    lifetime = _seconds(fraction * (_date(fields, response_time) - modified))
    return Freshness(lifetime, Source.HEURISTIC) if lifetime else None


def initial_age(
    fields: Mapping[bytes, bytes], *, request_time: float, response_time: float
) -> float:
    """Return the response's age when it came, in seconds (§4.2.3); times are the wall clock's."""
    # The clock may have been set back meanwhile.
    age = max(response_time - request_time, 0)
    if b"age" in fields:
        age += _age(fields[b"age"])
    if b"date" in fields:
        # A Date has whole seconds: what was made 0.9 seconds into one is not 0.9 seconds old.
        age = max(age, int(response_time) - _date(fields, response_time))
    return _seconds(age)


def _date(fields: Mapping[bytes, bytes], response_time: float) -> float:
    """Return Date, or the time of arrival in its place (RFC 9110 §6.6.1)."""
    if b"date" not in fields:
        return response_time
    date = parse_http_date(fields[b"date"], now=response_time)
    return response_time if date is None else date


def _age(value: bytes) -> int:
    """Return the first member of Age, 0 unless it is a whole number (§5.1)."""
    first = value.partition(b",")[0].strip(b" \t")
    if not _DIGITS.fullmatch(first):
        return 0
    # int() of a megabyte of digits is quadratic.
    digits = first.lstrip(b"0") or b"0"
    return DELTA_SECONDS_MAX if len(digits) > _MOST_DIGITS else int(digits)


def _seconds(difference: float) -> float:
    """Keep within 0..2**31: neither a clock set back nor a distant date means anything else."""
    return min(max(difference, 0), DELTA_SECONDS_MAX)
