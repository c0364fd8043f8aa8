"""Cache-Status: say how a cache handled a request (RFC 9211)."""

from typing import Literal, TypeAlias

import http_sf

from chopin_mw.errors import ConfigurationError

ForwardReason: TypeAlias = Literal[
    "bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial"
]
"""Why a request went on to the app (RFC 9211 §2.2)."""

# Structured fields have integers of 15 digits (RFC 8941 §3.3.1).
_LARGEST = 10**15


def check_cache_name(name: str) -> bytes:
    """Return the name as the field has it, a token or a quoted string, or raise."""
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"cache_status must be a name, got {name!r}")
    for value in (http_sf.Token(name), name):
        try:
            return http_sf.ser(value).encode("ascii")
        except ValueError:
            continue
    raise ConfigurationError(f"cache_status must be a name of printable ASCII, got {name!r}")


def hit_status(name: bytes, ttl: float) -> bytes:
    """Return the member of a response served from the store; `ttl` is negative where it is stale.

    A lifetime without end is not named.
    """
    if -_LARGEST < ttl < _LARGEST:
        # Rounded down: half a second past its lifetime is stale.
        return b"%b; hit; ttl=%d" % (name, ttl // 1)
    return name + b"; hit"


def forward_status(
    name: bytes,
    *,
    reason: ForwardReason,
    fwd_status: int | None = None,
    ttl: float | None = None,
    stored: bool = False,
    collapsed: bool = False,
    detail: str | None = None,
) -> bytes:
    """Return the member of a response that the app gave; `detail` is any text for people."""
    parts = [name, b"fwd=" + reason.encode("ascii")]
    if fwd_status is not None:
        parts.append(b"fwd-status=%d" % fwd_status)
    if ttl is not None and -_LARGEST < ttl < _LARGEST:
        parts.append(b"ttl=%d" % (ttl // 1))
    if stored:
        parts.append(b"stored")
    if collapsed:
        parts.append(b"collapsed")
    if detail is not None:
        parts.append(b"detail=" + _quoted(detail))
    return b"; ".join(parts)


def _quoted(text: str) -> bytes:
    plain = "".join([char if " " <= char <= "~" else "?" for char in text])
    return http_sf.ser(plain).encode("ascii")
