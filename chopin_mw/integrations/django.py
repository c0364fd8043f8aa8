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
from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.installation import JSONInstallation
from chopin_mw.json import dumps
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body


class JSONResponse(HttpResponse):  # type: ignore[misc] # Django has no types
    """Encode any value, lists included, with our codec: `JSONResponse(rows, status=201)`."""

    def __init__(
        self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(
            dumps(data), content_type="application/json", status=status, headers=headers
        )


def problem_response(error: RequestBodyError) -> HttpResponse:
    """Return the answer to a body that `read_json` refused: call it in the view's `except`."""
    return HttpResponse(
        problem_body(error.status, error.title, error.detail),
        content_type=PROBLEM_MEDIA_TYPE.decode(),
        status=error.status,
    )


def install(_: ASGIHandler) -> JSONInstallation:
    """Change nothing, and say what to use instead."""
    return JSONInstallation(
        framework="Django",
        left_alone=(
            (
                "JsonResponse",
                "Django has no JSON hook: return chopin_mw.integrations.django.JSONResponse",
            ),
            (
                "RequestBodyError",
                "no handlers for exceptions: catch it, return integrations.django.problem_response",
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
