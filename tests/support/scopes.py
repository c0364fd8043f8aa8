"""Connection scopes as current servers build them, every one fresh."""

from collections.abc import Callable, Iterable
from typing import Any

from chopin_mw.asgi.types import Scope

HeaderList = Iterable[tuple[bytes, bytes]]


def http_scope(method: str = "GET", headers: HeaderList = (), **changes: Any) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/flights",
        "raw_path": b"/flights",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"example.org"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "extensions": {"http.response.trailers": {}, "http.response.pathsend": {}},
        "state": {},
        **changes,
    }


def websocket_scope(headers: HeaderList = (), **changes: Any) -> Scope:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/live",
        "raw_path": b"/live",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"example.org"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "subprotocols": ["v1", "v2"],
        "extensions": {"websocket.http.response": {}},
        "state": {},
        **changes,
    }


def lifespan_scope(**changes: Any) -> Scope:
    return {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}, **changes}


def scope_of(method: str = "GET", *headers: tuple[bytes, bytes]) -> Callable[[], Scope]:
    """Build the same HTTP scope again and again: one for the bare app, one for the wrapped."""
    return lambda: http_scope(method, headers)
