"""Django: a JSON response class to return from views. Django has no hook to install into.

from chopin_mw.integrations.django import JSONResponse

async def flights(request):
    return JSONResponse([...])
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.installation import JSONInstallation, answers_problems
from chopin_mw.json import dumps
from chopin_mw.rules.envelope import success_envelope
from chopin_mw.rules.problem import answer_to


class JSONResponse(HttpResponse):  # type: ignore[misc] # Django has no types
    """Encode any value, lists included, with our codec: `JSONResponse(rows, status=201)`.

    With `envelope` the body is `{"success": true, "data": …}` around the value.
    """

    def __init__(
        self,
        data: Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        envelope: bool = False,
    ) -> None:
        body = success_envelope(dumps(data)) if envelope else dumps(data)
        super().__init__(body, content_type="application/json", status=status, headers=headers)


def problem_response(error: ProblemError, *, envelope: bool = False) -> HttpResponse:
    """Return the answer to a problem, for views of an app without `install_json`."""
    return respond((), *answer_to(error, envelope=envelope))


def install(app: ASGIHandler, *, envelope: bool = False) -> JSONInstallation:
    """Answer ProblemError, after the app's own middleware; say what to use for JSON."""
    # Where `process_exception` of middleware goes; the outermost, which is asked last, at its end.
    hooks = app._exception_middleware  # noqa: SLF001 - settings cannot be changed any more
    hooks[:] = [hook for hook in hooks if hook not in (_answer_with_details, _answer_in_envelope)]
    hooks.append(_answer_in_envelope if envelope else _answer_with_details)
    return JSONInstallation(
        framework="Django",
        changed=(answers_problems(envelope=envelope),),
        left_alone=(
            (
                "JsonResponse",
                "Django has no JSON hook: return chopin_mw.integrations.django.JSONResponse",
            ),
        ),
    )


def respond(_: Sequence[Any], status: int, headers: Headers, body: bytes) -> HttpResponse:
    """Return a Django response; Set-Cookie lines become its cookies."""
    response = HttpResponse(body, status=status)
    del response.headers["Content-Type"]
    for name, value in ((n.decode("latin-1"), v.decode("latin-1")) for n, v in headers):
        if name.lower() == "set-cookie":
            response.cookies.load(value)
        elif name in response.headers:
            response.headers[name] = f"{response.headers[name]}, {value}"
        elif name.lower() != "content-length":
            response.headers[name] = value
    if body:
        response.headers["Content-Length"] = str(len(body))
    return response


def _answer_with_details(_: Any, error: Exception) -> HttpResponse | None:
    return problem_response(error) if isinstance(error, ProblemError) else None


def _answer_in_envelope(_: Any, error: Exception) -> HttpResponse | None:
    return problem_response(error, envelope=True) if isinstance(error, ProblemError) else None
