"""Under which key a response is stored, and by which tags its URL is invalidated (RFC 9111 §2).

Keys are tuples of what the server gave us, byte for byte: nothing is joined, folded or decoded, so
two requests share a key only if the app cannot tell their URLs apart.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import translate
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.stored_response import CacheKey, Tag
from chopin_mw.rules.uri import (
    Reference,
    normalised_authority,
    resolve,
    split_reference,
    target_uri,
)

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_LONGEST_MEMOISED = 2048
_LONGEST_NAME = 2048
_PARTS = 7


def cache_key(scope: Mapping[str, Any], host: bytes, namespace: str = "") -> CacheKey:
    """Return the key of a request's URL; the method is no part of it, so GET and HEAD share one.

    `host` is the raw Host field.
    """
    get = scope.get
    return (
        namespace,
        get("scheme", "http"),
        host,
        get("root_path", ""),
        scope["path"],
        get("raw_path"),
        get("query_string", b""),
    )


def tags_of_key(key: CacheKey) -> tuple[Tag, ...]:
    """Return the tags that every record under a key has: of its namespace and of its URL.

    Stores read them off the key where they compare tags; kept in the record they took 250 bytes.
    """
    url = key[0] if key and isinstance(key[0], tuple) else key
    if len(url) != _PARTS:
        return ()
    namespace, scheme, host, _, path, _, query = url
    return (namespace_tag(namespace), *_tags(scheme, host, path, query))


def namespace_tag(namespace: str) -> Tag:
    """Return the tag of everything that is stored under a namespace."""
    return ("namespace", namespace)


def url_tags(scope: Mapping[str, Any], host: bytes) -> tuple[Tag, Tag]:
    """Return the two tags of a request's URL: on its host, and on whichever host.

    The path is decoded as in the scope, the query raw; the host is in lower case, without the
    port of the scheme.
    """
    scheme, query = scope.get("scheme", "http"), scope.get("query_string", b"")
    return _tags(scheme, host, scope["path"], query)


def _tags(scheme: str, host: bytes, path: str, query: bytes) -> tuple[Tag, Tag]:
    authority = normalised_authority(scheme.encode("ascii", "replace"), host)
    if authority is None:
        authority = host.lower()
    return ("url", authority, path, query), ("path", path, query)


def reference_tags(uri: Reference) -> tuple[Tag, ...]:
    """Return the same for an absolute URI; none if it is not one of the web."""
    if (origin := uri.origin) is None:
        return ()
    path, query = uri.decoded_path, uri.query or b""
    return ("url", origin[1], path, query), ("path", path, query)


def tags_of_url(
    url: str, scope: Mapping[str, Any] | None = None, host: bytes = b""
) -> tuple[Tag, ...]:
    """Return what to invalidate for a URL given by the app; query and path as clients send them.

    `/flights?page=1` means that path and query on every host, or on the request's own if there is
    a `scope` to resolve it against; `https://example.org/flights` means that host alone.
    """
    encoded = _encoded(url)
    reference = split_reference(encoded)
    if scope is not None:
        reference = resolve(reference, target_uri(scope, host))
    elif encoded.startswith(b"/") and reference.authority is None:
        reference = resolve(reference, Reference(None, None, b"/", None))
        return (("path", reference.decoded_path, reference.query or b""),)
    tags = reference_tags(resolve(reference, reference))
    if not tags:
        raise ConfigurationError(
            f"url must be a path that begins with / or an http(s) URL, got {url!r}"
        )
    return tags[:1]


def _encoded(url: object) -> bytes:
    try:
        return quote(url, safe=_PRINTABLE).encode() if isinstance(url, str) else b""
    except UnicodeEncodeError:
        return b""


def normalised_query(query: bytes, ignored: tuple[str, ...], sort: bool) -> bytes:  # noqa: FBT001 - two options of one policy, in its order
    """Return the query without the ignored parameters, and with the rest in order of their names.

    `ignored` holds shell patterns, compared with the decoded name, as the app's parser reads it.
    Parameters of one name keep their order, and nothing inside of one changes. The same object
    comes back if there is nothing to do.
    """
    if not query:
        return query
    pairs = kept = query.split(b"&")
    if ignored:
        # Names of a long query are remembered no longer than it lasts.
        is_long = len(query) > _LONGEST_MEMOISED
        is_ignored = cache(_matcher(ignored)) if is_long else _memoised_matcher(ignored)
        kept = [pair for pair in pairs if not is_ignored(pair.partition(b"=")[0])]
    if sort:
        kept = sorted(kept, key=_decoded_name)
    # Lists that hold the same objects are compared at the cost of their pointers.
    return query if kept == pairs else b"&".join(kept)


@lru_cache(64)
def _memoised_matcher(ignored: tuple[str, ...]) -> Callable[[bytes], bool]:
    # Clients repeat a few names with ever other values: 0.6 µs a name becomes 0.1.
    return lru_cache(1024)(_matcher(ignored))


def _matcher(ignored: tuple[str, ...]) -> Callable[[bytes], bool]:
    # fnmatch itself would fold case on some systems.
    pattern = re.compile("|".join(map(translate, ignored)))

    def is_ignored(name: bytes) -> bool:
        # Nobody ignores a longer name, and decoding a megabyte of them takes half a second.
        return len(name) <= _LONGEST_NAME and pattern.match(_decoded_name(name)) is not None

    return is_ignored


def _decoded_name(pair: bytes) -> str:
    name = pair.partition(b"=")[0]
    if b"%" in name or b"+" in name:
        name = unquote_to_bytes(name.replace(b"+", b" "))
    return name.decode("utf-8", "replace")
