"""Litestar: answer in its own type and register the error answer. Its JSON is fast as it is."""

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.installation import JSONInstallation
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body


def install(app: Litestar) -> JSONInstallation:
    """Register the answer to RequestBodyError; encoding needs nothing."""
    # A handler resolves its exception handlers from the layers above it, the app last, per request.
    app.exception_handlers[RequestBodyError] = _answer_body_error
    return JSONInstallation(
        framework="Litestar",
        changed=("RequestBodyError is answered with problem details",),
        left_alone=(("JSON of responses", "Litestar encodes with msgspec, as fast as ours"),),
    )


def respond(_: Sequence[Any], status: int, headers: Headers, body: bytes) -> Response[bytes]:
    """Return a Litestar response, which a handler may return whatever its annotation says."""
    single: dict[str, str] = {}
    repeated: list[tuple[str, str]] = []
    for name, value in ((n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in headers):
        if name == "set-cookie" or name in single:
            repeated.append((name, value))
        elif name != "content-length":
            single[name] = value
    response = _Response(
        content=body,
        status_code=status,
        media_type=single.pop("content-type", None),
        headers=single,
    )
    response.repeated = repeated
    return response


class _Response(Response[bytes]):
    """Add what does not fit into a dict: fields sent on several lines."""

    repeated: Sequence[tuple[str, str]]

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> ASGIResponse:
        answer = super().to_asgi_response(*args, **kwargs)
        for name, value in self.repeated:
            answer.headers.add(name, value)
        return answer


def _answer_body_error(_: Request[Any, Any, Any], error: RequestBodyError) -> Response[bytes]:
    return Response(
        content=problem_body(error.status, error.title, error.detail),
        status_code=error.status,
        media_type=PROBLEM_MEDIA_TYPE.decode(),
    )
