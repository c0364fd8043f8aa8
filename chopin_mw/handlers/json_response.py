"""Answer with JSON, encoded once, straight to bytes.

@app.get("/flights")
@json_response(headers={"x-source": "cache"})
async def flights() -> list[dict[str, object]]:
    return [...]
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, overload

from chopin_mw.asgi.messages import reply
from chopin_mw.asgi.types import Headers, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.integrations.native import injected_status, is_response, native_response
from chopin_mw.json import dumps
from chopin_mw.rules.headers import has

Handler = TypeVar("Handler", bound=Callable[..., Any])

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

    Works on functions and methods, plain or async, and leaves their signature as it is. Status and
    headers are given here: a framework's own (`status_code=201` in FastAPI) do not apply to
    responses. Headers, cookies and status of a `Response` parameter are kept, and so are
    background tasks. A handler that returns a response, or in Falcon nothing, is left alone.
    The result is sent as it is: response models and DTOs do not filter it.
    """
    fields = _fields(headers)
    _checked_status(status)

    def decorate(handler: Handler) -> Handler:
        decorated: Handler = _decorated(handler, status, fields)
        return decorated

    return decorate if handler is None else decorate(handler)


def _decorated(handler: Any, status: int, headers: Headers) -> Any:
    if not callable(handler):
        raise ConfigurationError(f"@json_response decorates a handler, got {handler!r}")
    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        raise ConfigurationError(f"@json_response cannot encode a generator: {handler!r}")

    def answer(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_response(result):
            return result
        given = injected_status((*args, *kwargs.values()))
        return native_response(
            args, kwargs, status=given or status, headers=headers, body=dumps(result)
        )

    if inspect.iscoroutinefunction(handler):

        @wraps(handler)
        async def answer_async(*args: Any, **kwargs: Any) -> Any:
            return answer(await handler(*args, **kwargs), args, kwargs)

        return answer_async

    @wraps(handler)
    def answer_sync(*args: Any, **kwargs: Any) -> Any:
        return answer(handler(*args, **kwargs), args, kwargs)

    return answer_sync


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
        if b"\r" in name + value or b"\n" in name + value:
            raise ConfigurationError(f"headers must not hold line breaks, got {headers!r}")
    return fields if has(fields, b"content-type") else [*fields, _CONTENT_TYPE]


def _checked_status(status: int) -> int:
    if type(status) is bool or status not in _STATUSES_WITH_CONTENT:
        raise ConfigurationError(f"status must be one with content, 200..599, got {status!r}")
    return int(status)
