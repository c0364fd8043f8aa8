"""Starlette: fast `JSONResponse`s, with or without a change of import.

`from chopin_mw.integrations.starlette import JSONResponse` is all that a new app needs. An app that
imports Starlette's own class is reached by `install_json(app)`: Starlette has no hook for JSON, so
its `JSONResponse.render` is replaced once in the process by one that asks whether the request
belongs to an installed app. For all others it does what Starlette does.
"""

from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import starlette.responses
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from chopin_mw.asgi.types import ASGIApp, Headers, Receive, Scope, Send
from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.installation import JSONInstallation
from chopin_mw.json import dumps
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body

_render_with_stdlib = starlette.responses.JSONResponse.render
_is_installed: ContextVar[bool] = ContextVar("chopin_mw.fast_json", default=False)


class JSONResponse(starlette.responses.JSONResponse):
    """Use as Starlette's: `JSONResponse(rows, status_code=201, headers=..., background=...)`."""

    def render(self, content: Any) -> bytes:
        """Encode with our codec; what it refuses goes Starlette's own way."""
        try:
            return dumps(content)
        except (TypeError, ValueError, RecursionError):
            return _render_with_stdlib(self, content)


class FastJSONMiddleware:
    """Mark requests of this app, so that Starlette's own JSONResponse encodes fast in them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark, and pass on."""
        token = _is_installed.set(True)
        try:
            await self.app(scope, receive, send)
        finally:
            with suppress(ValueError):
                # A dropped request is closed in whatever context the garbage collector runs in.
                _is_installed.reset(token)


def install(app: Starlette, *, patch: bool = True) -> JSONInstallation:
    """Make this app's JSONResponses fast and register the error answer.

    With `patch=False` Starlette's class stays untouched: import ours where it matters.
    """
    changed, left_alone = [], []
    if patch:
        starlette.responses.JSONResponse.render = _render  # type: ignore[method-assign, assignment] # the only hook there is
        _mark_requests(app)
        changed.append(
            "JSONResponse encodes with the codec in requests of this app "
            "(its render method is replaced process-wide, and asks)"
        )
    else:
        left_alone.append(
            ("JSONResponse", "patch=False: import it from chopin_mw.integrations.starlette")
        )
    if answer_body_errors(app):
        changed.append("RequestBodyError is answered with problem details")
    else:
        left_alone.append(("RequestBodyError", "the app has served requests: install before that"))
    return JSONInstallation(
        framework="Starlette", changed=tuple(changed), left_alone=tuple(left_alone)
    )


def answer_body_errors(app: Starlette) -> bool:
    """Register the answer to RequestBodyError; False if the app has started and would not look."""
    if app.middleware_stack is not None and RequestBodyError not in app.exception_handlers:
        return False
    app.add_exception_handler(RequestBodyError, _answer_body_error)
    return True


def respond(arguments: Sequence[Any], status: int, headers: Headers, body: bytes) -> Response:
    """Return a Starlette response; one that FastAPI injected adds its headers and cookies."""
    response = Response(body, status)
    response.raw_headers += [field for field in headers if field[0].lower() != b"content-length"]
    injected = next((value for value in arguments if isinstance(value, Response)), None)
    if injected is not None:
        _merge(response, injected)
    return response


def _render(response: starlette.responses.JSONResponse, content: Any) -> bytes:
    if not _is_installed.get():
        return _render_with_stdlib(response, content)
    try:
        return dumps(content)
    except (TypeError, ValueError, RecursionError):
        return _render_with_stdlib(response, content)


def _mark_requests(app: Starlette) -> None:
    classes: list[Any] = [middleware.cls for middleware in app.user_middleware]
    if FastJSONMiddleware in classes:
        return
    if app.middleware_stack is None:
        app.add_middleware(FastJSONMiddleware)
    elif not isinstance(app.middleware_stack, FastJSONMiddleware):
        # The app has served requests and takes no more middleware; rebuilding would reset its own.
        app.middleware_stack = FastJSONMiddleware(app.middleware_stack)


def _merge(response: Response, injected: Response) -> None:
    given = {name for name, _ in response.raw_headers}
    response.raw_headers += [
        field
        for field in injected.raw_headers
        if field[0] == b"set-cookie" or field[0] not in given
    ]
    response.background = response.background or injected.background


async def _answer_body_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestBodyError):
        raise error
    body = problem_body(error.status, error.title, error.detail)
    return Response(body, error.status, media_type=PROBLEM_MEDIA_TYPE.decode())
