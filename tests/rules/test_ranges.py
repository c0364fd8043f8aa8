"""Byte ranges (RFC 9110 §14, §13.1.5, §15.3.7): tables, and a slow reference model."""

import time
from email import message_from_bytes
from email.policy import HTTP
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.headers import Field
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.rules.ranges import (
    ByteRange,
    NoRange,
    if_range_holds,
    parse_range,
    partial_response,
    unsatisfiable_response,
)

NOW = 1_790_000_000.0
MODIFIED = 1_700_000_000
DATE = float(MODIFIED + 60)
IGNORED, UNSATISFIABLE = NoRange
HUGE = b"9" * 10_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # The examples of §14.1.2, for a length of 10,000.
        (b"bytes=0-499", [(0, 499)]),
        (b"bytes=500-999", [(500, 999)]),
        (b"bytes=-500", [(9500, 9999)]),
        (b"bytes=9500-", [(9500, 9999)]),
        (b"bytes=0-0,-1", [(0, 0), (9999, 9999)]),
        (b"bytes= 0-0, -2", [(0, 0), (9998, 9999)]),
        (b"bytes= 0-999, 4500-5499, -1000", [(0, 999), (4500, 5499), (9000, 9999)]),
        # Those that touch or overlap become one.
        (b"bytes=500-600,601-999", [(500, 999)]),
        (b"bytes=500-700,601-999", [(500, 999)]),
        (b"bytes=0-,0-,0-,-1", [(0, 9999)]),
        (b"bytes=0-9999,5-6", [(0, 9999)]),
        # The others stay in the order in which they were asked for.
        (b"bytes=9000-,0-9,4000-4009", [(9000, 9999), (0, 9), (4000, 4009)]),
        (b"bytes=100-109,0-9,105-119", [(100, 119), (0, 9)]),
        # Ends beyond the end, and parts beyond it.
        (b"bytes=0-10000", [(0, 9999)]),
        (b"bytes=9999-" + HUGE, [(9999, 9999)]),
        (b"bytes=-20000", [(0, 9999)]),
        (b"bytes=-" + HUGE, [(0, 9999)]),
        (b"bytes=10000-,0-1", [(0, 1)]),
        (b"bytes=-0,0-1", [(0, 1)]),
        (b"bytes=" + b"0" * 10_000 + b"1-" + b"0" * 10_000 + b"2", [(1, 2)]),
        # Lists may hold empty members, and units have no case.
        (b"BYTES=0-1", [(0, 1)]),
        (b" bytes=,0-1 \t,, 4-5, ", [(0, 1), (4, 5)]),
        (b"bytes=" + b"0-1," * 50, [(0, 1)]),
        # Nothing of it is there.
        (b"bytes=10000-", UNSATISFIABLE),
        (b"bytes=10000-10001,-0", UNSATISFIABLE),
        (b"bytes=-0", UNSATISFIABLE),
        (b"bytes=" + HUGE + b"-", UNSATISFIABLE),
        # Malformed, or none of our business.
        (b"", IGNORED),
        (b"bytes", IGNORED),
        (b"bytes=", IGNORED),
        (b"bytes=,", IGNORED),
        (b"bytes=-", IGNORED),
        (b"bytes=1", IGNORED),
        (b"bytes=5-4", IGNORED),
        (b"bytes=0-1,5-4", IGNORED),
        (b"bytes=" + HUGE + b"0-" + HUGE, IGNORED),
        (b"bytes=0-1;2-3", IGNORED),
        (b"bytes=0 -1", IGNORED),
        (b"bytes =0-1", IGNORED),
        (b"bytes=0x0-1", IGNORED),
        (b"bytes=+0-1", IGNORED),
        (b"bytes=\xd9\xa3-", IGNORED),
        (b"bytes=0-1 4-5", IGNORED),
        (b"bytes=0--1", IGNORED),
        (b"bytes=--1", IGNORED),
        (b"items=0-1", IGNORED),
        (b"bytes=0-1, bytes=2-3", IGNORED),
        (b"bytes=" + b"0-1," * 51, IGNORED),
    ],
)
def test_table(value: bytes, expected: list[tuple[int, int]] | NoRange) -> None:
    """Each row is one sentence of §14.1.2 or §14.2."""
    result = parse_range(value, 10_000)

    if isinstance(expected, NoRange):
        assert result is expected
    else:
        assert result == tuple(ByteRange(*pair) for pair in expected)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"bytes=0-", UNSATISFIABLE),
        (b"bytes=0-0", UNSATISFIABLE),
        (b"bytes=-0", UNSATISFIABLE),
        (b"bytes=-1", IGNORED),
        (b"bytes=0-0,-1", IGNORED),
    ],
)
def test_an_empty_body_has_no_part(value: bytes, verdict: NoRange) -> None:
    """Its last bytes could be sent, but no Content-Range can name them: the whole is."""
    assert parse_range(value, 0) is verdict


def positions(result: tuple[ByteRange, ...] | NoRange) -> set[int]:
    if isinstance(result, NoRange):
        return set()
    return {position for each in result for position in range(each.first, each.last + 1)}


spec = st.one_of(
    st.tuples(st.integers(0, 25), st.integers(0, 25)).filter(lambda pair: pair[0] <= pair[1]),
    st.tuples(st.integers(0, 25), st.none()),
    st.tuples(st.none(), st.integers(0, 25)),
)


@given(st.lists(spec, min_size=1, max_size=8), st.integers(1, 20))
def test_parts_hold_what_was_asked_for(
    specs: list[tuple[int | None, int | None]], length: int
) -> None:
    """Every position that a slow reading finds, each once, and parts that do not touch."""
    body = range(length)
    wanted: set[int] = set()
    for first, last in specs:
        if first is None:
            wanted |= set(body[-last:] if last else [])
        else:
            wanted |= set(body[first : None if last is None else last + 1])
    texts = [
        f"{'' if first is None else first}-{'' if last is None else last}" for first, last in specs
    ]

    result = parse_range(b"bytes=" + ", ".join(texts).encode(), length)

    assert positions(result) == wanted
    assert result is UNSATISFIABLE if not wanted else isinstance(result, tuple)
    if isinstance(result, tuple):
        ordered = sorted(result, key=lambda each: each.first)
        assert all(a.last + 1 < b.first for a, b in pairwise(ordered))


@given(st.binary(max_size=40), st.integers(0, 20))
def test_nothing_from_the_wire_raises(value: bytes, length: int) -> None:
    """Any bytes give parts within the body, or none."""
    for each in (value, b"bytes=" + value):
        assert all(0 <= position < length for position in positions(parse_range(each, length)))
        assert if_range_holds(each, each, MODIFIED, DATE, now=NOW) in (True, False)


@pytest.mark.parametrize("junk", [b"0-,", b"0", b" ", b",", b"-", b"9,", b"0-0", b"\t,", b"0-0 "])
def test_a_megabyte_is_read_in_linear_time(junk: bytes) -> None:
    """One megabyte takes less than a second."""
    value = b"bytes=" + junk * (1_000_000 // len(junk))
    started = time.process_time()

    parse_range(value, 10_000)
    parse_range(value + b"-", 10_000)
    if_range_holds(value, b'"a"', MODIFIED, DATE, now=NOW)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (b'"a"', True),
        (b' "a" ', True),
        (b'W/"a"', False),
        (b'"b"', False),
        (b'"a", "b"', False),
        (b"*", False),
        (b"a", False),
        (b"", False),
        (format_http_date(MODIFIED), True),
        (format_http_date(MODIFIED + 1), False),
        (format_http_date(MODIFIED - 1), False),
        (b"Tuesday, 14-Nov-23 22:13:20 GMT", True),
    ],
)
def test_if_range(value: bytes, holds: bool) -> None:
    """A tag compares strongly, a date exactly."""
    assert if_range_holds(value, b'"a"', MODIFIED, DATE, now=NOW) is holds


@pytest.mark.parametrize("etag", [None, b'W/"a"', b"a", b""])
def test_if_range_needs_a_strong_tag(etag: bytes | None) -> None:
    """Weak, malformed or absent, the stored tag proves nothing about bytes."""
    for value in (b'"a"', b'W/"a"'):
        assert not if_range_holds(value, etag, MODIFIED, DATE, now=NOW)


@pytest.mark.parametrize(
    ("last_modified", "date", "holds"),
    [
        (MODIFIED, MODIFIED + 60, True),
        (MODIFIED, MODIFIED + 59, False),
        (MODIFIED, MODIFIED - 1, False),
        (None, MODIFIED + 60, False),
    ],
)
def test_if_range_needs_a_strong_date(last_modified: int | None, date: float, holds: bool) -> None:
    """What was changed just before it was sent may have changed again (§8.8.2.2)."""
    value = format_http_date(MODIFIED)

    assert if_range_holds(value, None, last_modified, date, now=NOW) is holds


BODY = bytes(range(256)) * 4
HEADERS: tuple[Field, ...] = (
    (b"Date", b"Tue, 14 Nov 2023 22:13:20 GMT"),
    (b"Content-Type", b"text/plain"),
    (b"etag", b'"a"'),
    (b"Content-Length", b"1024"),
    (b"content-range", b"bytes 0-1/2"),
    (b"set-cookie", b"a=1"),
    (b"set-cookie", b"b=2"),
    (b"access-control-allow-origin", b"*"),
    (b"vary", b"origin"),
)


def test_one_part_is_sent_as_it_is() -> None:
    """The other fields stay; length and range are of the part."""
    headers, body = partial_response(HEADERS, BODY, (ByteRange(1, 3),))

    assert body == b"\x01\x02\x03"
    assert headers == [
        *HEADERS[:3],
        *HEADERS[5:],
        (b"content-range", b"bytes 1-3/1024"),
        (b"content-length", b"3"),
    ]


def parts_of(headers: list[Field], body: bytes) -> list[tuple[Any, Any, Any]]:
    """Read a multipart body with the parser of the standard library."""
    fields = dict(headers)
    head = b"content-type: " + fields[b"content-type"] + b"\r\n\r\n"
    message = message_from_bytes(head + body, policy=HTTP)
    return [
        (part["content-type"], part["content-range"], part.get_payload(decode=True))
        for part in message.iter_parts()
    ]


def test_several_parts_are_a_multipart() -> None:
    """Each with the type of the whole and its own range, in order (§15.3.7.2)."""
    ranges = (ByteRange(100, 109), ByteRange(0, 9))

    headers, body = partial_response(HEADERS, b"0123456789" * 20, ranges)

    assert parts_of(headers, body) == [
        ("text/plain", "bytes 100-109/200", b"0123456789"),
        ("text/plain", "bytes 0-9/200", b"0123456789"),
    ]
    names = [name for name, _ in headers]
    assert b"content-range" not in names
    assert b"Content-Type" not in names
    assert dict(headers)[b"content-length"] == b"%d" % len(body)
    assert [field for field in headers if field[0] == b"set-cookie"] == list(HEADERS[5:7])


def test_parts_of_a_body_without_a_type_have_none() -> None:
    """Nothing is invented."""
    headers, body = partial_response((), b"x" * 99, (ByteRange(0, 1), ByteRange(5, 6)))

    assert b"content-type" not in body
    assert headers[0][0] == b"content-type"


@given(st.binary(min_size=10, max_size=100))
def test_the_boundary_is_in_no_part(content: bytes) -> None:
    """A function of the body alone, a body that holds another's boundary included."""
    ranges = (ByteRange(0, 1), ByteRange(5, 9))
    _, first = partial_response((), content, ranges)

    headers, body = partial_response((), first, ranges)

    boundary = headers[0][1].rpartition(b"=")[2]
    assert len(boundary) == 32
    assert boundary not in first
    assert body.count(b"--" + boundary) == 3
    assert partial_response((), first, ranges) == (headers, body)


def test_416_names_the_length() -> None:
    """Without what describes the representation, and without its lifetime (§15.5.17)."""
    headers = (*HEADERS, (b"cache-control", b"max-age=60"))

    assert unsatisfiable_response(headers, 1024) == (
        [
            HEADERS[0],
            *HEADERS[7:],
            (b"content-range", b"bytes */1024"),
            (b"content-length", b"0"),
        ],
        b"",
    )
