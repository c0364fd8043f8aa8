"""What a middleware costs on requests that it has nothing, or very little, to do for."""

from collections.abc import Iterator

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.apps import (
    bare,
    body_of,
    greeter,
    http_scope,
    websocket_scope,
)
from benchmarks.case import Answer, Budget, Case
from chopin_mw import CacheControlMiddleware, ChopinMiddleware, ETagMiddleware, cache_control
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send

TOPIC = "middleware"
HELLO = b'{"hello":"world"}'
_BODY = body_of(10)
_ONE = Budget(added=1)
_TWO = Budget(added=2)
# The whole stack on a request it has little to do for (docs/benchmarks.md).
_STACK = Budget(added=6)


class Identity:
    """Pass everything on: what any middleware costs at least."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def _call_next(request: Request, call_next: RequestResponseEndpoint) -> Response:
    return await call_next(request)


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    yield from _posts()
    yield from _websockets()
    yield from _hellos()
    yield from _peers()


def _posts() -> Iterator[Case]:
    hello = bare(HELLO)
    apps: list[tuple[str, ASGIApp, Budget | None]] = [
        ("identity, POST", Identity(hello), None),
        ("ETagMiddleware, POST", ETagMiddleware(hello), _ONE),
        ("CacheControlMiddleware, POST", CacheControlMiddleware(hello), _ONE),
        ("ChopinMiddleware, POST", ChopinMiddleware(hello), _TWO),
    ]
    yield _http("bare hello, POST", hello, method="POST")
    for name, app, budget in apps:
        yield _http(name, app, method="POST", base="bare hello, POST", budget=budget)


def _websockets() -> Iterator[Case]:
    apps: list[tuple[str, ASGIApp, Budget | None]] = [
        ("identity, websocket", Identity(greeter), None),
        ("ETagMiddleware, websocket", ETagMiddleware(greeter), _ONE),
        ("CacheControlMiddleware, websocket", CacheControlMiddleware(greeter), _ONE),
        ("ChopinMiddleware, websocket", ChopinMiddleware(greeter), _TWO),
    ]
    yield _websocket("bare websocket", greeter)
    for name, app, budget in apps:
        yield _websocket(name, app, base="bare websocket", budget=budget)


def _hellos() -> Iterator[Case]:
    hello = bare(HELLO)
    chosen = CacheControlMiddleware(cache_control(max_age=60)(hello))
    by_default = CacheControlMiddleware(hello, default="no-cache")
    composed = ChopinMiddleware(hello, cache_control="no-cache")
    base = "bare hello"
    yield _http(base, hello)
    yield _http("identity", Identity(hello), base=base)
    yield _http(
        "CacheControlMiddleware, nothing to send",
        CacheControlMiddleware(hello),
        base=base,
        budget=_ONE,
    )
    yield _http("CacheControlMiddleware, default", by_default, base=base, sends=(b"cache-control",))
    yield _http(
        "CacheControlMiddleware, decorator",
        chosen,
        base=base,
        sends=(b"cache-control",),
    )
    yield _http(
        "ChopinMiddleware", ChopinMiddleware(hello), base=base, budget=_STACK, sends=(b"etag",)
    )
    yield _http(
        "ChopinMiddleware, default Cache-Control",
        composed,
        base=base,
        budget=_STACK,
        sends=(b"etag", b"cache-control"),
    )
    yield _http(
        "peer: BaseHTTPMiddleware that does nothing",
        BaseHTTPMiddleware(hello, dispatch=_call_next),
        base=base,
    )


def _peers() -> Iterator[Case]:
    app, name = bare(_BODY), "bare 10 KB, gzip accepted"
    accepts = (b"accept-encoding", b"gzip")
    yield Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=http_scope("GET", accepts),
        is_right=lambda answer: answer.body == _BODY,
    )
    yield Case(
        name="peer: Starlette GZipMiddleware, 10 KB",
        topic=TOPIC,
        app=GZipMiddleware(app),
        scope=http_scope("GET", accepts),
        is_right=lambda answer: answer.headers[b"content-encoding"] == b"gzip",
        base=name,
    )


def _http(
    name: str,
    app: ASGIApp,
    *,
    method: str = "GET",
    base: str | None = None,
    budget: Budget | None = None,
    sends: tuple[bytes, ...] = (),
) -> Case:
    expected = {b"content-type", b"content-length", *sends}

    def is_right(answer: Answer) -> bool:
        return answer.status == 200 and answer.body == HELLO and set(answer.headers) == expected

    return Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=http_scope(method),
        is_right=is_right,
        base=base,
        budget=budget,
    )


def _websocket(
    name: str, app: ASGIApp, *, base: str | None = None, budget: Budget | None = None
) -> Case:
    return Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=websocket_scope(),
        is_right=lambda answer: answer.kinds == ("websocket.accept", "websocket.close"),
        base=base,
        budget=budget,
    )
