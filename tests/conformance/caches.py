"""The cache under test: the proxy profile of the middleware, on the clock of the world."""

from chopin_mw.asgi.types import ASGIApp
from chopin_mw.cache.clock import Clock
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from conformance.runner import CACHE_NAME
from conformance.world import FakeClock


def proxy_cache(app: ASGIApp, clock: FakeClock) -> ASGIApp:
    return HTTPCacheMiddleware(
        app,
        policy=CachePolicy.shared_proxy(),
        cache_status=CACHE_NAME,
        clock=Clock(monotonic=clock.monotonic, time=clock.time),
    )
