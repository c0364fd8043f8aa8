"""One resource under both decorators, in Quart, Litestar, Django, Falcon and BlackSheep.

Each builder takes the list into which its handlers write the method when they run.
"""

from typing import Any

import falcon
import falcon.asgi
from blacksheep import Application
from blacksheep import Request as BlackSheepRequest
from blacksheep.server.routing import Router
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View
from litestar import Controller, Litestar, Request, get, post, route
from quart import Quart
from quart import request as quart_request
from quart.views import MethodView

from chopin_mw import cache_control, etag
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from frameworks.apps.decorated_asgi import METHODS, tag, tag_async
from frameworks.apps.django_app import COMMON, URLs, handler_for


def quart_async(calls: list[str]) -> Any:
    app = Quart(__name__)

    @app.route("/", methods=METHODS)
    @cache_control(max_age=60)
    @etag(tag_async)
    async def resource() -> str:
        calls.append(quart_request.method)
        return "done"

    return app


def quart_in_thread(calls: list[str]) -> Any:
    app = Quart(__name__)

    @app.route("/", methods=METHODS)
    @cache_control(max_age=60)
    @etag(tag)
    def resource() -> str:
        calls.append(quart_request.method)
        return "done"

    return app


def quart_view(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag)
    class Resource(MethodView):
        async def get(self) -> str:
            calls.append("GET")
            return "done"

        def post(self) -> str:
            calls.append("POST")
            return "done"

    app = Quart(__name__)
    app.add_url_rule("/", view_func=Resource.as_view("resource"))
    return app


def _litestar(*handlers: Any) -> Any:
    return Litestar(list(handlers), openapi_config=None, logging_config=None)


def litestar_async(calls: list[str]) -> Any:
    @get("/")
    @cache_control(max_age=60)
    @etag(tag_async)
    async def read() -> str:
        calls.append("GET")
        return "done"

    @post("/", status_code=200)
    @cache_control(max_age=60)
    @etag(tag_async)
    async def write() -> str:
        calls.append("POST")
        return "done"

    return _litestar(read, write)


def _litestar_plain(calls: list[str], *, thread: bool) -> Any:
    # One handler for both methods: of two that share a path, Litestar 2 hands the first to a
    # thread twice and then refuses any Response from it, with or without us.
    @route("/", http_method=["GET", "POST"], status_code=200, sync_to_thread=thread)
    @cache_control(max_age=60)
    @etag(tag)
    def resource(request: Request[Any, Any, Any]) -> dict[str, str]:
        calls.append(request.method)
        return {"said": "done"}

    return _litestar(resource)


def litestar_in_thread(calls: list[str]) -> Any:
    return _litestar_plain(calls, thread=True)


def litestar_in_loop(calls: list[str]) -> Any:
    return _litestar_plain(calls, thread=False)


def litestar_controller(calls: list[str]) -> Any:
    class Resource(Controller):
        @get("/")
        @cache_control(max_age=60)
        @etag(tag)
        async def read(self) -> str:
            calls.append("GET")
            return "done"

        @post("/", status_code=200)
        @cache_control(max_age=60)
        @etag(tag)
        async def write(self) -> str:
            calls.append("POST")
            return "done"

    return _litestar(Resource)


def django_async(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag_async)
    async def resource(request: HttpRequest) -> HttpResponse:
        calls.append(str(request.method))
        return HttpResponse("done")

    return handler_for(URLs(path("", resource)), COMMON)


def django_in_thread(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag)
    def resource(request: HttpRequest) -> HttpResponse:
        calls.append(str(request.method))
        return HttpResponse("done")

    return handler_for(URLs(path("", resource)), COMMON)


def django_view(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag)
    class Resource(View):  # type: ignore[misc]  # Django has no types
        def get(self, request: HttpRequest) -> HttpResponse:
            calls.append("GET")
            return HttpResponse("done")

        def post(self, request: HttpRequest) -> HttpResponse:
            calls.append("POST")
            return HttpResponse("done")

    return handler_for(URLs(path("", Resource.as_view())), COMMON)


def falcon_resource(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag)
    class Resource:
        async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
            calls.append("GET")
            resp.text = "done"

        async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
            calls.append("POST")
            resp.text = "done"

    app = falcon.asgi.App()
    app.add_route("/", Resource())
    return app


def _blacksheep(handler: Any) -> ASGIApp:
    router = Router()
    for method in METHODS:
        router.add(method, "/", handler)
    app = Application(router=router)

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        if not app.started:
            await app.start()
        await app(scope, receive, send)

    return started


def blacksheep_async(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag_async)
    async def resource(request: BlackSheepRequest) -> str:
        calls.append(request.method)
        return "done"

    return _blacksheep(resource)


def blacksheep_plain(calls: list[str]) -> Any:
    @cache_control(max_age=60)
    @etag(tag)
    def resource(request: BlackSheepRequest) -> str:
        calls.append(request.method)
        return "done"

    return _blacksheep(resource)


CASES = (
    quart_async,
    quart_in_thread,
    quart_view,
    litestar_async,
    litestar_in_thread,
    litestar_in_loop,
    litestar_controller,
    django_async,
    django_in_thread,
    django_view,
    falcon_resource,
    blacksheep_async,
    blacksheep_plain,
)
