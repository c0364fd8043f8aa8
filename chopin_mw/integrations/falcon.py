"""Falcon: our codec in its JSON media handler, on both sides, and the error answer."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import falcon
import falcon.asgi
from falcon.media import JSONHandler

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.installation import OWN_ANSWER, JSONInstallation, answers_problems
from chopin_mw.json import dumps, loads
from chopin_mw.json.codec import without_secrets
from chopin_mw.rules.problem import answer_to


def install(app: falcon.App[Any, Any], *, envelope: bool = False) -> JSONInstallation:
    """Replace the JSON handlers that Falcon brought with one over our codec."""
    # Never a subclass: Falcon takes its synchronous short cut for the exact class only.
    handler = JSONHandler(dumps=_dumps, loads=loads)
    changed, left_alone = [], []
    if _answer_problems(app, envelope=envelope):
        changed.append(answers_problems(envelope=envelope))
    else:
        left_alone.append(OWN_ANSWER)
    for side, options in (("request", app.req_options), ("response", app.resp_options)):
        media = options.media_handlers.get(falcon.MEDIA_JSON)
        if is_falcons_own(media):
            options.media_handlers[falcon.MEDIA_JSON] = handler
            changed.append(f"{side} media application/json uses the codec")
        else:
            left_alone.append(
                (f"{side} media application/json", "the app has a handler of its own")
            )
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
        return without_secrets(json.dumps(media, ensure_ascii=False).encode())


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


def _answer_problems(app: falcon.App[Any, Any], *, envelope: bool) -> bool:
    """Register the answer to ProblemError, unless the app has one of its own."""
    is_asgi = isinstance(app, falcon.asgi.App)
    ours = _ANSWERS_ASYNC if is_asgi else _ANSWERS
    present = app._error_handlers.get(ProblemError)  # noqa: SLF001 - Falcon has no other way to ask
    if present is not None and present not in ours:
        return False
    app.add_error_handler(ProblemError, ours[envelope])
    return True


def _answer_with_details(_: Any, response: Any, error: ProblemError, __: Any) -> None:
    _answer(response, error, envelope=False)


def _answer_in_envelope(_: Any, response: Any, error: ProblemError, __: Any) -> None:
    _answer(response, error, envelope=True)


async def _answer_with_details_async(_: Any, response: Any, error: ProblemError, __: Any) -> None:
    _answer(response, error, envelope=False)


async def _answer_in_envelope_async(_: Any, response: Any, error: ProblemError, __: Any) -> None:
    _answer(response, error, envelope=True)


def _answer(response: Any, error: ProblemError, *, envelope: bool) -> None:
    if response is None:
        # A websocket has no answer: Falcon closes it.
        raise error
    respond((response,), *answer_to(error, envelope=envelope))


_ANSWERS: tuple[Any, ...] = (_answer_with_details, _answer_in_envelope)
_ANSWERS_ASYNC: tuple[Any, ...] = (_answer_with_details_async, _answer_in_envelope_async)
