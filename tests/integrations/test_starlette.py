"""install_json makes an app's JSONResponses fast, and only that app's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextvars import copy_context
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import starlette.responses
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations import starlette as ours
from chopin_mw.integrations.install import install_json
from support.asgi_call import call
from support.scopes import http_scope

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_stdlib_render = ours._render_with_stdlib


@pytest.fixture(autouse=True)
def _unpatched() -> Iterator[None]:
    """Put Starlette's own method back after each test."""
    yield
    starlette.responses.JSONResponse.render = _stdlib_render  # type: ignore[method-assign] # as it was


def app_returning(content: Any, **options: Any) -> Starlette:
    async def handler(_: Request) -> JSONResponse:
        return JSONResponse(content, **options)

    def plain(_: Request) -> JSONResponse:
        return JSONResponse(content, **options)

    return Starlette(routes=[Route("/", handler), Route("/plain", plain)])


@pytest.mark.parametrize("path", ["/", "/plain"])
async def test_json_responses_of_the_app_use_the_codec(path: str) -> None:
    """Handlers stay as they are, async or plain, and may return what the codec knows."""
    app = app_returning({"when": NOON, "price": Decimal("1.10")}, status_code=201)
    report = install_json(app)

    answer = await call(app, path)

    assert answer.status == 201
    assert answer.json() == {"when": "2026-03-04T12:00:00Z", "price": "1.10"}
    assert report.framework == "Starlette"
    assert "JSONResponse encodes with the codec" in report.changed[0]


@pytest.mark.parametrize(
    "content",
    [{"a": [1, 1.5, None, True, "é€😀\u2028"]}, {1: 1, None: 2}, [], "text", 2**70, [(1, 2)]],
)
async def test_the_wire_is_starlettes(content: Any) -> None:
    """What Starlette could encode comes out byte for byte the same, with the same headers."""
    options = {"headers": {"x-a": "1"}, "media_type": "application/vnd.a+json"}
    bare = await call(app_returning(content, **options))
    app = app_returning(content, **options)
    install_json(app)

    assert await call(app) == bare


async def test_what_the_codec_refuses_goes_starlettes_way() -> None:
    """300 levels were fine before and still are; bytes fail as before."""
    deep: Any = [1]
    for _ in range(300):
        deep = [deep]
    app = app_returning(deep)
    install_json(app)
    assert json.loads((await call(app)).body) == deep

    app = app_returning(b"x")
    install_json(app)
    with pytest.raises(TypeError, match="Object of type bytes is not JSON serializable"):
        await call(app)


async def test_other_apps_in_the_process_are_not_touched() -> None:
    """An app that was not installed goes on as Starlette has it."""
    installed, other = app_returning([NOON]), app_returning([NOON])
    install_json(installed)

    assert (await call(installed)).status == 200
    with pytest.raises(TypeError, match="datetime is not JSON serializable"):
        await call(other)


async def test_installing_twice_is_installing_once() -> None:
    """The middleware is there once, the report is the same."""
    app = app_returning([NOON])

    assert install_json(app) == install_json(app)
    classes: list[Any] = [entry.cls for entry in app.user_middleware]
    assert classes == [ours.FastJSONMiddleware]


async def test_an_app_that_has_started_is_reached() -> None:
    """Only the error answer comes too late, and the report says so."""
    app = app_returning([NOON])
    assert (await call(app, "/nowhere")).status == 404

    report = install_json(app)
    install_json(app)

    assert (await call(app)).status == 200
    assert dict(report.left_alone)["ProblemError"].startswith("the app has served requests")
    assert isinstance(app.middleware_stack, ours.FastJSONMiddleware)
    assert not isinstance(app.middleware_stack.app, ours.FastJSONMiddleware)


async def test_behind_base_http_middleware() -> None:
    """The mark reaches handlers that run in another task."""

    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app = app_returning([NOON])
    app.user_middleware.append(Middleware(BaseHTTPMiddleware, dispatch=pass_on))
    install_json(app)

    assert (await call(app)).status == 200


async def test_the_patch_can_be_declined() -> None:
    """With patch=False Starlette's class stays as it is, and the import is named."""
    app = app_returning([NOON])

    report = install_json(app, patch=False)

    assert starlette.responses.JSONResponse.render is _stdlib_render
    assert "chopin_mw.integrations.starlette" in dict(report.left_alone)["JSONResponse"]
    with pytest.raises(TypeError):
        await call(app)


async def test_our_response_class_needs_no_installation() -> None:
    """A change of import is enough, and everything else works as in Starlette."""
    done: list[str] = []

    async def handler(_: Request) -> ours.JSONResponse:
        task = BackgroundTask(done.append, "ran")
        response = ours.JSONResponse([NOON], 202, {"x-a": "1"}, background=task)
        response.set_cookie("seen", "1")
        return response

    answer = await call(Starlette(routes=[Route("/", handler)]))

    assert answer.json() == ["2026-03-04T12:00:00Z"]
    assert (answer.status, answer.all(b"x-a"), done) == (202, [b"1"], ["ran"])
    assert answer.all(b"set-cookie") == [b"seen=1; Path=/; SameSite=lax"]
    assert ours.JSONResponse([300] * 3).body == b"[300,300,300]"


async def test_our_response_class_falls_back_too() -> None:
    """What the codec refuses fails in Starlette's words."""
    with pytest.raises(TypeError, match="Object of type bytes is not JSON serializable"):
        ours.JSONResponse(b"x")


async def test_refused_bodies_are_answered() -> None:
    """RequestBodyError becomes a problem answer."""

    async def refuse(_: Request) -> PlainTextResponse:
        raise RequestBodyError(415, "Unsupported Media Type", "no")

    app = Starlette(routes=[Route("/", refuse)])
    install_json(app)

    answer = await call(app)

    assert answer.status == 415
    assert answer.json() == {"title": "Unsupported Media Type", "status": 415, "detail": "no"}


async def test_the_handler_answers_its_own_errors_only() -> None:
    """Whoever calls it with another exception gets that back."""
    with pytest.raises(KeyError):
        await ours._answer_with_details(Request(http_scope()), KeyError("a"))


async def test_a_dropped_request_leaves_no_error() -> None:
    """A coroutine that is closed in another context ends quietly."""

    async def never(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    class Pause:
        def __await__(self) -> Any:
            yield

    async def receive() -> Message:
        await Pause()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Take nothing."""

    from_another = ours.FastJSONMiddleware(never)(http_scope(), receive, send)
    copy_context().run(from_another.send, None)

    from_another.close()


def test_importing_install_imports_no_framework() -> None:
    """The detection looks at what is there; it brings nothing in."""
    program = (
        "import sys, chopin_mw.integrations.install; "
        "names = 'starlette fastapi quart litestar django falcon blacksheep pydantic'.split(); "
        "print([name for name in names if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
