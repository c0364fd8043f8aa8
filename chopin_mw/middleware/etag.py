"""Entity tags for responses, and 304 or 412 for conditional requests (RFC 9110 §8.8, §13)."""

from chopin_mw.asgi.capture import Capture
from chopin_mw.asgi.header_list import with_header_list
from chopin_mw.asgi.tagging import DEFAULT_LIMIT_BYTES, Tagging, check_limit_bytes
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.exchange import SCOPE_KEY, preconditions_scope


class ETagMiddleware:
    """Add an ETag to answers and reply 304 where the client already has them.

    Tags responses of 200 to GET and HEAD whose body is sent in one go, up to `limit_bytes`. The
    app's own ETag and Last-Modified win; streams, event streams, files sent by path and responses
    with trailers pass untouched. Write handlers get their 412 through `@etag`.

        app.add_middleware(ETagMiddleware)
    """

    def __init__(self, app: ASGIApp, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.app = app
        self._limit = check_limit_bytes("limit_bytes", limit_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if type(scope.get("headers")) is not list:
            await with_header_list(self, scope, receive, send)
            return
        token = preconditions_scope.set(scope)
        try:
            if scope["method"] in ("GET", "HEAD"):
                capture = Capture(send, Tagging(scope), self._limit)
                await capture.run(self.app(scope, receive, capture.send))
            else:
                # Only `@etag` can answer here, before a write runs; it needs no help from us.
                await self.app(scope, receive, send)
        finally:
            if SCOPE_KEY in scope:
                del scope[SCOPE_KEY]
            try:  # noqa: SIM105 - suppress() costs 0.15 µs
                preconditions_scope.reset(token)
            except ValueError:
                # A request that was dropped, not ended: the garbage collector closes it in
                # whatever context that runs in, where there is nothing of ours to reset.
                pass
