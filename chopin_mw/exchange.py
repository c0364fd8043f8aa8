"""The one per-request object, shared by our middleware, decorators and hooks.

The outermost of our middleware opens it. Other middleware finds it in the scope, code that has no
scope finds it in a context variable. The object is shared and never rebound, so it survives thread
pools, `gather`, streams and background tasks in any stacking order.
"""

from collections.abc import MutableMapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any, TypeAlias

SCOPE_KEY = "chopin_mw.exchange"
_ABSENT = object()
_UNTOUCHED = object()


@dataclass(frozen=True, slots=True)
class CacheControlChoice:
    """Hold the Cache-Control that a handler asked for, as raw bytes."""

    value: bytes
    on_errors: bool


@dataclass(frozen=True, slots=True)
class PreconditionRecord:
    """Hold what `@etag` compared before the handler ran; header values as raw bytes.

    `answered` is 304 or 412 where the handler did not run at all.
    """

    etag: bytes | None
    last_modified: bytes | None
    answered: int | None


class Exchange:
    """Carry what decorators and hooks say about one request to the middleware around it."""

    __slots__ = (
        "applies_cache_control",
        "applies_preconditions",
        "cache_control",
        "precondition",
        "scope",
        "server_headers",
    )

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        self.cache_control: CacheControlChoice | None = None
        self.precondition: PreconditionRecord | None = None
        # Which middleware is there to act on the above, so that a decorator can say it is not.
        self.applies_cache_control = False
        self.applies_preconditions = False
        # What the server's scope held as headers, where that was no list. Not a slot left empty:
        # asking hasattr() makes and drops an AttributeError, 0.2 µs on every request.
        self.server_headers: object = _UNTOUCHED


_Token: TypeAlias = Token[Exchange | None]
_current: ContextVar[Exchange | None] = ContextVar(SCOPE_KEY, default=None)


def open_exchange(scope: MutableMapping[str, Any]) -> tuple[Exchange, _Token | None]:
    """Return the exchange of this request, and a token where this call is the one to close it.

    A pair of functions and not a context manager, which costs 0.3 µs more on every request.
    """
    exchange: Exchange | None = scope.get(SCOPE_KEY)
    if exchange is not None:
        return exchange, None
    exchange = scope[SCOPE_KEY] = Exchange(scope)
    if type(scope.get("headers")) is not list:
        _make_headers_a_list(exchange)
    return exchange, _current.set(exchange)


def close_exchange(exchange: Exchange, token: _Token | None) -> None:
    """Give the server its scope back as it was, and the context too; nothing without a token."""
    if token is None:
        return
    exchange.scope.pop(SCOPE_KEY, None)
    if exchange.server_headers is not _UNTOUCHED:
        _give_headers_back(exchange)
    try:
        _current.reset(token)
    except ValueError:
        # A request that was dropped, not ended: the garbage collector closes its coroutine in
        # whatever context that runs in, where there is nothing of ours to reset.
        return


def current_exchange() -> Exchange | None:
    """Return the exchange of the request being handled, or None outside of one."""
    return _current.get()


def _make_headers_a_list(exchange: Exchange) -> None:
    """Let the headers be read more than once: ASGI allows any iterable, a generator too."""
    exchange.server_headers = exchange.scope.get("headers", _ABSENT)
    exchange.scope["headers"] = list(exchange.scope.get("headers") or ())


def _give_headers_back(exchange: Exchange) -> None:
    if exchange.server_headers is _ABSENT:
        exchange.scope.pop("headers", None)
    else:
        exchange.scope["headers"] = exchange.server_headers
