"""Apps that tell what a handler reads of a query: in the framework's typed way, raw, and as a page.

`/typed` answers with limit, offset and page as numbers, `/raw` with all pairs as text, and `/page`
with a Page, encoded by the framework itself.
"""

# An annotation is an instruction to FastAPI: without one it encodes what the handler returns.
# mypy: disable-error-code="no-untyped-def"

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import blacksheep
import falcon
import falcon.asgi
import litestar
from blacksheep.server.responses import json as blacksheep_json
from blacksheep.server.routing import Router
from django.core.handlers.asgi import ASGIRequest
from django.http import JsonResponse
from django.urls import path
from fastapi import FastAPI
from fastapi import Request as FastAPIRequest
from litestar.connection import Request as LitestarRequest
from litestar.params import FromQuery
from quart import Quart, request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.handlers.pagination import Page, Pagination
from frameworks.apps.bare_app import respond
from frameworks.apps.django_app import URLs, handler_for

ROWS = [{"flight": number} for number in range(300)]
DEFAULTS = {"limit": 20, "offset": 0, "page": 1}


def page_of(scope: Mapping[str, Any]) -> Page[dict[str, int]]:
    """Make a page as handlers do."""
    asked = Pagination.from_scope(scope)
    rows = ROWS[asked.offset : asked.offset + asked.limit + 1]
    return Page.of(rows, asked, total=len(ROWS))


def texts(items: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> list[list[str]]:
    """Return pairs as JSON has them, whatever their text is made of."""
    return [[ascii(part) for part in pair] for pair in items]


def bare_app() -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        given: dict[str, list[Any]] = {**parse_qs(query)}
        answers = {
            "/typed": lambda: {n: int(given.get(n, [DEFAULTS[n]])[0]) for n in DEFAULTS},
            "/raw": lambda: texts(parse_qsl(query, keep_blank_values=True)),
            "/page": lambda: page_of(scope),
        }
        answer = answers.get(scope["path"])
        if answer is None:
            await respond(send, 404, b"")
        else:
            await respond(send, 200, json.dumps(answer()).encode())

    return app


def starlette_app() -> ASGIApp:
    async def typed(asked: Request) -> JSONResponse:
        query = asked.query_params
        return JSONResponse({name: int(query.get(name, DEFAULTS[name])) for name in DEFAULTS})

    async def raw(asked: Request) -> JSONResponse:
        return JSONResponse(texts(asked.query_params.multi_items()))

    async def page(asked: Request) -> JSONResponse:
        return JSONResponse(page_of(asked.scope))

    return Starlette(routes=[Route("/typed", typed), Route("/raw", raw), Route("/page", page)])


def fastapi_app() -> ASGIApp:
    app = FastAPI()

    @app.get("/typed")
    async def typed(limit: int = 20, offset: int = 0, page: int = 1):
        return {"limit": limit, "offset": offset, "page": page}

    @app.get("/raw")
    def raw(request: FastAPIRequest):
        return texts(request.query_params.multi_items())

    @app.get("/page")
    async def page(request: FastAPIRequest):
        return page_of(request.scope)

    return app


def quart_app() -> ASGIApp:
    app = Quart(__name__)

    @app.get("/typed")
    async def typed() -> Any:
        return {name: int(request.args.get(name, DEFAULTS[name])) for name in DEFAULTS}

    @app.get("/raw")
    async def raw() -> Any:
        return texts(list(request.args.items(multi=True)))

    @app.get("/page")
    async def page() -> Any:
        return page_of(request.scope)

    return app


def litestar_app() -> ASGIApp:
    @litestar.get("/typed")
    async def typed(
        limit: FromQuery[int] = 20, offset: FromQuery[int] = 0, page: FromQuery[int] = 1
    ) -> dict[str, int]:
        return {"limit": limit, "offset": offset, "page": page}

    @litestar.get("/raw")
    async def raw(request: LitestarRequest[Any, Any, Any]) -> list[list[str]]:
        return texts(request.query_params.multi_items())

    @litestar.get("/page")
    async def page(request: LitestarRequest[Any, Any, Any]) -> dict[str, Any]:
        return page_of(request.scope)

    return litestar.Litestar([typed, raw, page], openapi_config=None, logging_config=None)


def django_app() -> ASGIApp:
    def typed(asked: ASGIRequest) -> JsonResponse:
        return JsonResponse({name: int(asked.GET.get(name, DEFAULTS[name])) for name in DEFAULTS})

    async def raw(asked: ASGIRequest) -> JsonResponse:
        pairs = [(name, value) for name, values in asked.GET.lists() for value in values]
        return JsonResponse(texts(pairs), safe=False)

    async def page(asked: ASGIRequest) -> JsonResponse:
        return JsonResponse(page_of(asked.scope))

    app: ASGIApp = handler_for(URLs(path("typed", typed), path("raw", raw), path("page", page)))
    return app


def falcon_app() -> ASGIApp:
    class Resource:
        async def on_get_typed(self, asked: falcon.asgi.Request, answer: Any) -> None:
            answer.media = {
                name: asked.get_param_as_int(name, default=DEFAULTS[name]) for name in DEFAULTS
            }

        async def on_get_raw(self, asked: falcon.asgi.Request, answer: Any) -> None:
            answer.media = texts(
                [
                    (name, value)
                    for name, values in asked.params.items()
                    for value in (values if isinstance(values, list) else [values])
                ]
            )

        async def on_get_page(self, asked: falcon.asgi.Request, answer: Any) -> None:
            answer.media = page_of(asked.scope)

    app: Any = falcon.asgi.App()
    for name in ("typed", "raw", "page"):
        app.add_route(f"/{name}", Resource(), suffix=name)
    framework: ASGIApp = app
    return framework


def blacksheep_app() -> ASGIApp:
    app = blacksheep.Application(router=Router())

    @app.router.get("/typed")
    async def typed(limit: int = 20, offset: int = 0, page: int = 1) -> blacksheep.Response:
        return blacksheep_json({"limit": limit, "offset": offset, "page": page})

    @app.router.get("/raw")
    async def raw(asked: blacksheep.Request) -> blacksheep.Response:
        return blacksheep_json(texts([(n, v) for n, values in asked.query.items() for v in values]))

    @app.router.get("/page")
    async def page(asked: blacksheep.Request) -> blacksheep.Response:
        return blacksheep_json(page_of(asked.scope))

    started = False

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal started
        if not started:
            await app.start()
            started = True
        await app(scope, receive, send)

    return serve


APPS = {
    "bare": bare_app,
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "quart": quart_app,
    "litestar": litestar_app,
    "django": django_app,
    "falcon": falcon_app,
    "blacksheep": blacksheep_app,
}
