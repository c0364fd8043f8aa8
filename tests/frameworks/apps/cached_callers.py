"""A decorated handler at /flight, and at /me an undecorated one that calls it as a function.

Each builder takes the decorator. Every answer has a number, so that a kept one is told by it.
"""

from collections.abc import Callable
from itertools import count
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from fastapi import APIRouter, Depends, FastAPI
from litestar import Controller, Litestar, get
from quart import Quart
from quart.views import MethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from chopin_mw.asgi.types import ASGIApp
from frameworks.apps.django_app import COMMON, URLs, handler_for

Decorate = Callable[[Any], Any]


def fastapi_async(decorate: Decorate) -> ASGIApp:
    app, numbers = FastAPI(), count()

    @app.get("/flight")
    @decorate
    async def flight() -> int:
        return next(numbers)

    @app.get("/me")
    async def me() -> Any:
        return {"mine": await flight()}

    return app


def fastapi_in_thread(decorate: Decorate) -> ASGIApp:
    app, numbers = FastAPI(), count()

    @app.get("/flight")
    @decorate
    def flight() -> int:
        return next(numbers)

    @app.get("/me")
    def me() -> Any:
        return {"mine": flight()}

    return app


def fastapi_dependency(decorate: Decorate) -> ASGIApp:
    """In routers within routers, where the handler is what another one depends on."""
    inner, outer, app, numbers = APIRouter(), APIRouter(), FastAPI(), count()

    @inner.get("/flight")
    @decorate
    async def flight() -> int:
        return next(numbers)

    @inner.get("/me")
    async def me(number: Annotated[int, Depends(flight)]) -> Any:
        return {"mine": number}

    outer.include_router(inner)
    app.include_router(outer)
    return app


def starlette_async(decorate: Decorate) -> ASGIApp:
    numbers = count()

    @decorate
    async def flight(request: Request) -> Response:
        return PlainTextResponse(f"{next(numbers)}")

    async def me(request: Request) -> Response:
        response: Response = await flight(request)
        return response

    return Starlette(routes=[Mount("/", routes=[Route("/flight", flight), Route("/me", me)])])


def starlette_endpoint(decorate: Decorate) -> ASGIApp:
    """Inherited, and called by way of `super()`."""
    numbers = count()

    @decorate
    class Flight(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return PlainTextResponse(f"{next(numbers)}")

    class Me(Flight):
        async def get(self, request: Request) -> Response:
            return await super().get(request)

    return Starlette(routes=[Route("/flight", Flight), Route("/me", Me)])


def quart_async(decorate: Decorate) -> ASGIApp:
    app, numbers = Quart(__name__), count()

    @app.get("/flight")
    @decorate
    async def flight() -> str:
        return f"{next(numbers)}"

    @app.get("/me")
    async def me() -> str:
        text: str = await flight()
        return text

    return app


def quart_in_thread(decorate: Decorate) -> ASGIApp:
    app, numbers = Quart(__name__), count()

    @app.get("/flight")
    @decorate
    def flight() -> str:
        return f"{next(numbers)}"

    @app.get("/me")
    def me() -> str:
        text: str = flight()
        return text

    return app


def quart_view(decorate: Decorate) -> ASGIApp:
    app, numbers = Quart(__name__), count()

    @decorate
    class Flight(MethodView):
        async def get(self) -> str:
            return f"{next(numbers)}"

    class Me(Flight):
        async def get(self) -> str:
            return await super().get()

    app.add_url_rule("/flight", view_func=Flight.as_view("flight"))
    app.add_url_rule("/me", view_func=Me.as_view("me"))
    return app


def _litestar(*handlers: Any) -> Any:
    return Litestar(list(handlers), openapi_config=None, logging_config=None)


def litestar_async(decorate: Decorate) -> Any:
    numbers = count()

    @decorate
    async def flight() -> str:
        return f"{next(numbers)}"

    @get("/me")
    async def me() -> str:
        text: str = await flight()
        return text

    return _litestar(get("/flight")(flight), me)


def litestar_in_thread(decorate: Decorate) -> Any:
    numbers = count()

    @decorate
    def flight() -> str:
        return f"{next(numbers)}"

    @get("/me", sync_to_thread=True)
    def me() -> str:
        text: str = flight()
        return text

    return _litestar(get("/flight", sync_to_thread=True)(flight), me)


def litestar_controller(decorate: Decorate) -> Any:
    numbers = count()

    class Flights(Controller):
        @get("/flight")
        @decorate
        async def flight(self) -> str:
            return f"{next(numbers)}"

        @get("/me")
        async def me(self) -> str:
            text: str = await self.flight.fn(self)
            return text

    return _litestar(Flights)


def _django(flight: Any, me: Any) -> Any:
    return handler_for(URLs(path("flight", flight), path("me", me)), COMMON)


def django_async(decorate: Decorate) -> Any:
    numbers = count()

    @decorate
    async def flight(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{next(numbers)}")

    async def me(request: HttpRequest) -> HttpResponse:
        return await flight(request)

    return _django(flight, me)


def django_in_thread(decorate: Decorate) -> Any:
    numbers = count()

    @decorate
    def flight(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{next(numbers)}")

    def me(request: HttpRequest) -> HttpResponse:
        return flight(request)

    return _django(flight, me)


def django_view(decorate: Decorate) -> Any:
    numbers = count()

    @decorate
    class Flight(View):  # type: ignore[misc]  # Django has no types
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(f"{next(numbers)}")

    class Me(Flight):
        def get(self, request: HttpRequest) -> HttpResponse:
            return super().get(request)

    return _django(Flight.as_view(), Me.as_view())


CASES = (
    fastapi_async,
    fastapi_in_thread,
    fastapi_dependency,
    starlette_async,
    starlette_endpoint,
    quart_async,
    quart_in_thread,
    quart_view,
    litestar_async,
    litestar_in_thread,
    litestar_controller,
    django_async,
    django_in_thread,
    django_view,
)
