"""What an unsafe request makes invalid (RFC 9111 §4.4, RFC 9110 §9.2.1)."""

from collections.abc import Mapping
from typing import Any

from chopin_mw.rules.cache_key import reference_tags, url_tags
from chopin_mw.rules.stored_response import Tag
from chopin_mw.rules.uri import resolve, split_reference, target_uri

SAFE_METHODS = frozenset(
    {"GET", "HEAD", "OPTIONS", "PRI", "PROPFIND", "QUERY", "REPORT", "SEARCH", "TRACE"}
)
"""The registered methods that change nothing; of an unknown one, nobody can say."""

# A longer one is no reference that anybody asks for; decoding a megabyte takes half a second.
_LENGTHS = range(1, 16 * 1024)
_LOCATION_FIELDS = (b"location", b"content-location")


def invalidated_tags(
    scope: Mapping[str, Any], host: bytes, fields: Mapping[bytes, bytes]
) -> tuple[Tag, ...]:
    """Return the tags of the target, and of where Location and Content-Location point to.

    `fields` are the response's, by lower-case name. Whatever is of another origin, or no
    reference at all, is left alone, so that no app can empty another's cache; so are the same
    paths at other hosts.
    """
    tags = {url_tags(scope, host)[0]: None}
    given = [fields[name] for name in _LOCATION_FIELDS if len(fields.get(name, b"")) in _LENGTHS]
    if given:
        target = target_uri(scope, host)
        for value in given:
            uri = resolve(split_reference(value), target)
            if uri.origin == target.origin:
                tags |= dict.fromkeys(reference_tags(uri)[:1])
    return tuple(tags)


def same_resource(scope: Mapping[str, Any], host: bytes, content_location: bytes) -> bool:
    """Say whether Content-Location names the target itself (RFC 9110 §8.7, §9.3.3).

    An empty field says nothing, and spellings that only decode to the same do not count.
    """
    if len(content_location) not in _LENGTHS:
        return False
    target = target_uri(scope, host)
    uri = resolve(split_reference(content_location), target)
    return (
        content_location.strip(b" \t") != b""
        and uri.origin is not None
        and uri.origin == target.origin
        and (uri.path or b"/") == (target.path or b"/")
        and (uri.query or b"") == target.query
    )
