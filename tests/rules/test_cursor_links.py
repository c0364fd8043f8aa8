from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cursor_links import cursor_link_fields
from chopin_mw.rules.cursor_page import CursorPage


def link(
    query: bytes = b"",
    *,
    path: str = "/books",
    raw_path: bytes = b"/books",
    before: str | None = "B.b",
    after: str | None = "A.a",
    name: str = "cursor",
    base_url: bytes = b"",
) -> str | None:
    scope = {"type": "http", "path": path, "raw_path": raw_path, "query_string": query}
    page: CursorPage[Any] = CursorPage.of([], per_page=2, next_cursor=after, previous_cursor=before)
    fields = cursor_link_fields(scope, base_url, name, page)
    return fields[0][1].decode("ascii") if fields else None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"after": None},
            '</books>; rel="first", </books?cursor=B.b>; rel="prev"',
        ),
        ({"before": None, "after": None}, '</books>; rel="first"'),
        (
            {"query": b"a=1&cursor=X.x&b=%20&&cursor=Y.y&c", "before": None},
            '</books?a=1&b=%20&&c>; rel="first", </books?a=1&b=%20&&c&cursor=A.a>; rel="next"',
        ),
        (
            {"query": b"%63ursor=X.x", "before": None},
            '</books>; rel="first", </books?cursor=A.a>; rel="next"',
        ),
        (
            {"query": b'a=<"\r\n\xff>', "before": None, "after": None},
            '</books?a=%3C%22%0D%0A%FF%3E>; rel="first"',
        ),
        (
            {"before": None, "after": None, "base_url": b"https://api.example/v1"},
            '<https://api.example/v1/books>; rel="first"',
        ),
        (
            {"before": None, "after": None, "raw_path": b"//evil.example"},
            '</.//evil.example>; rel="first"',
        ),
        (
            {"before": None, "name": "page token", "query": b"page+token=X.x"},
            '</books>; rel="first", </books?page%20token=A.a>; rel="next"',
        ),
    ],
)
def test_links(options: dict[str, Any], expected: str) -> None:
    """All parameters but the cursor stand as they were sent, made safe for the field."""
    assert link(**options) == expected


def test_no_link_names_a_host_that_the_client_chose() -> None:
    """An absolute-form target gives none."""
    assert link(path="http://evil.example/", raw_path=b"http://evil.example/") is None


@pytest.mark.parametrize(
    "options", [{"query": b"a" * 5000}, {"query": b"a=%20" * 800}, {"after": "A" * 4096}]
)
def test_long_links_are_left_out(options: dict[str, Any]) -> None:
    """Proxies refuse an answer with too long a field."""
    assert link(**options) is None


@given(st.binary(), st.binary())
def test_any_query_makes_one_safe_field(query: bytes, path: bytes) -> None:
    """Whatever a client sends."""
    value = link(query, raw_path=b"/" + path)

    assert value is None or (value.isprintable() and value.count("; rel=") == 3)
