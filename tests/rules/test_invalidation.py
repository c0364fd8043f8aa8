"""Invalidation by unsafe requests (RFC 9111 §4.4, RFC 9110 §9.2.1, §9.3.3)."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cache_key import url_tags
from chopin_mw.rules.invalidation import SAFE_METHODS, invalidated_tags, same_resource
from support.scopes import http_scope

HOST = b"example.org"
TARGET = http_scope("POST", path="/a/b", raw_path=b"/a/b", query_string=b"q=1")
OF_TARGET = url_tags(TARGET, HOST)[:1]


def of(path: str, query: bytes = b"") -> tuple[Any, ...]:
    return (("url", HOST, path, query),)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
def test_safe_methods_are_known(method: str) -> None:
    """They are registered as safe."""
    assert method in SAFE_METHODS


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "get", "FOO", "", "CONNECT"])
def test_any_other_method_is_unsafe(method: str) -> None:
    """Unknown ones too, and methods have a case."""
    assert method not in SAFE_METHODS


def test_the_target_is_invalidated() -> None:
    """Without any field, by its own two tags."""
    assert invalidated_tags(TARGET, HOST, {}) == OF_TARGET


@pytest.mark.parametrize("field", [b"location", b"content-location"])
@pytest.mark.parametrize(
    ("value", "more"),
    [
        (b"/x", of("/x")),
        (b"/x?y=1#z", of("/x", b"y=1")),
        (b"x", of("/a/x")),
        (b"../x", of("/x")),
        (b"?q=2", of("/a/b", b"q=2")),
        (b"/%C3%A9", of("/é")),
        (b"http://example.org/x", of("/x")),
        (b"HTTP://EXAMPLE.org:80/x", of("/x")),
        (b"//example.org/x", of("/x")),
        (b"http://example.org", of("/")),
        # The target again.
        (b"", ()),
        (b"http://example.org/a/b?q=1", ()),
        # Other origins, and what is no reference at all.
        (b"https://example.org/x", ()),
        (b"http://example.org:8080/x", ()),
        (b"http://example.com/x", ()),
        (b"//evil/x", ()),
        (b"http://example.org@evil/x", ()),
        (b"http://me@example.org/x", ()),
        (b"http://[::1/x", ()),
        (b"http://example.org:99999999/x", ()),
        (b"http://example.org:x/x", ()),
        (b"http:x", ()),
        (b"mailto:me@example.org", ()),
        (b"http://\xff/x", ()),
    ],
)
def test_locations_of_the_same_origin_are_invalidated(
    field: bytes, value: bytes, more: tuple[Any, ...]
) -> None:
    """Relative ones are resolved; no app empties another origin's cache."""
    assert invalidated_tags(TARGET, HOST, {field: value}) == (*OF_TARGET, *more)


def test_both_fields_count() -> None:
    """Each tag is named once."""
    fields = {b"location": b"/x", b"content-location": b"/y", b"etag": b'"a"'}

    assert invalidated_tags(TARGET, HOST, fields) == (*OF_TARGET, *of("/x"), *of("/y"))
    assert invalidated_tags(TARGET, HOST, {**fields, b"location": b"/y"}) == (*OF_TARGET, *of("/y"))


def test_a_request_without_a_host_has_no_origin() -> None:
    """Then only the target itself is invalidated."""
    fields = {b"location": b"http://example.org/x", b"content-location": b"/y"}

    assert invalidated_tags(TARGET, b"", fields) == url_tags(TARGET, b"")[:1]


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (b"/a/b?q=1", True),
        (b" b?q=1 ", True),
        (b"?q=1", True),
        (b"http://EXAMPLE.org:80/a/b?q=1", True),
        (b"", False),
        (b" ", False),
        (b"/a/b", False),
        (b"/a/b?q=2", False),
        (b"/a/%62?q=1", False),
        (b"/a/b/?q=1", False),
        (b"https://example.org/a/b?q=1", False),
        (b"http://example.com/a/b?q=1", False),
        (b"http://[/a/b?q=1", False),
    ],
)
def test_content_location_may_name_the_target(value: bytes, same: bool) -> None:
    """Only an equal URI does, after it was resolved."""
    assert same_resource(TARGET, HOST, value) is same


def test_a_root_without_its_slash_is_the_root() -> None:
    """An empty path is `/` (RFC 9110 §4.2.3)."""
    scope = http_scope(path="/", raw_path=b"/")

    assert same_resource(scope, HOST, b"http://example.org")


def test_nothing_is_the_same_as_a_target_without_a_host() -> None:
    """Two origins that are unknown are not one."""
    assert not same_resource(TARGET, b"", b"/a/b?q=1")


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=20))
def test_nothing_from_the_wire_raises(location: bytes, content: bytes, host: bytes) -> None:
    """Any bytes invalidate at least the target."""
    fields = {b"location": location, b"content-location": content}

    assert set(url_tags(TARGET, host)[:1]) <= set(invalidated_tags(TARGET, host, fields))
    assert same_resource(TARGET, host, content) in (True, False)


@pytest.mark.parametrize("junk", [b"a", b"/../", b"//", b"%41", b"%", b":", b"\xff"])
def test_a_megabyte_is_read_in_linear_time(junk: bytes) -> None:
    """One megabyte takes less than a second."""
    value = b"/" + junk * (1_000_000 // len(junk))
    started = time.process_time()

    invalidated_tags(TARGET, HOST, {b"location": value})
    same_resource(TARGET, HOST, value)

    assert time.process_time() - started < 1
