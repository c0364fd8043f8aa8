"""What handlers say to the middleware around them, one request at a time.

Each middleware that listens puts the request's scope into a context variable of its own; a
decorator finds it there and leaves an Exchange in that scope, for the middleware to read on the way
out. The scope is one shared object, so this survives thread pools, `gather`, streams and background
tasks in any stacking order, and a request to which nobody has anything to say costs 0.15 µs.
"""

from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

SCOPE_KEY = "chopin_mw.exchange"

Listener: TypeAlias = ContextVar[MutableMapping[str, Any] | None]

preconditions_scope: Listener = ContextVar("chopin_mw.preconditions", default=None)
"""Set by ETagMiddleware: the request whose preconditions `@etag` may decide."""

cache_control_scope: Listener = ContextVar("chopin_mw.cache_control", default=None)
"""Set by CacheControlMiddleware: the request for which `@cache_control` may choose."""


@dataclass(frozen=True, slots=True)
class CacheControlChoice:
    """Hold the Cache-Control that a handler asked for, as raw bytes, and which handler it was."""

    value: bytes
    on_errors: bool
    handler: object = None


cache_scope: Listener = ContextVar("chopin_mw.cache", default=None)
"""Set by HTTPCacheMiddleware, which is an ETag layer too: the request whose answer it may keep."""


@dataclass(frozen=True, slots=True)
class CacheChoice:
    """Hold what decorators said about keeping an answer.

    `changes` are fields of `CachePolicy` to replace, one mapping for all calls of a handler; None
    keeps nothing at all (`@no_store`). `tags` come beside the policy's own; `invalidates` are tags
    that a successful answer makes invalid.
    """

    changes: Mapping[str, Any] | None = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    # What each function of `vary_by`, by its id, said before the handler ran.
    identities: Mapping[int, bytes | None] = field(default_factory=dict)
    invalidates: tuple[str, ...] = ()
    handler: object = None


@dataclass(frozen=True, slots=True)
class PreconditionRecord:
    """Hold what `@etag` compared before the handler ran; header values as raw bytes.

    `answered` is 304 or 412 where the handler did not run at all.
    """

    etag: bytes | None
    last_modified: bytes | None
    answered: int | None


page_scope: Listener = ContextVar("chopin_mw.page", default=None)
"""Set by PaginationMiddleware: the request whose pagination parameters it has clamped."""

token_scope: Listener = ContextVar("chopin_mw.token", default=None)
"""Set by JWTMiddleware: the connection whose token it has judged."""


class Exchange:
    """Carry what decorators and hooks say about one request to the middleware around it."""

    __slots__ = ("cache", "cache_control", "cache_outcome", "fields", "is_guarded", "precondition")

    def __init__(self) -> None:
        self.cache: CacheChoice | None = None
        self.cache_control: CacheControlChoice | None = None
        self.cache_outcome: str | None = None
        # Fields for the answer; the innermost layer that sees its header adds them.
        self.fields: list[tuple[bytes, bytes]] | None = None
        # A token was demanded: who shows none, or a lesser one, must not have the answer.
        self.is_guarded = False
        self.precondition: PreconditionRecord | None = None


def exchange_of(scope: MutableMapping[str, Any]) -> Exchange:
    """Return the exchange of this request, made when the first has something to say."""
    # setdefault, because handlers may run in threads.
    exchange: Exchange = scope.get(SCOPE_KEY) or scope.setdefault(SCOPE_KEY, Exchange())
    return exchange


def current_scope() -> MutableMapping[str, Any] | None:
    """Return the scope of the request being handled, where any of our middleware is around it."""
    return (
        cache_scope.get()
        or preconditions_scope.get()
        or cache_control_scope.get()
        or page_scope.get()
        or token_scope.get()
    )


_ERRORS_FROM = 400


def take_fields(scope: MutableMapping[str, Any], status: int) -> list[tuple[bytes, bytes]]:
    """Return the fields that are to be added to the answer, and forget them.

    An error is not the answer that the handler had in mind when it left them.
    """
    exchange: Exchange | None = scope.get(SCOPE_KEY)
    if exchange is None or exchange.fields is None:
        return []
    fields, exchange.fields = exchange.fields, None
    return fields if status < _ERRORS_FROM else []
