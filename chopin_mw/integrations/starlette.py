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
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState

from chopin_mw.asgi.types import ASGIApp, Headers, Receive, Scope, Send
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.installation import OWN_ANSWER, JSONInstallation, answers_problems
from chopin_mw.json import dumps
from chopin_mw.json.codec import without_secrets
from chopin_mw.rules.problem import answer_to

_render_with_stdlib = starlette.responses.JSONResponse.render
_SERVERS_FAULT = 500
_is_installed: ContextVar[bool] = ContextVar("chopin_mw.fast_json", default=False)


class JSONResponse(starlette.responses.JSONResponse):
    """Use as Starlette's: `JSONResponse(rows, status_code=201, headers=..., background=...)`."""

    def render(self, content: Any) -> bytes:
        """Encode with our codec; what it refuses goes Starlette's own way."""
        return _encoded(self, content)


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


def install(app: Starlette, *, envelope: bool = False, patch: bool = True) -> JSONInstallation:
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
    why_not = answer_problems(app, envelope=envelope)
    if why_not is None:
        changed.append(answers_problems(envelope=envelope))
    else:
        left_alone.append(why_not)
    return JSONInstallation(
        framework="Starlette", changed=tuple(changed), left_alone=tuple(left_alone)
    )


def answer_problems(app: Starlette, *, envelope: bool) -> tuple[str, str] | None:
    """Register the answer to ProblemError; return the reason if that cannot be."""
    # Starlette's type has no room for a handler of both kinds of connections.
    answer: Any = _answer_in_envelope if envelope else _answer_with_details
    present: Any = app.exception_handlers.get(ProblemError)
    if present not in (None, _answer_in_envelope, _answer_with_details):
        return OWN_ANSWER
    if app.middleware_stack is not None and present is not answer:
        return ("ProblemError", "the app has served requests: install before that")
    app.add_exception_handler(ProblemError, answer)
    return None


def respond(arguments: Sequence[Any], status: int, headers: Headers, body: bytes) -> Response:
    """Return a Starlette response; one that FastAPI injected adds its headers and cookies."""
    response = Response(body, status)
    response.raw_headers += [field for field in headers if field[0].lower() != b"content-length"]
    injected = next((value for value in arguments if isinstance(value, Response)), None)
    if injected is not None:
        _merge(response, injected)
    return response


def refuse(_: Sequence[Any], status: int, headers: Headers, body: bytes) -> Response:
    """Return the same for a handler that raised: FastAPI would then run no background task."""
    response = respond((), status, headers, body)
    response.background = BackgroundTasks()
    return response


def _render(response: starlette.responses.JSONResponse, content: Any) -> bytes:
    if not _is_installed.get():
        return _render_with_stdlib(response, content)
    return _encoded(response, content)


def _encoded(response: starlette.responses.JSONResponse, content: Any) -> bytes:
    try:
        return dumps(content)
    except (TypeError, ValueError, RecursionError):
        return without_secrets(_render_with_stdlib(response, content))


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


async def _answer_with_details(connection: HTTPConnection, error: Exception) -> Response | None:
    return await _answer_problem(connection, error, envelope=False)


async def _answer_in_envelope(connection: HTTPConnection, error: Exception) -> Response | None:
    return await _answer_problem(connection, error, envelope=True)


async def _answer_problem(
    connection: HTTPConnection, error: Exception, *, envelope: bool
) -> Response | None:
    if not isinstance(error, ProblemError):
        raise error
    if isinstance(connection, WebSocket) and not _may_be_denied(connection):
        # RFC 6455 §7.4.1: 1008 is the client's fault, 1011 the server's; 403 before it is open.
        await connection.close(1011 if error.status >= _SERVERS_FAULT else 1008)
        return None
    return refuse((), *answer_to(error, envelope=envelope))


def _may_be_denied(websocket: WebSocket) -> bool:
    """Say whether a refusal can still be an HTTP answer."""
    is_new = websocket.application_state is WebSocketState.CONNECTING
    return is_new and "websocket.http.response" in websocket.scope.get("extensions", {})
