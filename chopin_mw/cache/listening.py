"""Listen to what decorators say of one request."""

from contextvars import Token
from typing import Self

from chopin_mw.asgi.types import Scope
from chopin_mw.exchange import SCOPE_KEY, cache_scope


class Listening:
    """Be the cache of a request from `with` to its end, and leave the scope as it was."""

    __slots__ = ("_is_ours", "_scope", "_token")

    _token: Token[Scope | None]

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        # A layer outside may have made the exchange, to read it afterwards.
        self._is_ours = SCOPE_KEY not in scope

    def __enter__(self) -> Self:
        self._token = cache_scope.set(self._scope)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_ours and SCOPE_KEY in self._scope:
            del self._scope[SCOPE_KEY]
        try:  # noqa: SIM105 - suppress() costs 0.15 µs
            cache_scope.reset(self._token)
        except ValueError:
            # Dropped, not ended: closed by the garbage collector, in some other context.
            pass
