import json
from dataclasses import dataclass

from fastapi import FastAPI

from chopin_mw.json import dumps
from chopin_mw.rules.cursor_page import CursorPage
from support.asgi_call import call


def page_of(*rows: int) -> CursorPage[int]:
    return CursorPage.of(rows, per_page=2, next_cursor="next", previous_cursor=None)


def test_every_encoder_writes_the_same() -> None:
    """It is a dict, of the members that clients read."""
    members = {"items": [1, 2], "per_page": 2, "next_cursor": "next", "previous_cursor": None}

    assert json.loads(dumps(page_of(1, 2))) == json.loads(json.dumps(page_of(1, 2))) == members
    assert list(page_of(1, 2)) == list(members)


def test_rows_and_cursors_have_names() -> None:
    """`items` is taken on a dict."""
    page = page_of(1, 2)

    assert (page.rows, page.next_cursor, page.previous_cursor) == ([1, 2], "next", None)


def test_rows_can_be_changed_for_the_answer() -> None:
    """And the page itself stays what it is."""
    page = page_of(1, 2)

    shown = page.map(lambda row: {"id": row})

    assert shown == {**page, "items": [{"id": 1}, {"id": 2}]}
    assert isinstance(shown, CursorPage)
    assert page.rows == [1, 2]


@dataclass
class Book:
    id: int


async def test_fastapi_validates_and_documents_it() -> None:
    """As a response model of one kind of row, or of any."""
    app = FastAPI()

    @app.get("/books")
    async def books() -> CursorPage[Book]:
        return page_of(1, 2).map(Book)

    @app.get("/any")
    async def anything() -> CursorPage:  # type: ignore[type-arg] # a page of whatever there is
        return page_of(1, 2)

    named, anything_at_all = await call(app, "/books"), await call(app, "/any")

    assert named.json() == page_of() | {"items": [{"id": 1}, {"id": 2}]}
    assert anything_at_all.json() == page_of(1, 2)
    schemas = app.openapi()
    body = schemas["paths"]["/books"]["get"]["responses"]["200"]["content"]["application/json"]
    assert body["schema"]["required"] == ["items", "per_page", "next_cursor", "previous_cursor"]
    assert body["schema"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Book"}
