"""Freshness lifetimes and ages (RFC 9111 §4.2, §5.1, §5.3)."""

import time
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cache_control import DELTA_SECONDS_MAX, parse_response_directives
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.freshness import Freshness, Source, freshness_lifetime, initial_age
from chopin_mw.rules.http_date import format_http_date

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
DEFAULT = CachePolicy()
PROXY = CachePolicy.shared_proxy()
UNKNOWN = Freshness(0, Source.NONE)


def date(seconds: float = 0) -> bytes:
    return format_http_date(NOW + seconds)


def lifetime(
    cache_control: bytes = b"",
    policy: CachePolicy = DEFAULT,
    *,
    status: int = 200,
    targeted: bool = False,
    **given: bytes,
) -> Freshness:
    fields = {name.replace("_", "-").encode(): value for name, value in given.items()}
    directives = parse_response_directives(cache_control)
    return freshness_lifetime(
        status, fields, directives, policy, targeted=targeted, response_time=NOW
    )


@pytest.mark.parametrize(
    ("cache_control", "fields", "expected"),
    [
        (b"max-age=60", {}, Freshness(60, Source.MAX_AGE)),
        (b"s-maxage=10, max-age=60", {}, Freshness(10, Source.S_MAXAGE)),
        (b"s-maxage=0, max-age=60", {}, Freshness(0, Source.S_MAXAGE)),
        (b"s-maxage=60, max-age=0", {}, Freshness(60, Source.S_MAXAGE)),
        (b"max-age=60", {"expires": date(5), "date": date()}, Freshness(60, Source.MAX_AGE)),
        (b"max-age=0", {"expires": date(5), "date": date()}, Freshness(0, Source.MAX_AGE)),
        (b"max-age=abc", {"expires": date(5), "date": date()}, Freshness(0, Source.MAX_AGE)),
        (b"max-age=60, max-age=5", {}, Freshness(0, Source.MAX_AGE)),
        (b"max-age=99999999999", {}, Freshness(DELTA_SECONDS_MAX, Source.MAX_AGE)),
        (b"", {"expires": date(5), "date": date()}, Freshness(5, Source.EXPIRES)),
        (b"public", {"expires": date(5), "date": date(-5)}, Freshness(10, Source.EXPIRES)),
        (b"", {"expires": date(5)}, Freshness(5, Source.EXPIRES)),
        (b"", {"expires": date(5), "date": b"junk"}, Freshness(5, Source.EXPIRES)),
        (b"", {"expires": date(-5), "date": date()}, Freshness(0, Source.EXPIRES)),
        (b"", {"expires": date(5), "date": date(9)}, Freshness(0, Source.EXPIRES)),
        (b"", {}, UNKNOWN),
        (b"public", {}, UNKNOWN),
        (b"", {"etag": b'"a"', "last_modified": date(-1000)}, UNKNOWN),
    ],
)
def test_explicit_lifetimes(
    cache_control: bytes, fields: dict[str, Any], expected: Freshness
) -> None:
    """s-maxage before max-age before Expires less Date (§4.2.1)."""
    assert lifetime(cache_control, **fields) == expected


@pytest.mark.parametrize(
    "expires",
    [
        b"0",
        b"",
        b"-1",
        b"60",
        date(60) + b", " + date(60),
        date(60) + b", 0",
        date(60)[:-3] + b"UTC",
        date(60)[:-3] + b"+0100",
        b"Thu, 01 Dec 0000 00:00:00 GMT",
        b"2036-01-01T00:00:00Z",
        b"\xff" * 1000,
    ],
)
def test_an_invalid_expires_has_passed(expires: bytes) -> None:
    """What is no date, "0" above all, is a time in the past (§5.3)."""
    assert lifetime(b"", PROXY, expires=expires) == Freshness(0, Source.EXPIRES)


def test_expires_in_any_of_the_three_formats() -> None:
    """The obsolete formats count as well (RFC 9110 §5.6.7)."""
    for value in (b"Monday, 23-Nov-26 12:00:10 GMT", b"Mon Nov 23 12:00:10 2026"):
        assert lifetime(expires=value, date=date()).lifetime == 10


def test_a_targeted_field_replaces_expires() -> None:
    """CDN-Cache-Control without a lifetime leaves the response without one (RFC 9213 §2.2)."""
    expires = date(60)

    assert lifetime(b"max-age=5", targeted=True) == Freshness(5, Source.TARGETED)
    assert lifetime(b"s-maxage=6", targeted=True) == Freshness(6, Source.TARGETED)
    assert lifetime(b"must-revalidate", targeted=True, expires=expires) == UNKNOWN


@pytest.mark.parametrize("status", [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501])
def test_heuristic_of_statuses_that_allow_it(status: int) -> None:
    """A share of the time since the last change (§4.2.2)."""
    found = lifetime(b"", PROXY, status=status, date=date(), last_modified=date(-1000))

    assert found == Freshness(100, Source.HEURISTIC)


@pytest.mark.parametrize("status", [201, 202, 299, 302, 303, 307, 400, 403, 500, 503, 599])
def test_heuristic_of_other_statuses_needs_public(status: int) -> None:
    """Other responses have to be marked as cacheable (§4.2.2)."""
    fields: dict[str, Any] = {"date": date(), "last_modified": date(-1000)}

    assert lifetime(b"", PROXY, status=status, **fields) == UNKNOWN
    assert lifetime(b"public", PROXY, status=status, **fields).source is Source.HEURISTIC


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"last_modified": date(10)},
        {"last_modified": date()},
        {"last_modified": b"junk"},
        {"date": date(-2000), "last_modified": date(-1000)},
    ],
)
def test_no_heuristic_without_a_time_since_the_last_change(fields: dict[str, Any]) -> None:
    """A change that is yet to come says nothing."""
    assert lifetime(b"", PROXY, **fields) == UNKNOWN


def test_no_heuristic_beside_an_explicit_lifetime() -> None:
    """An expired response is not guessed to be fresh (§4.2.2)."""
    fields: dict[str, Any] = {"date": date(), "last_modified": date(-1000)}

    assert lifetime(b"max-age=0", PROXY, **fields).source is Source.MAX_AGE
    assert lifetime(b"", PROXY, expires=b"0", **fields).source is Source.EXPIRES


def test_a_heuristic_counts_from_arrival_without_a_date() -> None:
    """A response without Date was made when it came (RFC 9110 §6.6.1)."""
    assert lifetime(b"", PROXY, last_modified=date(-50)).lifetime == pytest.approx(5)


@pytest.mark.parametrize(
    ("cache_control", "changes", "expected"),
    [
        (b"", {"ttl": 30}, Freshness(30, Source.POLICY)),
        (b"public", {"ttl": 30}, Freshness(30, Source.POLICY)),
        (b"max-age=5", {"ttl": 30}, Freshness(5, Source.MAX_AGE)),
        (b"no-cache", {"ttl": 30}, UNKNOWN),
        (b'no-cache="x-a"', {"ttl": 30}, Freshness(30, Source.POLICY)),
        (b"", {"ttl": inf}, Freshness(DELTA_SECONDS_MAX, Source.POLICY)),
        (b"max-age=5", {"ttl": 30, "override_freshness": True}, Freshness(30, Source.POLICY)),
        (b"s-maxage=5", {"ttl": 30, "override_freshness": True}, Freshness(30, Source.POLICY)),
        (b"no-cache", {"ttl": 30, "override_freshness": True}, Freshness(30, Source.POLICY)),
        (b"max-age=5", {"override_freshness": True}, Freshness(5, Source.MAX_AGE)),
        (b"no-cache", {"override_freshness": True}, UNKNOWN),
        (b"", {"ttl": 0}, Freshness(0, Source.POLICY)),
    ],
)
def test_the_policy_names_what_the_response_does_not(
    cache_control: bytes, changes: dict[str, Any], expected: Freshness
) -> None:
    """`ttl` fills a gap, and replaces only where it is told to."""
    assert lifetime(cache_control, CachePolicy(**changes)) == expected


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("cache_control", "changes", "expected"),
    [
        (b"", {"ttl": 30}, UNKNOWN),
        (b"", {"ttl": 30, "override_freshness": True}, UNKNOWN),
        (b"", {"negative_ttl": 10}, Freshness(10, Source.POLICY)),
        (b"", {"negative_ttl": 1000}, Freshness(300, Source.POLICY)),
        (b"max-age=60", {"negative_ttl": 10}, Freshness(60, Source.MAX_AGE)),
        (b"max-age=1000", {}, Freshness(300, Source.MAX_AGE)),
        (b"max-age=1000", {"max_negative_ttl": inf}, Freshness(1000, Source.MAX_AGE)),
        (
            b"max-age=60",
            {"negative_ttl": 10, "override_freshness": True},
            Freshness(10, Source.POLICY),
        ),
    ],
)
def test_what_is_not_there_has_a_lifetime_of_its_own(
    status: int, cache_control: bytes, changes: dict[str, Any], expected: Freshness
) -> None:
    """404 and 410 are kept by an explicit wish, and not for long."""
    assert lifetime(cache_control, CachePolicy(**changes), status=status) == expected


def age(took: float = 0, fraction: float = 0, **given: bytes) -> float:
    fields = {name.encode(): value for name, value in given.items()}
    arrived = NOW + fraction
    return initial_age(fields, request_time=arrived - took, response_time=arrived)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"0", 0),
        (b"7200", 7200),
        (b" 10 ", 10),
        (b"010", 10),
        (b"7200, 0", 7200),
        (b"0, 7200", 0),
        (b"10,junk", 10),
        (b"-1", 0),
        (b"+1", 0),
        (b"1.5", 0),
        (b"1e3", 0),
        (b"7200s", 0),
        (b'"7200"', 0),
        (b"abc, 10", 0),
        (b"", 0),
        (b", 10", 0),
        ("٣".encode(), 0),
        (b"2147483648", DELTA_SECONDS_MAX),
        (b"99999999999", DELTA_SECONDS_MAX),
        (b"9" * 1_000_000, DELTA_SECONDS_MAX),
        (b"0" * 1_000_000 + b"7", 7),
    ],
)
def test_age_is_a_whole_number(value: bytes, expected: int) -> None:
    """The first member of a list, ignored unless it is a non-negative integer (§5.1)."""
    assert age(age=value) == expected


def test_the_age_is_the_larger_of_two_estimates() -> None:
    """By Date, or by Age and the time the response took (§4.2.3)."""
    assert age() == 0
    assert age(took=2) == 2
    assert age(took=2, age=b"10") == 12
    assert age(took=2, date=date(-30)) == 30
    assert age(took=2, age=b"10", date=date(-30)) == 30
    assert age(took=2, age=b"40", date=date(-30)) == 42
    assert age(date=date(-1)) == 1


@pytest.mark.parametrize("value", [date(3600), b"junk", b"0", date(-30) + b", " + date(-30)])
def test_a_date_that_is_none_or_not_yet_makes_nothing_old(value: bytes) -> None:
    """An age is never negative, and a response without a valid Date was made when it came."""
    assert age(date=value, age=b"5") == 5


def test_the_second_of_a_date_is_not_an_age() -> None:
    """A Date in whole seconds does not make a response up to a second old."""
    assert age(fraction=0.9, date=date()) == 0
    assert age(fraction=0.9, date=date(-1)) == 1


def test_a_clock_set_back_meanwhile_takes_nothing_from_the_age() -> None:
    """The time that a response took is at least zero."""
    assert age(took=-3600, age=b"10") == 10


def test_a_date_long_ago_saturates() -> None:
    """Ages stay numbers of seconds that a header can hold (§1.2.2)."""
    assert age(date=b"Mon, 01 Jan 0001 00:00:00 GMT") == DELTA_SECONDS_MAX


def test_long_values_take_little_time() -> None:
    """A megabyte of junk in each field is read once."""
    junk = b"9" * 1_000_000
    start = time.process_time()

    lifetime(b"", PROXY, expires=junk, date=junk, last_modified=junk)
    age(age=junk, date=junk)

    assert time.process_time() - start < 1


@given(
    st.dictionaries(
        st.sampled_from([b"age", b"date", b"expires", b"last-modified"]), st.binary(max_size=40)
    ),
    st.binary(max_size=60),
    st.integers(200, 599),
    st.booleans(),
)
def test_never_raises_and_stays_in_bounds(
    fields: dict[bytes, bytes], cache_control: bytes, status: int, targeted: bool
) -> None:
    """Whatever is sent, there is a lifetime and an age, both of 0..2**31."""
    directives = parse_response_directives(cache_control)

    found = freshness_lifetime(
        status, fields, directives, PROXY, targeted=targeted, response_time=NOW
    )

    assert 0 <= found.lifetime <= DELTA_SECONDS_MAX
    assert 0 <= initial_age(fields, request_time=NOW - 1, response_time=NOW) <= DELTA_SECONDS_MAX
