"""HTTP dates: exactly the three formats of RFC 9110 §5.6.7."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.http_date import format_http_date, parse_http_date

NOW = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
EXAMPLE = 784111777


@pytest.mark.parametrize(
    "value",
    [
        b"Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sunday, 06-Nov-94 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 1994",
        b"Sun Nov 06 08:49:37 1994",
        b"sun, 06 NOV 1994 08:49:37 gmt",
        b"SUNDAY, 06-nov-94 08:49:37 GMT",
        b"  Sun, 06 Nov 1994 08:49:37 GMT\t",
        b"Mon, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_the_three_formats_are_read(value: bytes) -> None:
    """Names match in any case (RFC 9111 §4.2); a wrong weekday harms nobody."""
    assert parse_http_date(value, now=NOW) == EXAMPLE


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"0",
        b"-1",
        b"784111777",
        b"Sun, 06 Nov 0000 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 0000",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 94 08:49:37 GMT",
        b"Sun, 31 Feb 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:49:37 GMT",
        b"Sun, 06 Nov 1994 08:60:37 GMT",
        b"Sun, 06 Nov 1994 08:49:61 GMT",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 06 Nov 1994 08:49:37",
        b"Sun, 06  Nov 1994 08:49:37 GMT",
        b"Sun 06 Nov 1994 08:49:37 GMT",
        b"1994-11-06T08:49:37Z",
        b"Sun, 06 Nov 1994 08:49:37 GMT; length=10",
        b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT".encode(),
        b"Sun, 06 Nov 1994 08:49:37 GMT\n",
        b"\xff" * 30,
        b"S" * 1_000_000,
    ],
)
def test_anything_else_is_no_date(value: bytes) -> None:
    """A lenient reading would turn a broken date into a wrong 304 or a long lifetime."""
    assert parse_http_date(value, now=NOW) is None


@pytest.mark.parametrize(
    ("two_digits", "year"), [(b"94", 1994), (b"26", 2026), (b"76", 2076), (b"77", 1977)]
)
def test_a_two_digit_year_is_at_most_fifty_years_ahead(two_digits: bytes, year: int) -> None:
    """RFC 9110 §5.6.7: what looks more than 50 years in the future is past."""
    parsed = parse_http_date(b"Sunday, 06-Nov-" + two_digits + b" 08:49:37 GMT", now=NOW)

    assert parsed is not None
    assert datetime.fromtimestamp(parsed, UTC).year == year


def test_a_two_digit_year_may_be_in_the_next_century() -> None:
    """In 2080, a year of 10 is 2110, thirty years ahead, and not 2010."""
    now = datetime(2080, 1, 1, tzinfo=UTC).timestamp()

    parsed = parse_http_date(b"Sunday, 06-Nov-10 08:49:37 GMT", now=now)

    assert parsed is not None
    assert datetime.fromtimestamp(parsed, UTC).year == 2110


def test_a_leap_second_is_the_next_second() -> None:
    """RFC 9110 allows second 60."""
    assert parse_http_date(b"Sat, 31 Dec 2016 23:59:60 GMT", now=NOW) == 1483228800


@given(st.integers(min_value=-62135596800, max_value=253402300799))
def test_format_and_parse_are_inverse(timestamp: int) -> None:
    """Every second of the years 1 to 9999 survives."""
    assert parse_http_date(format_http_date(timestamp), now=NOW) == timestamp


@given(st.binary(max_size=60))
def test_nothing_from_the_wire_raises(value: bytes) -> None:
    """Bytes give a time or None."""
    result = parse_http_date(value, now=NOW)

    assert result is None or isinstance(result, int)
