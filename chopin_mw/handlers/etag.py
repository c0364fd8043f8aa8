"""`@etag`: a validator known before the handler runs, so that a stale write never executes."""

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from chopin_mw.asgi.messages import precondition_failed
from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import PreconditionRecord, cache_scope, exchange_of, preconditions_scope
from chopin_mw.handlers.wrapping import Handler, decorate, is_async, name_of, warn_once
from chopin_mw.integrations.native import Answer, native_response
from chopin_mw.rules.content_tag import make_entity_tag
from chopin_mw.rules.entity_tag import EntityTag, is_opaque, parse_entity_tag
from chopin_mw.rules.headers import select_from_request
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.rules.preconditions import CONDITIONAL_FIELDS, Validators, Verdict, evaluate

Tag: TypeAlias = str | int | bytes | datetime | EntityTag | None
"""What a tag function returns; None where the resource does not exist."""

TagFunction: TypeAlias = Callable[..., Tag | Awaitable[Tag]]
LastModifiedFunction: TypeAlias = Callable[..., datetime | Awaitable[datetime | None] | None]


def etag(
    tag: TagFunction, *, last_modified: LastModifiedFunction | None = None, weak: bool = False
) -> Callable[[Handler], Handler]:
    """Evaluate the request's preconditions before the handler, with the tag that `tag` returns.

    RFC 9110 §13. `tag` and `last_modified` are called like the handler, less the keyword arguments
    they do not name; both may be async where the handler is. A version number makes a good tag;
    naive times count as UTC. The tag is strong, because If-Match never matches a weak one; say
    `weak=True` for read-only resources behind compressing proxies. A failed precondition is
    answered with 412, a repeated GET with 304, and the handler does not run. Needs ETagMiddleware
    or ChopinMiddleware around the app.

        @app.patch("/flights/{id}")
        @etag(flight_version)
        async def change(id: int, change: Change): ...
    """
    functions = (tag,) if last_modified is None else (tag, last_modified)
    for function in functions:
        if not callable(function):
            raise ConfigurationError(f"@etag takes functions, got {function!r}")
    return lambda handler: decorate(handler, lambda inner: _checked(inner, functions, weak=weak))


def _checked(
    handler: Callable[..., Any], functions: Sequence[Callable[..., Any]], *, weak: bool
) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    if inspect.isgeneratorfunction(innermost) or inspect.isasyncgenfunction(innermost):
        # Its framework iterates over whatever comes back, where a 304 or 412 is one response.
        raise ConfigurationError(
            f"@etag on {name_of(handler)}: a handler that yields cannot be answered for; "
            "return a streaming response instead"
        )
    refusal = f"@etag on {name_of(handler)}: a plain handler needs plain functions"
    if not is_async(handler) and any(map(is_async, functions)):
        raise ConfigurationError(refusal)
    warn = warn_once(
        f"@etag on {name_of(handler)} has no effect: "
        "add ChopinMiddleware or ETagMiddleware around the app"
    )
    ask = [_fitted(function) for function in functions]

    async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
        scope = _scope_or(warn)
        if scope is None:
            return await handler(*args, **kwargs)
        values = [function(args, kwargs) for function in ask]
        known = [await value if inspect.isawaitable(value) else value for value in values]
        if _decide(scope, known, weak=weak) is Verdict.PROCEED:
            return await handler(*args, **kwargs)
        answer = _answer(scope, args, kwargs)
        return await answer if inspect.isawaitable(answer) else answer

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        scope = _scope_or(warn)
        if scope is None:
            return handler(*args, **kwargs)
        known = [function(args, kwargs) for function in ask]
        if any(map(inspect.isawaitable, known)):
            raise ConfigurationError(refusal)
        if _decide(scope, known, weak=weak) is Verdict.PROCEED:
            return handler(*args, **kwargs)
        return _answer(scope, args, kwargs)

    return wrapped_async if is_async(handler) else wrapped


def _scope_or(warn: Callable[[], None]) -> Any:
    """Return the scope to decide for; None where nobody listens or another handler has decided."""
    scope = cache_scope.get() or preconditions_scope.get()
    if scope is None:
        warn()
        return None
    # Called by another decorated handler: the answer is that one's, and so are its validators.
    return None if exchange_of(scope).precondition is not None else scope


def _fitted(function: Callable[..., Any]) -> Callable[[Sequence[Any], Mapping[str, Any]], Any]:
    """Return a call with the handler's arguments, less the keywords the function does not name."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return lambda args, kwargs: function(*args, **kwargs)
    names = {parameter.name for parameter in parameters}
    return lambda args, kwargs: function(
        *args, **{name: value for name, value in kwargs.items() if name in names}
    )


def _decide(scope: Any, known: Sequence[Any], *, weak: bool) -> Verdict:
    """Evaluate, and leave word for the middleware around the app."""
    tag = _entity_tag(known[0], weak=weak)
    modified = known[1] if len(known) > 1 else None
    timestamp = None if modified is None else _seconds(modified)
    verdict = evaluate(
        scope["method"],
        Validators(tag, timestamp, exists=tag is not None),
        select_from_request(scope["headers"], CONDITIONAL_FIELDS),
        now=time.time(),
    )
    exchange_of(scope).precondition = PreconditionRecord(
        etag=None if tag is None else bytes(tag),
        last_modified=None if timestamp is None else format_http_date(timestamp),
        answered=verdict.value,
    )
    return verdict


def _seconds(modified: datetime) -> int:
    # Naive times are UTC, as Django's `condition` has it and most databases keep them.
    aware = modified if modified.tzinfo else modified.replace(tzinfo=UTC)
    return int(aware.timestamp())


def _entity_tag(given: Tag, *, weak: bool) -> EntityTag | None:
    if given is None or isinstance(given, EntityTag):
        return given
    text = given if isinstance(given, bytes) else str(given).encode()
    if (parsed := parse_entity_tag(text)) is not None:
        return parsed
    if is_opaque(text):
        return EntityTag(text, weak=weak)
    # Spaces and quotes may not stand in a tag; a digest of them says as much.
    digest = parse_entity_tag(make_entity_tag((text,)))
    return None if digest is None else EntityTag(digest.opaque, weak=weak)


def _answer(scope: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return a 304 or 412 in the response class of the handler's framework."""
    known = exchange_of(scope).precondition
    headers: Headers
    if known is not None and known.answered == Verdict.NOT_MODIFIED.value:
        fields = [(b"etag", known.etag), (b"last-modified", known.last_modified)]
        headers = [(name, value) for name, value in fields if value is not None]
        status, body = 304, b""
    else:
        start, end = precondition_failed(())
        status, headers, body = 412, start["headers"], end["body"]
    if _is_asgi_call(args):
        # An ASGI app sends its answer itself, also where a framework has mounted it.
        return Answer(status, headers, body)(*args[-3:])
    return native_response(args, kwargs, status=status, headers=headers, body=body)


def _is_asgi_call(args: Sequence[Any]) -> bool:
    """Say whether the last three arguments, after `self` perhaps, are scope, receive, send."""
    if len(args) < 3:  # noqa: PLR2004 - scope, receive, send
        return False
    scope, receive, send = args[-3:]
    return (
        isinstance(scope, MutableMapping)
        and "type" in scope
        and callable(receive)
        and callable(send)
    )
