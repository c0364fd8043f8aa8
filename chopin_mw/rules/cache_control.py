"""Cache-Control: parse and format request and response directives (RFC 9111 §5.2).

Extensions of RFC 5861 and RFC 8246 are included. Wherever a field is malformed, duplicated with
different values or contradictory, the reading that reuses least is taken.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.headers import TOKEN

DELTA_SECONDS_MAX: Final = 2**31
"""What a larger number of seconds is read as (RFC 9111 §1.2.2)."""

_TEXT_TOKEN = TOKEN.decode("ascii")
_NAME = re.compile(TOKEN)
# directive = token [ "=" ( token / quoted-string ) ]; possessive, so that junk is read once
_DIRECTIVE = re.compile(
    rb"[ \t]*+(" + TOKEN + rb")"
    rb'(?:=(?:"((?:[^"\\]|\\.)*+)"|([^" \t,]*+)))?+[ \t]*+(?=,|\Z)',
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_SEPARATORS = re.compile(rb"[ \t,]*+")
_DIGITS = re.compile(r"[0-9]+")
_FIELD_NAMES = re.compile(rf"[ \t,]*{_TEXT_TOKEN}(?:[ \t]*,[ \t,]*{_TEXT_TOKEN})*[ \t,]*")
_LONGEST_MEMOISED = 256
# Nobody means what is longer; reading a megabyte of it takes half a second.
_LONGEST_READ = 16 * 1024

FieldNames = bool | tuple[str, ...]
"""False: absent. True: the whole response. A tuple: only these fields, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDirectives:
    """Cache-Control of a response (RFC 9111 §5.2.2, RFC 5861, RFC 8246); seconds as int."""

    public: bool = False
    private: FieldNames = False
    no_cache: FieldNames = False
    no_store: bool = False
    no_transform: bool = False
    max_age: int | None = None
    s_maxage: int | None = None
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    must_understand: bool = False
    immutable: bool = False
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    extensions: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        return _format(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDirectives:
    """Cache-Control of a request (RFC 9111 §5.2.1, RFC 5861); seconds as int.

    `max_stale` is `DELTA_SECONDS_MAX` where the client accepts any age.
    """

    no_cache: bool = False
    no_store: bool = False
    no_transform: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    max_stale: int | None = None
    min_fresh: int | None = None
    stale_if_error: int | None = None
    extensions: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        return _format(self)


# How a number that is no number, or two that disagree, are read: never as more reuse.
_BROKEN_SECONDS: Final = {"min_fresh": DELTA_SECONDS_MAX}
_GRANTS: Final = frozenset({"public", "immutable", "must_understand"})
_FIELD_LISTS: Final = frozenset({"private", "no_cache"})


def _kinds(record: type) -> dict[str, str]:
    """Return `flag` or `seconds` for each directive, read off the record's annotations."""
    kinds = {bool: "flag", int | None: "seconds", FieldNames: "flag"}
    return {f.name: kinds[f.type] for f in fields(record) if f.name != "extensions"}  # type: ignore[index]  # annotations are evaluated here


_RESPONSE: Final = _kinds(ResponseDirectives)
_REQUEST: Final = _kinds(RequestDirectives)


def parse_response_directives(value: bytes) -> ResponseDirectives:
    """Return the directives of a response's combined Cache-Control lines; never raises."""
    return _parse_response(value) if len(value) <= _LONGEST_MEMOISED else _read_response(value)


def parse_request_directives(value: bytes) -> RequestDirectives:
    """Return the directives of a request's combined Cache-Control lines; never raises."""
    return _parse_request(value) if len(value) <= _LONGEST_MEMOISED else _read_request(value)


def _read_response(value: bytes) -> ResponseDirectives:
    if len(value) > _LONGEST_READ:
        return ResponseDirectives(no_store=True)
    return ResponseDirectives(**_read(value, _RESPONSE, _FIELD_LISTS))


def _read_request(value: bytes) -> RequestDirectives:
    if len(value) > _LONGEST_READ:
        return RequestDirectives(no_cache=True, no_store=True)
    return RequestDirectives(**_read(value, _REQUEST, frozenset()))


# Servers and clients repeat a few short values: 1.1 µs becomes 0.06 µs.
_parse_response: Callable[[bytes], ResponseDirectives] = lru_cache(512)(_read_response)
_parse_request: Callable[[bytes], RequestDirectives] = lru_cache(512)(_read_request)


def _read(value: bytes, kinds: dict[str, str], field_lists: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    extensions: list[tuple[str, str | None]] = []
    for name, argument, sound in _split(value):
        key = name.replace("-", "_")
        kind = kinds.get(key) if "_" not in name else None
        if kind is None:
            if sound:
                extensions.append((name, argument))
        elif kind == "seconds":
            seconds = _seconds(key, argument if sound else "")
            same = found.setdefault(key, seconds) == seconds
            found[key] = seconds if same else _BROKEN_SECONDS.get(key, 0)
        elif key in field_lists:
            found[key] = _merge(found.get(key, False), _field_names(argument if sound else None))
        elif sound or key not in _GRANTS:
            found[key] = True
    if extensions:
        found["extensions"] = tuple(extensions)
    return found


def _split(value: bytes) -> Iterator[tuple[str, str | None, bool]]:
    """Yield (name, argument, sound); after the first broken part nothing is sound."""
    position, sound = 0, True
    while (position := _skip(value, position)) < len(value):
        if match := _DIRECTIVE.match(value, position):
            name, quoted, plain = match.groups()
            argument = plain if quoted is None else quoted
            if quoted is not None and b"\\" in quoted:
                argument = _QUOTED_PAIR.sub(rb"\1", quoted)
            text = None if argument is None else argument.decode("latin-1")
            yield name.decode("ascii").lower(), text, sound
            position = match.end()
            continue
        sound = False
        if match := _NAME.match(value, position):
            yield match[0].decode("ascii").lower(), None, sound
        comma = value.find(b",", position)
        position = len(value) if comma < 0 else comma


def _skip(value: bytes, position: int) -> int:
    match = _SEPARATORS.match(value, position)
    return match.end() if match else position


def _seconds(key: str, argument: str | None) -> int:
    if argument is None and key == "max_stale":
        return DELTA_SECONDS_MAX
    if argument is None or not _DIGITS.fullmatch(argument):
        return _BROKEN_SECONDS.get(key, 0)
    # int() of a megabyte of digits is quadratic: leading zeros aside, ten digits are plenty.
    digits = argument.lstrip("0")
    return DELTA_SECONDS_MAX if len(digits) > 10 else min(int(digits or 0), DELTA_SECONDS_MAX)  # noqa: PLR2004 - ten digits hold 2**31


def _field_names(argument: str | None) -> FieldNames:
    if argument is None or not _FIELD_NAMES.fullmatch(argument):
        return True
    return tuple(part for part in re.split(r"[ \t,]+", argument.lower()) if part)


def _merge(before: FieldNames, more: FieldNames) -> FieldNames:
    if before is True or more is True:
        return True
    return (*(before or ()), *(more or ()))


def _format(directives: ResponseDirectives | RequestDirectives) -> str:
    kinds = _RESPONSE if isinstance(directives, ResponseDirectives) else _REQUEST
    parts: list[str] = []
    for key in kinds:
        value, name = getattr(directives, key), key.replace("_", "-")
        if value is True:
            parts.append(name)
        elif isinstance(value, tuple):
            parts.append(f'{name}="{", ".join(value)}"')
        elif value is not None and value is not False:
            parts.append(f"{name}={value}")
    for name, argument in directives.extensions:
        parts.append(name if argument is None else f"{name}={_quoted(argument)}")
    return ", ".join(parts)


def _quoted(argument: str) -> str:
    if re.fullmatch(_TEXT_TOKEN, argument):
        return argument
    return '"' + re.sub(r'(["\\])', r"\\\1", argument) + '"'


def check_response_directives(directives: ResponseDirectives) -> ResponseDirectives:
    """Return directives that make sense together, or raise ConfigurationError."""
    for key, kind in _RESPONSE.items():
        _check_value(key, kind, getattr(directives, key))
    for name, argument in directives.extensions:
        if (
            not _is_field_name(name)
            or not (argument or "").isprintable()
            or not (argument or "").isascii()
        ):
            given = f"({name!r}, {argument!r})"
            raise ConfigurationError(f"extensions must hold tokens and ASCII text, got {given}")
    if directives.public and directives.private is True:
        raise ConfigurationError("public and private contradict each other: give one of them")
    if directives.no_store:
        for key in ("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error", "immutable"):
            if getattr(directives, key) and not directives.must_understand:
                given = f"{key}={getattr(directives, key)!r}"
                raise ConfigurationError(f"no_store forbids storing, so {given} has no effect")
    if not str(directives):
        raise ConfigurationError("Cache-Control needs at least one directive, e.g. max_age=60")
    return directives


def _check_value(key: str, kind: str, value: object) -> None:
    if kind == "seconds" and value is not None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigurationError(f"{key} must be a whole number of seconds, got {value!r}")
        if not 0 <= value <= DELTA_SECONDS_MAX:
            raise ConfigurationError(f"{key} must be 0..{DELTA_SECONDS_MAX} seconds, got {value}")
    if kind == "flag" and not isinstance(value, bool):
        if key not in _FIELD_LISTS:
            raise ConfigurationError(f"{key} must be True or False, got {value!r}")
        if not isinstance(value, tuple) or not value or not all(map(_is_field_name, value)):
            raise ConfigurationError(f"{key} must be True or a tuple of field names, got {value!r}")


def _is_field_name(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(_TEXT_TOKEN, name) is not None
