"""Litestar: answer in its own type and register the error answer. Its JSON is fast as it is."""

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.installation import OWN_ANSWER, JSONInstallation, answers_problems
from chopin_mw.rules.problem import answer_to


def install(app: Litestar, *, envelope: bool = False) -> JSONInstallation:
    """Register the answer to ProblemError; encoding needs nothing."""
    present: Any = app.exception_handlers.get(ProblemError)
    is_free = present in (None, _answer_in_envelope, _answer_with_details)
    if is_free:
        # A handler resolves its exception handlers from the layers above it, the app last, per
        # request.
        answer = _answer_in_envelope if envelope else _answer_with_details
        app.exception_handlers[ProblemError] = answer
    encodes = ("JSON of responses", "Litestar encodes with msgspec, as fast as ours")
    return JSONInstallation(
        framework="Litestar",
        changed=(answers_problems(envelope=envelope),) if is_free else (),
        left_alone=(encodes,) if is_free else (encodes, OWN_ANSWER),
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


def _answer_with_details(_: Request[Any, Any, Any], error: ProblemError) -> Response[bytes]:
    return respond((), *answer_to(error))


def _answer_in_envelope(_: Request[Any, Any, Any], error: ProblemError) -> Response[bytes]:
    return respond((), *answer_to(error, envelope=True))
