"""Cache-Control of requests and responses (RFC 9111 §5.2, RFC 5861, RFC 8246)."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_control import (
    DELTA_SECONDS_MAX,
    RequestDirectives,
    ResponseDirectives,
    check_response_directives,
    parse_request_directives,
    parse_response_directives,
)


def response(**directives: Any) -> ResponseDirectives:
    return ResponseDirectives(**directives)


def request(**directives: Any) -> RequestDirectives:
    return RequestDirectives(**directives)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", response()),
        (b" , ,", response()),
        (b"public, max-age=60", response(public=True, max_age=60)),
        (b"PUBLIC,MAX-AGE=60", response(public=True, max_age=60)),
        (b"s-maxage=1, must-revalidate", response(s_maxage=1, must_revalidate=True)),
        (
            b"no-store,no-cache,no-transform",
            response(no_store=True, no_cache=True, no_transform=True),
        ),
        (
            b"proxy-revalidate, must-understand",
            response(proxy_revalidate=True, must_understand=True),
        ),
        (b"immutable", response(immutable=True)),
        (
            b"stale-while-revalidate=30, stale-if-error=60",
            response(stale_while_revalidate=30, stale_if_error=60),
        ),
        (b'max-age="10"', response(max_age=10)),
        (b"max-age\t=\t10 ", response(max_age=0)),
        (b"max-age=007", response(max_age=7)),
        (b"max-age=0", response(max_age=0)),
        (b"Private", response(private=True)),
        (b'private="Set-Cookie, X-A"', response(private=("set-cookie", "x-a"))),
        (b"no-cache=set-cookie", response(no_cache=("set-cookie",))),
        (b'private="a", private="b"', response(private=("a", "b"))),
        (b'private="a", private', response(private=True)),
        (b'private="', response(private=True)),
        (b'private=""', response(private=True)),
        (b'private="a b;"', response(private=True)),
        (b'a, b=c, d="e f"', response(extensions=(("a", None), ("b", "c"), ("d", "e f")))),
        (b'x="a\\"b\\\\"', response(extensions=(("x", 'a"b\\'),))),
        (b"max_age=60", response(extensions=(("max_age", "60"),))),
    ],
)
def test_response_directives(value: bytes, expected: ResponseDirectives) -> None:
    """The grammar, in tokens and in quotes, in any case."""
    assert parse_response_directives(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"max-age=abc", response(max_age=0)),
        (b"max-age=-1", response(max_age=0)),
        (b"max-age=1.5", response(max_age=0)),
        (b"max-age=", response(max_age=0)),
        (b"max-age", response(max_age=0)),
        ("max-age=٣".encode(), response(max_age=0)),
        (b"max-age=1, max-age=2", response(max_age=0)),
        (b"max-age=1, max-age=1", response(max_age=1)),
        (b"max-age=60;private", response(max_age=0)),
        (b"private;max-age=60", response(private=True)),
        (b"public;x", response()),
        (b"no-store=x", response(no_store=True)),
        (b"no-store;x", response(no_store=True)),
        (b'foo="bar, no-store', response(no_store=True)),
        (b'foo="bar, max-age=60', response(max_age=0)),
        (b'foo="bar, public', response()),
        (b"=x, max-age=60", response(max_age=0)),
        (b"\xff, no-store", response(no_store=True)),
        (b"max-age=" + b"9" * 30, response(max_age=DELTA_SECONDS_MAX)),
        (b"max-age=4294967296", response(max_age=DELTA_SECONDS_MAX)),
        (b"max-age=" + b"0" * 30 + b"5", response(max_age=5)),
    ],
)
def test_broken_fields_are_read_as_less_reuse(value: bytes, expected: ResponseDirectives) -> None:
    """RFC 9111 §4.2.1 encourages caches to take broken freshness for stale."""
    assert parse_response_directives(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"no-cache", request(no_cache=True)),
        (b"no-cache=x", request(no_cache=True)),
        (b"no-store, no-transform", request(no_store=True, no_transform=True)),
        (b"only-if-cached", request(only_if_cached=True)),
        (b"max-age=0, min-fresh=5", request(max_age=0, min_fresh=5)),
        (b"max-stale", request(max_stale=DELTA_SECONDS_MAX)),
        (b"max-stale=5", request(max_stale=5)),
        (b"max-stale=x", request(max_stale=0)),
        (b"min-fresh=x", request(min_fresh=DELTA_SECONDS_MAX)),
        (b"min-fresh=1, min-fresh=2", request(min_fresh=DELTA_SECONDS_MAX)),
        (b"stale-if-error=9, x=1", request(stale_if_error=9, extensions=(("x", "1"),))),
    ],
)
def test_request_directives(value: bytes, expected: RequestDirectives) -> None:
    """The client's directives, read so that the client never gets more reuse than it asked for."""
    assert parse_request_directives(value) == expected


seconds = st.none() | st.integers(0, DELTA_SECONDS_MAX)
token = st.text("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+.^_`|~", min_size=1, max_size=6)
names = st.booleans() | st.lists(token, min_size=1, max_size=3).map(tuple)
argument = st.none() | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
extensions = st.lists(st.tuples(token.map("x".__add__), argument), max_size=3).map(tuple)
responses = st.builds(
    ResponseDirectives,
    private=names,
    no_cache=names,
    extensions=extensions,
    **{flag: st.booleans() for flag in ("public", "no_store", "no_transform", "must_revalidate")},
    **{flag: st.booleans() for flag in ("proxy_revalidate", "must_understand", "immutable")},
    **dict.fromkeys(("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error"), seconds),
)
requests = st.builds(
    RequestDirectives,
    extensions=extensions,
    **{f: st.booleans() for f in ("no_cache", "no_store", "no_transform", "only_if_cached")},
    **dict.fromkeys(("max_age", "max_stale", "min_fresh", "stale_if_error"), seconds),
)


@given(responses)
def test_response_format_and_parse_are_inverse(directives: ResponseDirectives) -> None:
    """Every record survives the wire."""
    assert parse_response_directives(str(directives).encode("latin-1")) == directives


@given(requests)
def test_request_format_and_parse_are_inverse(directives: RequestDirectives) -> None:
    """Every record survives the wire."""
    assert parse_request_directives(str(directives).encode("latin-1")) == directives


@given(st.binary(max_size=80))
def test_nothing_from_the_wire_raises(value: bytes) -> None:
    """What was understood can be written down and is understood the same again."""
    understood = parse_response_directives(value)

    assert parse_response_directives(str(understood).encode("latin-1")) == understood
    parse_request_directives(value)


@pytest.mark.parametrize(
    "junk", [b'a="', b'a="\\",', b"max-age=1,", b",", b'"', b"a=", b"\\", b'a="b",', b"9", b" ;"]
)
def test_four_times_what_a_server_takes_is_read_in_under_a_second(junk: bytes) -> None:
    """No backtracking and no quadratic digits, whatever repeats."""
    value = b"max-age=" + junk * (250_000 // len(junk))
    started = time.process_time()

    parse_response_directives(value)

    assert time.process_time() - started < 1


@pytest.mark.parametrize("junk", [b"max-age=60, " + b"x" * 20_000, b'a="' + b"," * 20_000])
def test_what_nobody_means_is_read_as_no_reuse(junk: bytes) -> None:
    """Over 16 KiB no word of it counts, and reading it costs nothing."""
    assert parse_response_directives(junk) == response(no_store=True)
    assert parse_request_directives(junk) == request(no_cache=True, no_store=True)


def test_up_to_16_kib_every_word_counts() -> None:
    """The bound is the last that is read."""
    value = b"max-age=60" + b" " * (16 * 1024 - 10)

    assert parse_response_directives(value) == response(max_age=60)
    assert parse_request_directives(value) == request(max_age=60)
    assert parse_response_directives(value + b" ") == response(no_store=True)
    assert parse_request_directives(value + b" ") == request(no_cache=True, no_store=True)


@pytest.mark.parametrize(
    ("directives", "message"),
    [
        (response(), "at least one directive"),
        (response(public=True, private=True), "public and private contradict"),
        (response(no_store=True, max_age=60), "max_age=60 has no effect"),
        (response(no_store=True, immutable=True), "immutable=True has no effect"),
        (response(max_age=-1), "max_age must be 0..2147483648 seconds, got -1"),
        (response(s_maxage=2**31 + 1), "s_maxage must be"),
        (response(max_age=1.5), "max_age must be a whole number of seconds, got 1.5"),
        (response(max_age=True), "max_age must be a whole number of seconds, got True"),
        (response(public="yes"), "public must be True or False, got 'yes'"),
        (response(private="set-cookie"), "private must be True or a tuple of field names"),
        (response(no_cache=()), "no_cache must be True or a tuple of field names"),
        (response(extensions=(("a", "b\r\nx: y"),)), "extensions must hold tokens"),
        (response(extensions=(("a, public", None),)), "extensions must hold tokens"),
        (response(extensions=(("a", "ß"),)), "extensions must hold tokens"),
        (response(no_cache=("a b",)), "no_cache must be True or a tuple of field names"),
    ],
)
def test_nonsense_is_refused_by_name(directives: ResponseDirectives, message: str) -> None:
    """The error names the option and the value."""
    with pytest.raises(ConfigurationError, match=message.replace(".", r"\.")):
        check_response_directives(directives)


@pytest.mark.parametrize(
    "directives",
    [
        response(public=True, max_age=60),
        response(no_store=True),
        response(must_understand=True, no_store=True, max_age=60),
        response(public=True, private=("set-cookie",)),
        response(no_cache=True, max_age=0),
    ],
)
def test_sense_passes(directives: ResponseDirectives) -> None:
    """RFC 9111 §5.2.2.3 pairs must-understand with no-store on purpose."""
    assert check_response_directives(directives) is directives
