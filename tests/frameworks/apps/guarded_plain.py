"""Guarded routes where middleware is put around the whole app, and the builders of them all."""

from collections.abc import Awaitable, Callable
from typing import Any

import falcon
import falcon.asgi
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views import View

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.middleware.jwt import JWTMiddleware
from frameworks.apps.django_app import COMMON, URLs, handler_for
from frameworks.apps.guarded import DOCS, LOGIN, named_in, whom, writing
from frameworks.apps.guarded_apps import fastapi_app, litestar_app, quart_app, starlette_app


def django_app(verifier: TokenVerifier) -> ASGIApp:
    async def me(request: HttpRequest) -> HttpResponse:
        return HttpResponse(named_in(request.scope))

    async def login(request: HttpRequest) -> HttpResponse:
        return HttpResponse(LOGIN)

    async def docs(request: HttpRequest) -> HttpResponse:
        return HttpResponse(DOCS)

    @writing
    async def write(request: HttpRequest) -> HttpResponse:
        return HttpResponse(whom())

    @writing
    def thread(request: HttpRequest) -> HttpResponse:
        return HttpResponse(whom())

    @writing
    class Flights(View):  # type: ignore[misc]  # Django has no types
        async def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(whom())

    urls = URLs(
        path("me", me),
        path("menu", me),
        path("login", login),
        re_path("^docs/.*$", docs),
        path("write", write),
        path("thread", thread),
        path("class", Flights.as_view()),
    )
    return JWTMiddleware(handler_for(urls, COMMON), verifier=verifier)


def falcon_app(verifier: TokenVerifier) -> ASGIApp:
    class Me:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = named_in(request.scope)

    class Text:
        def __init__(self, text: str) -> None:
            self.text = text

        async def on_get(self, request: Any, response: Any, **_: Any) -> None:
            response.text = self.text

    @writing
    class Flights:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = whom()

        on_post = on_get

    @writing
    class Live:
        async def on_websocket(self, request: Any, socket: Any) -> None:
            await socket.accept()
            await socket.send_text(whom())
            await socket.close()

    app = falcon.asgi.App()
    for route, resource in {
        "/me": Me(),
        "/menu": Me(),
        "/login": Text(LOGIN),
        "/docs/{rest:path}": Text(DOCS),
        "/write": Flights(),
        "/class": Flights(),
        "/live": Live(),
    }.items():
        app.add_route(route, resource)
    return JWTMiddleware(app, verifier=verifier)


def bare_app(verifier: TokenVerifier) -> ASGIApp:
    async def me(scope: Scope, receive: Receive, send: Send) -> None:
        await _text(send, named_in(scope))

    async def login(scope: Scope, receive: Receive, send: Send) -> None:
        await _text(send, LOGIN)

    async def docs(scope: Scope, receive: Receive, send: Send) -> None:
        await _text(send, DOCS)

    @writing
    async def write(scope: Scope, receive: Receive, send: Send) -> None:
        await _text(send, whom())

    @writing
    class Flights:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await _text(send, whom())

    @writing
    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": whom()})
        await send({"type": "websocket.close"})

    async def calls(scope: Scope, receive: Receive, send: Send) -> None:
        await write(scope, receive, send)

    table: dict[str, Callable[..., Awaitable[None]]] = {
        "/me": me,
        "/menu": me,
        "/login": login,
        "/write": write,
        "/class": Flights(),
        "/live": live,
        "/calls": calls,
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            handler = docs if scope["path"].startswith("/docs/") else table[scope["path"]]
            await handler(scope, receive, send)

    return JWTMiddleware(app, verifier=verifier)


async def _text(send: Send, text: str) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


BUILDERS: dict[str, Callable[[TokenVerifier], Any]] = {
    "bare": bare_app,
    "django": django_app,
    "falcon": falcon_app,
    "fastapi": fastapi_app,
    "litestar": litestar_app,
    "quart": quart_app,
    "starlette": starlette_app,
}
WITH_THREADS = ("django", "fastapi", "litestar", "quart", "starlette")
WITH_WEBSOCKETS = ("bare", "falcon", "fastapi", "litestar", "quart", "starlette")
