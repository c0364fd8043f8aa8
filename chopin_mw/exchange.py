"""The one per-request object, shared by our middleware, decorators and hooks.

The outermost of our middleware opens it. Other middleware finds it in the scope, code that has no
scope finds it in a context variable. The object is shared and never rebound, so it survives thread
pools, `gather`, streams and background tasks in any stacking order.
"""

from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

SCOPE_KEY = "chopin_mw.exchange"
_ABSENT = object()


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


class _Writers:
    """Say whether anything in this process will ever write to an exchange."""

    expected = False


# The one global that changes, and only from False to True: opening and closing an exchange takes
# 0.6 µs of every request, which an app without a decorated handler does not have to pay.
writers = _Writers()


def expect_writers() -> None:
    """Have exchanges opened from now on; called where something that writes to them is made."""
    writers.expected = True


def needs_exchange(scope: MutableMapping[str, Any]) -> bool:
    """Say whether to open one: somebody may write to it, or the headers can be read only once."""
    return writers.expected or type(scope.get("headers")) is not list


class Exchange:
    """Carry what decorators and hooks say about one request to the middleware around it.

    The middleware that makes it closes it; the ones inside find it in the scope. A context manager
    would be prettier, and costs 0.3 µs more on every request.
    """

    # Defaults of the class: an exchange that nobody writes to costs one store, not seven.
    cache_control: CacheControlChoice | None = None
    """Written by `@cache_control`, read by CacheControlMiddleware."""

    precondition: PreconditionRecord | None = None
    """Written by `@etag`, read by ETagMiddleware."""

    applies_cache_control = False
    applies_preconditions = False
    """Whether a middleware is there to act on it, so that a decorator can say it is not."""

    server_headers: object = None
    """What the server's scope held as headers, where that was no list."""

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        scope[SCOPE_KEY] = self
        if type(scope.get("headers")) is not list:
            self._make_headers_a_list()
        self._token = _current.set(self)

    def close(self) -> None:
        """Give the server its scope back as it was, and the context too."""
        del self.scope[SCOPE_KEY]
        if self.server_headers is not None:
            self._give_headers_back()
        try:
            _current.reset(self._token)
        except ValueError:
            # A request that was dropped, not ended: the garbage collector closes its coroutine in
            # whatever context that runs in, where there is nothing of ours to reset.
            return

    def _make_headers_a_list(self) -> None:
        """Let the headers be read more than once: ASGI allows any iterable, a generator too."""
        self.server_headers = self.scope.get("headers", _ABSENT)
        self.scope["headers"] = list(self.scope.get("headers") or ())

    def _give_headers_back(self) -> None:
        if self.server_headers is _ABSENT:
            del self.scope["headers"]
        else:
            self.scope["headers"] = self.server_headers


_current: ContextVar[Exchange | None] = ContextVar(SCOPE_KEY, default=None)


def current_exchange() -> Exchange | None:
    """Return the exchange of the request being handled, or None where none was opened."""
    return _current.get()
