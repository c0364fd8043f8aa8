"""CDN-Cache-Control: cache directives for caches in front of an app (RFC 9213)."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import http_sf

from chopin_mw.rules.cache_control import DELTA_SECONDS_MAX, FieldNames, ResponseDirectives
from chopin_mw.rules.headers import TOKEN

_SECONDS: Final = frozenset({"max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"})
_FIELD_LISTS: Final = frozenset({"private", "no-cache"})
_FLAGS: Final = frozenset(
    {
        "immutable",
        "must-revalidate",
        "must-understand",
        "no-store",
        "no-transform",
        "proxy-revalidate",
        "public",
    }
)
_FIELD_NAMES = re.compile(rb"[ \t,]*+(?:" + TOKEN + rb"[ \t]*+(?:,[ \t,]*+|\Z))++")
_NAME = re.compile(TOKEN)
# Real values have a tenth of this; the parser is plain Python, up to 0.7 µs a byte.
_LONGEST = 8192
_LONGEST_MEMOISED = 256


def parse_targeted(value: bytes) -> ResponseDirectives | None:
    """Return the directives of the combined CDN-Cache-Control lines; never raises.

    None for a field to ignore as a whole (§2.1): empty, no dictionary of RFC 8941, or a known
    directive of a wrong type. Unknown directives and all parameters are skipped.
    """
    if len(value) <= _LONGEST_MEMOISED:
        return _parse(value)
    return _read(value) if len(value) <= _LONGEST else None


def _read(value: bytes) -> ResponseDirectives | None:
    try:
        members: Any = http_sf.parse(value.strip(b" \t"), tltype="dictionary")
    except (ArithmeticError, LookupError, TypeError, ValueError):
        # StructuredFieldError is a ValueError; a slip of the parser means the same to a cache.
        return None
    if not members:
        return None
    found: dict[str, Any] = {}
    for name, (given, _parameters) in members.items():
        if name in _SECONDS and type(given) is int and given >= 0:
            found[name.replace("-", "_")] = min(given, DELTA_SECONDS_MAX)
        elif name in _FIELD_LISTS and type(given) is str:
            found[name.replace("-", "_")] = _field_names(given)
        elif (name in _FLAGS or name in _FIELD_LISTS) and type(given) is bool:
            found[name.replace("-", "_")] = given
        elif name in _SECONDS or name in _FLAGS or name in _FIELD_LISTS:
            return None
    return ResponseDirectives(**found)


def _field_names(listed: str) -> FieldNames:
    names = listed.lower().encode("ascii")
    # What is no list of names is about the whole response, as in Cache-Control.
    if not _FIELD_NAMES.fullmatch(names):
        return True
    return tuple([name.decode("ascii") for name in _NAME.findall(names)])


# An app sends a few values again and again: 8 µs become 0.1 µs.
_parse: Callable[[bytes], ResponseDirectives | None] = lru_cache(512)(_read)
