"""What our cache costs: hits, misses, and requests that it has nothing to do for."""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.apps import (
    Counted,
    Field,
    bare,
    body_of,
    each_once,
    greeter,
    http_scope,
    websocket_scope,
)
from benchmarks.case import Answer, Budget, Case
from chopin_mw import ChopinMiddleware, HTTPCacheMiddleware
from chopin_mw.asgi.types import ASGIApp, Scope
from chopin_mw.rules.content_tag import make_entity_tag

TOPIC = "http_cache"
HELLO = b'{"hello":"world"}'
CACHEABLE = (b"cache-control", b"public, max-age=3600")
_BODY = body_of(10)
_STORED = body_of(16)
_COOKIE = (b"cookie", b"session=1f0c2a; theme=dark")
_ACCEPTS = (b"accept-encoding", b"gzip, br")
_VARIES = (b"vary", b"accept-encoding")
_HIT = Budget(added=3.3)
_NOT_MODIFIED = Budget(added=3)
_PASS = Budget(added=1)
_STORE = Budget(added=20)


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    yield from _hits()
    yield from _stores()
    yield from _nothing_to_keep()
    yield from _passes()


def _hits() -> Iterator[Case]:
    base, tag = "bare 10 KB, cacheable", make_entity_tag([_BODY])
    yield _case(base, bare(_BODY, CACHEABLE), is_right=_answers(_BODY))
    yield _hit("hit, 200", base, _HIT)
    yield _hit("hit, 304", base, _NOT_MODIFIED, (b"if-none-match", tag), body=b"", status=304)
    yield _hit("hit, 200 to a request with Cookie", base, None, _COOKIE)
    yield _hit("hit, 200, one of several variants", base, None, _ACCEPTS, sends=(_VARIES,))
    yield _hit("hit, 200, named in Cache-Status", base, None, make=_named)
    yield _hit("hit, 200, ChopinMiddleware", base, None, make=ChopinMiddleware)
    yield _hit("hit, 304, ChopinMiddleware", base, None, (b"if-none-match", tag), body=b"",
               status=304, make=ChopinMiddleware)  # fmt: skip


def _named(app: ASGIApp) -> ASGIApp:
    return HTTPCacheMiddleware(app, cache_status="bench")


def _hit(
    name: str,
    base: str,
    budget: Budget | None,
    *asks: Field,
    body: bytes = _BODY,
    status: int = 200,
    sends: tuple[Field, ...] = (),
    make: Callable[[ASGIApp], ASGIApp] = HTTPCacheMiddleware,
) -> Case:
    counted = Counted(bare(_BODY, CACHEABLE, *sends))
    answers = _answers(body, status)

    def is_right(answer: Answer) -> bool:
        # The first check fills the cache, the last one shows that all others were hits.
        return answers(answer) and b"etag" in answer.headers and counted.calls == 1

    scope = http_scope("GET", *asks)
    return _case(name, make(counted), scope=scope, is_right=is_right, base=base, budget=budget)


def _stores() -> Iterator[Case]:
    base = "bare 16 KB, cacheable, each URL once"
    app = bare(_STORED, CACHEABLE)
    right, scope = _answers(_STORED), http_scope("GET")
    yield _case(base, app, scope=each_once(scope), is_right=right)
    ours = HTTPCacheMiddleware(app)
    name = "miss and store, 16 KB"
    yield _case(name, ours, scope=each_once(scope), is_right=right, base=base, budget=_STORE)


def _nothing_to_keep() -> Iterator[Case]:
    for size, body in (("hello", HELLO), ("10 KB", _BODY)):
        base, app = f"bare {size}, nothing said of caching", bare(body)
        yield _case(base, app, is_right=_answers(body))
        name = f"GET with nothing to keep, {size}"
        yield _case(name, HTTPCacheMiddleware(app), is_right=_answers(body), base=base)


def _passes() -> Iterator[Case]:
    right, hello = _answers(HELLO), bare(HELLO)
    post, get = http_scope("POST"), http_scope("GET")
    ours = HTTPCacheMiddleware(hello)
    no_policy = HTTPCacheMiddleware(hello, policy=None)
    untagged = HTTPCacheMiddleware(hello, policy=None, etag_limit_bytes=0)
    base = "bare hello, POST past the cache"
    yield _case(base, hello, scope=post, is_right=right)
    yield _case("POST", ours, scope=post, is_right=right, base=base, budget=_PASS)
    base = "bare hello, GET past the cache"
    yield _case(base, hello, scope=get, is_right=right)
    name = "GET with policy None"
    yield _case(name, no_policy, scope=get, is_right=right, base=base, budget=_PASS)
    name = "GET with policy None, no ETag"
    yield _case(name, untagged, scope=get, is_right=right, base=base, budget=_PASS)
    base, socket = "bare websocket past the cache", websocket_scope()
    yield _case(base, greeter, scope=socket, is_right=_closes)
    name, ours = "websocket", HTTPCacheMiddleware(greeter)
    yield _case(name, ours, scope=socket, is_right=_closes, base=base, budget=_PASS)


def _closes(answer: Answer) -> bool:
    return answer.kinds == ("websocket.accept", "websocket.close")


def _answers(body: bytes, status: int = 200) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == status and answer.body == body


def _case(
    name: str,
    app: Any,
    *,
    is_right: Callable[[Answer], bool],
    scope: Callable[[], Scope] | None = None,
    base: str | None = None,
    budget: Budget | None = None,
) -> Case:
    return Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=scope or http_scope("GET"),
        is_right=is_right,
        base=base,
        budget=budget,
    )
