"""Read a JSON request body within limits, and say precisely what is wrong with one that is not.

    order = await read_json(request, max_bytes=10_000)

`install_json(app)` makes the framework answer a refused body with problem details (RFC 9457).
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from email.message import Message
from json import JSONDecodeError
from typing import Any

from chopin_mw.asgi.types import Scope
from chopin_mw.errors import ConfigurationError, RequestBodyError
from chopin_mw.integrations.request_body import TOO_LARGE, body_of
from chopin_mw.json import loads
from chopin_mw.json.depth import is_deeper_than
from chopin_mw.rules.headers import Field, has

_MIB = 1_048_576
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})
_MOST_DIGITS = 18
_TYPES_TAKEN = "The body must be application/json or application/*+json, in UTF-8."


async def read_json(
    source: Any,
    *,
    max_bytes: int = _MIB,
    max_depth: int = 200,
    headers: Iterable[Field] | None = None,
    scope: Scope | None = None,
) -> Any:
    """Return the value in the JSON body of a request, or raise RequestBodyError.

    `source` is the request of Starlette, FastAPI, Quart, Litestar, Django, Falcon or BlackSheep, or
    an ASGI `receive`; the latter needs `scope` or `headers` to have its media type and declared
    length looked at. The body can be read once. The error's status is 400 for a body that is
    absent or broken off, 413 over `max_bytes`, 415 for another media type, 422 for bad JSON.
    """
    _check_limit("max_bytes", max_bytes)
    _check_limit("max_depth", max_depth)
    given = scope["headers"] if headers is None and scope is not None else headers
    body = body_of(source, given, max_bytes)
    fields = [(name.lower(), value) for name, value in body.headers or ()]
    _check_media_type(fields)
    declared = _declared_length(fields, max_bytes)
    document = await _read(body.pieces, max_bytes)
    if not document:
        raise RequestBodyError(400, "Bad Request", "A JSON body is required, and there is none.")
    if body.headers is not None and not has(fields, b"content-type"):
        raise _unsupported(_TYPES_TAKEN)
    if declared is not None and len(document) < declared:
        detail = f"The body ended after {len(document)} of {declared} bytes."
        raise RequestBodyError(400, "Bad Request", detail)
    return _parse(document, max_depth)


def _check_limit(option: str, value: int) -> None:
    if type(value) is not int or value < 1:
        raise ConfigurationError(f"{option} must be an integer from 1 on, got {value!r}")


def _check_media_type(fields: list[Field]) -> None:
    types = [value for name, value in fields if name == b"content-type"]
    codings = [value for name, value in fields if name == b"content-encoding"]
    if any(coding.strip().lower() not in (b"", b"identity") for coding in codings):
        raise _unsupported("The body must not be encoded.")
    # Without a type there may be no body either, which is another error.
    if len(types) > 1 or not all(_is_json(value.decode("latin-1")) for value in types):
        raise _unsupported(_TYPES_TAKEN)


def _is_json(content_type: str) -> bool:
    media_type, _, parameters = content_type.partition(";")
    kind, _, subtype = media_type.strip().lower().partition("/")
    is_json = subtype == "json" or (subtype.endswith("+json") and subtype != "+json")
    return kind == "application" and is_json and _charset(parameters) in _UTF_8


def _charset(parameters: str) -> str:
    # The standard library's parser knows quoted strings and escapes; UTF-8 is JSON's own charset.
    message = Message()
    try:
        message["content-type"] = f"application/json;{parameters}"
        return str(message.get_content_charset(failobj="utf-8"))
    except (TypeError, ValueError):
        # It stumbles over hostile RFC 2231 parts such as `charset*1; charset*`.
        return "unknown"


def _declared_length(fields: list[Field], max_bytes: int) -> int | None:
    """Return Content-Length if there is one that is a number; raise if it is too large."""
    lengths = {value.strip() for name, value in fields if name == b"content-length"}
    if len(lengths) != 1:
        return None
    digits = lengths.pop()
    if not digits.isdigit():
        return None
    digits = digits.lstrip(b"0")
    # int() is never given more digits than any file has bytes.
    if len(digits) > _MOST_DIGITS or int(digits or b"0") > max_bytes:
        raise _too_large(max_bytes)
    return int(digits or b"0")


async def _read(pieces: AsyncGenerator[bytes, None], max_bytes: int) -> bytes:
    received: list[bytes] = []
    size = 0
    async with aclosing(pieces):
        async for piece in pieces:
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            received.append(piece)
    return b"".join(received)


def _parse(document: bytes, max_depth: int) -> Any:
    if is_deeper_than(max_depth, document):
        raise _unprocessable(f"The JSON nests deeper than {max_depth} levels.")
    try:
        return loads(document)
    except JSONDecodeError as error:
        raise _unprocessable(
            f"The body is not JSON: {error.msg} at character {error.pos}."
        ) from None
    except (ValueError, RecursionError):
        raise _unprocessable("The body is not JSON.") from None


def _too_large(max_bytes: int) -> RequestBodyError:
    detail = f"The body must not be larger than {max_bytes} bytes."
    return RequestBodyError(TOO_LARGE, "Content Too Large", detail)


def _unsupported(detail: str) -> RequestBodyError:
    return RequestBodyError(415, "Unsupported Media Type", detail)


def _unprocessable(detail: str) -> RequestBodyError:
    return RequestBodyError(422, "Unprocessable Content", detail)
