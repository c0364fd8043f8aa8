"""Ten items of a thousand in FastAPI: our pages, fastapi-pagination's, and pages by hand."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import fastapi_pagination
from fastapi import Depends, FastAPI, Query, Request
from fastapi_pagination import add_pagination, paginate
from pydantic import BaseModel

from benchmarks.apps import http_scope
from benchmarks.case import Answer, Case
from benchmarks.suites.pagination import TOPIC
from chopin_mw.asgi.types import Scope
from chopin_mw.handlers.pagination import Page, Pagination
from chopin_mw.integrations.fastapi_page_parameters import page_parameters
from chopin_mw.middleware.pagination import PaginationMiddleware


class Item(BaseModel):
    """A flat record of some hundred bytes."""

    id: int
    name: str
    price: float
    in_stock: bool


_ITEMS = [
    Item(id=number, name=f"item {number}", price=number + 0.25, in_stock=number % 7 != 0)
    for number in range(1000)
]
_EXPECTED = ([item.model_dump() for item in _ITEMS[20:30]], len(_ITEMS), 3)
_FLOOR = "FastAPI: the third page, no parameters"
_BY_HAND = "FastAPI by hand: Query(ge, le), a model of the page"
_PEER = "peer: fastapi-pagination, Page[Item]"
_OURS = "our Page[Item], Depends(page_parameters())"
_OURS_FROM_SCOPE = "our Page[Item], Pagination.from_scope"


class PageByHand(BaseModel):
    """What the routes by hand answer: the same members as everybody's."""

    items: list[Item]
    total: int
    page: int
    size: int
    pages: int


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    yield _case(_FLOOR, _without_parameters(), b"")
    by_size, by_per_page = b"page=3&size=10", b"page=3&per_page=10"
    yield _case(_BY_HAND, _by_hand(), by_size, base=_FLOOR)
    yield _case(_PEER, _by_fastapi_pagination(), by_size, base=_FLOOR)
    yield _case(_OURS_FROM_SCOPE, _ours_from_scope(), by_per_page, base=_FLOOR)
    yield _case(_OURS, _ours(), by_per_page, base=_FLOOR)
    inner: Any = _ours()
    around = PaginationMiddleware(inner)
    yield _case(f"{_OURS}, in PaginationMiddleware", around, by_per_page, base=_FLOOR)


def _without_parameters() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def items() -> PageByHand:
        return PageByHand(items=_ITEMS[20:30], total=len(_ITEMS), page=3, size=10, pages=100)

    return app


def _by_hand() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def items(
        page: Annotated[int, Query(ge=1)] = 1, size: Annotated[int, Query(ge=1, le=100)] = 50
    ) -> PageByHand:
        first = (page - 1) * size
        total = len(_ITEMS)
        return PageByHand(
            items=_ITEMS[first : first + size],
            total=total,
            page=page,
            size=size,
            pages=-(-total // size),
        )

    return app


def _by_fastapi_pagination() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def items() -> fastapi_pagination.Page[Item]:
        page: fastapi_pagination.Page[Item] = paginate(_ITEMS, safe=True)
        return page

    add_pagination(app)
    return app


def _ours() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def items(asked: Annotated[Pagination, Depends(page_parameters())]) -> Page[Item]:
        return _page(asked)

    return app


def _ours_from_scope() -> FastAPI:
    """Return the same without parameters in OpenAPI, each of which FastAPI reads as well."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def items(request: Request) -> Page[Item]:
        return _page(Pagination.from_scope(request.scope))

    return app


def _page(asked: Pagination) -> Page[Item]:
    rows = _ITEMS[asked.offset : asked.offset + asked.limit]
    return Page.of(rows, asked, total=len(_ITEMS))


def _case(name: str, app: Any, query: bytes, *, base: str | None = None) -> Case:
    plain = http_scope("GET")

    def scope() -> Scope:
        made = plain()
        made["query_string"] = bytes(bytearray(query))
        return made

    return Case(name=name, topic=TOPIC, app=app, scope=scope, is_right=_is_third_page, base=base)


def _is_third_page(answer: Answer) -> bool:
    page = json.loads(answer.body)
    return answer.status == 200 and (page["items"], page["total"], page["page"]) == _EXPECTED
