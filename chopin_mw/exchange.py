"""The one per-request object, shared by our middleware, decorators and hooks.

The outermost of our middleware opens it. Other middleware finds it in the scope, code that has no
scope finds it in a context variable. The object is shared and never rebound, so it survives thread
pools, `gather`, streams and background tasks in any stacking order.
"""

from collections.abc import MutableMapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

SCOPE_KEY = "chopin_mw.exchange"


class Exchange:
    """Carry what decorators and hooks say about one request to the middleware around it.

    Header values are raw bytes, ready to send. Not thread-safe beyond single attribute writes:
    one request has one handler.
    """

    __slots__ = (
        "_depth",
        "_token",
        "answered_status",
        "applies_cache_control",
        "applies_preconditions",
        "cache_control",
        "cache_control_on_errors",
        "etag",
        "last_modified",
        "scope",
    )

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        # Written by @cache_control; read by CacheControlMiddleware.
        self.cache_control: bytes | None = None
        self.cache_control_on_errors = False
        # Written by @etag, which decides 304 or 412 before the handler runs; read by ETagMiddleware.
        self.etag: bytes | None = None
        self.last_modified: bytes | None = None
        self.answered_status: int | None = None
        # Which middleware is there to act on the above, so that a decorator can say it is not.
        self.applies_cache_control = False
        self.applies_preconditions = False
        self._depth = 0
        self._token: Token[Exchange | None] | None = None

    def __enter__(self) -> "Exchange":
        if self._depth == 0:
            self._token = _current.set(self)
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth or self._token is None:
            return
        # The server gets its scope back as it was (ASGI: changes are for inner apps only).
        self.scope.pop(SCOPE_KEY, None)
        try:
            _current.reset(self._token)
        except ValueError:
            # A request that was dropped, not ended: its coroutine is closed by the garbage
            # collector in whatever context that runs in, where there is nothing to reset.
            self._token = None


_current: ContextVar[Exchange | None] = ContextVar(SCOPE_KEY, default=None)


def exchange_of(scope: MutableMapping[str, Any]) -> Exchange:
    """Return the exchange of this request, opened by the outermost `with` around it.

    Use as `with exchange_of(scope) as exchange:`; inner uses get the same object.
    """
    exchange: Exchange | None = scope.get(SCOPE_KEY)
    if exchange is None:
        exchange = scope[SCOPE_KEY] = Exchange(scope)
    return exchange


def current_exchange() -> Exchange | None:
    """Return the exchange of the request being handled, or None outside of one."""
    return _current.get()
