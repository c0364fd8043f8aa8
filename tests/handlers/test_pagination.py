"""Page: the rows of one page, and what a client needs to know of the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import cache_scope, exchange_of, page_scope
from chopin_mw.handlers.json_response import JSONResponse
from chopin_mw.handlers.pagination import Page, Pagination
from chopin_mw.json.codec import dumps, json_codec
from chopin_mw.rules.page_links import PageLinks
from chopin_mw.rules.pagination import PAGE_KEY
from support.scopes import http_scope

ROWS = list(range(1000))


def page_at(limit: int, offset: int, count: int | None = None, **options: Any) -> Page[int]:
    """Make a page as a handler does, that asks for one row more than it shows."""
    pagination = Pagination(limit, offset)
    rows = ROWS[:count][offset : offset + limit + 1]
    return Page.of(rows, pagination, **options)


def test_one_row_more_tells_that_there_is_a_next_page() -> None:
    """The total is unknown, and says so by its absence."""
    assert page_at(3, 3) == {"items": [3, 4, 5], "page": 2, "per_page": 3, "has_next": True}
    assert page_at(3, 3, 6) == {"items": [3, 4, 5], "page": 2, "per_page": 3, "has_next": False}


def test_the_members_are_those_of_the_guide_in_its_order() -> None:
    """With the total, the number of pages."""
    page = page_at(20, 20, 45, total=45)

    assert list(page) == ["items", "total", "page", "per_page", "total_pages", "has_next"]
    assert (page["total"], page["page"], page["per_page"], page["total_pages"]) == (45, 2, 20, 3)
    assert page["has_next"] is True


@pytest.mark.parametrize(
    ("limit", "offset", "total", "page", "total_pages", "has_next"),
    [
        (10, 0, 0, 1, 0, False),
        (10, 0, 1, 1, 1, False),
        (10, 0, 10, 1, 1, False),
        (10, 0, 11, 1, 2, True),
        (10, 10, 11, 2, 2, False),
        (10, 15, 45, None, 5, True),
        (10, 35, 45, None, 5, False),
        (10, 900, 45, 91, 5, False),
        (1, 0, 1000, 1, 1000, True),
    ],
)
def test_the_metadata_is_right_with_exactly_the_rows_of_the_page(
    limit: int, offset: int, total: int, page: int | None, total_pages: int, *, has_next: bool
) -> None:
    """Also for no rows at all, past the end, and between two pages."""
    found = Page.of(ROWS[:total][offset : offset + limit], Pagination(limit, offset), total=total)

    assert (found["page"], found["total_pages"], found["has_next"]) == (page, total_pages, has_next)
    assert found["items"] == ROWS[:total][offset : offset + limit]


def test_a_total_that_was_not_counted_to_the_end_says_so() -> None:
    """There is a next page after the last that was counted, if the rows say so."""
    page = page_at(10, 990, total=900, total_is_capped=True)

    assert (page["total"], page["total_is_capped"], page["total_pages"]) == (900, True, 90)
    assert page_at(10, 20, total=25, total_is_capped=True)["has_next"] is True
    assert "total_is_capped" not in page_at(10, 20, total=25)


def test_more_rows_than_were_asked_for_are_cut_off() -> None:
    """And not even read from an iterator."""
    read: list[int] = []

    def rows() -> Iterator[int]:
        for number in ROWS:
            read.append(number)
            yield number

    page = Page.of(rows(), Pagination(5))

    assert (page["items"], page["has_next"]) == ([0, 1, 2, 3, 4], True)
    assert len(read) == 6


@pytest.mark.parametrize("total", [-1, True])
def test_a_total_is_a_number_of_rows(total: int) -> None:
    """Anything else is a mistake of the handler's."""
    with pytest.raises(ConfigurationError, match="total must be a number of rows"):
        Page.of([], Pagination(5), total=total)


# --- encoding -----------------------------------------------------------------------------------

ENCODED = b'{"items":[3,4,5],"page":2,"per_page":3,"has_next":true}'


@pytest.mark.parametrize("backend", ["orjson", "msgspec", "stdlib"])
def test_our_codec_encodes_a_page_as_the_dict_that_it_is(backend: Any) -> None:
    """With every backend."""
    assert json_codec(encoder=backend).dumps(page_at(3, 3)) == ENCODED


def test_other_encoders_take_it_too() -> None:
    """The standard library's, pydantic's and our responses."""
    page = page_at(3, 3)

    assert json.dumps(page, separators=(",", ":")).encode() == ENCODED
    assert TypeAdapter(Any).dump_json(page) == ENCODED
    assert JSONResponse(page).body == dumps(page) == ENCODED


class Flight(BaseModel):
    number: int


def test_pydantic_validates_and_documents_a_page_of_models() -> None:
    """`Page[Flight]` is a response model."""
    adapter = TypeAdapter(Page[Flight])

    page = adapter.validate_python(Page.of([{"number": "7"}], Pagination(5), total=1))

    assert page["items"] == [Flight(number=7)]
    schema = adapter.json_schema()
    assert schema["properties"]["items"]["items"] == {"$ref": "#/$defs/Flight"}
    assert schema["required"] == ["items", "page", "per_page", "has_next"]
    with pytest.raises(ValidationError):
        adapter.validate_python(Page.of([{"number": "x"}], Pagination(5)))
    anything = TypeAdapter(Page).validate_python(page_at(3, 15))
    assert anything == page_at(3, 15)


# --- links --------------------------------------------------------------------------------------


def paged(pagination: Pagination) -> dict[str, Any]:
    """Return a scope as a PaginationMiddleware has it."""
    scope: dict[str, Any] = http_scope()
    return {**scope, PAGE_KEY: PageLinks(pagination, b"", b"x-total-count")}


def links_left_in(scope: dict[str, Any]) -> list[bytes] | None:
    fields = exchange_of(scope).fields
    return None if fields is None else [value for name, value in fields if name == b"link"]


def test_a_page_made_outside_of_a_request_leaves_nothing() -> None:
    """And in a request that no PaginationMiddleware is around, neither."""
    page_at(3, 3)
    scope = http_scope()
    token = cache_scope.set(scope)

    page_at(3, 3)

    cache_scope.reset(token)
    assert links_left_in(scope) is None


def test_the_page_that_is_made_last_has_the_links() -> None:
    """Fields of others stay, in their order."""
    pagination = Pagination(10)
    scope = paged(pagination)
    exchange_of(scope).fields = [(b"x-other", b"1")]
    token = page_scope.set(scope)

    Page.of(ROWS[:11], pagination, total=500)
    Page.of(ROWS[:5], pagination, total=5)

    page_scope.reset(token)
    assert exchange_of(scope).fields == [
        (b"x-other", b"1"),
        (
            b"link",
            b'</flights?limit=10&offset=0>; rel="first", </flights?limit=10&offset=0>; rel="last"',
        ),
        (b"x-total-count", b"5"),
    ]


def test_a_total_that_is_capped_is_no_total_for_the_header() -> None:
    """Nor is there a last page."""
    pagination = Pagination(10)
    scope = paged(pagination)
    token = page_scope.set(scope)

    Page.of(ROWS[:11], pagination, total=500, total_is_capped=True)

    page_scope.reset(token)
    (value,) = links_left_in(scope) or [b"none"]
    assert b"next" in value
    assert b"last" not in value
    assert len(exchange_of(scope).fields or ()) == 1


def test_the_innermost_scope_has_the_links() -> None:
    """A cache refreshes in a scope of its own; a layer outside may have another one."""
    pagination = Pagination(10)
    of_the_client, of_the_refresh = paged(pagination), paged(pagination)
    outside = http_scope()
    tokens = (page_scope.set(of_the_client), cache_scope.set(of_the_refresh))
    Page.of(ROWS[:1], pagination)
    cache_scope.set(outside)
    Page.of(ROWS[:1], pagination)
    cache_scope.reset(tokens[1])
    page_scope.reset(tokens[0])

    assert links_left_in(of_the_refresh) == links_left_in(of_the_client)
    assert links_left_in(of_the_refresh) is not None
    assert links_left_in(outside) is None
