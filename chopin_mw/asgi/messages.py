"""Edit start messages without touching the app's own, and make short replies."""

from collections.abc import Iterable

from chopin_mw.asgi.types import Headers, Message
from chopin_mw.rules.headers import Field
from chopin_mw.rules.preconditions import NOT_MODIFIED_FIELDS
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body

# Beside the caching fields, what a browser needs before it lets a page see the answer.
_ALWAYS_KEPT = frozenset({b"date", b"set-cookie", b"vary"})
_KEPT_WITHOUT_BODY = NOT_MODIFIED_FIELDS | {b"set-cookie"}
_CORS_PREFIX = b"access-control-"


def not_modified(headers: Iterable[Field]) -> list[Message]:
    """Return a 304 for the 200 with these fields (RFC 9110 §15.4.5), plus Set-Cookie and CORS."""
    kept: Headers = []
    dates: Headers = []
    has_tag = False
    # One plain loop over the fields: comprehensions with a function each took 1.3 µs.
    for field in headers:
        name = field[0].lower()
        if name in _KEPT_WITHOUT_BODY or name.startswith(_CORS_PREFIX):
            kept.append(field)
            has_tag = has_tag or name == b"etag"
        elif name == b"last-modified":
            dates.append(field)
    # Last-Modified guides a cache's update only where there is no ETag.
    return reply(304, kept if has_tag else [*kept, *dates])


def precondition_failed(headers: Iterable[Field]) -> list[Message]:
    """Return a 412 in place of the 200 with these fields."""
    detail = "The resource is not in the state that this request was made for."
    kept = [field for field in headers if _is_kept(field[0], _ALWAYS_KEPT)]
    return problem(412, "Precondition Failed", detail, headers=kept)


def problem(
    status: int, title: str, detail: str, *, headers: Iterable[Field] = ()
) -> list[Message]:
    """Return an answer with problem details (RFC 9457)."""
    body = problem_body(status, title, detail)
    content = [
        (b"content-type", PROBLEM_MEDIA_TYPE),
        (b"content-length", b"%d" % len(body)),
    ]
    return reply(status, [*headers, *content], body)


def reply(status: int, headers: Headers, body: bytes = b"") -> list[Message]:
    """Return the two messages of a whole answer."""
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    ]


def _is_kept(name: bytes, wanted: frozenset[bytes]) -> bool:
    lowered = name.lower()
    return lowered in wanted or lowered == b"set-cookie" or lowered.startswith(_CORS_PREFIX)
