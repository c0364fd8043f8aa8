"""What a hit costs: ours beside every peer's, all with the same 100 records."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import cached_apps as peers
from benchmarks.apps import Counted, bare, http_scope
from benchmarks.case import Answer, Budget, Case
from benchmarks.suites.http_cache import CACHEABLE, TOPIC
from chopin_mw import HTTPCacheMiddleware

_MODELS = peers.items(1_000_000, 100)
_DICTS = [model.model_dump() for model in _MODELS]
_BODY = peers.ITEMS.dump_json(_MODELS)
_BASE = "bare 100 records"

_AIOCACHE = "peer: aiocache on FastAPI with response_model"
_CASHEWS = "peer: cashews on FastAPI with response_model"
_FASTAPI_CACHE2 = "peer: fastapi-cache2 on FastAPI with response_model"
_LITESTAR = "peer: Litestar's response cache"
_HISHEL = "peer: hishel's ASGI middleware, by URL only"
_HISHEL_RFC = "peer: hishel's ASGI middleware, RFC 9111"

_ON_FASTAPI = Budget(cheaper=20, than=(_AIOCACHE, _CASHEWS, _FASTAPI_CACHE2))
_ON_LITESTAR = Budget(cheaper=5, than=(_LITESTAR,))
_ON_BARE = Budget(cheaper=50, than=(_HISHEL, _HISHEL_RFC))


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    app = bare(_BODY, CACHEABLE)
    yield _case(_BASE, app, base=None)
    yield _uncached("FastAPI, not cached", peers.fastapi_app, _MODELS)
    yield _hit("HTTPCacheMiddleware on FastAPI", peers.ours_on_fastapi, _MODELS, _ON_FASTAPI)
    # Each with what it is faster with: fastapi-cache2 makes dicts of models in any case.
    yield _hit(_AIOCACHE, peers.by_aiocache, _MODELS)
    yield _hit(_CASHEWS, peers.by_cashews, _MODELS)
    yield _hit(_FASTAPI_CACHE2, peers.by_fastapi_cache2, _DICTS)
    yield _uncached("Litestar, not cached", peers.litestar_app, _DICTS)
    yield _hit("HTTPCacheMiddleware on Litestar", peers.ours_on_litestar, _DICTS, _ON_LITESTAR)
    yield _hit(_LITESTAR, peers.by_litestar, _DICTS)
    yield _middleware("HTTPCacheMiddleware on a bare app", HTTPCacheMiddleware, _ON_BARE)
    yield _middleware(_HISHEL, lambda inner: peers.hishel_around(inner, rfc=False))
    yield _middleware(_HISHEL_RFC, lambda inner: peers.hishel_around(inner, rfc=True))


def _uncached(name: str, make: peers.Maker, value: Any) -> Case:
    async def records() -> Any:
        return value

    return _case(name, make("/", records))


def _hit(name: str, make: peers.Maker, value: Any, budget: Budget | None = None) -> Case:
    calls = []

    async def records() -> Any:
        calls.append(name)
        return value

    # Some keys are made of the name of the handler, and all of these are one function.
    records.__qualname__ = records.__name__ = name
    return _case(name, make("/", records), budget=budget, calls=lambda: len(calls))


def _middleware(name: str, make: Callable[[Any], Any], budget: Budget | None = None) -> Case:
    counted = Counted(bare(_BODY, CACHEABLE))
    return _case(name, make(counted), budget=budget, calls=lambda: counted.calls)


def _case(
    name: str,
    app: Any,
    *,
    base: str | None = _BASE,
    budget: Budget | None = None,
    calls: Callable[[], int] = lambda: 1,
) -> Case:
    def is_right(answer: Answer) -> bool:
        # The first check fills the cache, the last one shows that all others were hits.
        return answer.status == 200 and json.loads(answer.body) == _DICTS and calls() == 1

    return Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=http_scope("GET"),
        is_right=is_right,
        base=base,
        budget=budget,
    )
