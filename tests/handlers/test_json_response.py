"""@json_response answers with the calling framework's own response, and JSONResponse with ASGI."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any

import blacksheep
import falcon
import falcon.asgi
import falcon.testing
import pytest
from django.http import HttpResponse
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request, Response
from litestar import Litestar, get
from litestar import Response as LitestarResponse
from quart import Quart
from quart import Response as QuartResponse
from quart.views import MethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from chopin_mw.errors import ConfigurationError
from chopin_mw.handlers.json_response import JSONResponse, json_response
from chopin_mw.integrations.install import install_json
from support.asgi_call import Answer, call
from support.frameworks import (
    DjangoApp,
    blacksheep_app,
    falcon_app,
    fastapi_app,
    litestar_app,
    quart_app,
    starlette_app,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
VALUE = {"when": NOON, "big": 2**70}
BODY = b'{"when":"2026-03-04T12:00:00Z","big":1180591620717411303424}'
decorate = json_response(status=201, headers={"X-A": "1", "Vary": "Accept"})


def assert_answered(answer: Answer) -> None:
    assert (answer.status, answer.body) == (201, BODY)
    assert answer.all(b"content-type") == [b"application/json"]
    assert (answer.all(b"x-a"), answer.all(b"vary")) == ([b"1"], [b"Accept"])
    assert answer.all(b"content-length") == [str(len(BODY)).encode()]


@decorate
async def without_arguments() -> Any:
    return VALUE


@decorate
def plain_without_arguments() -> Any:
    return VALUE


@decorate
async def with_request(request: Any) -> Any:
    return VALUE


@decorate
def plain_with_request(request: Any) -> Any:
    return VALUE


BUILDERS: dict[str, tuple[Callable[..., Any], Any]] = {
    "FastAPI async": (fastapi_app, without_arguments),
    "FastAPI plain": (fastapi_app, plain_without_arguments),
    "Starlette async": (starlette_app, with_request),
    "Starlette plain": (starlette_app, plain_with_request),
    "Quart async": (quart_app, without_arguments),
    "Quart plain": (quart_app, plain_without_arguments),
    "Litestar async": (litestar_app, without_arguments),
    "Django async": (DjangoApp, with_request),
    "Django plain": (DjangoApp, plain_with_request),
}


@pytest.mark.parametrize(("build", "handler"), BUILDERS.values(), ids=BUILDERS.keys())
async def test_every_framework_gets_its_own_response(build: Any, handler: Any) -> None:
    """Status, headers, type and exact length arrive, whoever calls the handler."""
    assert_answered(await call(build(handler)))


@decorate
def plain_without_annotation():
    return VALUE


@pytest.mark.parametrize("handler", [without_arguments, plain_without_annotation])
async def test_fastapi_with_install_json(handler: Any) -> None:
    """The decorator and the route class do not get in each other's way, in a thread neither."""
    app = fastapi_app(handler)
    install_json(app)

    assert_answered(await call(app))


@pytest.mark.parametrize("handler", [without_arguments, plain_without_arguments])
async def test_blacksheep_gets_its_own_response(handler: Any) -> None:
    """BlackSheep passes no arguments to a handler that takes none."""
    assert_answered(await call(await blacksheep_app(handler)))


async def test_falcon_responders_write_into_their_response() -> None:
    """A responder's result is encoded into the response argument; nothing is returned."""

    @decorate
    async def responder(req: Any, resp: Any) -> Any:
        return VALUE

    assert_answered(await call(falcon_app(responder)))


async def test_falcon_responders_that_return_nothing_are_left_alone() -> None:
    """Falcon's own way to answer goes on working under the decorator."""

    @json_response
    async def responder(req: Any, resp: Any) -> Any:
        resp.media = {"own": True}
        resp.status = 202

    answer = await call(falcon_app(responder))

    assert (answer.status, answer.json()) == (202, {"own": True})


def test_falcon_wsgi_responders() -> None:
    """The same decorator works on plain responders."""

    class Resource:
        @decorate
        def on_get(self, req: Any, resp: Any) -> Any:
            return VALUE

    app = falcon.App()
    app.add_route("/", Resource())

    result = falcon.testing.TestClient(app).simulate_get("/")

    assert (result.status_code, result.content, result.headers["x-a"]) == (201, BODY, "1")


async def test_methods() -> None:
    """Class-based handlers are decorated method by method."""

    class Endpoint(HTTPEndpoint):
        @decorate
        async def get(self, request: Any) -> Any:
            return VALUE

    class View(MethodView):
        @decorate
        async def get(self) -> Any:
            return VALUE

    quart = Quart("flights")
    quart.add_url_rule("/", view_func=View.as_view("view"))

    assert_answered(await call(Starlette(routes=[Route("/", Endpoint)])))
    assert_answered(await call(quart))


async def test_whole_classes() -> None:
    """On a class, every method named after a verb answers."""

    @decorate
    class Resource:
        async def on_get(self, req: Any, resp: Any) -> Any:
            return VALUE

    app: Any = falcon.asgi.App()
    app.add_route("/", Resource())

    assert_answered(await call(app))


async def test_under_a_decorator_that_hides_the_coroutine() -> None:
    """A plain function that returns a coroutine is answered for when that is done."""

    async def handler() -> Any:
        return VALUE

    @wraps(handler)
    def hiding() -> Any:
        return handler()

    assert_answered(await call(fastapi_app(decorate(hiding))))


async def test_an_annotation_is_no_obstacle() -> None:
    """Litestar and FastAPI see the handler's annotation, and take the response all the same."""

    @get("/")
    @json_response(headers={"x-a": "1"})
    async def litestar_handler() -> dict[str, int]:
        return {"a": 1}

    @json_response(headers={"x-a": "1"})
    async def fastapi_handler() -> dict[str, int]:
        return {"a": 1}

    for app in (Litestar([litestar_handler], openapi_config=None), fastapi_app(fastapi_handler)):
        answer = await call(app)
        assert (answer.status, answer.json(), answer.all(b"x-a")) == (200, {"a": 1}, [b"1"])


def fastapi_with_injections(done: list[str]) -> FastAPI:
    app = FastAPI()

    def depend(response: Response) -> None:
        response.headers["x-dependency"] = "1"

    @app.get("/", dependencies=[Depends(depend)])
    @json_response(status=201, headers={"x-a": "decorator"})
    async def handler(response: Response, tasks: BackgroundTasks, number: int = 1) -> Any:
        response.headers["x-injected"] = "1"
        response.headers["x-a"] = "injected"
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        tasks.add_task(done.append, "ran")
        return {"number": number}

    @app.get("/status")
    @json_response(status=201)
    async def status(response: Response) -> Any:
        response.status_code = 202
        return 1

    return app


async def test_fastapi_injections_are_kept() -> None:
    """Headers, cookies and status set on an injected Response arrive; background tasks run."""
    done: list[str] = []
    app = fastapi_with_injections(done)

    answer = await call(app)

    assert (answer.status, answer.json(), done) == (201, {"number": 1}, ["ran"])
    assert answer.all(b"x-injected") == answer.all(b"x-dependency") == [b"1"]
    assert answer.all(b"x-a") == [b"decorator"]
    assert [cookie[:3] for cookie in answer.all(b"set-cookie")] == [b"a=1", b"b=2"]
    assert (await call(app, "/status")).status == 202


def test_openapi_is_that_of_the_bare_handler() -> None:
    """FastAPI sees parameters and annotations as if nothing were decorated."""

    async def handler(number: int, name: str = "x") -> dict[str, int]:
        """Describe me."""
        return {}

    def schema(handler: Any) -> Any:
        app = FastAPI()
        app.get("/")(handler)
        return app.openapi()

    assert schema(json_response(handler)) == schema(handler)
    assert inspect.signature(json_response(handler)) == inspect.signature(handler)


RESPONSES: dict[str, tuple[Any, Callable[[], Any]]] = {
    "starlette": (fastapi_app, lambda: PlainTextResponse("ready", 203)),
    "quart": (quart_app, lambda: QuartResponse("ready", 203)),
    "litestar": (litestar_app, lambda: LitestarResponse(b"ready", status_code=203)),
    "blacksheep": (
        None,
        lambda: blacksheep.Response(203, None, blacksheep.Content(b"a/b", b"ready")),
    ),
}


@pytest.mark.parametrize(("build", "respond"), RESPONSES.values(), ids=RESPONSES.keys())
async def test_responses_pass_through(build: Any, respond: Any) -> None:
    """A handler that answers by itself is left alone."""

    @json_response(status=201)
    async def handler() -> Any:
        return respond()

    app = build(handler) if build else await blacksheep_app(handler)
    answer = await call(app)

    assert (answer.status, answer.body) == (203, b"ready")


async def test_django_responses_and_asgi_apps_pass_through() -> None:
    """Also where the result is Django's, or our own ASGI answer."""

    @json_response
    async def view(request: Any) -> Any:
        return HttpResponse("ready", status=203)

    @json_response
    async def handler(request: Any) -> Any:
        return JSONResponse("ready", 203)

    assert (await call(DjangoApp(view))).status == 203
    assert (await call(starlette_app(handler))).status == 203


async def test_none_is_null() -> None:
    """Outside of Falcon, a handler that returns nothing answers null."""

    @json_response
    async def handler() -> Any:
        return None

    assert (await call(fastapi_app(handler))).body == b"null"


async def test_included_routers_and_requests() -> None:
    """A router's handler with a request argument answers the same."""

    @json_response
    async def handler(request: Request) -> Any:
        return request.url.path

    app, router = FastAPI(), APIRouter()
    router.get("/path")(handler)
    app.include_router(router)

    assert (await call(app, "/path")).json() == "/path"


async def test_bare_asgi() -> None:
    """JSONResponse is an ASGI app: two messages, type and exact length."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse(VALUE, 201, {"X-A": "1", "Vary": "Accept"})(scope, receive, send)

    assert_answered(await call(app))


async def test_the_media_type_can_be_chosen() -> None:
    """A content type given replaces application/json."""
    response = JSONResponse([1], headers={"Content-Type": "application/vnd.a+json"})

    answer = await call(response)

    assert answer.all(b"content-type") == [b"application/vnd.a+json"]
    assert (response.status, response.body) == (200, b"[1]")


async def test_an_answer_can_be_sent_again() -> None:
    """Each sending has header lists of its own."""
    response = JSONResponse([1])

    (await call(response)).headers.clear()

    assert (await call(response)).all(b"content-length") == [b"3"]


async def generator() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda: json_response(status=99), "status"),
        (lambda: json_response(status=304), "status"),
        (lambda: json_response(status=204), "status"),
        (lambda: json_response(status=True), "status"),
        (lambda: json_response(status="201"), "status"),  # type: ignore[call-overload] # the mistake under test
        (lambda: JSONResponse(1, 1000), "status"),
        (lambda: json_response(headers={"a": 1}), "headers"),  # type: ignore[dict-item] # the mistake under test
        (lambda: json_response(headers={"a": "\u20ac"}), "headers"),
        (lambda: json_response(headers={"é": "a"}), "headers"),
        (lambda: json_response(headers={"a": "b\r\nset-cookie: c"}), "line breaks"),
        (lambda: json_response(headers={"a b": "c"}), "field names"),
        (lambda: json_response(headers={"Content-Length": "5"}), "field names"),
        (lambda: json_response(201), "a handler must be callable"),  # type: ignore[call-overload] # the mistake under test
        (lambda: json_response(generator), "cannot encode a generator"),
    ],
)
def test_mistakes_are_reported_when_decorating(build: Any, named: str) -> None:
    """An option that cannot work never reaches a request."""
    with pytest.raises(ConfigurationError, match=named):
        build()


def test_a_partial_can_be_decorated() -> None:
    """What is callable can be decorated, and a coroutine function is recognised inside."""

    async def handler(value: Any, request: Any) -> Any:
        return value

    assert inspect.iscoroutinefunction(json_response(partial(handler, VALUE)))
