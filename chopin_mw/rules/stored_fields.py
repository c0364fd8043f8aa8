"""Which header fields a cache stores, and how a validation changes them (RFC 9111 §3.1, §3.2)."""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from chopin_mw.rules.entity_tag import parse_entity_tag
from chopin_mw.rules.headers import TOKEN, Field, Fields

# RFC 9110 §7.6.1 and RFC 9111 §3.1; Age is made anew for every hit.
_NEVER_STORED: Final = frozenset(
    {
        b"age",
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# What describes the stored body, which a response without one leaves as it is.
_NEVER_UPDATED: Final = frozenset({b"content-encoding", b"content-length", b"content-range"})
_ALWAYS_NEW: Final = frozenset({b"date"})
_NO_NAMES: Final[frozenset[bytes]] = frozenset()
_NAME = re.compile(TOKEN)
_DIGITS = re.compile(rb"[0-9]{1,19}")


def stored_fields(
    headers: Fields, unstored: Collection[bytes], without: AbstractSet[bytes]
) -> tuple[Field, ...]:
    """Return the fields to store, in their order and with their duplicates.

    Left out are Age, hop-by-hop fields, those that Connection names, and the lower-case names in
    `unstored` (the policy's) and `without` (this response's own).
    """
    named = _named_by_connection(headers)
    return tuple(
        [
            (name, value)
            for name, value in headers
            if not (
                (lowered := name.lower()) in _NEVER_STORED
                or lowered in unstored
                or lowered in without
                or lowered in named
            )
        ]
    )


def updated_fields(
    stored: Fields, received: Fields, unstored: Collection[bytes], without: AbstractSet[bytes]
) -> tuple[Field, ...]:
    """Return the stored fields as a 304, or a 200 to HEAD, changes them (§3.2).

    A received field replaces every stored one of its name; the body and what describes its coding
    and length stay. What the new response wants left out leaves the stored ones too, and so does
    an old Date if there is no new one: it would make what was just validated look old.
    """
    fresh = [
        field
        for field in stored_fields(received, unstored, without)
        if field[0].lower() not in _NEVER_UPDATED
    ]
    gone = {name.lower() for name, _ in fresh} | without | _ALWAYS_NEW
    return (*[field for field in stored if field[0].lower() not in gone], *fresh)


def _named_by_connection(headers: Fields) -> AbstractSet[bytes]:
    lines = [value for name, value in headers if name.lower() == b"connection"]
    if not lines:
        return _NO_NAMES
    return {name.lower() for line in lines for name in _NAME.findall(line)}


def selects(
    etag: bytes | None, last_modified: bytes | None, received: Mapping[bytes, bytes]
) -> bool:
    """Say whether a 304 is about the stored response with these raw validators (§4.3.4).

    One without validators is about whichever response was being validated.
    """
    if b"etag" in received and (etag is not None or not _is_weak(received[b"etag"])):
        return etag is not None and _same_tag(etag, received[b"etag"])
    if b"last-modified" in received:
        return last_modified is not None and _same(last_modified, received[b"last-modified"])
    return b"etag" not in received


def matches_head(
    etag: bytes | None,
    last_modified: bytes | None,
    content_length: int,
    received: Mapping[bytes, bytes],
) -> bool:
    """Say whether a 200 to HEAD describes the stored response, so that it updates it (§4.3.5).

    If not, the stored response is stale from then on.
    """
    if b"etag" in received and (etag is None or not _same(etag, received[b"etag"])):
        return False
    if b"last-modified" in received and (
        last_modified is None or not _same(last_modified, received[b"last-modified"])
    ):
        return False
    length = received.get(b"content-length", b"%d" % content_length).strip(b" \t")
    return _DIGITS.fullmatch(length) is not None and int(length) == content_length


def _is_weak(etag: bytes) -> bool:
    tag = parse_entity_tag(etag)
    return tag is not None and tag.weak


def _same_tag(stored: bytes, received: bytes) -> bool:
    """Compare weakly if the new tag is weak, else strongly; malformed ones byte by byte."""
    ours, theirs = parse_entity_tag(stored), parse_entity_tag(received)
    if ours is None or theirs is None:
        return _same(stored, received)
    return ours.matches_weakly(theirs) if theirs.weak else ours.matches_strongly(theirs)


def _same(stored: bytes, received: bytes) -> bool:
    return stored.strip(b" \t") == received.strip(b" \t")
