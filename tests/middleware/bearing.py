"""JWTMiddleware among the citizens: every client shows a good token, and no app sees it."""

from typing import Any

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import AUDIENCE, SECRET, signed

VERIFIER = TokenVerifier(TokenPolicy(algorithms="HS256", audience=AUDIENCE), SECRET)
GIVEN = "test.headers"
_CONNECTIONS = ("http", "websocket")
_ABSENT = object()


def jwt(app: ASGIApp) -> ASGIApp:
    return _showing(JWTMiddleware(_hiding(app), verifier=VERIFIER))


def jwt_twice(app: ASGIApp) -> ASGIApp:
    return _showing(
        JWTMiddleware(JWTMiddleware(_hiding(app), verifier=VERIFIER), verifier=VERIFIER)
    )


def jwt_around_cache(app: ASGIApp) -> ASGIApp:
    return jwt(HTTPCacheMiddleware(app))


def _showing(app: ASGIApp) -> ASGIApp:
    async def showing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in _CONNECTIONS:
            await app(scope, receive, send)
            return
        given = scope.get("headers", _ABSENT)
        scope[GIVEN] = given
        scope["headers"] = [(b"authorization", b"Bearer " + signed())]
        try:
            await app(scope, receive, send)
        finally:
            _put_back(scope, given)
            del scope[GIVEN]

    return showing


def _hiding(app: ASGIApp) -> ASGIApp:
    async def hiding(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in _CONNECTIONS:
            await app(scope, receive, send)
            return
        shown = scope["headers"]
        _put_back(scope, scope[GIVEN])
        try:
            await app(scope, receive, send)
        finally:
            scope["headers"] = shown

    return hiding


def _put_back(scope: Scope, headers: Any) -> None:
    if headers is _ABSENT:
        scope.pop("headers", None)
    else:
        scope["headers"] = headers
