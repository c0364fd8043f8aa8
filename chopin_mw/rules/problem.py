"""Problem details: the body of a precise error answer (RFC 9457), or the same in an envelope.

Whatever a handler puts into a problem, the answer is small, valid JSON and says nothing of objects
that have no JSON form.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from math import isfinite
from typing import Any, NamedTuple
from uuid import UUID

from chopin_mw.errors import ProblemError
from chopin_mw.rules.envelope import error_envelope
from chopin_mw.rules.headers import TOKEN, Field

PROBLEM_MEDIA_TYPE = b"application/problem+json"

_LONGEST_TEXT = 2_048
_MOST_MEMBERS = 100
_MOST_LEVELS = 4
_MOST_BITS = 256
# Beyond it, what is wrong with each part is left out.
_LARGEST_BODY = 65_536
_TEXT_FORM = (date, time, timedelta, Decimal, UUID)
_FIELD_NAME = re.compile(TOKEN)
# RFC 9110 §5.5: what is neither visible, nor obs-text, nor blank.
_UNSENDABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]+")
_OURS = frozenset({b"content-type", b"content-length"})


class ProblemAnswer(NamedTuple):
    """Hold the parts of an answer: the status, its fields without Content-Length, the body."""

    status: int
    headers: list[Field]
    body: bytes


def answer_to(error: ProblemError, *, envelope: bool = False) -> ProblemAnswer:
    """Return the answer to a problem that a handler raised; never raises.

    With `envelope` the body is `{"success": false, "error": {…}}`, as application/json.
    """
    media_type = b"application/json" if envelope else PROBLEM_MEDIA_TYPE
    write = _enveloped_body if envelope else problem_body
    body = write(error.status, error.title, error.detail, code=error.code, errors=error.errors)
    return ProblemAnswer(
        error.status, [(b"content-type", media_type), *_sendable(error.headers)], body
    )


def problem_body(
    status: int,
    title: str,
    detail: str,
    *,
    code: str | None = None,
    errors: Sequence[Mapping[str, object]] = (),
) -> bytes:
    """Return the JSON of a problem without a type of its own (`about:blank`, RFC 9457 §4.2.1).

    `code` and `errors` are extension members, absent unless given. Long texts are cut.
    """
    members: dict[str, Any] = {"title": title, "status": status, "detail": detail}
    if code is not None:
        members["code"] = code
    return _written(members, errors)


def _enveloped_body(
    status: int,
    title: str,
    detail: str,
    *,
    code: str | None,
    errors: Sequence[Mapping[str, object]],
) -> bytes:
    text = detail or title
    body = json.dumps(_plain(error_envelope(status, text, code=code, errors=errors))).encode()
    if len(body) <= _LARGEST_BODY:
        return body
    return json.dumps(_plain(error_envelope(status, text, code=code))).encode()


def _written(members: dict[str, Any], errors: Sequence[Mapping[str, object]]) -> bytes:
    if errors:
        body = json.dumps(_plain({**members, "errors": errors})).encode()
        if len(body) <= _LARGEST_BODY:
            return body
    return json.dumps(_plain(members)).encode()


def _plain(value: object, levels: int = _MOST_LEVELS) -> Any:
    """Return a value that any JSON parser takes, cut to size."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value, levels)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if value.bit_length() <= _MOST_BITS else "a number of many digits"
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, _TEXT_FORM):
        return _text(str(value))
    if levels and isinstance(value, Mapping):
        members = islice(value.items(), _MOST_MEMBERS)
        return {str(_plain(key, 0)): _plain(member, levels - 1) for key, member in members}
    if levels and isinstance(value, list | tuple | set | frozenset):
        return [_plain(member, levels - 1) for member in islice(value, _MOST_MEMBERS)]
    # The text of an object may tell what is nobody's business.
    return type(value).__name__


def _text(value: str) -> str:
    text = value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    # A lone surrogate is no text, and many parsers refuse its escape.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _sendable(headers: Mapping[str, str]) -> list[Field]:
    """Return raw fields, without those that no answer may have; never a line break in one."""
    fields = []
    for given, value in islice(headers.items(), _MOST_MEMBERS):
        name = str(given).encode("utf-8", "replace").lower()
        if _FIELD_NAME.fullmatch(name) and name not in _OURS:
            line = str(value)[:_LONGEST_TEXT].encode("latin-1", "replace")
            fields.append((name, _UNSENDABLE.sub(b" ", line).strip()))
    return fields
