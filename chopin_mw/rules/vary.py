"""Vary: by which requests the responses of one URL differ (RFC 9110 §12.5.5, RFC 9111 §4.1).

Two requests count as one only where every parser would read them alike; in doubt they are told
apart, which costs a hit and never shows anybody another's response.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, NamedTuple

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_policy import Selector
from chopin_mw.rules.headers import TOKEN, Fields, select_from_request

_NAMES = re.compile(rb"[ \t,]*+(?:" + TOKEN + rb"[ \t]*+(?:,[ \t,]*+|\Z))*+")
_NAME = re.compile(TOKEN)
_MOST_NAMES = 50
_LONGEST_MEMOISED = 256
_LONGEST_IN_KEY = 1024

# A quoted string, an open one to the end, or what stands between two members of a list.
_QUOTED_OR_GAP = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[ \t,]++', re.DOTALL)
_TCHAR = rb"!#$%&'*+\-.^_`|~0-9A-Za-z"


def parse_vary(value: bytes) -> tuple[str, ...] | None:
    """Return the lower-case names of the joined field, sorted, each once.

    None stands for `*`, alone or in a list, for what is malformed, and for more than 50 names:
    such a response fits no other request.
    """
    return _parse_memoised(value) if len(value) <= _LONGEST_MEMOISED else _parse(value)


def _parse(value: bytes) -> tuple[str, ...] | None:
    if not _NAMES.fullmatch(value):
        return None
    names = {name.decode("ascii").lower() for name in _NAME.findall(value)}
    return None if "*" in names or len(names) > _MOST_NAMES else tuple(sorted(names))


_parse_memoised = lru_cache(512)(_parse)


def merge_selectors(
    known: tuple[Selector, ...], more: tuple[Selector, ...]
) -> tuple[Selector, ...]:
    """Return all of them once, the known first; names of headers in lower case."""
    merged: list[Selector] = []
    for selector in (*known, *more):
        canonical = selector
        if isinstance(selector, str) and selector.startswith("header:"):
            canonical = selector.lower()
        # Not by hash: a callable need not have one.
        if canonical not in merged:
            merged.append(canonical)
    return tuple(merged)


def variant_values(
    selectors: tuple[Selector, ...], scope: Mapping[str, Any], headers: Fields
) -> tuple[bytes | None, ...] | None:
    """Return what the request has for each selector, None for a field or cookie it lacks.

    None as a whole means that a callable could not say whom the response is for. Values of more
    than 1 KiB are replaced by their digests.
    """
    try:
        plan = _plan_memoised(selectors)
    except TypeError:
        # A callable that cannot be hashed.
        plan = _plan(selectors)
    found = select_from_request(headers, plan.names) if plan.names else {}
    if plan.reads_cookies:
        # Not a list: lines are joined by a semicolon (RFC 9113 §8.2.3).
        lines = [value for name, value in headers if name == b"cookie"]
        if lines:
            found[b"cookie"] = b"; ".join(lines)
    values: list[bytes | None] = []
    for name, read in plan.readers:
        if name is None:
            identity = read(scope)
            if identity is None:
                return None
            values.append(identity)
        else:
            value = found.get(name)
            values.append(None if value is None else read(value))
    return tuple(values)


class _Plan(NamedTuple):
    """How to read selectors: a field and what makes a value of it, or what reads the scope."""

    names: frozenset[bytes]
    reads_cookies: bool
    readers: tuple[tuple[bytes | None, Callable[[Any], bytes | None]], ...]


def _plan(selectors: tuple[Selector, ...]) -> _Plan:
    readers = tuple(map(_reader, selectors))
    names = frozenset(name for name, _ in readers if name is not None)
    return _Plan(names - {b"cookie"}, b"cookie" in names, readers)


_plan_memoised = lru_cache(256)(_plan)


def _reader(selector: Selector) -> tuple[bytes | None, Callable[[Any], bytes | None]]:
    if not isinstance(selector, str):
        return None, partial(_identity, selector)
    kind, _, text = selector.partition(":")
    name = text.encode("latin-1", "replace")
    if kind == "cookie":
        return b"cookie", partial(_cookie, name)
    name = name.lower()
    return name, _READERS.get(name, _read_list)


def _identity(selector: Callable[[Any], Any], scope: Mapping[str, Any]) -> bytes | None:
    value = selector(scope)
    if value is None:
        return None
    if isinstance(value, str):
        return _compact(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return _compact(value)
    raise ConfigurationError(f"vary_by: {selector!r} must return str, bytes or None, got {value!r}")


def _compact(value: bytes) -> bytes:
    # A short value that begins like a digest becomes one too: no client can send another's digest.
    if len(value) > _LONGEST_IN_KEY or value[:1] == b"\0":
        return b"\0" + sha256(value).digest()
    return value


def _tight(value: bytes) -> bytes:
    """Drop what means nothing in a list: whitespace around commas, and so the ends of lines."""
    return _QUOTED_OR_GAP.sub(_without_spaces, value.strip(b" \t"))


def _without_spaces(match: re.Match[bytes]) -> bytes:
    found = match[0]
    is_gap = found[:1] != b'"' and b"," in found
    return found.translate(None, b" \t") if is_gap else found


def _in_lower_case(value: bytes) -> bytes:
    """Return a list of codings, charsets or languages: they have no case, quoted strings might."""
    return _tight(value) if b'"' in value else _tight(value).lower()


def _media_ranges(value: bytes) -> bytes:
    """Return the list of Accept: a media type has no case, the value of its parameter might."""
    if b'"' in value:
        return _tight(value)
    parts = [each.partition(b";") for each in _tight(value).split(b",")]
    return b",".join([head.lower() + semicolon + rest for head, semicolon, rest in parts])


def _memoised(normalise: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Read short values once: clients send the same few, and 1 µs becomes 0.1 µs."""
    remembered = lru_cache(1024)(lambda value: _compact(normalise(value)))

    def read(value: bytes) -> bytes:
        if len(value) <= _LONGEST_MEMOISED:
            return remembered(value)
        # Of a longer one the digest is taken as it came: whitespace is not worth the time.
        return _compact(normalise(value) if len(value) <= _LONGEST_IN_KEY else value)

    return read


_read_list = _memoised(_tight)
_read_lower = _memoised(_in_lower_case)
_READERS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"accept": _memoised(_media_ranges),
    b"accept-charset": _read_lower,
    b"accept-encoding": _read_lower,
    b"accept-language": _read_lower,
    b"cookie": _compact,
}


def _cookie(name: bytes, field: bytes) -> bytes | None:
    """Return the values of all cookies of that name, or the whole field where parsers differ."""
    pairs = [pair.partition(b"=") for pair in field.split(b";")]
    values = [value.strip(b" \t") for key, _, value in pairs if key.strip(b" \t") == name]
    # Some parsers let a quoted string run past a semicolon, begin a cookie after a space, or strip
    # more than spaces from its name.
    is_plain = len(_mentions(name).findall(field)) == len(values)
    if not is_plain or any(value.count(b'"') % 2 for _, _, value in pairs):
        return _compact(b"?" + field)
    return _compact(b"=" + b";".join(values)) if values else None


@lru_cache(256)
def _mentions(name: bytes) -> re.Pattern[bytes]:
    """Find what a lenient parser could take for the beginning of this cookie."""
    before = rb"(?<![" + _TCHAR + rb"])"
    return re.compile(before + re.escape(name) + rb"(?=[^" + _TCHAR + rb"=;]*+=)")
