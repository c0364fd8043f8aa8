"""BlackSheep: our codec in its process-wide JSON settings, and the error answer."""

from collections.abc import Sequence
from typing import Any

from blacksheep import Application, Content, Request, Response
from blacksheep.settings import json as settings

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.installation import OWN_ANSWER, JSONInstallation, answers_problems
from chopin_mw.json import dumps, loads
from chopin_mw.json.codec import without_secrets
from chopin_mw.rules.problem import answer_to

# Untyped in BlackSheep.
_settings: Any = settings.json_settings
_default_dumps: Any = settings.default_json_dumps


def install(app: Application, *, envelope: bool = False) -> JSONInstallation:
    """Put the codec into BlackSheep's JSON settings, unless the app has put something there."""
    changed, left_alone = [], []
    present = app.exceptions_handlers.get(ProblemError)
    if present in (None, _answer_in_envelope, _answer_with_details):
        answer = _answer_in_envelope if envelope else _answer_with_details
        app.exceptions_handlers[ProblemError] = answer
        changed.append(answers_problems(envelope=envelope))
    else:
        left_alone.append(OWN_ANSWER)
    if _settings._dumps in (_default_dumps, _dumps):  # noqa: SLF001 - there is no other way to ask
        # The pretty form stays BlackSheep's: `use` would reset it to the default.
        _settings.use(loads=loads, dumps=_dumps, pretty_dumps=_settings._pretty_dumps)  # noqa: SLF001
        changed.append("json_settings use the codec, in every BlackSheep app of this process")
    else:
        left_alone.append(("json_settings", "something else is in use there"))
    return JSONInstallation(
        framework="BlackSheep", changed=tuple(changed), left_alone=tuple(left_alone)
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
        return without_secrets(str(_default_dumps(value)).encode()).decode()


async def _answer_with_details(_: Application, __: Request, error: ProblemError) -> Response:
    return respond((), *answer_to(error))


async def _answer_in_envelope(_: Application, __: Request, error: ProblemError) -> Response:
    return respond((), *answer_to(error, envelope=True))
