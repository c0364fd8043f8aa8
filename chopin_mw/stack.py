"""All of our middleware as one, in the one order that is right."""

from collections.abc import Iterable

from chopin_mw.asgi.tagging import DEFAULT_LIMIT_BYTES
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.selection import CacheRule
from chopin_mw.errors import ConfigurationError
from chopin_mw.middleware.cache_control import CacheControlMiddleware, CacheControlRule
from chopin_mw.middleware.etag import ETagMiddleware
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.middleware.pagination import PageRule, PaginationMiddleware
from chopin_mw.rules.cache_control import ResponseDirectives
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.page_policy import PagePolicy


class ChopinMiddleware:
    """Add everything chopin_mw does to an app; safe on any app without configuration.

    `cache` is the policy of the response cache, or an `HTTPCache` made before; the default keeps
    only what responses and `@cache_response` explicitly allow, None keeps nothing. `cache_rules`
    go before it, by path. `cache_control` is the default Cache-Control where the app and its
    handlers choose none, `cache_control_rules` go before that. `etag=False` switches conditional
    requests off where nothing is cached, `etag_limit_bytes` is the largest body that gets a tag.

        app.add_middleware(ChopinMiddleware)
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        cache: CachePolicy | HTTPCache | None = CachePolicy(),  # noqa: B008 - frozen
        cache_rules: Iterable[CacheRule] = (),
        etag: bool = True,
        etag_limit_bytes: int = DEFAULT_LIMIT_BYTES,
        cache_control: str | ResponseDirectives | None = None,
        cache_control_rules: Iterable[CacheControlRule] = (),
        pagination: PagePolicy | None = None,
        page_rules: Iterable[PageRule] = (),
        auth: TokenVerifier | None = None,
    ) -> None:
        # Outermost last. The cache stands outside, so that what it keeps has its Cache-Control.
        stack: ASGIApp = CacheControlMiddleware(
            app, default=cache_control, rules=cache_control_rules
        )
        kept = _cache(cache, tuple(cache_rules))
        if kept is not None:
            limit = etag_limit_bytes if etag else 0
            stack = HTTPCacheMiddleware(stack, cache=kept, etag_limit_bytes=limit)
        elif etag:
            stack = ETagMiddleware(stack, limit_bytes=etag_limit_bytes)
        page_rules = _checked_pagination(pagination, page_rules)
        if pagination is not None or page_rules:
            # Around the cache: what asks for too much is the same page, and kept once.
            # CacheControlMiddleware sees every answer that a handler makes, and adds the fields.
            stack = PaginationMiddleware(
                stack, policy=pagination, rules=page_rules, adds_fields=False
            )
        if auth is not None:
            if not isinstance(auth, TokenVerifier):
                # Its type only: it may be the secret, in the wrong place.
                given = type(auth).__name__
                raise ConfigurationError(
                    f"auth must be a TokenVerifier(policy, keys), got one of type {given}"
                )
            stack = JWTMiddleware(stack, verifier=auth)
        # For a cache outside of this, which must not stand there.
        self.authenticates = auth is not None
        self.app = app
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        await self._stack(scope, receive, send)


def _cache(given: CachePolicy | HTTPCache | None, rules: tuple[CacheRule, ...]) -> HTTPCache | None:
    if isinstance(given, HTTPCache):
        if rules:
            raise ConfigurationError(
                "cache_rules belong to the HTTPCache that was given: put them there"
            )
        return given
    if given is None and not rules:
        return None
    if given is not None and not isinstance(given, CachePolicy):
        raise ConfigurationError(f"cache must be a CachePolicy, HTTPCache or None, got {given!r}")
    return HTTPCache(policy=given, rules=rules)


def _checked_pagination(
    policy: PagePolicy | None, rules: Iterable[PageRule]
) -> tuple[PageRule, ...]:
    if policy is not None and not isinstance(policy, PagePolicy):
        raise ConfigurationError(f"pagination must be a PagePolicy or None, got {policy!r}")
    checked = tuple(rules)
    for rule in checked:
        if not isinstance(rule, PageRule):
            raise ConfigurationError(f"page_rules must hold PageRule, got {rule!r}")
    return checked
