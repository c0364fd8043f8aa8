"""A cache around what authenticates is refused, however the two came together."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import litestar
import pytest
import uvicorn
from fastapi import FastAPI
from litestar.middleware import DefineMiddleware
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from chopin_mw import ChopinMiddleware, ConfigurationError, HTTPCacheMiddleware
from chopin_mw.asgi.layering import check_authentication_is_outside
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.middleware.cache_control import CacheControlMiddleware
from chopin_mw.middleware.etag import ETagMiddleware
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token_policy import TokenPolicy
from support.calls import answering
from support.tokens import SECRET

VERIFIER = TokenVerifier(TokenPolicy(algorithms="HS256"), SECRET)
MISPLACED = "the cache stands around JWTMiddleware"


def guarded(app: ASGIApp) -> JWTMiddleware:
    return JWTMiddleware(app, verifier=VERIFIER)


class Holder:
    """Be an app whose entrance is a method."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def decorated(app: ASGIApp) -> ASGIApp:
    @wraps(app)
    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return outer


async def configured(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def starlette_listed(app: ASGIApp) -> ASGIApp:
    return Starlette(middleware=[Middleware(JWTMiddleware, verifier=VERIFIER)])


def fastapi_listed(app: ASGIApp) -> ASGIApp:
    outer = FastAPI()
    outer.add_middleware(JWTMiddleware, verifier=VERIFIER)
    return outer


def quart_replaced(app: ASGIApp) -> Any:
    outer = Quart(__name__)
    outer.asgi_app = guarded(outer.asgi_app)  # type: ignore[method-assign]  # Quart's own way
    return outer


def litestar_listed(app: ASGIApp) -> Any:
    middleware = [DefineMiddleware(JWTMiddleware, verifier=VERIFIER)]
    return litestar.Litestar([], middleware=middleware, logging_config=None)


def litestar_handler(app: ASGIApp) -> Any:
    @litestar.get("/", middleware=[DefineMiddleware(JWTMiddleware, verifier=VERIFIER)])
    async def handler() -> str:
        return ""

    return litestar.Litestar([handler], logging_config=None)


INSIDE: list[Callable[[ASGIApp], ASGIApp]] = [
    guarded,
    lambda app: ETagMiddleware(CacheControlMiddleware(guarded(app))),
    lambda app: Holder(guarded(app)).enter,
    lambda app: decorated(guarded(app)),
    lambda app: partial(configured, guarded(app)),
    lambda app: Starlette(routes=[Mount("/api", guarded(app))]),
    lambda app: Starlette(routes=[Mount("/a", routes=[Mount("/b", app=guarded(app))])]),
    starlette_listed,
    fastapi_listed,
    quart_replaced,
    litestar_listed,
    litestar_handler,
]


@pytest.mark.parametrize("build", INSIDE)
@pytest.mark.parametrize("cache", [HTTPCacheMiddleware, ChopinMiddleware])
def test_the_wrong_order_is_refused(build: Callable[[ASGIApp], ASGIApp], cache: Any) -> None:
    """At construction, with the right order in the message."""
    app = build(answering())

    with pytest.raises(ConfigurationError, match=MISPLACED):
        cache(app)


OUTSIDE: list[Callable[[], object]] = [
    lambda: guarded(HTTPCacheMiddleware(answering())),
    lambda: guarded(ChopinMiddleware(Starlette(routes=[Route("/", answering)]))),
    lambda: HTTPCacheMiddleware(FastAPI()),
    lambda: HTTPCacheMiddleware(litestar.Litestar([], logging_config=None)),
    lambda: HTTPCacheMiddleware(Quart(__name__)),
]


@pytest.mark.parametrize("build", OUTSIDE)
def test_the_right_order_is_not(build: Callable[[], object]) -> None:
    """Nor is an app that knows nothing of tokens."""
    assert build() is not None


async def run_lifespan(app: ASGIApp) -> Message:
    """Return what a server hears at start-up."""
    heard: asyncio.Queue[Message] = asyncio.Queue()
    script: asyncio.Queue[Message] = asyncio.Queue()
    await script.put({"type": "lifespan.startup"})
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    running = asyncio.create_task(_run(app(scope, script.get, heard.put)))
    answer = await asyncio.wait_for(heard.get(), 10)
    await script.put({"type": "lifespan.shutdown"})
    await running
    return answer


async def _run(call: Any) -> None:
    await call


async def test_quart_in_the_right_order_starts() -> None:
    """The cache wraps a method of the app whose place the token layer then takes."""
    app = Quart(__name__)
    app.asgi_app = HTTPCacheMiddleware(app.asgi_app)  # type: ignore[method-assign]  # Quart's own way
    app.asgi_app = guarded(app.asgi_app)  # type: ignore[method-assign]  # Quart's own way

    assert (await run_lifespan(app))["type"] == "lifespan.startup.complete"


@pytest.mark.parametrize("kind", [FastAPI, Starlette])
async def test_starlette_in_the_right_order_starts(kind: Any) -> None:
    """Added last is outermost."""
    app = kind()
    app.add_middleware(HTTPCacheMiddleware)
    app.add_middleware(JWTMiddleware, verifier=VERIFIER)

    assert (await run_lifespan(app))["type"] == "lifespan.startup.complete"


@pytest.mark.parametrize("kind", [FastAPI, Starlette])
async def test_starlette_in_the_wrong_order_never_answers(kind: Any) -> None:
    """It builds its layers when the server starts, and fails there and at each request."""
    app = kind()
    app.add_middleware(JWTMiddleware, verifier=VERIFIER)
    app.add_middleware(HTTPCacheMiddleware)

    for scope in ({"type": "lifespan"}, {"type": "http", "path": "/", "method": "GET"}):
        with pytest.raises(ConfigurationError, match=MISPLACED):
            await app(scope, asyncio.Queue().get, asyncio.Queue().put)


async def test_what_is_added_later_fails_the_start() -> None:
    """The cache was there first, around an app that was not complete."""
    app = FastAPI()
    outer = HTTPCacheMiddleware(app)
    app.add_middleware(JWTMiddleware, verifier=VERIFIER)

    answer = await run_lifespan(outer)

    assert answer["type"] == "lifespan.startup.failed"
    assert MISPLACED in answer["message"]


async def test_what_quart_is_given_later_fails_the_start() -> None:
    """In the same way."""
    app = Quart(__name__)
    outer = HTTPCacheMiddleware(app)
    app.asgi_app = guarded(app.asgi_app)  # type: ignore[method-assign]  # Quart's own way

    assert (await run_lifespan(outer))["type"] == "lifespan.startup.failed"


def test_a_server_does_not_start_with_it(caplog: pytest.LogCaptureFixture) -> None:
    """Uvicorn ends, and says why."""
    app = FastAPI()
    outer = HTTPCacheMiddleware(app)
    app.add_middleware(JWTMiddleware, verifier=VERIFIER)

    server = uvicorn.Server(uvicorn.Config(outer, port=0, log_config=None))

    with caplog.at_level(logging.ERROR, "uvicorn.error"), pytest.raises(SystemExit):
        server.run()

    assert MISPLACED in caplog.text


def test_strange_objects_do_no_harm() -> None:
    """One whose attributes raise, and one that invents them without end."""

    class Refusing:
        @property
        def app(self) -> Any:
            raise RuntimeError("not yet")

    class Inventing:
        def __getattr__(self, name: str) -> Any:
            return Inventing()

    for app in (Refusing(), Inventing(), None):
        check_authentication_is_outside(app)  # type: ignore[arg-type]  # that is the question
