"""FastAPI reads the same parameters, dependencies and schema from decorated handlers."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, Query, Request, Response
from pydantic import BaseModel

from chopin_mw import ChopinMiddleware, cache_control, etag
from chopin_mw.asgi.types import ASGIApp

Decorator = Callable[[Any], Any]


class Change(BaseModel):
    delay: int
    reason: str = "weather"


async def session() -> AsyncIterator[str]:
    yield "session"


Session = Annotated[str, Depends(session)]


def version(number: int) -> str:
    """Name one of the handler's parameters, and no other."""
    return f"v{number}"


def nothing(handler: Any) -> Any:
    return handler


def both(handler: Any) -> Any:
    return cache_control(max_age=60)(etag(version)(handler))


def build(decorator: Decorator, listing: Decorator) -> FastAPI:
    """Build the API with one decorator on what has a number, and another on the list."""
    router = APIRouter(prefix="/flights", tags=["flights"])

    @router.get("", response_model=list[int])
    @listing
    def flights(limit: Annotated[int, Query(ge=1, le=100)] = 10, *, open_session: Session) -> Any:
        """List flights."""
        return [limit, len(open_session)]

    @router.get("/{number}")
    @decorator
    async def flight(
        number: int,
        request: Request,
        open_session: Session,
        x_trace: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Return one flight."""
        return {"number": number, "trace": x_trace, "session": open_session}

    @router.patch("/{number}", status_code=202)
    @decorator
    def change(
        number: int, change: Change, response: Response, tasks: BackgroundTasks
    ) -> dict[str, Any]:
        """Change a flight."""
        response.headers["x-changed"] = "yes"
        return {"number": number, **change.model_dump()}

    @router.get("/{number}/legs", response_model=None)
    @listing
    async def legs(number: int) -> AsyncIterator[int]:
        """Stream legs."""
        for leg in range(number):
            yield leg

    class Resource:
        async def __call__(self, number: int, open_session: Session) -> dict[str, int]:
            return {"number": number}

    router.add_api_route("/{number}/object", decorator(Resource()), methods=["GET"])
    app = FastAPI()
    app.include_router(router)
    return app


def decorated() -> FastAPI:
    return build(both, cache_control(max_age=60))


def bare() -> FastAPI:
    return build(nothing, nothing)


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False)


def test_the_schema_is_the_same() -> None:
    """OpenAPI of the decorated app equals that of the bare one, to the last name."""
    assert decorated().openapi() == bare().openapi()


REQUESTS: list[dict[str, Any]] = [
    {"url": "/flights"},
    {"url": "/flights", "params": {"limit": 5}},
    {"url": "/flights", "params": {"limit": 0}},
    {"url": "/flights/7", "headers": {"x-trace": "abc"}},
    {"url": "/flights/seven"},
    {"url": "/flights/7", "method": "PATCH", "json": {"delay": 5}},
    {"url": "/flights/7", "method": "PATCH", "json": {"delay": "five"}},
    {"url": "/flights/3/legs"},
    {"url": "/flights/3/object"},
]


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
async def test_the_answers_are_the_same(request_: dict[str, Any]) -> None:
    """Parameters, dependencies, bodies and their errors are FastAPI's as before."""
    asked = {"method": "GET", **request_}

    async with client_of(bare()) as plain, client_of(ChopinMiddleware(decorated())) as ours:
        expected, got = await plain.request(**asked), await ours.request(**asked)

    assert (got.status_code, got.content) == (expected.status_code, expected.content)
    assert got.headers.get("x-changed") == expected.headers.get("x-changed")
    assert got.headers["content-type"] == expected.headers["content-type"]


async def test_the_tag_is_of_the_parameter() -> None:
    """The tag function was given the number, and neither body nor session."""
    async with client_of(ChopinMiddleware(decorated())) as client:
        read = await client.get("/flights/7")
        stale = await client.patch("/flights/7", json={"delay": 5}, headers={"If-Match": '"v6"'})
        fresh = await client.patch("/flights/7", json={"delay": 5}, headers={"If-Match": '"v7"'})

    assert read.headers["etag"] == '"v7"'
    assert (stale.status_code, fresh.status_code) == (412, 202)


async def test_a_bad_parameter_is_refused_before_the_tag_is_asked_for() -> None:
    """FastAPI validates first: 422 comes before 412, and without a policy."""
    async with client_of(ChopinMiddleware(decorated())) as client:
        answer = await client.get("/flights/seven", headers={"If-None-Match": '"v7"'})

    assert answer.status_code == 422
    assert "cache-control" not in answer.headers
