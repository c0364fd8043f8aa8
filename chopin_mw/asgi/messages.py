"""Edit start messages without touching the app's own, and make short replies."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from chopin_mw.asgi.types import Headers, Message
from chopin_mw.rules.headers import Field, Fields, has
from chopin_mw.rules.preconditions import NOT_MODIFIED_FIELDS
from chopin_mw.rules.problem import PROBLEM_MEDIA_TYPE, problem_body

# Beside the caching fields, what a browser needs before it lets a page see the answer.
_ALWAYS_KEPT = frozenset({b"date", b"set-cookie", b"vary"})
_KEPT_WITHOUT_BODY = NOT_MODIFIED_FIELDS | {b"set-cookie"}
_CORS_PREFIX = b"access-control-"


def not_modified(headers: Fields, *, etag: bytes | None = None) -> list[Message]:
    """Return a 304 for the 200 with these fields (RFC 9110 §15.4.5), plus Set-Cookie and CORS.

    `etag` is the tag of a 200 whose fields do not hold it yet.
    """
    return reply(304, not_modified_fields(headers, etag=etag))


def not_modified_fields(headers: Fields, *, etag: bytes | None = None) -> list[Field]:
    """Return the fields of that 304."""
    kept = [field for field in headers if _stays_in_304(field[0])]
    if etag is not None:
        kept.append((b"etag", etag))
    elif not has(kept, b"etag"):
        # Last-Modified guides a cache's update only where there is no ETag.
        kept += [field for field in headers if field[0].lower() == b"last-modified"]
    return kept


def precondition_failed(headers: Fields) -> list[Message]:
    """Return a 412 in place of the 200 with these fields."""
    detail = "The resource is not in the state that this request was made for."
    kept = [field for field in headers if _is_kept(field[0], _ALWAYS_KEPT)]
    return problem(412, "Precondition Failed", detail, headers=kept)


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    headers: Iterable[Field] = (),
    code: str | None = None,
    errors: Sequence[Mapping[str, object]] = (),
) -> list[Message]:
    """Return an answer with problem details (RFC 9457)."""
    body = problem_body(status, title, detail, code=code, errors=errors)
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


# An app has few field names, and sends them in every answer: 0.2 µs a field becomes 0.06.
@lru_cache(maxsize=256)
def _stays_in_304(name: bytes) -> bool:
    return _is_kept(name, _KEPT_WITHOUT_BODY)


def _is_kept(name: bytes, wanted: frozenset[bytes]) -> bool:
    lowered = name.lower()
    return lowered in wanted or lowered.startswith(_CORS_PREFIX)
