"""The FastAPI dependency: documents pagination, and FastAPI refuses none that we clamp."""

# mypy: disable-error-code="no-untyped-def"

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel

from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.handlers.pagination import Page, Pagination
from chopin_mw.integrations.fastapi_page_parameters import page_parameters
from chopin_mw.middleware.pagination import PaginationMiddleware
from chopin_mw.rules.page_policy import PagePolicy
from support.asgi_call import Answer, call

Asked = Annotated[Pagination, Depends(page_parameters())]
FEW = PagePolicy(max_limit=50, default_limit=5, limit_names=["page[size]"])
AskedForFew = Annotated[Pagination, Depends(page_parameters(FEW))]


class Flight(BaseModel):
    number: int


def build() -> FastAPI:
    app = FastAPI()

    @app.get("/flights")
    async def flights(asked: Asked) -> Page[Flight]:
        rows = [Flight(number=number) for number in range(asked.offset, 200)]
        return Page.of(rows, asked)

    @app.get("/few")
    def few(asked: AskedForFew):
        return [asked.limit, asked.offset]

    return app


async def ask(app: Any, path: str, query: bytes) -> Answer:
    async def with_query(scope: Scope, receive: Receive, send: Send) -> None:
        scope["query_string"] = query
        await app(scope, receive, send)

    return await call(with_query, path)


@pytest.mark.parametrize(
    "query", [b"limit=500", b"limit=x", b"limit=", b"limit=1&limit=1e9", b"page=0"]
)
async def test_what_is_clamped_is_not_refused(query: bytes) -> None:
    """With the middleware and without it."""
    for app in (build(), PaginationMiddleware(build())):
        answer = await ask(app, "/flights", query)
        assert answer.status == 200
        assert 1 <= len(answer.json()["items"]) <= 100


async def test_a_page_of_models_is_a_response_model_and_has_links() -> None:
    """FastAPI validates it, and what is absent stays absent."""
    answer = await ask(PaginationMiddleware(build()), "/flights", b"limit=2&offset=4")

    assert answer.json() == {
        "items": [{"number": 4}, {"number": 5}],
        "page": 3,
        "per_page": 2,
        "has_next": True,
    }
    assert len(answer.all(b"link")) == 1


async def test_a_handler_has_a_policy_of_its_own() -> None:
    """On top of that of the middleware."""
    app = PaginationMiddleware(build())

    assert (await ask(app, "/few", b"page%5Bsize%5D=500&offset=7")).json() == [50, 7]
    assert (await ask(app, "/few", b"")).json() == [5, 0]


async def test_what_nobody_has_refused_before_is_refused_as_fastapi_does() -> None:
    """422, without any handler for our own errors."""
    answer = await ask(build(), "/flights", b"offset=10001&limit=x")

    assert answer.status == 422
    assert answer.json()["detail"] == [
        {
            "type": "pagination",
            "loc": ["query", "offset"],
            "msg": "must be a whole number, 0..10000",
            "input": "10001",
            "ctx": {"minimum": 0, "maximum": 10000},
        }
    ]


def test_openapi_shows_the_parameters_and_their_bounds() -> None:
    """As integers that need not be given."""
    paths = build().openapi()["paths"]

    flights = {each["name"]: each for each in paths["/flights"]["get"]["parameters"]}
    few = {each["name"]: each["schema"] for each in paths["/few"]["get"]["parameters"]}
    assert list(flights) == ["per_page", "page_size", "limit", "offset", "page"]
    assert flights["limit"] == {
        "name": "limit",
        "in": "query",
        "required": False,
        "description": "How many rows to return; 20 if not given.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "title": "Limit"},
    }
    assert (few["page[size]"]["maximum"], few["page"]["minimum"]) == (50, 1)
    answer = paths["/flights"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Flight"}


def test_a_policy_is_a_policy() -> None:
    """Anything else is refused where the dependency is made."""
    with pytest.raises(ConfigurationError, match="policy must be a PagePolicy or None, got 100"):
        page_parameters(100)  # type: ignore[arg-type] # on purpose
