"""Answer with JSON, encoded once, straight to bytes.

@app.get("/flights")
@json_response(headers={"x-source": "cache"})
async def flights() -> list[dict[str, object]]:
    return [...]
"""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, overload

from chopin_mw.asgi.messages import reply
from chopin_mw.asgi.types import Headers, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.handlers.wrapping import Handler, decorate, is_async, name_of
from chopin_mw.integrations.native import (
    framework_of_call,
    injected_status,
    is_response,
    native_response,
)
from chopin_mw.json import dumps
from chopin_mw.rules.headers import TOKEN, has

_FIELD_NAME = re.compile(TOKEN)
_CONTENT_TYPE = (b"content-type", b"application/json")
_STATUSES_WITH_CONTENT = frozenset(range(200, 600)) - {204, 205, 304}


class JSONResponse:
    """Answer with JSON from any ASGI app, bare or of a framework that takes ASGI callables.

    await JSONResponse({"id": 1}, status=201)(scope, receive, send)
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = _checked_status(status)
        self.body = dumps(content)
        self.headers = [*_fields(headers), (b"content-length", b"%d" % len(self.body))]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        for message in reply(self.status, list(self.headers), self.body):
            await send(message)


@overload
def json_response(handler: Handler, /) -> Handler: ...
@overload
def json_response(
    *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Callable[[Handler], Handler]: ...
def json_response(
    handler: Handler | None = None,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Handler | Callable[[Handler], Handler]:
    """Encode what the handler returns and answer with the calling framework's own response.

    Works on functions, methods and classes of them, plain or async; signatures stay as they are.
    Status and headers are given here: a framework's own (`status_code=201` in FastAPI) do not
    apply to responses. Headers, cookies and status of a `Response` parameter are kept, and so are
    background tasks. A handler that returns a response, or in Falcon nothing, is left alone.
    The result is sent as it is: response models and DTOs do not filter it.
    """
    _checked_status(status)
    fields = _fields(headers)

    def answering(inner: Callable[..., Any]) -> Callable[..., Any]:
        return _answering(inner, status, fields)

    if handler is None:
        return lambda handler: decorate(handler, answering)
    return decorate(handler, answering)


def _answering(handler: Callable[..., Any], status: int, headers: Headers) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    if inspect.isgeneratorfunction(innermost) or inspect.isasyncgenfunction(innermost):
        raise ConfigurationError(f"@json_response cannot encode a generator: {name_of(handler)}")

    def answer(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_response(result):
            return result
        if result is None and framework_of_call((*args, *kwargs.values())) == "falcon":
            # A responder that has written its answer into the response.
            return None
        given = injected_status((*args, *kwargs.values()))
        body = dumps(result)
        return native_response(args, kwargs, status=given or status, headers=headers, body=body)

    async def answer_async(*args: Any, **kwargs: Any) -> Any:
        return answer(await handler(*args, **kwargs), args, kwargs)

    def answer_plain(*args: Any, **kwargs: Any) -> Any:
        result = handler(*args, **kwargs)
        if inspect.isawaitable(result):
            # Another decorator hid that the handler is async; its framework awaits what it gets.
            return answer_later(result, args, kwargs)
        return answer(result, args, kwargs)

    async def answer_later(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return answer(await result, args, kwargs)

    return answer_async if is_async(handler) else answer_plain


def _fields(headers: Mapping[str, str] | None) -> Headers:
    """Return raw fields that say they are JSON unless they say something else."""
    try:
        fields = [
            (name.lower().encode("ascii"), value.encode("latin-1"))
            for name, value in (headers or {}).items()
        ]
    except (AttributeError, UnicodeEncodeError) as error:
        raise ConfigurationError(f"headers must map str to str, got {headers!r}") from error
    for name, value in fields:
        if not _FIELD_NAME.fullmatch(name) or name == b"content-length":
            raise ConfigurationError(
                f"headers must hold field names other than Content-Length, got {name!r}"
            )
        if b"\r" in value or b"\n" in value:
            raise ConfigurationError(f"headers must not hold line breaks, got {headers!r}")
    return fields if has(fields, b"content-type") else [*fields, _CONTENT_TYPE]


def _checked_status(status: int) -> int:
    if type(status) is bool or status not in _STATUSES_WITH_CONTENT:
        raise ConfigurationError(f"status must be one with content, 200..599, got {status!r}")
    return int(status)
