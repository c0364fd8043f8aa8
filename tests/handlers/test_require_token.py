"""`@require_token`: its options, and every shape of handler that it guards."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import litestar
import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from quart import Quart
from quart.views import MethodView
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from chopin_mw import HTTPCacheMiddleware, install_json
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.handlers.identity import current_token
from chopin_mw.handlers.require_token import require_token
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token import VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support import frameworks
from support.asgi_call import Answer, call
from support.calls import answering
from support.scopes import websocket_scope
from support.scripted import ScriptedServer
from support.tokens import AUDIENCE, SECRET, claims, signed

VERIFIER = TokenVerifier(
    TokenPolicy(algorithms="HS256", audience=AUDIENCE, optional_paths=("/*",)), SECRET
)
SCOPE = require_token(scopes=("write",))
CONNECT: Message = {"type": "websocket.connect"}


def guarded(app: Any) -> ASGIApp:
    return JWTMiddleware(app, verifier=VERIFIER)


def bearer(**more: Any) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", b"Bearer " + signed(claims(**more)))]


WRITER = bearer(scope="write")
READER = bearer(scope="read")


async def statuses(app: Any, path: str = "/", method: str = "GET") -> list[int]:
    """Return what nobody, a reader and a writer are answered."""
    answers: list[Answer] = [
        await call(guarded(app), path, method, headers=headers) for headers in ([], READER, WRITER)
    ]
    return [answer.status for answer in answers]


async def test_bare_it_asks_for_any_token() -> None:
    """401 for nobody, and no 403 for anybody."""
    app = require_token(answering())

    assert await statuses(app) == [401, 200, 200]


async def test_scopes_and_permissions_are_all_needed() -> None:
    """The challenge names the scopes; permissions have no place in it."""
    app = require_token(scopes=("b", "a"), permissions=("fly", "land"))(answering())

    async def status(**more: Any) -> int:
        return (await call(guarded(app), headers=bearer(**more))).status

    assert await status(scope="a b c", permissions=["land", "fly", "x"]) == 200
    assert await status(scope="a b", permissions=["fly"]) == 403
    assert await status(scope="a", permissions=["land", "fly"]) == 403
    answer = await call(guarded(app), headers=bearer())
    assert answer.all(b"www-authenticate") == [
        b'Bearer realm="api", error="insufficient_scope", scope="a b"'
    ]


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"scopes": "write"}, "scopes must be a collection of names, got 'write'"),
    ({"scopes": ("a b",)}, "scopes must be names without spaces"),
    ({"scopes": ('a"b',)}, "scopes must be names without spaces"),
    ({"permissions": "fly"}, "permissions must be a collection of names, got 'fly'"),
    ({"permissions": ("",)}, "permissions must be a collection of names"),
]


@pytest.mark.parametrize(("options", "message"), MISTAKES)
def test_mistakes_are_told_at_decoration(options: dict[str, Any], message: str) -> None:
    """With the option and what was given."""
    with pytest.raises(ConfigurationError, match=message):
        require_token(**options)


async def test_without_the_middleware_nobody_is_let_in() -> None:
    """The call fails, for those with a token as well, and says what is missing."""
    calls: list[str] = []

    @require_token
    async def handler() -> None:
        calls.append("called")

    @require_token
    def plain() -> None:
        calls.append("called")

    with pytest.raises(ConfigurationError, match="lets nobody in: add JWTMiddleware"):
        await handler()
    with pytest.raises(ConfigurationError, match="lets nobody in: add JWTMiddleware"):
        plain()
    with pytest.raises(ConfigurationError, match="lets nobody in"):
        await call(HTTPCacheMiddleware(require_token(answering())), headers=WRITER)
    assert calls == []


def test_signatures_stay_as_they_are() -> None:
    """Frameworks read them."""

    @SCOPE
    async def handler(flight_id: int, *, airline: str = "UA") -> str:
        """Say something."""
        return ""

    assert list(inspect.signature(handler).parameters) == ["flight_id", "airline"]
    assert (handler.__name__, handler.__doc__) == ("handler", "Say something.")
    assert inspect.iscoroutinefunction(handler)


def hiding(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Be a decorator that makes an async handler look plain."""

    @functools.wraps(handler)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return handler(*args, **kwargs)

    return wrapper


async def test_a_decorator_below_may_hide_that_it_is_async() -> None:
    """FastAPI looks through it, and awaits what it gets."""

    @SCOPE
    @hiding
    async def handler() -> str:
        return "ok"

    @SCOPE
    @hiding
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering()(scope, receive, send)

    assert await statuses(frameworks.fastapi_app(handler)) == [401, 403, 200]
    assert await statuses(app) == [401, 403, 200]


async def test_partials_and_instances_are_guarded() -> None:
    """As Starlette takes them."""

    async def handler(text: str, request: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    class Handler:
        async def __call__(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse("x")

    for each in (functools.partial(handler, "x"), Handler()):
        assert await statuses(frameworks.starlette_app(SCOPE(each))) == [401, 403, 200]


@pytest.mark.parametrize("build", [frameworks.falcon_app, frameworks.blacksheep_app])
async def test_frameworks_that_hide_their_route(build: Any) -> None:
    """Falcon and BlackSheep answer in their own way."""

    @SCOPE
    async def falcon(request: Any, response: Any) -> None:
        response.text = "x"

    @SCOPE
    async def blacksheep(request: Any) -> Any:
        return "x"

    built = build(falcon if build is frameworks.falcon_app else blacksheep)
    app = await built if inspect.isawaitable(built) else built

    assert (await statuses(app))[:2] == [401, 403]


async def test_a_generator_in_fastapi_is_not_begun() -> None:
    """What it streams would begin with the refusal."""
    app = FastAPI()

    @app.get("/", response_class=StreamingResponse)
    @SCOPE
    async def stream() -> AsyncIterator[str]:
        yield "x"

    @app.get("/plain", response_class=StreamingResponse)
    @SCOPE
    def plain() -> Iterator[str]:
        yield "x"

    for path in ("/", "/plain"):
        assert await statuses(app, path) == [401, 403, 200]


async def test_a_generator_in_quart_is_not_begun() -> None:
    """There the refusal can be returned."""

    @SCOPE
    async def stream() -> AsyncIterator[str]:
        yield "x"

    assert await statuses(frameworks.quart_app(stream)) == [401, 403, 200]


async def test_a_dependency_ends_the_request() -> None:
    """The endpoint does not run with a refusal for a user."""
    app, calls = FastAPI(), []

    @SCOPE
    async def writer() -> VerifiedToken | None:
        return current_token()

    @app.get("/")
    async def endpoint(token: Annotated[VerifiedToken, Depends(writer)]) -> str:
        calls.append(token.user.identity)
        return "ok"

    assert await statuses(app) == [401, 403, 200]
    assert calls == ["ada"]


async def test_the_token_is_a_dependency() -> None:
    """`Depends(current_token)` gives it, or None."""
    app = FastAPI()

    @app.get("/")
    async def endpoint(
        token: Annotated[VerifiedToken | None, Depends(current_token)],
    ) -> str | None:
        return token.user.identity if token else None

    answers = [await call(guarded(app), headers=headers) for headers in ([], READER)]

    assert [answer.body for answer in answers] == [b"null", b'"ada"']


async def test_a_view_of_django_returns_an_answer_to_everybody() -> None:
    """That is what views return, whoever calls them."""
    called: list[int] = []

    @SCOPE
    async def inner(request: Any) -> Any:
        raise AssertionError("must not run")

    async def outer(request: Any) -> Any:
        response = await inner(request)
        called.append(response.status_code)
        return response

    answer = await call(guarded(frameworks.DjangoApp(outer)), headers=READER)

    assert (answer.status, called) == (403, [403])


@pytest.mark.parametrize("is_async", [True, False])
async def test_where_nobody_would_send_an_answer_it_raises(is_async: bool) -> None:
    """Without a framework, a function that was called might take an answer for data."""

    @SCOPE
    async def rows() -> list[int]:
        raise AssertionError("must not run")

    @SCOPE
    def plain_rows() -> list[int]:
        raise AssertionError("must not run")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await rows() if is_async else plain_rows()

    with pytest.raises(ProblemError) as told:
        await call(guarded(app), headers=READER)

    assert (told.value.status, told.value.headers["cache-control"]) == (403, "no-store")
    assert "insufficient_scope" in told.value.headers["www-authenticate"]


@SCOPE
class Endpoint(HTTPEndpoint):
    async def get(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("x")

    def post(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("x")


class Open(HTTPEndpoint):
    async def get(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("x")

    @staticmethod
    async def put(request: Request) -> PlainTextResponse:
        return PlainTextResponse("x")


@SCOPE
class Inheriting(Open):
    async def post(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("x")


@pytest.mark.parametrize(
    ("kind", "methods"), [(Endpoint, ("GET", "POST", "HEAD")), (Inheriting, ("GET", "POST", "PUT"))]
)
async def test_classes_are_guarded_whole(kind: Any, methods: tuple[str, ...]) -> None:
    """Every method that answers, what is inherited too."""
    app = Starlette(routes=[Route("/", kind), Route("/open", Open)])

    for method in methods:
        assert await statuses(app, method=method) == [401, 403, 200]
    assert await statuses(app, "/open") == [200, 200, 200]


async def test_views_of_quart_are_guarded_whole() -> None:
    """Where all requests go through one method."""

    class OpenView(MethodView):
        async def get(self) -> str:
            return "x"

    @SCOPE
    class View(OpenView):
        def post(self) -> str:
            return "x"

    app = Quart(__name__)
    app.add_url_rule("/", view_func=View.as_view("guarded"))
    app.add_url_rule("/open", view_func=OpenView.as_view("open"))

    assert await statuses(app) == [401, 403, 200]
    assert await statuses(app, method="POST") == [401, 403, 200]
    assert await statuses(app, "/open") == [200, 200, 200]


@pytest.mark.parametrize("is_async", [True, False])
async def test_views_of_django_are_guarded_whole(is_async: bool) -> None:
    """Plain ones and async ones; what Django itself answers to OPTIONS is a list of methods."""
    from django.http import HttpResponse  # noqa: PLC0415 - after the settings
    from django.views import View  # noqa: PLC0415

    if is_async:

        @SCOPE
        class Flights(View):  # type: ignore[misc]  # Django has no types
            async def get(self, request: Any) -> HttpResponse:
                return HttpResponse("x")
    else:

        @SCOPE
        class Flights(View):  # type: ignore[misc,no-redef]  # Django has no types
            def get(self, request: Any) -> HttpResponse:
                return HttpResponse("x")

    app = frameworks.DjangoApp(Flights.as_view())

    assert await statuses(app) == [401, 403, 200]
    assert await statuses(app, method="HEAD") == [401, 403, 200]
    assert await statuses(app, method="OPTIONS") == [200, 200, 200]


def test_a_class_that_answers_nothing_is_refused() -> None:
    """It would look guarded; so do the handlers that Litestar has made of its methods."""

    class Nothing:
        value = 1

    class Controller(litestar.Controller):
        @litestar.get("/")
        async def get(self) -> str:
            return ""

    for kind in (Nothing, Controller):
        with pytest.raises(ConfigurationError, match="decorate its handlers one by one"):
            require_token(kind)
    with pytest.raises(ConfigurationError, match="must be callable"):
        require_token(7)  # type: ignore[call-overload]  # that is the question


async def opened(app: Any, headers: Any, *, then: tuple[Message, ...] = ()) -> ScriptedServer:
    scope = websocket_scope(headers)
    server = ScriptedServer(scope, (CONNECT, *then))
    await guarded(app)(scope, server.receive, server.send)
    return server


@SCOPE
class Live(WebSocketEndpoint):
    async def on_connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()


async def test_websocket_endpoints_are_guarded_whole() -> None:
    """Before they accept."""
    app = Starlette(routes=[WebSocketRoute("/live", Live)])

    assert (await opened(app, READER)).status == 403
    left: Message = {"type": "websocket.disconnect", "code": 1000}
    accepted = await opened(app, WRITER, then=(left,))
    assert accepted.sent[0]["type"] == "websocket.accept"


async def test_a_plain_handler_cannot_deny_a_websocket() -> None:
    """Then nobody is let in."""

    @SCOPE
    def handler() -> None:
        raise AssertionError("must not run")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        handler()

    with pytest.raises(ConfigurationError, match="make it async"):
        await opened(app, READER)


async def test_a_websocket_denied_by_a_dependency_ends() -> None:
    """The endpoint does not run, and nothing comes after the denial."""
    app, calls = FastAPI(), []

    @SCOPE
    async def writer() -> None: ...

    @app.websocket("/live")
    async def live(websocket: WebSocket, _: Annotated[None, Depends(writer)]) -> None:
        calls.append("called")

    server = await opened(app, READER)

    assert [message["type"] for message in server.sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert (server.status, calls) == (403, [])


async def test_a_denied_websocket_is_not_heard_any_more() -> None:
    """A caller that goes on speaks to nobody."""

    @SCOPE
    async def step(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("must not run")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await step(scope, receive, send)
        await send({"type": "websocket.send", "text": "secret"})

    server = await opened(app, READER)

    assert [message["type"] for message in server.sent] == [
        "websocket.accept",
        "websocket.close",
    ]
    assert server.sent[1]["code"] == 1008


@pytest.mark.parametrize("installs", [False, True])
async def test_a_dependency_is_answered_in_full(installs: bool) -> None:
    """With the challenge; in FastAPI the exception is its own, whatever is installed."""
    app = FastAPI()
    app.get("/")(_with_dependency)
    if installs:
        install_json(app)

    answer = await call(guarded(app), headers=READER)

    assert (answer.status, answer.all(b"cache-control")) == (403, [b"no-store"])
    assert b"insufficient_scope" in answer.all(b"www-authenticate")[0]


async def _nothing() -> None: ...


async def _with_dependency(_: Annotated[None, Depends(SCOPE(_nothing))]) -> str:
    return "ok"


def test_a_scope_by_position_is_explained() -> None:
    """It looks right, and would decorate the text."""
    with pytest.raises(ConfigurationError, match=r"@require_token\(scopes=\('read',\)\)"):
        require_token("read")  # type: ignore[call-overload]  # what is tested
