"""The desk behind the cache, in every framework."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, re_path
from fastapi import FastAPI
from litestar import HttpMethod, Litestar
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar import route as litestar_route
from litestar.datastructures import Cookie
from litestar.response import Stream
from quart import Quart, make_response
from quart import request as quart_request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from frameworks.apps.bare_app import stream_parts
from frameworks.apps.cached_desk import Desk, Reply, Route
from frameworks.apps.django_app import COMMON, URLs, handler_for


def build(framework: str, desk: Desk) -> ASGIApp:
    """Return one framework's app in the cache, with a counter inside and outside of it."""
    inner = desk.counting_entries(BUILDERS[framework](desk.routes()))
    return desk.counting_arrivals(HTTPCacheMiddleware(inner))


def _starlette_handler(route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        reply = await route.content(request.scope)
        response: Response
        if isinstance(reply.body, str):
            response = Response(reply.body, reply.status, media_type=reply.media_type)
        else:
            response = StreamingResponse(reply.body, media_type=reply.media_type)
        for name, value in reply.headers:
            response.headers.append(name, value)
        for name, value in reply.cookies:
            response.set_cookie(name, value)
        return response

    return handler


def _fastapi(routes: tuple[Route, ...]) -> Any:
    app = FastAPI(openapi_url=None)
    for route in routes:
        handler = route.decorate(_starlette_handler(route))
        app.api_route(_with_path_convertor(route), methods=list(route.methods))(handler)
    return app


def _starlette(routes: tuple[Route, ...]) -> Any:
    return Starlette(
        routes=[
            StarletteRoute(
                _with_path_convertor(route),
                route.decorate(_starlette_handler(route)),
                methods=list(route.methods),
            )
            for route in routes
        ]
    )


def _with_path_convertor(route: Route) -> str:
    return route.path.replace("{rest}", "{rest:path}")


def _quart(routes: tuple[Route, ...]) -> Any:
    app = Quart(__name__)
    for route in routes:
        rule = route.path.replace("{rest}", "<path:rest>")
        rule = rule.replace("{", "<").replace("}", ">")
        handler = route.decorate(_quart_handler(route))
        app.add_url_rule(rule, route.path, handler, methods=list(route.methods))
    return app


def _quart_handler(route: Route) -> Callable[..., Awaitable[Any]]:
    async def handler(**_: str) -> Any:
        scope: Any = quart_request.scope
        reply = await route.content(scope)
        response: Any = await make_response(reply.body, reply.status)
        response.headers["Content-Type"] = reply.media_type
        response.headers.extend(reply.headers)
        for name, value in reply.cookies:
            response.set_cookie(name, value)
        return response

    return handler


def _litestar(routes: tuple[Route, ...]) -> Any:
    handlers = [
        litestar_route(
            re.sub(r"{(\w+)}", lambda found: _LITESTAR_PARTS[found[1]], route.path),
            http_method=[HttpMethod(method) for method in route.methods],
            status_code=200,
        )(route.decorate(_litestar_handler(route)))
        for route in routes
    ]
    return Litestar(handlers, openapi_config=None, logging_config=None)


_LITESTAR_PARTS = {"rest": "{rest:path}", "flight_id": "{flight_id:str}"}


def _litestar_handler(route: Route) -> Callable[..., Awaitable[Any]]:
    async def handler(request: LitestarRequest[Any, Any, Any]) -> Any:
        reply = await route.content(dict(request.scope))
        if not isinstance(reply.body, str):
            # Litestar 2 prefers the handler's media type, JSON here, to that of the stream.
            return Stream(reply.body, headers={"content-type": reply.media_type})
        return LitestarResponse(
            reply.body,
            status_code=reply.status,
            headers=dict(reply.headers),
            cookies=[Cookie(name, value=value) for name, value in reply.cookies],
            media_type=reply.media_type,
        )

    return handler


def _django(routes: tuple[Route, ...]) -> Any:
    by_path = {route.path: [each for each in routes if each.path == route.path] for route in routes}
    assert all(len(same) == 1 for same in by_path.values())
    return handler_for(URLs(*map(_django_path, routes)), COMMON)


def _django_path(route: Route) -> Any:
    view = route.decorate(_django_view(route))
    if "{rest}" in route.path:
        return re_path(f"^{route.path[1:].replace('{rest}', '(?P<rest>.+)')}$", view)
    return path(route.path[1:].replace("{", "<str:").replace("}", ">"), view)


def _django_view(route: Route) -> Callable[..., Awaitable[Any]]:
    async def view(request: HttpRequest, **_: str) -> Any:
        reply = await route.content(request.scope)
        answer = HttpResponse if isinstance(reply.body, str) else StreamingHttpResponse
        response = answer(reply.body, status=reply.status, content_type=reply.media_type)
        for name, value in reply.headers:
            response.headers[name] = value
        for name, value in reply.cookies:
            response.set_cookie(name, value)
        return response

    return view


def _bare(routes: tuple[Route, ...]) -> ASGIApp:
    table = [(_pattern(route), route.decorate(_bare_handler(route))) for route in routes]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        for pattern, handler in table:
            if found := pattern.fullmatch(scope["path"]):
                scope["path_params"] = found.groupdict()
                await handler(scope, receive, send)
                return
        await _send_whole(Reply("not found", status=404), send)

    return app


def _pattern(route: Route) -> re.Pattern[str]:
    return re.compile(route.path.replace("{rest}", "(?P<rest>.+)").replace(*_SEGMENT))


_SEGMENT = ("{flight_id}", "(?P<flight_id>[^/]+)")


def _bare_handler(route: Route) -> ASGIApp:
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        reply = await route.content(scope)
        if isinstance(reply.body, str):
            await _send_whole(reply, send)
        else:
            await stream_parts(send, reply.media_type.encode(), reply.body)

    return handler


async def _send_whole(reply: Reply, send: Send) -> None:
    assert isinstance(reply.body, str)
    length = str(len(reply.body.encode()))
    fields = [("content-type", reply.media_type), ("content-length", length), *reply.headers]
    fields += [("set-cookie", f"{name}={value}") for name, value in reply.cookies]
    headers = [(name.encode(), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body.encode()})


BUILDERS: dict[str, Callable[[tuple[Route, ...]], Any]] = {
    "bare": _bare,
    "django": _django,
    "fastapi": _fastapi,
    "litestar": _litestar,
    "quart": _quart,
    "starlette": _starlette,
}
