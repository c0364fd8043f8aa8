"""Falcon: our codec in its JSON media handler, on both sides, and the error answer."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import falcon
import falcon.asgi
from falcon.media import JSONHandler

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.installation import JSONInstallation
from chopin_mw.json import dumps, loads
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body


def install(app: falcon.App[Any, Any]) -> JSONInstallation:
    """Replace the JSON handlers that Falcon brought with one over our codec."""
    # Never a subclass: Falcon takes its synchronous short cut for the exact class only.
    handler = JSONHandler(dumps=_dumps, loads=loads)
    changed = ["RequestBodyError is answered with problem details"]
    left_alone = []
    for side, options in (("request", app.req_options), ("response", app.resp_options)):
        media = options.media_handlers.get(falcon.MEDIA_JSON)
        if is_falcons_own(media):
            options.media_handlers[falcon.MEDIA_JSON] = handler
            changed.append(f"{side} media application/json uses the codec")
        else:
            left_alone.append(
                (f"{side} media application/json", "the app has a handler of its own")
            )
    answer: Any = _answer_async if isinstance(app, falcon.asgi.App) else _answer
    app.add_error_handler(RequestBodyError, answer)
    return JSONInstallation(
        framework="Falcon", changed=tuple(changed), left_alone=tuple(left_alone)
    )


def is_falcons_own(media: Any) -> bool:
    """Tell whether this is a handler that Falcon made, or one of ours."""
    if type(media) is not JSONHandler:
        return False
    return media._dumps is _dumps or _is_default(media._dumps)  # noqa: SLF001 - Falcon has no other way to ask


def _is_default(encode: Any) -> bool:
    return (
        isinstance(encode, partial)
        and encode.func is json.dumps
        and encode.keywords == {"ensure_ascii": False}
    )


def _dumps(media: Any) -> bytes:
    try:
        return dumps(media)
    except (TypeError, ValueError):
        # What Falcon could encode before, it still can.
        return json.dumps(media, ensure_ascii=False).encode()


def respond(arguments: Sequence[Any], status: int, headers: Headers, body: bytes) -> None:
    """Write the answer into the responder's response argument."""
    response = next(value for value in arguments if isinstance(value, falcon.Response))
    response.status = status
    response.data = body
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name == "content-type":
            response.content_type = value
        elif name != "content-length":
            response.append_header(name, value)


def _answer(_: Any, response: falcon.Response, error: RequestBodyError, __: Any) -> None:
    response.status = error.status
    response.content_type = PROBLEM_MEDIA_TYPE.decode()
    response.data = problem_body(error.status, error.title, error.detail)


async def _answer_async(
    request: Any, response: falcon.Response, error: RequestBodyError, params: Any
) -> None:
    _answer(request, response, error, params)
