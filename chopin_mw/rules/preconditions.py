"""Decide a conditional request (RFC 9110 §13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from chopin_mw.rules.entity_tag import EntityTag, parse_entity_tag_list
from chopin_mw.rules.http_date import parse_http_date

CONDITIONAL_FIELDS = frozenset(
    {b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"}
)

# RFC 9110 §15.4.5; Last-Modified guides a cache only where there is no ETag.
NOT_MODIFIED_FIELDS = frozenset(
    {b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"}
)


class Verdict(Enum):
    """What a conditional request asks for; the value is the status to answer, if any."""

    PROCEED = None
    NOT_MODIFIED = 304
    PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class Validators:
    """Describe the current representation; `last_modified` in seconds since the epoch.

    `exists=False` stands for a target that has no current representation, as before a PUT that
    creates it.
    """

    etag: EntityTag | None = None
    last_modified: int | None = None
    exists: bool = True


def evaluate(
    method: str, current: Validators, fields: Mapping[bytes, bytes], *, now: float
) -> Verdict:
    """Evaluate the request's preconditions in the order of RFC 9110 §13.2.2.

    `fields` holds raw values by lower-case name. Malformed dates are ignored (§13.1.3, §13.1.4).
    """
    if not _may_change(current, fields, now):
        return Verdict.PRECONDITION_FAILED
    if not _is_new_to_client(method, current, fields, now):
        safe = method in ("GET", "HEAD")
        return Verdict.NOT_MODIFIED if safe else Verdict.PRECONDITION_FAILED
    return Verdict.PROCEED


def _may_change(current: Validators, fields: Mapping[bytes, bytes], now: float) -> bool:
    """If-Match, or in its absence If-Unmodified-Since (steps 1 and 2)."""
    if (if_match := fields.get(b"if-match")) is not None:
        tags = parse_entity_tag_list(if_match)
        return current.exists if tags.any else tags.matches_strongly(current.etag)
    if (since := fields.get(b"if-unmodified-since")) is not None:
        date = parse_http_date(since, now=now)
        if date is not None and current.last_modified is not None:
            return current.last_modified <= date
    return True


def _is_new_to_client(
    method: str, current: Validators, fields: Mapping[bytes, bytes], now: float
) -> bool:
    """If-None-Match, or in its absence If-Modified-Since (steps 3 and 4)."""
    if (if_none_match := fields.get(b"if-none-match")) is not None:
        # Present, it silences If-Modified-Since even when it does not match (§13.1.3).
        tags = parse_entity_tag_list(if_none_match)
        return not (current.exists if tags.any else tags.matches_weakly(current.etag))
    if method not in ("GET", "HEAD"):
        return True
    if (since := fields.get(b"if-modified-since")) is not None:
        date = parse_http_date(since, now=now)
        if date is not None and current.last_modified is not None:
            return current.last_modified > date
    return True
