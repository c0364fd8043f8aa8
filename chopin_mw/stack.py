"""All of our middleware as one, in the one order that is right."""

from collections.abc import Iterable

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.middleware.cache_control import CacheControlMiddleware, CacheControlRule
from chopin_mw.middleware.etag import DEFAULT_LIMIT_BYTES, ETagMiddleware
from chopin_mw.rules.cache_control import ResponseDirectives


class ChopinMiddleware:
    """Add everything chopin_mw does to an app; safe on any app without configuration.

    `cache_control` is the default Cache-Control where the app and its handlers choose none,
    `cache_control_rules` go before it. `etag=False` switches conditional requests off,
    `etag_limit_bytes` is the largest body that gets a tag.

        app.add_middleware(ChopinMiddleware)
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        etag: bool = True,
        etag_limit_bytes: int = DEFAULT_LIMIT_BYTES,
        cache_control: str | ResponseDirectives | None = None,
        cache_control_rules: Iterable[CacheControlRule] = (),
    ) -> None:
        # Outermost last. The ETag layer stands outside, so that a 304 carries the Cache-Control.
        stack: ASGIApp = CacheControlMiddleware(
            app, default=cache_control, rules=cache_control_rules
        )
        if etag:
            stack = ETagMiddleware(stack, limit_bytes=etag_limit_bytes)
        self.app = app
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        await self._stack(scope, receive, send)
