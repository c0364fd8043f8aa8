"""The middleware under test, alone and composed, with what each may add to a response."""

from chopin_mw.asgi.types import ASGIApp
from chopin_mw.middleware.cache_control import CacheControlMiddleware
from chopin_mw.middleware.etag import ETagMiddleware
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.middleware.pagination import PaginationMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.stack import ChopinMiddleware
from middleware.bearing import jwt, jwt_around_cache, jwt_twice
from support.differential import Citizen

TAG = frozenset({b"etag"})
POLICY = frozenset({b"cache-control"})
DEFAULT = "private, max-age=0"


def identity(app: ASGIApp) -> ASGIApp:
    return app


def with_default(app: ASGIApp) -> ASGIApp:
    return CacheControlMiddleware(app, default=DEFAULT)


def tag_around_policy(app: ASGIApp) -> ASGIApp:
    return ETagMiddleware(with_default(app))


def policy_around_tag(app: ASGIApp) -> ASGIApp:
    return with_default(ETagMiddleware(app))


def twice(app: ASGIApp) -> ASGIApp:
    return ETagMiddleware(with_default(ETagMiddleware(with_default(app))))


def stack_twice(app: ASGIApp) -> ASGIApp:
    return ChopinMiddleware(ChopinMiddleware(app))


def proxy_cache(app: ASGIApp) -> ASGIApp:
    return HTTPCacheMiddleware(app, policy=CachePolicy.shared_proxy(proxied=False))


def cache_around_tag(app: ASGIApp) -> ASGIApp:
    return HTTPCacheMiddleware(tag_around_policy(app))


def cache_twice(app: ASGIApp) -> ASGIApp:
    return HTTPCacheMiddleware(HTTPCacheMiddleware(app))


def pagination_around_cache(app: ASGIApp) -> ASGIApp:
    return PaginationMiddleware(cache_around_tag(app), adds_fields=False)


def pagination_twice(app: ASGIApp) -> ASGIApp:
    return PaginationMiddleware(PaginationMiddleware(app))


CITIZENS = (
    Citizen("identity", identity),
    Citizen("etag", ETagMiddleware, TAG),
    Citizen("cache-control", CacheControlMiddleware),
    Citizen("cache-control with a default", with_default, POLICY),
    Citizen("cache", HTTPCacheMiddleware, TAG),
    Citizen("cache of a proxy", proxy_cache, TAG),
    Citizen("cache around etag", cache_around_tag, TAG | POLICY),
    Citizen("cache twice", cache_twice, TAG),
    Citizen("jwt", jwt),
    Citizen("jwt twice", jwt_twice),
    Citizen("jwt around cache", jwt_around_cache, TAG),
    Citizen("pagination", PaginationMiddleware),
    Citizen("pagination twice", pagination_twice),
    Citizen("pagination around cache", pagination_around_cache, TAG | POLICY),
    Citizen("chopin", ChopinMiddleware, TAG),
    Citizen("etag around cache-control", tag_around_policy, TAG | POLICY),
    Citizen("cache-control around etag", policy_around_tag, TAG | POLICY),
    Citizen("both twice", twice, TAG | POLICY),
    Citizen("chopin twice", stack_twice, TAG),
)
