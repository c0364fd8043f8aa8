"""One handler mounted in every framework, each in its own idiom, to answer GET and POST on `/`."""

from collections.abc import Awaitable, Callable
from typing import Any

import blacksheep
import falcon
import falcon.asgi
import litestar
from blacksheep.server.routing import Router
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.urls import path
from fastapi import FastAPI
from quart import Quart
from starlette.applications import Starlette
from starlette.routing import Route

from chopin_mw.asgi.types import Receive, Scope, Send

Handler = Callable[..., Any]
METHODS = ["GET", "POST"]


class Urls:
    """Stand where Django expects a module of URL patterns."""

    def __init__(self, view: Handler) -> None:
        self.urlpatterns = [path("", view)]


class DjangoApp:
    """Serve one view, whatever other views the process serves: Django's settings are global."""

    def __init__(self, view: Handler) -> None:
        if not settings.configured:
            settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="for tests", USE_I18N=False)
        self.urls = Urls(view)
        settings.ROOT_URLCONF = self.urls
        self.app = ASGIHandler()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings.ROOT_URLCONF = self.urls
        await self.app(scope, receive, send)


def fastapi_app(handler: Handler) -> FastAPI:
    app = FastAPI()
    app.api_route("/", methods=METHODS)(handler)
    return app


def starlette_app(handler: Handler) -> Starlette:
    return Starlette(routes=[Route("/", handler, methods=METHODS)])


def quart_app(handler: Handler) -> Quart:
    app = Quart("flights")
    app.route("/", methods=METHODS)(handler)
    return app


def litestar_app(handler: Handler) -> litestar.Litestar:
    route = litestar.route("/", http_method=METHODS, sync_to_thread=None)  # type: ignore[arg-type] # a list of names is fine
    return litestar.Litestar([route(handler)], openapi_config=None)


def falcon_app(handler: Handler) -> falcon.asgi.App[Any, Any]:
    class Resource:
        on_get = on_post = staticmethod(handler)

    app = falcon.asgi.App()
    app.add_route("/", Resource())
    return app


async def blacksheep_app(handler: Handler) -> blacksheep.Application:
    app = blacksheep.Application(router=Router())
    for method in METHODS:
        app.router.add(method, "/", handler)
    start: Callable[[], Awaitable[None]] = app.start
    await start()
    return app
