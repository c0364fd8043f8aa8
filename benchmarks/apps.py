"""Bare ASGI apps, and the scopes that a server makes for them."""

from collections.abc import Callable
from itertools import count
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send

Field = tuple[bytes, bytes]

# What a browser sends, without cookies.
_HEADERS: tuple[Field, ...] = (
    (b"host", b"example.org"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en"),
)


def http_scope(method: str, *headers: Field, path: str = "/") -> Callable[[], Scope]:
    """Return a function that makes a fresh scope each time."""
    template: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": b"",
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
    }
    fields = [*_HEADERS, *headers]
    return lambda: {**template, "headers": list(fields), "state": {}}


def each_once(make: Callable[[], Scope]) -> Callable[[], Scope]:
    """Return a function that makes scopes of URLs that were never asked for before."""
    numbers = count()

    def make_next() -> Scope:
        scope = make()
        scope["query_string"] = b"number=%d" % next(numbers)
        return scope

    return make_next


class Counted:
    """Count the requests that reach an app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await self.app(scope, receive, send)


def websocket_scope() -> Callable[[], Scope]:
    """Return a function that makes a fresh scope each time."""
    template = {**http_scope("GET")(), "type": "websocket", "scheme": "ws", "subprotocols": []}
    del template["method"]
    return lambda: {**template, "headers": list(_HEADERS), "state": {}}


def bare(
    body: bytes, *fields: Field, content_type: bytes = b"application/json", status: int = 200
) -> ASGIApp:
    """Return an app that answers every request with this body, and does nothing else."""
    length = b"%d" % len(body)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", content_type), (b"content-length", length), *fields]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def greeter(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a websocket and close it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})


def body_of(kilobytes: int) -> bytes:
    """Return so many bytes that compress about as well as JSON does."""
    line = b'{"carrier":"UA","flight":%06d,"origin":"EWR","dest":"IAH","delay":%03d},'
    count = 1 + kilobytes * 1024 // len(line % (0, 0))
    text = b"".join(line % (number * 7919 % 999_983, number * 31 % 997) for number in range(count))
    return text[: kilobytes * 1024]
