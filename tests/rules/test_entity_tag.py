"""Entity tags and their lists (RFC 9110 §8.8.3, §13.1)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.entity_tag import (
    EntityTag,
    EntityTagList,
    is_opaque,
    parse_entity_tag,
    parse_entity_tag_list,
)

ETAGC = [*range(0x21, 0x22), *range(0x23, 0x7F), *range(0x80, 0x100)]
tags = st.builds(
    EntityTag, st.lists(st.sampled_from(ETAGC), max_size=8).map(bytes), weak=st.booleans()
)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        (b'"a"', EntityTag(b"a")),
        (b'W/"a"', EntityTag(b"a", weak=True)),
        (b' "a"\t', EntityTag(b"a")),
        (b'""', EntityTag(b"")),
        (b'"a,b\\"', EntityTag(b"a,b\\")),
        (b'"\xff"', EntityTag(b"\xff")),
        (b"a", None),
        (b'w/"a"', None),
        (b'W/ "a"', None),
        (b'"a', None),
        (b'"a"b"', None),
        (b'"a b"', None),
        (b'"a"\n', None),
        (b'"a", "b"', None),
        (b"", None),
    ],
)
def test_one_tag(value: bytes, tag: EntityTag | None) -> None:
    """The grammar of RFC 9110 §8.8.3, to the letter."""
    assert parse_entity_tag(value) == tag


@pytest.mark.parametrize(
    ("one", "other", "strongly", "weakly"),
    [
        (EntityTag(b"1", weak=True), EntityTag(b"1", weak=True), False, True),
        (EntityTag(b"1", weak=True), EntityTag(b"2", weak=True), False, False),
        (EntityTag(b"1", weak=True), EntityTag(b"1"), False, True),
        (EntityTag(b"1"), EntityTag(b"1"), True, True),
    ],
)
def test_comparison(one: EntityTag, other: EntityTag, *, strongly: bool, weakly: bool) -> None:
    """The table of RFC 9110 §8.8.3.2."""
    assert one.matches_strongly(other) is strongly
    assert one.matches_weakly(other) is weakly
    assert EntityTagList((one,)).matches_strongly(other) is strongly
    assert EntityTagList((one,)).matches_weakly(other) is weakly


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"*", EntityTagList(any=True)),
        (b" * ", EntityTagList(any=True)),
        (b'"a"', EntityTagList((EntityTag(b"a"),))),
        (b'"a", W/"b"', EntityTagList((EntityTag(b"a"), EntityTag(b"b", weak=True)))),
        (b', ,"a" , ,"b",', EntityTagList((EntityTag(b"a"), EntityTag(b"b")))),
        (b'"a,b"', EntityTagList((EntityTag(b"a,b"),))),
        (b"", EntityTagList()),
        (b"a", EntityTagList()),
        (b'"*"', EntityTagList((EntityTag(b"*"),))),
        (b'*, "a"', EntityTagList()),
        (b'"a" "b"', EntityTagList()),
        (b'"a", b', EntityTagList()),
        (b'"a", "b', EntityTagList()),
    ],
)
def test_lists(value: bytes, expected: EntityTagList) -> None:
    """A malformed list is empty: it matches nothing."""
    assert parse_entity_tag_list(value) == expected


def test_an_empty_list_and_an_unknown_tag_match_nothing() -> None:
    """Absence never matches."""
    assert not EntityTagList().matches_weakly(EntityTag(b"a"))
    assert not EntityTagList((EntityTag(b"a"),)).matches_weakly(None)
    assert not EntityTagList((EntityTag(b"a"),)).matches_strongly(None)


def test_opaque_is_what_may_stand_between_the_quotes() -> None:
    """Spaces and quotes may not."""
    assert is_opaque(b"v1.2,\xff")
    assert not is_opaque(b"a b")
    assert not is_opaque(b'a"')


@given(tags)
def test_format_and_parse_are_inverse(tag: EntityTag) -> None:
    """Every tag survives the wire."""
    assert parse_entity_tag(bytes(tag)) == tag


@given(st.lists(tags))
def test_lists_survive_the_wire(several: list[EntityTag]) -> None:
    """Every list survives the wire, and so does `*`."""
    tag_list = EntityTagList(tuple(several))

    assert parse_entity_tag_list(bytes(tag_list)) == tag_list
    assert bytes(EntityTagList(any=True)) == b"*"


@given(st.binary())
def test_nothing_from_the_wire_raises(value: bytes) -> None:
    """Bytes give a tag, a list or nothing."""
    parse_entity_tag(value)
    parse_entity_tag_list(value)


def test_a_list_of_more_than_a_thousand_tags_matches_nothing() -> None:
    """No client holds that many, and each would cost its microsecond."""
    assert len(parse_entity_tag_list(b'"a",' * 1000).tags) == 1000
    assert parse_entity_tag_list(b'"a",' * 1001) == EntityTagList()


@pytest.mark.parametrize(
    "junk", [b" ", b",", b'"', b"W/", b'"a",', b'W/"', b"a", b'"\\', b"\xff", b'"a" ']
)
def test_a_megabyte_of_junk_is_read_in_under_a_second(junk: bytes) -> None:
    """No backtracking, whatever repeats."""
    value = junk * (1_000_000 // len(junk))
    started = time.process_time()

    parse_entity_tag_list(value)
    parse_entity_tag(value)

    assert time.process_time() - started < 1
