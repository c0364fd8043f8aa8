"""Vary, and what tells one request from another (RFC 9110 §12.5.5, RFC 9111 §4.1)."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.headers import Field
from chopin_mw.rules.vary import merge_selectors, parse_vary, variant_values

FIELD_NAME = st.text("abcXYZ-", min_size=1, max_size=5)


def value_of(selector: Any, *lines: bytes, name: bytes = b"") -> bytes | None:
    if not name and isinstance(selector, str):
        name = selector.partition(":")[2].lower().encode()
    values = variant_values((selector,), {}, [(name, line) for line in lines])
    assert values is not None
    return values[0]


def cookie_value(selector: str, *lines: bytes) -> bytes | None:
    return value_of(selector, *lines, name=b"cookie")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (b"", ()),
        (b" , ,", ()),
        (b"Accept", ("accept",)),
        (b"origin, Accept-Encoding,ORIGIN\t,", ("accept-encoding", "origin")),
        (b"*", None),
        (b"a,*", None),
        (b"*, a", None),
        (b"a b", None),
        (b"a, (b)", None),
        (b'"a"', None),
        (b"a\x00", None),
        (b"\xff", None),
        (b"a*", ("a*",)),
        (b",".join(b"f%d" % number for number in range(51)), None),
        (b"accept," * 60, ("accept",)),
    ],
)
def test_vary_is_parsed(value: bytes, names: tuple[str, ...] | None) -> None:
    """Names sorted, each once, in lower case; what cannot be obeyed fits no request."""
    assert parse_vary(value) == names


@given(st.lists(FIELD_NAME, max_size=20))
def test_a_list_of_names_survives(names: list[str]) -> None:
    """Whatever their order and case, the names come back."""
    assert parse_vary(", ".join(names).encode()) == tuple(sorted({n.lower() for n in names}))


@given(st.binary(max_size=300))
def test_no_vary_raises(value: bytes) -> None:
    """Any bytes give names or None."""
    names = parse_vary(value)

    assert names is None or all(name == name.lower() for name in names)


def test_selectors_are_merged_in_order() -> None:
    """What is known stays first, each selector is there once, and a field name has no case."""

    class Unhashable:
        __hash__ = None  # type: ignore[assignment]  # what a class with __eq__ alone has

        def __call__(self, scope: Any) -> str:
            return "x"

    tenant = Unhashable()

    merged = merge_selectors(
        ("header:B", "cookie:Lang", tenant), ("header:a", "header:b", tenant, "cookie:lang")
    )

    assert merged == ("header:b", "cookie:Lang", tenant, "header:a", "cookie:lang")
    assert merge_selectors(merged, ("header:A",)) == merged
    assert variant_values(merged, {}, []) == (None, None, b"x", None, None)


@pytest.mark.parametrize(
    ("name", "lines", "value"),
    [
        ("x", (), None),
        ("x", (b"",), b""),
        ("x", (b" \t",), b""),
        ("x", (b"a, b",), b"a,b"),
        ("x", (b"a \t,b ",), b"a,b"),
        ("x", (b"a", b"b"), b"a,b"),
        ("x", (b"A",), b"A"),
        ("x", (b"a b",), b"a b"),
        ("x", (b"a,,b",), b"a,,b"),
        ("x", (b'"a, B" , c',), b'"a, B",c'),
        ("x", (b'"a\\" , b" , c',), b'"a\\" , b",c'),
        ("x", (b'"a" b , "c',), b'"a" b,"c'),
        ("x", (b'a , "b , c',), b'a,"b , c'),
        ("x", (b'"a\\',), b'"a\\'),
        ("x", (b'"a" , ',), b'"a",'),
        ("accept-encoding", (b"GZIP;Q=0.5, br",), b"gzip;q=0.5,br"),
        ("accept-language", (b"de-CH", b"EN"), b"de-ch,en"),
        ("accept-charset", (b"UTF-8",), b"utf-8"),
        ("accept-encoding", (b'"A", B',), b'"A",B'),
        ("accept", (b'A/B;v="C", D/E',), b'A/B;v="C",D/E'),
        ("accept", (b"Text/HTML; V=A, */*",), b"text/html; V=A,*/*"),
        ("cookie", (b"a=1, b",), b"a=1, b"),
        ("cookie", (b"a=1", b"b=2"), b"a=1; b=2"),
        ("Accept-Encoding", (b"BR",), b"br"),
    ],
)
def test_header_values_are_normalised(
    name: str, lines: tuple[bytes, ...], value: bytes | None
) -> None:
    """Whitespace around commas and line breaks mean nothing, and case where the field has none."""
    assert value_of(f"header:{name}", *lines) == value
    assert value_of(f"header:{name}", *[line + b" " * 300 for line in lines]) == (
        value if name != "cookie" else value_of("header:cookie", *[x + b" " * 300 for x in lines])
    )


def test_values_do_not_run_into_each_other() -> None:
    """("a", "bc") and ("ab", "c") are two variants, and so are an absent field and an empty one."""
    selectors = ("header:x", "header:y")
    requests: list[list[Field]] = [
        [(b"x", b"a"), (b"y", b"bc")],
        [(b"x", b"ab"), (b"y", b"c")],
        [(b"x", b"abc")],
        [(b"y", b"abc")],
        [(b"x", b"abc"), (b"y", b"")],
        [(b"x", b"")],
        [(b"y", b"")],
        [(b"x", b""), (b"y", b"")],
        [],
        [(b"x", b"\xff"), (b"y", b"\xfe")],
        [(b"x", b"\xfe"), (b"y", b"\xff")],
    ]

    variants = {variant_values(selectors, {}, request) for request in requests}

    assert len(variants) == len(requests)


def test_no_selector_is_one_variant() -> None:
    """A response that depends on the URL alone has no values."""
    assert variant_values((), {}, [(b"x", b"a")]) == ()


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ((), None),
        ((b"",), None),
        ((b"a=1",), None),
        ((b"lang=de",), b"=de"),
        ((b"a=1; lang=de; b=2",), b"=de"),
        ((b"a=1;lang= de ;b=2",), b"=de"),
        ((b"a=1", b"lang=de"), b"=de"),
        ((b"lang=",), b"="),
        ((b"lang=de; lang=en",), b"=de;en"),
        ((b"lang=d=e",), b"=d=e"),
        ((b'lang="de"; a="x"',), b'="de"'),
        ((b"Lang=de",), None),
        ((b"xlang=de; lang2=en; x-lang=1",), None),
        ((b"a=/lang/; b=lang",), None),
        # What parsers read differently is told apart as a whole.
        ((b"a=1 lang=de",), b"?a=1 lang=de"),
        ((b"a=1, lang=de",), b"?a=1, lang=de"),
        ((b"\xa0lang=de",), b"?\xa0lang=de"),
        ((b"lang\x0b=de",), b"?lang\x0b=de"),
        ((b"lang",), b"?lang"),
        ((b'lang="d;e"',), b'?lang="d;e"'),
        ((b'a="; lang=de; b="',), b'?a="; lang=de; b="'),
    ],
)
def test_a_cookie_is_found(lines: tuple[bytes, ...], value: bytes | None) -> None:
    """By hand and on bytes; the whole field where another parser could find another value."""
    assert cookie_value("cookie:lang", *lines) == value


def lenient_cookie(field: str, name: str) -> list[str]:
    """Read a cookie as the most lenient would: after any separator, quoted strings whole."""
    pattern = rf'(?:^|[\s;,]){name}\s*=\s*("(?:\\.|[^"\\])*"|[^;\s,]*)'
    return re.findall(pattern, field)


@given(
    st.lists(st.sampled_from(["l", "=", ";", '"', " ", "a", ",", "\\", "x"]), max_size=9),
    st.lists(st.sampled_from(["l", "=", ";", '"', " ", "a", ",", "\\", "x"]), max_size=9),
)
def test_one_variant_is_one_cookie_to_lenient_parsers(one: list[str], other: list[str]) -> None:
    """Where two fields count as one, a parser unlike ours reads the same cookie from both."""
    first, second = "".join(one), "".join(other)

    if cookie_value("cookie:l", first.encode()) == cookie_value("cookie:l", second.encode()):
        assert lenient_cookie(first, "l") == lenient_cookie(second, "l")


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        ("ann", b"ann"),
        (b"ann", b"ann"),
        ("", b""),
        ("\udc80", b"\xed\xb2\x80"),
        ("é", "é".encode()),
    ],
)
def test_a_callable_says_whom_a_response_is_for(returned: str | bytes, value: bytes) -> None:
    """It is given the scope, and may return text or bytes."""
    scope = {"user": returned}

    assert variant_values((lambda scope: scope["user"],), scope, []) == (value,)


def test_none_from_a_callable_keeps_the_request_away() -> None:
    """Who cannot be named is served by the app."""
    assert variant_values(("header:x", lambda _: None), {}, [(b"x", b"a")]) is None


def test_a_callable_that_returns_something_else_is_named() -> None:
    """A user's number would be equal to nothing that is bytes."""

    def current_user(scope: Any) -> Any:
        return 7

    with pytest.raises(ConfigurationError, match=r"current_user.* got 7"):
        variant_values((current_user,), {}, [])


def test_what_a_callable_raises_is_raised() -> None:
    """It is code of the app."""

    def broken(scope: Any) -> str:
        return str(scope["absent"])

    with pytest.raises(KeyError, match="absent"):
        variant_values((broken,), {}, [])


@pytest.mark.parametrize(
    "read",
    [
        lambda value: value_of("header:x", value),
        lambda value: cookie_value("header:cookie", value),
        lambda value: cookie_value("cookie:l", b"l=" + value),
        lambda value: value_of(lambda _: value),
    ],
    ids=["header", "cookies", "cookie", "callable"],
)
def test_long_values_are_replaced_by_digests(read: Callable[[bytes], bytes]) -> None:
    """70 KB of a field take 33 bytes of a key, still one of its own, and nobody can send it."""
    one, other = read(b"a" * 70_000), read(b"a" * 69_999 + b"b")

    assert len(one) == len(other) == 33
    assert one != other
    assert read(one) != one


@given(st.lists(st.tuples(st.sampled_from([b"cookie", b"accept", b"x"]), st.binary(max_size=40))))
def test_no_request_raises(headers: list[Field]) -> None:
    """Any bytes give a variant."""
    selectors = ("header:accept", "header:x", "cookie:a", "header:cookie")

    assert variant_values(selectors, {}, headers) is not None


@given(st.lists(st.sampled_from([b"a", b'"', b",", b" ", b"\\", b"B"]), max_size=8).map(b"".join))
def test_normalisation_is_a_projection(value: bytes) -> None:
    """A value that is normalised already stays as it is, and loses nothing but whitespace."""
    for name in ("x", "accept-encoding", "accept"):
        once = value_of(f"header:{name}", value)

        assert once is not None
        assert value_of(f"header:{name}", once) == once
        assert once.replace(b" ", b"").lower() == value.replace(b" ", b"").lower()


@pytest.mark.parametrize("junk", [b"a", b",", b" ", b'"', b"\\", b'"\\', b"l=", b"l;", b" l", b"*"])
def test_a_megabyte_is_read_in_linear_time(junk: bytes) -> None:
    """One megabyte takes less than a second, in any field."""
    value = junk * (1_000_000 // len(junk))
    started = time.process_time()

    parse_vary(value)
    variant_values(("header:x", "header:accept"), {}, [(b"x", value), (b"accept", b'"' + value)])
    variant_values(("cookie:l",), {}, [(b"cookie", value)])

    assert time.process_time() - started < 1
