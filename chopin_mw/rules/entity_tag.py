"""Entity tags and lists of them: parse, format, compare weakly and strongly (RFC 9110 §8.8.3)."""

import re
from dataclasses import dataclass

# entity-tag = [ weak ] opaque-tag; weak is case-sensitive; etagc = %x21 / %x23-7E / obs-text
_TAG = rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*+)"'
_ENTITY_TAG = re.compile(_TAG)
# Possessive quantifiers: a megabyte of junk is read once, never backtracked through.
_LIST = re.compile(rb"[ \t,]*+(?:" + _TAG + rb"[ \t]*+(?:,[ \t,]*+|\Z))*+")
_MOST_TAGS = 1000
_OPAQUE = re.compile(rb"[\x21\x23-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class EntityTag:
    """Identify one representation; `opaque` is the part between the quotes."""

    opaque: bytes
    weak: bool = False

    def __bytes__(self) -> bytes:
        return b'W/"%b"' % self.opaque if self.weak else b'"%b"' % self.opaque

    def matches_weakly(self, other: "EntityTag") -> bool:
        """Compare for If-None-Match: the same opaque tag, weak or not (RFC 9110 §8.8.3.2)."""
        return self.opaque == other.opaque

    def matches_strongly(self, other: "EntityTag") -> bool:
        """Compare for If-Match and If-Range: the same opaque tag, neither of them weak."""
        return self.opaque == other.opaque and not (self.weak or other.weak)


@dataclass(frozen=True, slots=True)
class EntityTagList:
    """Hold the tags of If-Match or If-None-Match; `any` stands for the single `*`."""

    tags: tuple[EntityTag, ...] = ()
    any: bool = False

    def __bytes__(self) -> bytes:
        return b"*" if self.any else b", ".join(bytes(tag) for tag in self.tags)

    def matches_weakly(self, current: EntityTag | None) -> bool:
        """Say whether one of the tags matches; not for `*`, which asks for existence."""
        return current is not None and any(tag.matches_weakly(current) for tag in self.tags)

    def matches_strongly(self, current: EntityTag | None) -> bool:
        """Say whether one of the tags matches strongly; not for `*`."""
        return current is not None and any(tag.matches_strongly(current) for tag in self.tags)


def is_opaque(value: bytes) -> bool:
    """Say whether these bytes may stand between the quotes of an entity tag."""
    return _OPAQUE.fullmatch(value) is not None


def parse_entity_tag(value: bytes) -> EntityTag | None:
    """Return the tag of an ETag field, or None if it is malformed."""
    match = _ENTITY_TAG.fullmatch(value.strip(b" \t"))
    return EntityTag(match[2], weak=match[1] is not None) if match else None


def parse_entity_tag_list(value: bytes) -> EntityTagList:
    """Return the tags of If-Match or If-None-Match, at most 1,000.

    A malformed list, or a longer one, is an empty one, which matches nothing: no 304 from it, and
    no lost update.
    """
    if value.strip(b" \t") == b"*":
        return EntityTagList(any=True)
    if value.count(b'"') > 2 * _MOST_TAGS or not _LIST.fullmatch(value):
        return EntityTagList()
    found = _ENTITY_TAG.findall(value)
    return EntityTagList(tuple([EntityTag(opaque, mark != b"") for mark, opaque in found]))
