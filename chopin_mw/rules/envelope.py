"""The envelope of the Chopin guide: `{"success": true, "data": …}` around a whole answer."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

# The guide's codes, and those that Python's releases name differently.
_CODES = {
    413: "CONTENT_TOO_LARGE",
    414: "URI_TOO_LONG",
    416: "RANGE_NOT_SATISFIABLE",
    422: "VALIDATION_ERROR",
    500: "INTERNAL_ERROR",
}
# What a part at fault may be called in the members of a problem.
_PLACES = ("field", "parameter", "pointer", "header", "cookie", "name")


def success_envelope(body: bytes) -> bytes:
    """Return the envelope around a value that is JSON already."""
    return b'{"success":true,"data":' + body + b"}"


def error_envelope(
    status: int,
    message: str,
    *,
    code: str | None = None,
    errors: Sequence[Mapping[str, object]] = (),
) -> dict[str, Any]:
    """Return the envelope of an error; `fields` only where parts of the request are at fault."""
    error: dict[str, Any] = {"code": code or default_code(status), "message": message}
    if errors:
        error["fields"] = [_field(part) for part in errors if isinstance(part, Mapping)]
    return {"success": False, "error": error}


def default_code(status: int) -> str:
    """Return the name of a status for programs: NOT_FOUND for 404."""
    if status in _CODES:
        return _CODES[status]
    try:
        return HTTPStatus(status).name
    except ValueError:
        return f"HTTP_{status}"


def _field(part: Mapping[str, object]) -> dict[str, object]:
    place = next((part[name] for name in _PLACES if name in part), None)
    field = {"field": place, "message": part.get("message", part.get("detail"))}
    return {**field, "code": part["code"]} if "code" in part else field
