"""A decorated handler at /flight in every shape between which and its route something stands.

Each builder takes the decorator. Every answer has a number, so that a kept one is told by it.
"""

from collections.abc import Callable
from functools import partial, wraps
from itertools import count
from typing import Any

import falcon
import falcon.asgi
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from fastapi import FastAPI
from litestar import Litestar, get
from quart import Quart
from quart.views import MethodView
from quart.views import View as QuartView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from frameworks.apps.cached_callers import Decorate
from frameworks.apps.django_app import COMMON, URLs, handler_for


def passing(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as libraries should."""

    @wraps(handler)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        return await handler(*args, **kwargs)

    return wrapped


class Desk:
    """Answer, by methods that are handlers."""

    def __init__(self) -> None:
        self.numbers = count()

    async def method(self, request: Request) -> Response:
        """Answer Starlette."""
        return PlainTextResponse(f"{next(self.numbers)}")

    async def __call__(self, request: Request) -> Response:
        """Answer FastAPI."""
        return await self.method(request)


def _starlette(endpoint: Any) -> ASGIApp:
    return Starlette(routes=[Route("/flight", endpoint)])


def starlette_stacked(decorate: Decorate) -> ASGIApp:
    return _starlette(passing(decorate(passing(decorate(Desk().method)))))


def starlette_partial_of_decorated(decorate: Decorate) -> ASGIApp:
    desk = Desk()

    @decorate
    async def flight(word: str, request: Request) -> Response:
        return await desk.method(request)

    return _starlette(partial(passing(flight), "word"))


def starlette_decorated_partial(decorate: Decorate) -> ASGIApp:
    desk = Desk()

    async def flight(word: str, request: Request) -> Response:
        return await desk.method(request)

    return _starlette(decorate(partial(flight, "word")))


def starlette_bound_method(decorate: Decorate) -> ASGIApp:
    class Decorated(Desk):
        method = decorate(Desk.method)

    return _starlette(Decorated().method)


def starlette_inherited(decorate: Decorate) -> ASGIApp:
    numbers = count()

    @decorate
    class Base(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse(f"{next(numbers)}")

    class Derived(Base):
        async def post(self, request: Request) -> Response:
            return PlainTextResponse("posted")

    return _starlette(Derived)


def fastapi_instance(decorate: Decorate) -> ASGIApp:
    app = FastAPI()
    app.add_api_route("/flight", decorate(Desk()))
    return app


def fastapi_call_of_instance(decorate: Decorate) -> ASGIApp:
    class Decorated(Desk):
        __call__ = decorate(Desk.__call__)

    app = FastAPI()
    app.add_api_route("/flight", Decorated())
    return app


def fastapi_mounted(decorate: Decorate) -> ASGIApp:
    app = FastAPI()
    app.mount("/", fastapi_instance(decorate))
    return app


def quart_stacked(decorate: Decorate) -> ASGIApp:
    app, numbers = Quart(__name__), count()

    @app.get("/flight")
    @passing
    @decorate
    async def flight() -> str:
        return f"{next(numbers)}"

    return app


def quart_dispatch(decorate: Decorate) -> ASGIApp:
    app, numbers = Quart(__name__), count()

    class Flight(QuartView):
        @decorate
        async def dispatch_request(self, **_: Any) -> str:
            return f"{next(numbers)}"

    app.add_url_rule("/flight", view_func=Flight.as_view("flight"))
    return app


def quart_decorated_view(decorate: Decorate) -> ASGIApp:
    app, numbers = Quart(__name__), count()

    class Flight(MethodView):
        async def get(self) -> str:
            return f"{next(numbers)}"

    view: Any = Flight.as_view("flight")
    app.add_url_rule("/flight", view_func=decorate(view))
    return app


def quart_in_starlette(decorate: Decorate) -> ASGIApp:
    return Starlette(routes=[Mount("/", quart_stacked(decorate))])


def _litestar(handler: Any) -> Any:
    return Litestar([handler], openapi_config=None, logging_config=None)


def litestar_stacked(decorate: Decorate) -> Any:
    numbers = count()

    @get("/flight")
    @passing
    @decorate
    async def flight() -> str:
        return f"{next(numbers)}"

    return _litestar(flight)


def _django(view: Any) -> Any:
    return handler_for(URLs(path("flight", view)), COMMON)


def django_stacked(decorate: Decorate) -> Any:
    numbers = count()

    @passing
    @decorate
    async def flight(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{next(numbers)}")

    return _django(flight)


def django_sync_to_async(decorate: Decorate) -> Any:
    numbers = count()

    @decorate
    def flight(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{next(numbers)}")

    return _django(sync_to_async(flight))


def django_decorated_view(decorate: Decorate) -> Any:
    numbers = count()

    class Flight(View):  # type: ignore[misc]  # Django has no types
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(f"{next(numbers)}")

    return _django(decorate(Flight.as_view()))


def django_in_starlette(decorate: Decorate) -> Any:
    return Starlette(routes=[Mount("/", django_stacked(decorate))])


def falcon_in_starlette(decorate: Decorate) -> ASGIApp:
    """What is mounted has a router of its own, and does not tell what it chose."""
    numbers = count()

    @decorate
    class Flight:
        async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
            resp.text = f"{next(numbers)}"

    app = falcon.asgi.App()
    app.add_route("/flight", Flight())
    mounted: Any = app
    return Starlette(routes=[Mount("/", mounted)])


def router_in_starlette(decorate: Decorate) -> ASGIApp:
    numbers = count()

    @decorate
    async def flight(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{next(numbers)}")(scope, receive, send)

    async def router(scope: Scope, receive: Receive, send: Send) -> None:
        await flight(scope, receive, send)

    return Starlette(routes=[Mount("/", passing(router))])


CASES = (
    starlette_stacked,
    starlette_partial_of_decorated,
    starlette_decorated_partial,
    starlette_bound_method,
    starlette_inherited,
    fastapi_instance,
    fastapi_call_of_instance,
    fastapi_mounted,
    quart_stacked,
    quart_dispatch,
    quart_decorated_view,
    quart_in_starlette,
    litestar_stacked,
    django_stacked,
    django_sync_to_async,
    django_decorated_view,
    django_in_starlette,
    falcon_in_starlette,
    router_in_starlette,
)
