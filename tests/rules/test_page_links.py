"""Link and X-Total-Count: where the other pages are."""

import re
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.page_links import PageLinks, checked_base_url, escaped_path, link_value
from chopin_mw.rules.page_policy import PagePolicy
from chopin_mw.rules.pagination import Pagination, judge

LINK = re.compile(r'<([^<>"\s]*)>; rel="(first|prev|next|last)"')


def targets(value: bytes) -> dict[str, str]:
    """Read a Link field, and see that there is nothing else in it."""
    text = value.decode("ascii")
    found = LINK.findall(text)
    assert ", ".join(f'<{target}>; rel="{rel}"' for target, rel in found) == text
    return {rel: target for target, rel in found}


def links(
    query: bytes, *, has_next: bool = True, total: int | None = None, path: bytes = b"/f"
) -> dict[str, str]:
    verdict = judge(query, PagePolicy())
    value = link_value(path, verdict.query, verdict.pagination, has_next=has_next, total=total)
    return targets(value)


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        (
            b"",
            {},
            {"first": "/f?limit=20&offset=0", "next": "/f?limit=20&offset=20"},
        ),
        (
            b"limit=10&offset=30",
            {"total": 45},
            {
                "first": "/f?limit=10&offset=0",
                "prev": "/f?limit=10&offset=20",
                "next": "/f?limit=10&offset=40",
                "last": "/f?limit=10&offset=40",
            },
        ),
        (
            b"page=3&per_page=10",
            {"total": 21, "has_next": False},
            {
                "first": "/f?page=1&per_page=10",
                "prev": "/f?page=2&per_page=10",
                "last": "/f?page=3&per_page=10",
            },
        ),
        (
            b"per_page=10",
            {},
            {"first": "/f?per_page=10&page=1", "next": "/f?per_page=10&page=2"},
        ),
        (
            b"page=2",
            {"has_next": False},
            {"first": "/f?page=1&limit=20", "prev": "/f?page=1&limit=20"},
        ),
        (
            b"limit=10&offset=15",
            {"total": 41},
            {
                "first": "/f?limit=10&offset=0",
                "prev": "/f?limit=10&offset=5",
                "next": "/f?limit=10&offset=25",
                "last": "/f?limit=10&offset=35",
            },
        ),
        (
            b"limit=10&offset=5",
            {"total": 3, "has_next": False},
            {
                "first": "/f?limit=10&offset=0",
                "prev": "/f?limit=10&offset=0",
                "last": "/f?limit=10&offset=0",
            },
        ),
        (
            b"limit=10",
            {"total": 0, "has_next": False},
            {"first": "/f?limit=10&offset=0", "last": "/f?limit=10&offset=0"},
        ),
        (
            b"limit=10&offset=900",
            {"total": 25, "has_next": False},
            {
                "first": "/f?limit=10&offset=0",
                "prev": "/f?limit=10&offset=20",
                "last": "/f?limit=10&offset=20",
            },
        ),
    ],
)
def test_the_links_of_a_page(
    query: bytes, options: dict[str, Any], expected: dict[str, str]
) -> None:
    """In the client's own style, with the effective limit; last only with a total."""
    assert links(query, **options) == expected


def test_other_parameters_keep_their_place_and_their_bytes() -> None:
    """Order, encoding, duplicates and blanks; every occurrence of ours is set."""
    found = links(b"tags=a&%6cimit=999&tags=b+c%20%2f&offset=5&&e=&offset=7")

    assert found["next"] == "/f?tags=a&%6cimit=100&tags=b+c%20%2f&offset=107&&e=&offset=107"


def test_what_has_no_place_in_a_uri_is_percent_encoded() -> None:
    """Nothing ends the target, the field or the line."""
    odd = bytes(range(256)).replace(b"&", b"")
    found = links(odd, path=escaped_path(b'/<a>"\r\nSet-Cookie: b\xe9#'))

    assert found["first"].startswith("/%3Ca%3E%22%0D%0ASet-Cookie:%20b%E9%23?%00%01")
    assert "!%22%23$%" in found["first"]
    assert found["first"].isprintable()


@pytest.mark.parametrize(
    ("scope", "start"),
    [
        ({"path": "/f", "raw_path": b"/a%2Fb"}, "/a%2Fb?"),
        ({"path": "/a b/é", "raw_path": None}, "/a%20b/%C3%A9?"),
        ({"path": "//evil.example/x"}, "/.//evil.example/x?"),
        ({"path": "/x", "raw_path": b"//evil.example/x"}, "/.//evil.example/x?"),
        ({"path": "/mounted/f", "root_path": "/mounted"}, "/mounted/f?"),
    ],
)
def test_targets_are_paths_of_the_same_host(scope: dict[str, Any], start: str) -> None:
    """Never the name of another one, whatever the path begins with."""
    scope = {"query_string": b"", **scope}
    ((name, value),) = PageLinks(Pagination(20)).fields(scope, Pagination(20), has_next=False)

    target = targets(value)["first"]
    assert (name, target.startswith(start)) == (b"link", True)
    assert urlsplit(urljoin("https://own.example/z", target)).netloc == "own.example"


@pytest.mark.parametrize("path", ["http://evil.example/x", "*", "", "x:y"])
def test_a_target_that_is_no_path_has_no_links(path: str) -> None:
    """An absolute-form request target is the client's choice."""
    page = PageLinks(Pagination(20))

    assert page.fields({"path": path}, page.pagination, has_next=True) == []


def test_links_begin_with_the_base_url_that_is_configured() -> None:
    """And not with the Host of the request."""
    page = PageLinks(Pagination(20), checked_base_url("https://api.example/v1/"))
    assert checked_base_url(None) == b""
    scope = {"path": "/f", "query_string": b"", "headers": [(b"host", b"evil.example")]}

    ((_, value),) = page.fields(scope, page.pagination, has_next=False)

    assert targets(value) == {"first": "https://api.example/v1/f?limit=20&offset=0"}


def test_the_total_has_a_field_of_its_own_if_it_is_known() -> None:
    """And if it has a name."""
    named = PageLinks(Pagination(20), b"", b"x-total-count")
    scope = {"path": "/f", "query_string": b""}

    def fields(page: PageLinks, total: int | None) -> dict[bytes, bytes]:
        return dict(page.fields(scope, page.pagination, has_next=False, total=total))

    assert fields(named, 7)[b"x-total-count"] == b"7"
    assert set(fields(named, None)) == {b"link"}
    assert set(fields(PageLinks(Pagination(20)), 7)) == {b"link"}
    assert named.names == (b"link", b"x-total-count")


def test_there_are_no_links_without_a_name_for_the_position_or_in_very_long_queries() -> None:
    """Four of them would not pass a proxy."""
    nameless = Pagination(20, position_name=None)

    assert link_value(b"/f", b"", nameless, has_next=True) == b""
    for size in (3000, 5000, 1_000_000):
        assert link_value(b"/f", b"q" * size, Pagination(20), has_next=True) == b""


@pytest.mark.parametrize(
    "given_url",
    [
        "api.example",
        "/v1",
        "//api.example",
        "ftp://api.example",
        "https://user:password@api.example",
        "https://api.example?x=1",
        "https://api.example?",
        "https://api.example/#top",
        "https://api.example/a b",
        "https://api.example/>",
        "https://höst.example",
        "https://api.example:port",
        "",
        b"https://api.example",
    ],
)
def test_a_base_url_that_cannot_be_trusted_is_refused(given_url: Any) -> None:
    """It is a scheme, a host, and a path perhaps."""
    with pytest.raises(ConfigurationError, match="base_url must be"):
        checked_base_url(given_url)


queries = st.lists(
    st.sampled_from([b"limit=7", b"per_page=9", b"offset=14", b"page=3", b"q=%26", b"%zz"])
    | st.binary(max_size=12),
    max_size=5,
).map(b"&".join)


@given(queries, st.binary(max_size=10), st.booleans(), st.none() | st.integers(0, 500))
def test_following_next_shows_the_rows_that_follow(
    query: bytes, path: bytes, has_next: bool, total: int | None
) -> None:
    """Whatever the query, links are clean, and are read as what they say."""
    verdict = judge(query, PagePolicy())
    if verdict.faults:
        return
    value = link_value(
        escaped_path(b"/" + path), verdict.query, verdict.pagination, has_next=has_next, total=total
    )

    found = targets(value)
    assert ("next" in found, "last" in found) == (has_next, total is not None)
    if has_next:
        asked = found["next"].partition("?")[2].encode("ascii")
        after = judge(asked, PagePolicy(on_deep_offset="clamp"))
        here = verdict.pagination
        assert after.query == asked
        assert (after.pagination.limit, after.pagination.offset) == (
            here.limit,
            here.offset + here.limit,
        )
        ours = {"limit", "per_page", "page_size", "offset", "page"}
        assert _others(asked, ours) == _others(verdict.query, ours)


def _others(query: bytes, ours: set[str]) -> list[tuple[str, str]]:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return [pair for pair in pairs if pair[0] not in ours]
