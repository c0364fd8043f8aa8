"""One flight, read under @cache_response and changed under @invalidates, in every framework.

Each builder returns an app with GET and POST /flights/{flight_id}.
"""

from typing import Any

import falcon
import falcon.asgi
from blacksheep import Application
from blacksheep.server.routing import Router
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from fastapi import FastAPI
from litestar import Controller, Litestar, get, post
from litestar.params import FromPath
from quart import Quart
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.handlers.cache_response import cache_response
from chopin_mw.handlers.invalidates import invalidates
from frameworks.apps.django_app import COMMON, URLs, handler_for

PATH = "/flights/{flight_id}"
cached = cache_response(ttl=60, tags=("flight:{flight_id}",))
changing = invalidates(tags=("flight:{flight_id}",))


def fastapi_async() -> ASGIApp:
    app = FastAPI()

    @app.get(PATH)
    @cached
    async def read(flight_id: int) -> str:
        return "read"

    @app.post(PATH)
    @changing
    async def change(flight_id: int) -> str:
        return "changed"

    return app


def fastapi_in_thread() -> ASGIApp:
    app = FastAPI()

    @app.get(PATH)
    @cached
    def read(flight_id: int) -> str:
        return "read"

    @app.post(PATH)
    @changing
    def change(flight_id: int) -> str:
        return "changed"

    return app


def fastapi_stream() -> ASGIApp:
    app = FastAPI()

    @app.api_route(PATH, methods=["GET", "POST"])
    @cached
    @changing
    async def both(flight_id: int) -> StreamingResponse:
        return StreamingResponse(iter(["read"]))

    return app


def starlette_async() -> ASGIApp:
    @cached
    async def read(request: Request) -> Response:
        return PlainTextResponse("read")

    @changing
    def change(request: Request) -> Response:
        return PlainTextResponse("changed")

    return Starlette(routes=[Route(PATH, read), Route(PATH, change, methods=["POST"])])


def starlette_endpoint() -> ASGIApp:
    @changing
    @cached
    class Flight(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse("read")

        def post(self, request: Request) -> Response:
            return PlainTextResponse("changed")

    return Starlette(routes=[Route(PATH, Flight)])


def _quart(read: Any, change: Any) -> Any:
    app = Quart(__name__)
    app.get("/flights/<flight_id>")(cached(read))
    app.post("/flights/<flight_id>")(changing(change))
    return app


def quart_async() -> Any:
    async def read(flight_id: str) -> str:
        return "read"

    async def change(flight_id: str) -> str:
        return "changed"

    return _quart(read, change)


def quart_in_thread() -> Any:
    def read(flight_id: str) -> str:
        return "read"

    def change(flight_id: str) -> str:
        return "changed"

    return _quart(read, change)


def _litestar(*handlers: Any) -> Any:
    return Litestar(list(handlers), openapi_config=None, logging_config=None)


def litestar_async() -> Any:
    @get("/flights/{flight_id:int}")
    @cached
    async def read(flight_id: FromPath[int]) -> str:
        return "read"

    @post("/flights/{flight_id:int}", status_code=200)
    @changing
    async def change(flight_id: FromPath[int]) -> str:
        return "changed"

    return _litestar(read, change)


def litestar_controller() -> Any:
    class Flight(Controller):
        path = "/flights/{flight_id:int}"

        @get(sync_to_thread=True)
        @cached
        def read(self, flight_id: FromPath[int]) -> str:
            return "read"

        @post(status_code=200)
        @changing
        async def change(self, flight_id: FromPath[int]) -> str:
            return "changed"

    return _litestar(Flight)


def _django(view: Any) -> Any:
    return handler_for(URLs(path("flights/<int:flight_id>", view)), COMMON)


def django_async() -> Any:
    @cached
    @changing
    async def both(request: HttpRequest, flight_id: int) -> HttpResponse:
        return HttpResponse("read")

    return _django(both)


def django_in_thread() -> Any:
    @cached
    @changing
    def both(request: HttpRequest, flight_id: int) -> HttpResponse:
        return HttpResponse("read")

    return _django(both)


def django_view() -> Any:
    @cached
    @changing
    class Flight(View):  # type: ignore[misc]  # Django has no types
        def get(self, request: HttpRequest, flight_id: int) -> HttpResponse:
            return HttpResponse("read")

        def post(self, request: HttpRequest, flight_id: int) -> HttpResponse:
            return HttpResponse("changed")

    return _django(Flight.as_view())


def falcon_resource() -> Any:
    class Flight:
        @cached
        async def on_get(
            self, req: falcon.asgi.Request, resp: falcon.asgi.Response, flight_id: str
        ) -> None:
            resp.text = "read"

        @changing
        async def on_post(
            self, req: falcon.asgi.Request, resp: falcon.asgi.Response, flight_id: str
        ) -> None:
            resp.text = "changed"

    app = falcon.asgi.App()
    app.add_route(PATH, Flight())
    return app


def blacksheep_both() -> ASGIApp:
    @cached
    async def read(flight_id: int) -> str:
        return "read"

    @changing
    def change(flight_id: int) -> str:
        return "changed"

    router = Router()
    router.add("GET", PATH, read)
    router.add("POST", PATH, change)
    app = Application(router=router)

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        if not app.started:
            await app.start()
        await app(scope, receive, send)

    return started


def bare() -> ASGIApp:
    @cached
    @changing
    async def flight(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("read")(scope, receive, send)

    async def router(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = {"flight_id": scope["path"].rpartition("/")[2]}
        await flight(scope, receive, send)

    return router


CASES = (
    fastapi_async,
    fastapi_in_thread,
    fastapi_stream,
    starlette_async,
    starlette_endpoint,
    quart_async,
    quart_in_thread,
    litestar_async,
    litestar_controller,
    django_async,
    django_in_thread,
    django_view,
    falcon_resource,
    blacksheep_both,
    bare,
)
