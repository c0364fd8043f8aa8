"""What install_json does with ProblemError: the app's own answers stay, websockets are closed."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import blacksheep
import falcon
import falcon.asgi
import falcon.testing
import pytest
from blacksheep.settings.json import json_settings
from django.http import HttpResponse
from django.test import override_settings
from fastapi import Depends, FastAPI, WebSocket
from litestar import Litestar
from litestar import Response as LitestarResponse
from quart import Quart
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

from chopin_mw.errors import ProblemError, RequestBodyError
from chopin_mw.integrations import django as our_django
from chopin_mw.integrations.install import install_json
from chopin_mw.integrations.installation import OWN_ANSWER
from support.asgi_call import call
from support.frameworks import (
    DjangoApp,
    blacksheep_app,
    falcon_app,
    fastapi_app,
    litestar_app,
    quart_app,
    starlette_app,
)
from support.scopes import http_scope

DETAILS = {"title": "Conflict", "status": 409, "detail": "taken"}
ENVELOPE = {"success": False, "error": {"code": "CONFLICT", "message": "taken"}}


class SeatTakenError(ProblemError):
    def __init__(self) -> None:
        super().__init__(409, "Conflict", "taken")


async def without_arguments() -> None:
    raise SeatTakenError


async def with_arguments(*_: Any) -> None:
    raise SeatTakenError


async def with_request(request: Any) -> None:
    raise SeatTakenError


@pytest.fixture(autouse=True)
def _settings_as_before() -> Iterator[None]:
    yield
    json_settings.use()


def own_starlette_answer(_: Any, __: Exception) -> PlainTextResponse:
    return PlainTextResponse("own", 418)


def own_fastapi() -> FastAPI:
    app = fastapi_app(without_arguments)
    app.add_exception_handler(ProblemError, own_starlette_answer)
    return app


def own_starlette() -> Starlette:
    app = starlette_app(with_request)
    app.add_exception_handler(ProblemError, own_starlette_answer)
    return app


def own_quart() -> Quart:
    async def own(error: ProblemError) -> Any:
        return "own", 418

    app = quart_app(without_arguments)
    app.register_error_handler(ProblemError, own)
    return app


def own_litestar() -> Litestar:
    def own(_: Any, __: Exception) -> LitestarResponse[str]:
        return LitestarResponse("own", status_code=418, media_type="text/plain")

    app = litestar_app(without_arguments)
    app.exception_handlers[ProblemError] = own
    return app


def own_falcon() -> Any:
    async def own(req: Any, resp: Any, error: Any, params: Any) -> None:
        resp.status, resp.text = 418, "own"

    app = falcon_app(with_arguments)
    app.add_error_handler(ProblemError, own)
    return app


async def own_blacksheep() -> Any:
    async def own(app: Any, request: Any, error: Any) -> Any:
        return blacksheep.Response(418, None, blacksheep.Content(b"text/plain", b"own"))

    app = await blacksheep_app(without_arguments)
    app.exceptions_handlers[ProblemError] = own
    return app


OWN: list[Callable[[], Any]] = [
    own_fastapi,
    own_starlette,
    own_quart,
    own_litestar,
    own_falcon,
    own_blacksheep,
]


@pytest.mark.parametrize("build", OWN, ids=lambda build: build.__name__)
async def test_an_answer_of_the_apps_own_stays(build: Any) -> None:
    """It is left alone, and the report says so."""
    app = await build() if build is own_blacksheep else build()

    report = install_json(app)

    assert OWN_ANSWER in report.left_alone
    assert not any("ProblemError" in change for change in report.changed)
    answer = await call(app)
    assert (answer.status, answer.body) == (418, b"own")


async def test_an_answer_for_a_kind_of_problem_stays() -> None:
    """Frameworks take the handler of the nearest class."""
    app = fastapi_app(without_arguments)
    app.add_exception_handler(SeatTakenError, own_starlette_answer)

    install_json(app)

    assert (await call(app)).status == 418


class OwnMiddleware:
    """Answer exceptions, as a middleware of Django may."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, request: Any) -> Any:
        return self.app(request)

    def process_exception(self, request: Any, error: Exception) -> HttpResponse | None:
        return HttpResponse("own", status=418) if isinstance(error, SeatTakenError) else None


async def test_djangos_middleware_goes_first() -> None:
    """What it answers is answered; the rest of the problems are ours."""
    errors: list[Exception] = [SeatTakenError(), RequestBodyError(413, "Content Too Large", "no")]

    async def view(request: Any) -> Any:
        raise errors.pop(0)

    DjangoApp(view)
    with override_settings(MIDDLEWARE=[f"{__name__}.OwnMiddleware"]):
        app = DjangoApp(view)
    install_json(app)

    assert (await call(app)).status == 418
    assert (await call(app)).status == 413


def test_djangos_hook_leaves_other_errors_alone() -> None:
    """In both forms."""
    for hook in (our_django._answer_with_details, our_django._answer_in_envelope):
        assert hook(None, KeyError("a")) is None


async def in_blacksheep() -> Any:
    return await blacksheep_app(without_arguments)


BUILT: dict[str, Callable[[], Any]] = {
    "fastapi": lambda: fastapi_app(without_arguments),
    "starlette": lambda: starlette_app(with_request),
    "quart": lambda: quart_app(without_arguments),
    "litestar": lambda: litestar_app(without_arguments),
    "django": lambda: DjangoApp(with_request),
    "falcon": lambda: falcon_app(with_arguments),
    "blacksheep": in_blacksheep,
}


@pytest.mark.parametrize("name", BUILT)
async def test_installing_again_can_change_the_form(name: str) -> None:
    """The last call before the first request counts."""
    built = BUILT[name]()
    app = await built if name == "blacksheep" else built

    install_json(app)
    report = install_json(app, envelope=True)

    assert any("in the envelope" in change for change in report.changed)
    assert json.loads((await call(app)).body) == ENVELOPE


def test_falcon_wsgi_has_both_forms() -> None:
    """Its handlers are plain functions."""

    class Resource:
        def on_get(self, req: Any, resp: Any) -> None:
            raise SeatTakenError

    app = falcon.App()
    app.add_route("/", Resource())
    client = falcon.testing.TestClient(app)

    install_json(app)
    assert client.simulate_get("/").json == DETAILS
    install_json(app, envelope=True)
    assert client.simulate_get("/").json == ENVELOPE


async def test_a_started_starlette_keeps_its_form() -> None:
    """The handlers are read once; installing the same again is no news."""
    app = starlette_app(with_request)
    install_json(app)
    assert (await call(app)).status == 409

    again, other = install_json(app), install_json(app, envelope=True)

    assert "ProblemError" not in dict(again.left_alone)
    assert "has served requests" in dict(other.left_alone)["ProblemError"]


async def test_a_dependency_may_raise_one() -> None:
    """It is answered wherever FastAPI catches exceptions."""

    def depend() -> None:
        raise SeatTakenError

    app = FastAPI(dependencies=[Depends(depend)])
    app.get("/")(without_arguments)
    install_json(app)

    assert (await call(app)).json() == DETAILS


def websocket_app(*, accept: bool, error: ProblemError) -> FastAPI:
    app = FastAPI()

    @app.websocket("/")
    async def handler(websocket: WebSocket) -> None:
        if accept:
            await websocket.accept()
        raise error

    install_json(app)
    return app


async def connected(app: Any, *, can_be_denied: bool) -> list[dict[str, Any]]:
    """Open a websocket and return what the app sent."""
    extensions: dict[str, Any] = {"websocket.http.response": {}} if can_be_denied else {}
    scope = http_scope(type="websocket", scheme="ws", path="/", subprotocols=[])
    scope["extensions"] = extensions
    del scope["method"]
    sent: list[dict[str, Any]] = []

    script = [{"type": "websocket.connect"}]

    async def receive() -> Any:
        return script.pop() if script else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 10)
    return sent


async def test_a_websocket_is_denied_with_the_answer() -> None:
    """Where the server can, before it is open."""
    app = websocket_app(accept=False, error=SeatTakenError())

    start, body = await connected(app, can_be_denied=True)

    assert (start["type"], start["status"]) == ("websocket.http.response.start", 409)
    assert json.loads(body["body"]) == DETAILS


async def test_a_websocket_is_refused_where_it_cannot_be_told_why() -> None:
    """A close before the opening is a 403."""
    app = websocket_app(accept=False, error=SeatTakenError())

    (close,) = await connected(app, can_be_denied=False)

    assert (close["type"], close["code"]) == ("websocket.close", 1008)


@pytest.mark.parametrize(("status", "code"), [(409, 1008), (503, 1011)])
async def test_an_open_websocket_is_closed(status: int, code: int) -> None:
    """With the code for whose fault it was (RFC 6455 §7.4.1)."""
    app = websocket_app(accept=True, error=ProblemError(status, "a", "b"))

    accepted, close = await connected(app, can_be_denied=True)

    assert accepted["type"] == "websocket.accept"
    assert (close["type"], close["code"]) == ("websocket.close", code)


async def test_falcon_closes_a_websocket_itself() -> None:
    """There is no response to write into."""

    class Resource:
        async def on_websocket(self, req: Any, ws: Any) -> None:
            await ws.accept()
            raise SeatTakenError

    app: Any = falcon.asgi.App()
    app.add_route("/", Resource())
    install_json(app)

    with pytest.raises(SeatTakenError):
        await connected(app, can_be_denied=False)
