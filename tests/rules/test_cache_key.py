"""Keys and tags of URLs: injective, over what the server gave us (research cases 84 to 88)."""

import time
from collections.abc import Mapping
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_key import cache_key, normalised_query, tags_of_url, url_tags
from support.scopes import http_scope

HOST = b"example.org"
TRACKING = ("utm_*", "gclid", "[a-c]x", "é")


def key_of(target: str, host: bytes = HOST, **changes: Any) -> tuple[Any, ...]:
    path, _, query = target.partition("?")
    raw = path.encode("utf-8", "surrogateescape")
    query_string = query.encode("utf-8", "surrogateescape")
    scope = http_scope(path=path, raw_path=raw, query_string=query_string, **changes)
    return cache_key(scope, host)


def test_no_two_urls_share_a_key() -> None:
    """Every way to spread separators over the parts of a URL has a key of its own."""
    texts = ["", "/", "/:", ":", "?"]
    blobs: list[bytes | None] = [b"", b"/", b"?", None]
    cases = list(product(["", ":"], ["http", "https"], texts, texts, blobs, blobs[:3], blobs[:3]))

    keys = {
        cache_key(
            {
                "scheme": scheme,
                "root_path": root,
                "path": path,
                "raw_path": raw,
                "query_string": query,
            },
            host or b"",
            namespace,
        )
        for namespace, scheme, root, path, raw, query, host in cases
    }

    assert len(keys) == len(cases)


@pytest.mark.parametrize(
    "targets",
    [
        ["/a?b=c", "/ab=c", "/a", "/a?b", "/a?b=", "/a?b=c&"],
        ["/?a=1&b=2", "/?b=2&a=1", "/?a=1&a=1", "/?a=1;b=2", "/?a[]=1", "/?a%5B%5D=1", "/?A=1"],
        ["/é", "/e\u0301", "/ﬁ", "/fi", "/\u212a", "/k", "/K", "/\u0131", "/i", "/İ"],
        ["/?a=\udcc0", "/?a=\udcc1", "/?a=\ufffd", "/?a=%C0"],
        ["/a", "/a:lock", "/a:meta", "/*", "*", "/a\r\n", "/a\0", "/a\0b", "//a", "/a/", "/A"],
        ["/" + "a" * 70_000, "/" + "a" * 69_999, "/" + "a" * 69_999 + "b"],
    ],
    ids=["question", "query", "unicode", "not-utf-8", "suffixes", "70-kb"],
)
def test_targets_that_look_alike_are_apart(targets: list[str]) -> None:
    """Nothing is folded, decoded, ordered or joined."""
    assert len({key_of(target) for target in targets}) == len(targets)


def test_an_encoded_slash_is_no_slash() -> None:
    """Two targets that decode to one path differ by their raw paths."""
    keys = {
        cache_key(http_scope(path="/a/b", raw_path=raw), HOST) for raw in (b"/a%2Fb", b"/a/b", None)
    }

    assert len(keys) == 3


def test_hosts_and_ports_are_apart() -> None:
    """The Host field is part of the key as it came."""
    hosts = [b"a", b"A", b"a:80", b"a:8000", b"a.", b"", b"\xff"]

    assert len({key_of("/", host) for host in hosts}) == len(hosts)


def test_the_method_is_no_part() -> None:
    """HEAD is answered from what GET stored."""
    head, get = http_scope("HEAD"), http_scope("GET")

    assert cache_key(head, HOST) == cache_key(get, HOST)


def test_what_a_scope_may_lack_has_a_default() -> None:
    """A scope of the required members alone has the key of one with their defaults."""
    bare = {"type": "http", "path": "/", "query_string": b""}

    assert cache_key(bare, HOST) == cache_key({"path": "/", "scheme": "http"}, HOST)


def test_namespaces_are_apart() -> None:
    """Two apps that share a store share nothing in it."""
    scope = http_scope()

    assert cache_key(scope, HOST, "a") != cache_key(scope, HOST, "b")


def test_a_url_has_two_tags() -> None:
    """One for its host, in lower case and without the port of the scheme, one for any host."""
    scope = http_scope(path="/é", query_string=b"a=%20")

    assert url_tags(scope, b"Example.org:80") == (
        ("url", b"example.org", "/é", b"a=%20"),
        ("path", "/é", b"a=%20"),
    )


def test_a_host_that_is_none_has_tags_too() -> None:
    """Junk in the Host field is kept as it is, but for its case."""
    assert url_tags({"path": "/"}, b"A B@")[0] == ("url", b"a b@", "/", b"")


@pytest.mark.parametrize(
    ("url", "tag"),
    [
        ("/flights?page=1", ("path", "/flights", b"page=1")),
        ("/flights", ("path", "/flights", b"")),
        ("/flights?", ("path", "/flights", b"")),
        ("/a/../b#c", ("path", "/b", b"")),
        ("/é?é=1", ("path", "/é", b"%C3%A9=1")),
        ("/%C3%A9?%C3%A9=1", ("path", "/é", b"%C3%A9=1")),
        ("/a b", ("path", "/a b", b"")),
        ("http://Example.org:80/x?y", ("url", b"example.org", "/x", b"y")),
        ("https://example.org:80", ("url", b"example.org:80", "/", b"")),
        ("HTTPS://example.org/#x", ("url", b"example.org", "/", b"")),
    ],
)
def test_an_app_names_a_url(url: str, tag: tuple[Any, ...]) -> None:
    """A path stands for every host, a URL for its own."""
    assert tags_of_url(url) == (tag,)


@pytest.mark.parametrize("url", ["../x", "/x", "//example.org/x", "http://EXAMPLE.org/x"])
def test_a_url_is_resolved_against_a_request(url: str) -> None:
    """With a scope, a relative reference is one of its host."""
    scope = http_scope(path="/a/b", raw_path=b"/a/b")

    assert tags_of_url(url, scope, HOST) == (("url", HOST, "/x", b""),)


@pytest.mark.parametrize(
    "url",
    ["", "flights", "?page=1", "//x/y", "ftp://x/y", "http://", "http://[::1/", "/\ud800", None, 7],
)
def test_a_url_that_is_none_is_refused(url: Any) -> None:
    """A slip of the programmer does not invalidate nothing in silence."""
    with pytest.raises(ConfigurationError, match="url must be"):
        tags_of_url(url)


def test_what_an_app_names_is_what_a_request_has() -> None:
    """The tags of both sides meet, whatever is encoded how."""
    scope = http_scope(path="/é b", raw_path=b"/%C3%A9%20b", query_string=b"q=%C3%A9")

    by_url, by_path = url_tags(scope, HOST)

    assert tags_of_url("http://example.org/é b?q=%C3%A9") == (by_url,)
    assert tags_of_url("/%c3%a9%20b?q=é") == (by_path,)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (b"", b""),
        (b"page=1", b"page=1"),
        (b"utm_source=x", b""),
        (b"page=1&utm_source=x&utm_medium=y&limit=5", b"page=1&limit=5"),
        (b"gclid", b""),
        (b"gclid=&a", b"a"),
        (b"xgclid=1&gclid2=1", b"xgclid=1&gclid2=1"),
        (b"GCLID=1", b"GCLID=1"),
        (b"%67clid=1&utm%5Fx=1&%C3%A9=1", b""),
        (b"utm_+x=1&utm_=1", b""),
        (b"gclid+=1", b"gclid+=1"),
        (b"bx=1&dx=1", b"dx=1"),
        (b"a=1;gclid=2", b"a=1;gclid=2"),
        (b"a=gclid&b=utm_x=1", b"a=gclid&b=utm_x=1"),
        (b"a=%zz&&+&=&%", b"a=%zz&&+&=&%"),
        (b"\xff=1&utm_\xff=1", b"\xff=1"),
        (b"utm_a\nb=1", b""),
        (b"&gclid=1&", b"&"),
    ],
)
def test_ignored_parameters_are_dropped(query: bytes, kept: bytes) -> None:
    """By their decoded names; every other byte stays."""
    result = normalised_query(query, TRACKING, False)

    assert result == kept
    assert (result is query) == (query == kept)
    assert normalised_query(query + b"&z=" + b"z" * 3000, TRACKING, False).endswith(b"z" * 3000)


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        (b"", b""),
        (b"a=1&b=2", b"a=1&b=2"),
        (b"b=2&a=1", b"a=1&b=2"),
        (b"a=2&b&a=1", b"a=2&a=1&b"),
        (b"b=1&a=2&%61=1&a=0", b"a=2&%61=1&a=0&b=1"),
        (b"b&&a", b"&a&b"),
    ],
)
def test_parameters_are_put_in_order(query: bytes, ordered: bytes) -> None:
    """By name, those of one name in the order in which they came."""
    result = normalised_query(query, (), True)

    assert result == ordered
    assert (result is query) == (query == ordered)


@given(
    st.lists(
        st.sampled_from(["a", "b", "%61", "+", "%20", "=", "&", ";", "gclid", "%C3%A9", "%f"]),
        max_size=12,
    ).map(lambda parts: "".join(parts).encode())
)
def test_the_app_sees_what_the_key_says(query: bytes) -> None:
    """A parser gets from the rest what it got from the whole, without what is ignored."""
    ignored = ("a", "gclid", "é")

    result = normalised_query(query, ignored, True)

    whole = parse_qsl(query.decode(), keep_blank_values=True)
    rest = [pair for pair in whole if pair[0] not in ignored]
    assert parse_qsl(result.decode(), keep_blank_values=True) == sorted(rest, key=lambda p: p[0])
    assert normalised_query(result, ignored, True) is result


@given(st.binary(max_size=100))
def test_no_query_raises(query: bytes) -> None:
    """Any bytes give a query, and nothing is invented."""
    result = normalised_query(query, TRACKING, True)

    assert set(result.split(b"&")) - {b""} <= set(query.split(b"&"))


@given(st.text(max_size=30), st.binary(max_size=30), st.binary(max_size=20))
def test_any_scope_has_a_key_and_tags(path: str, query: bytes, host: bytes) -> None:
    """Paths with surrogates or controls, queries and hosts of any bytes."""
    scope: Mapping[str, Any] = {"path": path, "query_string": query}

    assert hash(cache_key(scope, host)) == hash(cache_key(dict(scope), host))
    assert url_tags(scope, host)[1] == ("path", path, query)


@pytest.mark.parametrize("junk", [b"a", b"&", b"=", b"%", b"+", b"utm_", b"a&", b"%61&", b"[*"])
def test_a_megabyte_is_read_in_linear_time(junk: bytes) -> None:
    """One megabyte of parameters takes less than a second for two passes."""
    query = junk * (1_000_000 // len(junk))
    started = time.process_time()

    normalised_query(query, ("utm_*", "*x*y*z"), False)

    assert time.process_time() - started < 1
