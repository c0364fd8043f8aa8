"""BlackSheep: our codec in its process-wide JSON settings, and the error answer."""

from collections.abc import Sequence
from typing import Any

from blacksheep import Application, Content, Request, Response
from blacksheep.settings import json as settings

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.installation import JSONInstallation
from chopin_mw.json import dumps, loads
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body

# Untyped in BlackSheep.
_settings: Any = settings.json_settings
_default_dumps: Any = settings.default_json_dumps


def install(app: Application) -> JSONInstallation:
    """Put the codec into BlackSheep's JSON settings, unless the app has put something there."""
    app.exceptions_handlers[RequestBodyError] = _answer_body_error
    answers = "RequestBodyError is answered with problem details"
    if _settings._dumps not in (_default_dumps, _dumps):  # noqa: SLF001 - there is no other way to ask
        return JSONInstallation(
            framework="BlackSheep",
            changed=(answers,),
            left_alone=(("json_settings", "something else is in use there"),),
        )
    # The pretty form stays BlackSheep's: `use` would reset it to the default.
    _settings.use(loads=loads, dumps=_dumps, pretty_dumps=_settings._pretty_dumps)  # noqa: SLF001
    return JSONInstallation(
        framework="BlackSheep",
        changed=(answers, "json_settings use the codec, in every BlackSheep app of this process"),
    )


def respond(_: Sequence[Any], status: int, headers: Headers, body: bytes) -> Response:
    """Return a BlackSheep response."""
    content_type = b""
    fields = []
    for name, value in headers:
        if name.lower() == b"content-type":
            content_type = value
        elif name.lower() != b"content-length":
            fields.append((name, value))
    return Response(status, fields, Content(content_type, body) if body else None)


def _dumps(value: Any) -> str:
    # BlackSheep encodes the result itself: it must be text.
    try:
        return dumps(value).decode()
    except (TypeError, ValueError):
        # What BlackSheep could encode before, it still can.
        return str(_default_dumps(value))


async def _answer_body_error(_: Application, __: Request, error: RequestBodyError) -> Response:
    body = problem_body(error.status, error.title, error.detail)
    return Response(error.status, None, Content(PROBLEM_MEDIA_TYPE, body))
