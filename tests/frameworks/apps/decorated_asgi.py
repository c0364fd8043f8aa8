"""One resource under both decorators, in FastAPI, Starlette and without a framework.

Each builder takes the list into which its handlers write the method when they run.
"""

from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from chopin_mw import cache_control, etag
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send

METHODS = ["GET", "POST"]


def tag(*_: Any, **__: Any) -> str:
    return "v1"


async def tag_async(*_: Any, **__: Any) -> str:
    return "v1"


def fastapi_async(calls: list[str]) -> ASGIApp:
    app = FastAPI()

    @app.api_route("/", methods=METHODS)
    @cache_control(max_age=60)
    @etag(tag_async)
    async def resource(request: Request) -> str:
        calls.append(request.method)
        return "done"

    return app


def fastapi_in_thread(calls: list[str]) -> ASGIApp:
    app = FastAPI()

    @app.get("/")
    @cache_control(max_age=60)
    @etag(tag)
    def read() -> str:
        calls.append("GET")
        return "done"

    @app.post("/")
    @cache_control(max_age=60)
    @etag(tag)
    def write() -> str:
        calls.append("POST")
        return "done"

    return app


def fastapi_instance(calls: list[str]) -> ASGIApp:
    class Resource:
        async def __call__(self, request: Request) -> str:
            calls.append(request.method)
            return "done"

    app = FastAPI()
    app.add_api_route("/", cache_control(max_age=60)(etag(tag)(Resource())), methods=METHODS)
    return app


def starlette_async(calls: list[str]) -> ASGIApp:
    @cache_control(max_age=60)
    @etag(tag_async)
    async def resource(request: Request) -> Response:
        calls.append(request.method)
        return PlainTextResponse("done")

    return Starlette(routes=[Route("/", resource, methods=METHODS)])


def starlette_in_thread(calls: list[str]) -> ASGIApp:
    @cache_control(max_age=60)
    @etag(tag)
    def resource(request: Request) -> Response:
        calls.append(request.method)
        return PlainTextResponse("done")

    return Starlette(routes=[Route("/", resource, methods=METHODS)])


def starlette_partial(calls: list[str]) -> ASGIApp:
    async def resource(word: str, request: Request) -> Response:
        calls.append(request.method)
        return PlainTextResponse(word)

    decorated = cache_control(max_age=60)(etag(tag)(partial(resource, "done")))
    return Starlette(routes=[Route("/", decorated, methods=METHODS)])


def starlette_endpoint(calls: list[str]) -> ASGIApp:
    @cache_control(max_age=60)
    @etag(tag)
    class Resource(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            calls.append("GET")
            return PlainTextResponse("done")

        def post(self, request: Request) -> Response:
            calls.append("POST")
            return PlainTextResponse("done")

    return Starlette(routes=[Route("/", Resource)])


def _bare(calls: list[str]) -> ASGIApp:
    async def resource(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["method"])
        await PlainTextResponse("done")(scope, receive, send)

    return resource


def bare_function(calls: list[str]) -> ASGIApp:
    return cache_control(max_age=60)(etag(tag_async)(_bare(calls)))


def bare_plain_function(calls: list[str]) -> ASGIApp:
    """An app need not be a coroutine function: what it returns must be awaitable."""
    resource = _bare(calls)

    @cache_control(max_age=60)
    @etag(tag)
    def app(scope: Scope, receive: Receive, send: Send) -> Any:
        return resource(scope, receive, send)

    return app


def bare_instance(calls: list[str]) -> ASGIApp:
    resource = _bare(calls)

    class Resource:
        @cache_control(max_age=60)
        @etag(tag)
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await resource(scope, receive, send)

    return Resource()


def bare_in_starlette(calls: list[str]) -> ASGIApp:
    """Mounted by a framework, an ASGI app is one still."""
    return Starlette(routes=[Mount("/", bare_function(calls))])


CASES = (
    fastapi_async,
    fastapi_in_thread,
    fastapi_instance,
    starlette_async,
    starlette_in_thread,
    starlette_partial,
    starlette_endpoint,
    bare_function,
    bare_plain_function,
    bare_instance,
    bare_in_starlette,
)
