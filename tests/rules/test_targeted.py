"""CDN-Cache-Control (RFC 9213): a dictionary of RFC 8941, or nothing at all."""

import time
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cache_control import DELTA_SECONDS_MAX, ResponseDirectives
from chopin_mw.rules.targeted import parse_targeted


def directives(**given: Any) -> ResponseDirectives:
    return ResponseDirectives(**given)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"max-age=60", directives(max_age=60)),
        (b"  max-age=60\t", directives(max_age=60)),
        (b"max-age=0", directives(max_age=0)),
        (b"s-maxage=1, max-age=2", directives(s_maxage=1, max_age=2)),
        (b"max-age=007", directives(max_age=7)),
        (b"max-age=999999999999999", directives(max_age=DELTA_SECONDS_MAX)),
        (b"no-store", directives(no_store=True)),
        (b"no-store=?1", directives(no_store=True)),
        (b"no-store=?0", directives()),
        (b"no-cache, must-revalidate", directives(no_cache=True, must_revalidate=True)),
        (b"private", directives(private=True)),
        (b"private=?0, max-age=1", directives(max_age=1)),
        (b'private="Set-Cookie, x-a"', directives(private=("set-cookie", "x-a"))),
        (b'no-cache="x-a"', directives(no_cache=("x-a",))),
        (b'no-cache=""', directives(no_cache=True)),
        (b'private="a b;"', directives(private=True)),
        (
            b"stale-while-revalidate=1,stale-if-error=2",
            directives(stale_while_revalidate=1, stale_if_error=2),
        ),
        (
            b"public, immutable, must-understand, no-transform, proxy-revalidate",
            directives(
                public=True,
                immutable=True,
                must_understand=True,
                no_transform=True,
                proxy_revalidate=True,
            ),
        ),
    ],
)
def test_directives_have_the_types_of_structured_fields(
    value: bytes, expected: ResponseDirectives
) -> None:
    """Numbers are Integers, flags Booleans, lists of fields Strings (§2.1)."""
    assert parse_targeted(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'x, y=1, z="s", w=tok, v=:YQ==:, u=(1 2), t=1.5, max-age=1', directives(max_age=1)),
        (b"max-age=60;why=because;x", directives(max_age=60)),
        (b"max-age=60, max-age=30", directives(max_age=30)),
        (b"max_age=60", directives()),
        (b"x", directives()),
    ],
)
def test_what_is_unknown_is_skipped(value: bytes, expected: ResponseDirectives) -> None:
    """Extensions and parameters change nothing; the last of two members counts (RFC 8941 §3.2)."""
    assert parse_targeted(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b",",
        b"max-age=60,",
        b"max-age=60, , no-store",
        b"max-age = 60",
        b"max-age=60 no-store",
        b"max-age=60; no store",
        b"Max-Age=60",
        b"max-age=",
        b"max-age=60s",
        b"max-age=1000000000000000",
        b"no-store=?2",
        b'private="',
        b"max-age=\xff",
    ],
)
def test_a_field_that_does_not_parse_is_ignored(value: bytes) -> None:
    """An empty field and one with any error count as absent (§2.1)."""
    assert parse_targeted(value) is None


@pytest.mark.parametrize(
    "value",
    [
        b"max-age",
        b'max-age="60"',
        b"max-age=1.5",
        b"max-age=-1",
        b"max-age=?1",
        b"max-age=sixty",
        b"max-age=(60)",
        b"max-age=:NjA=:",
        b"max-age=@60",
        b"s-maxage=-0.0",
        b"no-store=1",
        b'no-store="x"',
        b"no-store=()",
        b"private=set-cookie",
        b"no-cache=1",
        b'no-cache=("a" "b")',
        b"no-store, stale-if-error=x",
    ],
)
def test_a_known_directive_of_a_wrong_type_spoils_the_field(value: bytes) -> None:
    """No value is coerced, and no half of a field is used (§2.1)."""
    assert parse_targeted(value) is None


def test_every_directive_is_known() -> None:
    """A directive that Cache-Control learns is not forgotten here."""
    names = [f.name for f in fields(ResponseDirectives) if f.name != "extensions"]

    unknown = [name for name in names if parse_targeted(f"{name.replace('_', '-')}=x".encode())]

    assert unknown == []


def test_a_longer_value_than_is_remembered_is_read() -> None:
    """Only the length of what nobody sends is limited."""
    assert parse_targeted(b"max-age=60, x=" + b"1" * 9 + b";a" * 1000) == directives(max_age=60)
    assert parse_targeted(b"max-age=60, " + b"x" * 8192) is None


@pytest.mark.parametrize("junk", [b'"', b"a,", b"(", b"a=(", b":", b"a;", b"1", b" ", b"\\", b"%"])
@pytest.mark.parametrize("size", [8000, 1_000_000])
def test_hostile_values_cost_little(junk: bytes, size: int) -> None:
    """Neither a megabyte nor the longest value that is read takes long."""
    start = time.process_time()

    parse_targeted(b"max-age=" + junk * (size // len(junk)))
    parse_targeted(junk * (size // len(junk)))

    assert time.process_time() - start < 1


@given(
    st.binary(max_size=300) | st.text("max-ge=0123,; \"?()@%:*.\\'", max_size=60).map(str.encode)
)
def test_never_raises(value: bytes) -> None:
    """Whatever is sent, there is an answer."""
    found = parse_targeted(value)

    assert found is None or isinstance(found, ResponseDirectives)
