"""The apps of the cache suites: ours and each peer's around the same handler."""

import sqlite3
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import aiocache  # type: ignore[import-untyped]  # ships no types
import anysqlite
import cashews
from fastapi import FastAPI
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.decorator import cache as fastapi_cache2
from hishel import AsyncSqliteStorage
from hishel.asgi import ASGICacheMiddleware
from litestar import Litestar, get
from pydantic import BaseModel, TypeAdapter

from chopin_mw import CacheControlMiddleware, CachePolicy, HTTPCacheMiddleware
from chopin_mw.asgi.types import ASGIApp

TTL = 3600
CACHEABLE = "public, max-age=3600"
Handler = Callable[..., Awaitable[Any]]
Maker = Callable[[str, Handler], Any]
"""Takes a path (`/` or `/{number:int}`) and its handler, which returns items or dicts of them."""


class Item(BaseModel):
    """A flat record of some hundred bytes."""

    id: int
    carrier: str
    origin: str
    destination: str
    delay: float
    cancelled: bool
    note: str = ""


ITEMS = TypeAdapter(list[Item])


def items(first: int, count: int) -> list[Item]:
    """Return so many items; from 1,000,000 on all are of one size."""
    return [
        Item(
            id=first + number,
            carrier="UA",
            origin="EWR",
            destination="IAH",
            delay=10 + number % 80 + 0.25,
            cancelled=number % 50 == 0,
        )
        for number in range(count)
    ]


def fastapi_app(path: str, handler: Handler) -> FastAPI:
    """Return the app with no cache."""
    app = FastAPI(openapi_url=None)
    app.get(path, response_model=list[Item])(handler)
    return app


def litestar_app(path: str, handler: Handler, *, cache: int | bool = False) -> Litestar:
    """Return the app, cached by Litestar itself if asked to."""
    handler.__annotations__["return"] = list[dict[str, object]]
    return Litestar([get(path, cache=cache)(handler)], openapi_config=None)


def ours_on_fastapi(path: str, handler: Handler) -> ASGIApp:
    """Return HTTPCacheMiddleware around FastAPI."""
    return HTTPCacheMiddleware(fastapi_app(path, handler), policy=CachePolicy(ttl=TTL))


def ours_on_litestar(path: str, handler: Handler) -> ASGIApp:
    """Return HTTPCacheMiddleware around Litestar."""
    inner: Any = litestar_app(path, handler)
    return HTTPCacheMiddleware(inner, policy=CachePolicy(ttl=TTL))


def by_fastapi_cache2(path: str, handler: Handler) -> FastAPI:
    """Return FastAPI with fastapi-cache2's decorator; its memory is one for the whole process."""
    FastAPICache.init(InMemoryBackend(), prefix="bench", expire=TTL)
    return fastapi_app(path, fastapi_cache2(expire=TTL)(handler))


def by_cashews(path: str, handler: Handler) -> FastAPI:
    """Return FastAPI with cashews' decorator."""
    return fastapi_app(path, _cashews()(ttl=TTL)(handler))


def by_cashews_with_lock(path: str, handler: Handler) -> FastAPI:
    """Return FastAPI with cashews' decorator and its lock."""
    return fastapi_app(path, _cashews()(ttl=TTL, lock=True)(handler))


def by_aiocache(path: str, handler: Handler) -> FastAPI:
    """Return FastAPI with aiocache's decorator."""
    return fastapi_app(path, aiocache.cached(ttl=TTL)(handler))


def by_aiocache_stampede(path: str, handler: Handler) -> FastAPI:
    """Return FastAPI with aiocache's decorator against stampedes."""
    return fastapi_app(path, aiocache.cached_stampede(lease=10, ttl=TTL)(handler))


def by_litestar(path: str, handler: Handler) -> Litestar:
    """Return Litestar with its own response cache."""
    return litestar_app(path, handler, cache=TTL)


def by_hishel(path: str, handler: Handler) -> Any:
    """Return hishel's middleware around FastAPI, by method and URL only."""
    return hishel_around(fastapi_app(path, handler), rfc=False)


def by_hishel_rfc(path: str, handler: Handler) -> Any:
    """Return hishel's middleware around FastAPI, by RFC 9111."""
    cacheable = CacheControlMiddleware(fastapi_app(path, handler), default=CACHEABLE)
    return hishel_around(cacheable, rfc=True)


def hishel_around(app: Any, *, rfc: bool) -> Any:
    """Return hishel's middleware with the only local storage it has, kept in memory."""
    # Made before the loop runs; anysqlite.connect would do the same in one of its threads.
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    storage = AsyncSqliteStorage(connection=anysqlite.Connection(connection), default_ttl=TTL)
    middleware = ASGICacheMiddleware(app, storage=storage, rfc=rfc)
    weakref.finalize(middleware, connection.close)
    return middleware


def _cashews() -> cashews.Cache:
    cache = cashews.Cache()
    # It keeps 1,000 entries unless told, and looks through all of them every second.
    cache.setup("mem://", size=100_000, check_interval=0)
    return cache
