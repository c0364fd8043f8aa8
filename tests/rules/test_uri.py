"""URI references (RFC 3986 §5, RFC 9110 §4.2.3)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.uri import (
    Reference,
    normalised_authority,
    resolve,
    split_reference,
    target_uri,
)
from support.scopes import http_scope

BASE = split_reference(b"http://a/b/c/d;p?q")


def text(uri: Reference) -> bytes:
    parts = [
        b"" if uri.scheme is None else uri.scheme + b":",
        b"" if uri.authority is None else b"//" + uri.authority,
        uri.path,
        b"" if uri.query is None else b"?" + uri.query,
    ]
    return b"".join(parts)


@pytest.mark.parametrize(
    ("reference", "resolved"),
    [
        # RFC 3986 §5.4.1; fragments are dropped.
        (b"g:h", b"g:h"),
        (b"g", b"http://a/b/c/g"),
        (b"./g", b"http://a/b/c/g"),
        (b"g/", b"http://a/b/c/g/"),
        (b"/g", b"http://a/g"),
        (b"//g", b"http://g"),
        (b"?y", b"http://a/b/c/d;p?y"),
        (b"g?y", b"http://a/b/c/g?y"),
        (b"#s", b"http://a/b/c/d;p?q"),
        (b"g?y#s", b"http://a/b/c/g?y"),
        (b";x", b"http://a/b/c/;x"),
        (b"", b"http://a/b/c/d;p?q"),
        (b".", b"http://a/b/c/"),
        (b"./", b"http://a/b/c/"),
        (b"..", b"http://a/b/"),
        (b"../g", b"http://a/b/g"),
        (b"../..", b"http://a/"),
        (b"../../g", b"http://a/g"),
        # §5.4.2
        (b"../../../g", b"http://a/g"),
        (b"/./g", b"http://a/g"),
        (b"/../g", b"http://a/g"),
        (b"g.", b"http://a/b/c/g."),
        (b"..g", b"http://a/b/c/..g"),
        (b"./../g", b"http://a/b/g"),
        (b"g/./h", b"http://a/b/c/g/h"),
        (b"g;x=1/../y", b"http://a/b/c/y"),
        (b"g?y/../x", b"http://a/b/c/g?y/../x"),
        # Empty segments count, and whitespace around a field does not.
        (b" /x//y\t", b"http://a/x//y"),
        (b"https://h/../x", b"https://h/x"),
    ],
)
def test_references_are_resolved(reference: bytes, resolved: bytes) -> None:
    """Each row is an example of RFC 3986 §5.4, or a trap of the standard library."""
    assert text(resolve(split_reference(reference), BASE)) == resolved


@pytest.mark.parametrize(
    ("scheme", "authority", "normalised"),
    [
        (b"http", b"Example.ORG", b"example.org"),
        (b"http", b"example.org:80", b"example.org"),
        (b"http", b"example.org:080", b"example.org"),
        (b"http", b"example.org:", b"example.org"),
        (b"https", b"example.org:443", b"example.org"),
        (b"https", b"example.org:80", b"example.org:80"),
        (b"http", b"[::1]:8000", b"[::1]:8000"),
        (b"http", b"[::A]", b"[::a]"),
        (b"http", b"", None),
        (b"http", b":80", None),
        (b"http", b"user@example.org", None),
        (b"http", b"example.org:http", None),
        (b"http", b"example.org:" + b"9" * 10_000, None),
        (b"http", b"[::1", None),
        (b"http", b"a b", None),
        (b"ftp", b"example.org", None),
    ],
)
def test_authorities_are_normalised(
    scheme: bytes, authority: bytes, normalised: bytes | None
) -> None:
    """Host case and the port of the scheme mean nothing (RFC 9110 §4.2.3)."""
    assert normalised_authority(scheme, authority) == normalised


def test_a_scope_without_raw_path_is_quoted() -> None:
    """The path is put back into the form in which it was sent, lone surrogates lost."""
    scope = {"path": "/café/\udc80"}

    uri = target_uri(scope, b"h")

    assert uri == Reference(b"http", b"h", b"/caf%C3%A9/%3F", b"")


def test_a_query_in_raw_path_is_left_out() -> None:
    """A server that puts the whole target into raw_path is understood."""
    uri = target_uri(http_scope(raw_path=b"/a?x", query_string=b"x"), b"h")

    assert (uri.path, uri.query) == (b"/a", b"x")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_reference(value: bytes) -> None:
    """Nothing raises, and what is resolved keeps an origin or has none."""
    uri = resolve(split_reference(value), BASE)

    assert uri.origin is None or len(uri.origin) == 2
    assert uri.decoded_path


@pytest.mark.parametrize("junk", [b"a", b"/.", b"/..", b"//", b":", b"%", b"#", b"?", b"[", b"0"])
def test_a_megabyte_is_read_in_linear_time(junk: bytes) -> None:
    """One megabyte takes less than a second."""
    value = b"http://h:" + junk * (1_000_000 // len(junk))
    started = time.process_time()

    for each in (value, value[9:]):
        uri = resolve(split_reference(each), BASE)
        _ = uri.origin, uri.decoded_path

    assert time.process_time() - started < 1
