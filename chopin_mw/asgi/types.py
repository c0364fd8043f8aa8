"""ASGI 3 types, open enough for the way each framework writes its own.

Starlette types a scope as a mutable mapping, Hypercorn and asgiref as a TypedDict for each kind of
connection; no type but Any accepts both, and a middleware is put around either.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = Any
"""The connection: a dict whose `type` says what else is in it."""

Message: TypeAlias = MutableMapping[str, Any]
"""One event; as a value, a plain dict."""

Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers: TypeAlias = list[tuple[bytes, bytes]]
"""Raw header fields in the order they were sent; names in any case, duplicates kept."""
