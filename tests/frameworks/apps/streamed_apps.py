"""The streams of one desk in each framework, inside ChopinMiddleware."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.urls import path
from fastapi import FastAPI
from litestar import HttpMethod, Litestar, route
from litestar.middleware import DefineMiddleware
from quart import Quart
from starlette.applications import Starlette
from starlette.routing import Route

from chopin_mw import ChopinMiddleware
from chopin_mw.asgi.types import Receive, Scope, Send
from frameworks.apps.django_app import COMMON, URLs, handler_for
from frameworks.apps.streamed_desk import Desk

Make = Callable[[], Any]


def answering(make: Make) -> Any:
    """Return a handler that takes nothing; FastAPI would ask for what the signature names."""

    async def answer() -> Any:
        return make()

    return answer


def taking_request(make: Make) -> Any:
    async def answer(request):
        return make()

    return answer


def bare(desk: Desk) -> Any:
    routes = desk.routes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await routes[scope["path"].strip("/")]()(scope, receive, send)

    return ChopinMiddleware(app)


def fastapi(desk: Desk) -> Any:
    app = FastAPI()
    app.add_middleware(ChopinMiddleware)
    for name, make in desk.routes().items():
        app.add_api_route(f"/{name}", answering(make), methods=["GET", "HEAD"])
    return app


def starlette(desk: Desk) -> Any:
    app = Starlette(
        routes=[Route(f"/{name}", taking_request(make)) for name, make in desk.routes().items()]
    )
    app.add_middleware(ChopinMiddleware)
    return app


def quart(desk: Desk) -> Any:
    app = Quart(__name__)
    for name, make in desk.routes().items():
        app.add_url_rule(f"/{name}", name, answering(make))
    app.asgi_app = ChopinMiddleware(app.asgi_app)  # type: ignore[method-assign]  # Quart's own way
    return app


def litestar(desk: Desk) -> Any:
    methods = [HttpMethod.GET, HttpMethod.HEAD]
    decorate = partial(route, http_method=methods)
    handlers = [decorate(f"/{name}")(answering(make)) for name, make in desk.routes().items()]
    return Litestar(
        handlers,
        middleware=[DefineMiddleware(ChopinMiddleware)],
        openapi_config=None,
        logging_config=None,
    )


def django(desk: Desk) -> Any:
    views = [path(name, taking_request(make)) for name, make in desk.routes().items()]
    return ChopinMiddleware(handler_for(URLs(*views), COMMON))


BUILDERS = {
    "bare": bare,
    "django": django,
    "fastapi": fastapi,
    "litestar": litestar,
    "quart": quart,
    "starlette": starlette,
}
