"""Byte ranges: which parts of a stored response to send (RFC 9110 §14, §13.1.5, §15.3.7)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from chopin_mw.rules.entity_tag import parse_entity_tag
from chopin_mw.rules.headers import Field, Fields
from chopin_mw.rules.http_date import parse_http_date

# Possessive quantifiers: a megabyte of junk is read once, never backtracked through.
_SPEC = rb"([0-9]*+)-([0-9]*+)"
_RANGE = re.compile(rb"(?i:bytes)=[ \t,]*+(?:" + _SPEC + rb"[ \t]*+(?:,[ \t,]*+|\Z))++")
_SPECS = re.compile(_SPEC)
_MOST_RANGES = 50
# No body is longer, and int() of a megabyte of digits is quadratic.
_MOST_DIGITS = 18
# RFC 9110 §8.8.2.2 asks for a second by one clock; a minute is enough for two that disagree.
_STRONG_AFTER_SECONDS = 60
_REPLACED = frozenset({b"content-length", b"content-range"})
_KEPT_BY_416 = frozenset({b"date", b"server", b"vary", b"via"})
_CORS_PREFIX = b"access-control-"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Hold the first and the last position of a part, counted from 0, both included."""

    first: int
    last: int


class NoRange(Enum):
    """Why no part is sent; the value is the status to answer, if it is not the stored one."""

    IGNORED = None
    UNSATISFIABLE = 416


def parse_range(value: bytes, length: int) -> tuple[ByteRange, ...] | NoRange:
    """Return the parts of a body of that length which a Range field asks for; never raises.

    Parts that overlap or touch are one; the others keep their order (§15.3.7.2). Malformed fields,
    other units and more than 50 ranges are ignored, as §14.2 allows.
    """
    if value.count(b"-") > _MOST_RANGES or not _RANGE.fullmatch(value.strip(b" \t")):
        return NoRange.IGNORED
    ranges: list[ByteRange] = []
    for first, last in _SPECS.findall(value):
        if not _is_valid(first, last):
            return NoRange.IGNORED
        if not length and not first and _number(last):
            # The last bytes of nothing: satisfiable, but no Content-Range can say so.
            return NoRange.IGNORED
        if found := _part(first, last, length):
            ranges.append(found)
    return _coalesced(ranges) if ranges else NoRange.UNSATISFIABLE


def _is_valid(first: bytes, last: bytes) -> bool:
    if not first:
        return last != b""
    low, high = first.lstrip(b"0"), last.lstrip(b"0")
    return not last or (len(low), low) <= (len(high), high)


def _part(first: bytes, last: bytes, length: int) -> ByteRange | None:
    if not first:
        begin, end = max(0, length - _number(last)), length - 1
    else:
        begin, end = _number(first), min(_number(last), length - 1) if last else length - 1
    return ByteRange(begin, end) if begin <= end else None


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0")
    return 10**_MOST_DIGITS if len(digits) > _MOST_DIGITS else int(digits or b"0")


def _coalesced(ranges: list[ByteRange]) -> tuple[ByteRange, ...]:
    if len(ranges) == 1:
        return tuple(ranges)
    # Each part stands where the first of the ranges it is made of stood.
    merged: list[tuple[int, ByteRange]] = []
    for position, each in sorted(enumerate(ranges), key=lambda pair: pair[1].first):
        if merged and each.first <= merged[-1][1].last + 1:
            place, before = merged[-1]
            both = ByteRange(before.first, max(before.last, each.last))
            merged[-1] = (min(place, position), both)
        else:
            merged.append((position, each))
    return tuple(each for _, each in sorted(merged, key=lambda pair: pair[0]))


def if_range_holds(
    value: bytes, etag: bytes | None, last_modified: int | None, date: float, *, now: float
) -> bool:
    """Say whether the client's part is of the stored response (§13.1.5); if not, send the whole.

    `etag` is the raw field; the times are seconds since the epoch, `date` that of the response.
    """
    if (wanted := parse_entity_tag(value)) is not None:
        current = None if etag is None else parse_entity_tag(etag)
        return current is not None and wanted.matches_strongly(current)
    if last_modified is None or date - last_modified < _STRONG_AFTER_SECONDS:
        return False
    return parse_http_date(value, now=now) == last_modified


def partial_response(
    headers: Fields, body: bytes, ranges: Sequence[ByteRange]
) -> tuple[list[Field], bytes]:
    """Return the fields and the body of a 206 made of a whole 200 (§15.3.7)."""
    kept = [field for field in headers if field[0].lower() not in _REPLACED]
    if len(ranges) > 1:
        return _multipart(kept, body, ranges)
    (only,) = ranges
    part = body[only.first : only.last + 1]
    kept.append((b"content-range", _content_range(only, len(body))))
    kept.append((b"content-length", b"%d" % len(part)))
    return kept, part


def _multipart(
    headers: list[Field], body: bytes, ranges: Sequence[ByteRange]
) -> tuple[list[Field], bytes]:
    # Nothing holds its own digest, so the boundary is in no part; and it is the same every time.
    boundary = sha256(body).hexdigest()[:32].encode()
    types = [value for name, value in headers if name.lower() == b"content-type"]
    media_type = b"".join([b"content-type: %b\r\n" % value for value in types])
    pieces: list[bytes] = []
    for each in ranges:
        content_range = _content_range(each, len(body))
        head = (boundary, media_type, content_range)
        pieces.append(b"\r\n--%b\r\n%bcontent-range: %b\r\n\r\n" % head)
        pieces.append(body[each.first : each.last + 1])
    pieces.append(b"\r\n--%b--\r\n" % boundary)
    multipart = b"".join(pieces)
    kept = [field for field in headers if field[0].lower() != b"content-type"]
    kept.append((b"content-type", b"multipart/byteranges; boundary=" + boundary))
    kept.append((b"content-length", b"%d" % len(multipart)))
    return kept, multipart


def _content_range(part: ByteRange, length: int) -> bytes:
    return b"bytes %d-%d/%d" % (part.first, part.last, length)


def unsatisfiable_response(headers: Fields, length: int) -> tuple[list[Field], bytes]:
    """Return the fields and the body of a 416 in place of a whole 200 (§15.5.17)."""
    kept = [field for field in headers if _stays_in_416(field[0].lower())]
    kept.append((b"content-range", b"bytes */%d" % length))
    kept.append((b"content-length", b"0"))
    return kept, b""


def _stays_in_416(name: bytes) -> bool:
    return name in _KEPT_BY_416 or name.startswith(_CORS_PREFIX)
