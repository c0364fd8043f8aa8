"""URI references: split, resolve, compare by origin (RFC 3986 §5, RFC 9110 §4.2.3 and §4.3.1).

On bytes and by hand, because `urllib.parse` raises on junk ports and brackets, drops control
characters, and folds the empty segments of a path.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

# RFC 3986 appendix B, the fragment dropped; possessive, so that junk is read once.
_REFERENCE = re.compile(
    rb"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*+):)?+(?://(?P<authority>[^/?#]*+))?+"
    rb"(?P<path>[^?#]*+)(?:\?(?P<query>[^#]*+))?+(?:#.*+)?+",
    re.DOTALL,
)
_LONGEST_MEMOISED = 256
# host [ ":" port ]: what names a user too is nobody's origin.
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]++\]|[^\x00-\x20:@\[\]/?#]++)(?::0*+([0-9]{0,5}+))?+")
_DEFAULT_PORTS = {b"http": b"80", b"https": b"443"}
_PATH_SAFE = "/:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Reference:
    """Hold the parts of a URI or a relative reference as sent; None where a part is absent."""

    scheme: bytes | None
    authority: bytes | None
    path: bytes
    query: bytes | None

    @property
    def origin(self) -> tuple[bytes, bytes] | None:
        """The scheme and `normalised_authority`, or None if there is no web origin."""
        if self.scheme is None or self.authority is None:
            return None
        scheme = self.scheme.lower()
        authority = normalised_authority(scheme, self.authority)
        return None if authority is None else (scheme, authority)

    @property
    def decoded_path(self) -> str:
        """The path as servers put it into a scope."""
        return unquote_to_bytes(self.path).decode("utf-8", "replace") or "/"


def split_reference(value: bytes) -> Reference:
    """Return the parts of any bytes; never raises."""
    match = _REFERENCE.fullmatch(value.strip(b" \t"))
    assert match, "every part may be empty, so everything matches"  # noqa: S101 - for the type checker
    return Reference(match["scheme"], match["authority"], match["path"], match["query"])


def resolve(reference: Reference, base: Reference) -> Reference:
    """Return the reference as seen from an absolute base (RFC 3986 §5.2.2)."""
    if reference.scheme is not None or reference.authority is not None:
        scheme = base.scheme if reference.scheme is None else reference.scheme
        path = _without_dots(reference.path)
        return Reference(scheme, reference.authority, path, reference.query)
    if not reference.path:
        query = base.query if reference.query is None else reference.query
        return Reference(base.scheme, base.authority, base.path, query)
    path = reference.path
    if not path.startswith(b"/"):
        path = base.path.rpartition(b"/")[0] + b"/" + path
    return Reference(base.scheme, base.authority, _without_dots(path), reference.query)


def target_uri(scope: Mapping[str, Any], host: bytes) -> Reference:
    """Return the target URI of a request (RFC 9110 §7.1)."""
    raw = scope.get("raw_path")
    path = quote(scope["path"], safe=_PATH_SAFE, errors="replace").encode() if raw is None else raw
    scheme = scope.get("scheme", "http").encode("ascii", "replace")
    # Some servers and test clients leave the query in raw_path.
    return Reference(scheme, host, path.partition(b"?")[0], scope.get("query_string", b""))


def normalised_authority(scheme: bytes, authority: bytes) -> bytes | None:
    """Return host and port, in lower case and without the port of the scheme; None for junk."""
    if len(authority) > _LONGEST_MEMOISED:
        return _normalise_authority(scheme, authority)
    return _memoised_authority(scheme, authority)


def _normalise_authority(scheme: bytes, authority: bytes) -> bytes | None:
    match = _AUTHORITY.fullmatch(authority)
    if match is None or scheme not in _DEFAULT_PORTS:
        return None
    host, port = match[1].lower(), match[2]
    return host if not port or port == _DEFAULT_PORTS[scheme] else host + b":" + port


_memoised_authority = lru_cache(256)(_normalise_authority)


def _without_dots(path: bytes) -> bytes:
    """Remove the segments `.` and `..` (RFC 3986 §5.2.4)."""
    if b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")
    for segment in segments:
        if segment == b"..":
            # The first is what stands before the leading slash.
            del kept[max(1, len(kept) - 1) :]
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/".join(kept)
