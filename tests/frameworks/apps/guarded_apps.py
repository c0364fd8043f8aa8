"""Guarded routes in the frameworks that have a place for middleware of their own."""

from typing import Any

import litestar
from fastapi import FastAPI, Request, WebSocket
from litestar.middleware import DefineMiddleware
from quart import Quart, websocket
from quart import request as quart_request
from quart.views import MethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from chopin_mw.asgi.types import ASGIApp
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.middleware.jwt import JWTMiddleware
from frameworks.apps.guarded import DOCS, LOGIN, named, named_in, whom, writing


def fastapi_app(verifier: TokenVerifier) -> ASGIApp:
    app = FastAPI(openapi_url=None)

    @app.get("/me")
    @app.get("/menu")
    async def me(request: Request) -> str:
        return named(request.user)

    @app.get("/login")
    async def login() -> str:
        return LOGIN

    @app.get("/docs/{rest:path}")
    async def docs(rest: str) -> str:
        return DOCS

    @app.api_route("/write", methods=["GET", "POST"])
    @writing
    async def write() -> str:
        return whom()

    @app.get("/thread")
    @writing
    def thread() -> str:
        return whom()

    @app.get("/calls")
    async def calls() -> Any:
        return await write()

    @app.websocket("/live")
    @writing
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(whom())
        await websocket.close()

    @app.websocket("/open")
    async def open_to_all(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(named(websocket.user))
        await websocket.close()

    app.router.routes.append(Route("/class", _StarletteFlights))
    app.add_middleware(JWTMiddleware, verifier=verifier)
    return app


@writing
class _StarletteFlights(HTTPEndpoint):
    async def get(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse(whom())


def starlette_app(verifier: TokenVerifier) -> ASGIApp:
    async def me(request: Request) -> PlainTextResponse:
        return PlainTextResponse(named(request.user))

    async def login(request: Request) -> PlainTextResponse:
        return PlainTextResponse(LOGIN)

    async def docs(request: Request) -> PlainTextResponse:
        return PlainTextResponse(DOCS)

    @writing
    async def write(request: Request) -> PlainTextResponse:
        return PlainTextResponse(whom())

    @writing
    def thread(request: Request) -> PlainTextResponse:
        return PlainTextResponse(whom())

    async def calls(request: Request) -> Any:
        return await write(request)

    @writing
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(whom())
        await websocket.close()

    async def open_to_all(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(named(websocket.user))
        await websocket.close()

    app = Starlette(
        routes=[
            Route("/me", me),
            Route("/menu", me),
            Route("/login", login),
            Route("/docs/{rest:path}", docs),
            Route("/write", write, methods=["GET", "POST"]),
            Route("/thread", thread),
            Route("/class", _StarletteFlights),
            Route("/calls", calls),
            WebSocketRoute("/live", live),
            WebSocketRoute("/open", open_to_all),
        ]
    )
    app.add_middleware(JWTMiddleware, verifier=verifier)
    return app


def quart_app(verifier: TokenVerifier) -> ASGIApp:
    app = Quart(__name__)

    @app.get("/me")
    @app.get("/menu")
    async def me() -> str:
        return named_in(quart_request.scope)

    @app.get("/login")
    async def login() -> str:
        return LOGIN

    @app.get("/docs/<path:rest>")
    async def docs(rest: str) -> str:
        return DOCS

    @app.route("/write", methods=["GET", "POST"])
    @writing
    async def write() -> str:
        return whom()

    @app.get("/thread")
    @writing
    def thread() -> str:
        return whom()

    @writing
    class Flights(MethodView):
        async def get(self) -> str:
            return whom()

    app.add_url_rule("/class", view_func=Flights.as_view("class"))

    @app.get("/calls")
    async def calls() -> Any:
        return await write()

    @app.websocket("/live")
    @writing
    async def live() -> None:
        await websocket.accept()
        await websocket.send(whom())

    @app.websocket("/open")
    async def open_to_all() -> None:
        await websocket.accept()
        await websocket.send(named_in(websocket.scope))

    app.asgi_app = JWTMiddleware(app.asgi_app, verifier=verifier)  # type: ignore[method-assign]  # Quart's own way
    return app


def litestar_app(verifier: TokenVerifier) -> ASGIApp:
    handlers = _litestar_handlers()
    middleware = [DefineMiddleware(JWTMiddleware, verifier=verifier)]
    app: ASGIApp = litestar.Litestar(
        handlers, openapi_config=None, logging_config=None, middleware=middleware
    )
    return app


def _litestar_handlers() -> list[Any]:
    @litestar.get(["/me", "/menu"], media_type="text/plain")
    async def me(request: litestar.Request[Any, Any, Any]) -> str:
        return named(request.user)

    @litestar.get("/login")
    async def login() -> str:
        return LOGIN

    @litestar.get("/docs/{rest:path}")
    async def docs() -> str:
        return DOCS

    @writing
    async def write() -> str:
        return whom()

    @litestar.get("/thread", sync_to_thread=True)
    @writing
    def thread() -> str:
        return whom()

    class Flights(litestar.Controller):
        @litestar.get("/class")
        @writing
        async def flights(self) -> str:
            return whom()

    @litestar.get("/calls")
    async def calls() -> Any:
        return await write()

    @litestar.websocket("/live")
    @writing
    async def live(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text(whom())
        await socket.close()

    @litestar.websocket("/open")
    async def open_to_all(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text(named(socket.user))
        await socket.close()

    reading = litestar.get("/write")(write)
    posting = litestar.post("/write", status_code=200)(write)
    return [me, login, docs, reading, posting, thread, Flights, calls, live, open_to_all]
