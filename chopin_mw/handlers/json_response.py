"""Answer with JSON, encoded once, straight to bytes.

@app.get("/flights")
@json_response(headers={"x-source": "cache"}, fields="id,carrier,origin.name")
async def flights() -> list[dict[str, object]]:
    return [...]
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

from chopin_mw.asgi.messages import reply
from chopin_mw.asgi.types import Headers, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.handlers.wrapping import Handler, decorate, is_async, name_of, warn_once
from chopin_mw.integrations.current_query import query_of_call
from chopin_mw.integrations.native import (
    framework_of_call,
    injected_status,
    is_response,
    native_response,
)
from chopin_mw.json import dumps
from chopin_mw.json.trimming import trim
from chopin_mw.rules.envelope import success_envelope
from chopin_mw.rules.fieldset import FieldMask, FieldPolicy
from chopin_mw.rules.headers import TOKEN, has
from chopin_mw.rules.problem import answer_to

_FIELD_NAME = re.compile(TOKEN)
_MOST_IN_A_TUPLE = 3
_CONTENT_TYPE = (b"content-type", b"application/json")
_STATUSES_WITH_CONTENT = frozenset(range(200, 600)) - {204, 205, 304}


class JSONResponse:
    """Answer with JSON from any ASGI app, bare or of a framework that takes ASGI callables.

    With `envelope` the body is `{"success": true, "data": …}` around the content.

    await JSONResponse({"id": 1}, status=201)(scope, receive, send)
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        content: Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        envelope: bool = False,
    ) -> None:
        self.status = _checked_status(status)
        self.body = success_envelope(dumps(content)) if envelope else dumps(content)
        self.headers = [*_fields(headers), (b"content-length", b"%d" % len(self.body))]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        for message in reply(self.status, list(self.headers), self.body):
            await send(message)


@overload
def json_response(handler: Handler, /) -> Handler: ...
@overload
def json_response(
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    envelope: bool = False,
    fields: FieldPolicy | str | Sequence[str] | None = None,
) -> Callable[[Handler], Handler]: ...
def json_response(
    handler: Handler | None = None,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    envelope: bool = False,
    fields: FieldPolicy | str | Sequence[str] | None = None,
) -> Handler | Callable[[Handler], Handler]:
    """Encode what the handler returns and answer with the calling framework's own response.

    Works on functions, methods and classes of them, plain or async; signatures stay as they are.
    Status and headers are given here: a framework's own (`status_code=201` in FastAPI) do not
    apply to responses. Headers, cookies and status of a `Response` parameter are kept, and so are
    background tasks. A handler that returns a response, or in Falcon nothing, is left alone.
    The result is sent as it is: response models and DTOs do not filter it.

    `fields` are the members that may be sent, of which the client chooses with `?fields=`: a
    `FieldPolicy`, or its `allow`. With `envelope` the answer is `{"success": true, "data": …}`.
    A ProblemError of the handler is answered with problem details, or with
    `{"success": false, "error": …}` in the envelope.
    """
    options = _Options(_checked_status(status), _fields(headers), envelope, _policy(fields))

    def answering(inner: Callable[..., Any]) -> Callable[..., Any]:
        return _answering(inner, options)

    if handler is None:
        return lambda handler: decorate(handler, answering)
    return decorate(handler, answering)


_Args: TypeAlias = tuple[Any, ...]
_Kwargs: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Options:
    """Hold what one decorator was given, and act by it."""

    status: int
    headers: Headers
    envelope: bool
    fields: FieldPolicy | None

    def answer(self, result: Any, mask: FieldMask | None, args: _Args, kwargs: _Kwargs) -> Any:
        if is_response(result):
            return result
        arguments = (*args, *kwargs.values())
        if result is None and framework_of_call(arguments) == "falcon":
            # A responder that has written its answer into the response.
            return None
        if _is_answer_of_quart(result) and framework_of_call(arguments) == "quart":
            raise ConfigurationError(
                "a handler under @json_response returns what is to be encoded: give status and "
                "headers to the decorator, not in a tuple as Quart has them"
            )
        status = injected_status(arguments) or self.status
        body = dumps(trim(result, mask))
        if self.envelope:
            body = success_envelope(body)
        return native_response(args, kwargs, status=status, headers=self.headers, body=body)

    def refuse(self, error: ProblemError, args: _Args, kwargs: _Kwargs) -> Any:
        status, headers, body = answer_to(error, envelope=self.envelope)
        return native_response(
            args, kwargs, status=status, headers=headers, body=body, injected=False
        )


def _is_answer_of_quart(result: object) -> bool:
    """Say whether Quart would take this for a value with its status, its headers, or both."""
    if type(result) is not tuple or not 1 < len(result) <= _MOST_IN_A_TUPLE:
        return False
    return type(result[1]) is int or isinstance(result[1], Mapping)


def _answering(handler: Callable[..., Any], options: _Options) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    if inspect.isgeneratorfunction(innermost) or inspect.isasyncgenfunction(innermost):
        raise ConfigurationError(f"@json_response cannot encode a generator: {name_of(handler)}")
    mask_of = _asking(handler, options.fields)

    async def answer_async(*args: Any, **kwargs: Any) -> Any:
        try:
            # Before the handler runs: a fieldset that is none costs no query.
            mask = mask_of(args, kwargs)
            result = await handler(*args, **kwargs)
        except ProblemError as error:
            return options.refuse(error, args, kwargs)
        return options.answer(result, mask, args, kwargs)

    def answer_plain(*args: Any, **kwargs: Any) -> Any:
        try:
            mask = mask_of(args, kwargs)
            result = handler(*args, **kwargs)
        except ProblemError as error:
            return options.refuse(error, args, kwargs)
        if inspect.isawaitable(result):
            # Another decorator hid that the handler is async; its framework awaits what it gets.
            return answer_later(result, mask, args, kwargs)
        return options.answer(result, mask, args, kwargs)

    async def answer_later(
        result: Awaitable[Any], mask: FieldMask | None, args: _Args, kwargs: _Kwargs
    ) -> Any:
        try:
            value = await result
        except ProblemError as error:
            return options.refuse(error, args, kwargs)
        return options.answer(value, mask, args, kwargs)

    return answer_async if is_async(handler) else answer_plain


def _asking(
    handler: Callable[..., Any], policy: FieldPolicy | None
) -> Callable[[_Args, _Kwargs], FieldMask | None]:
    """Return what tells for a call which members its client asked for."""
    if policy is None:
        return lambda _args, _kwargs: None
    warn = warn_once(
        f"@json_response(fields=...) on {name_of(handler)} does not see the request and sends all "
        "that is allowed: let the handler take the request, or add a middleware of chopin_mw"
    )

    def mask_of(args: _Args, kwargs: _Kwargs) -> FieldMask | None:
        query = query_of_call((*args, *kwargs.values()))
        if query is None:
            warn()
        return policy.mask(query or b"")

    return mask_of


def _policy(fields: FieldPolicy | str | Sequence[str] | None) -> FieldPolicy | None:
    if fields is None or isinstance(fields, FieldPolicy):
        return fields
    return FieldPolicy(allow=fields)


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
