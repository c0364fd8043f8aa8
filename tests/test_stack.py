"""ChopinMiddleware: everything in its fixed order."""

import asyncio
import contextvars
from typing import Any

import pytest

from chopin_mw import (
    CacheControlRule,
    ChopinMiddleware,
    ConfigurationError,
    JSONResponse,
    PagePolicy,
    TokenPolicy,
    TokenVerifier,
    cache_control,
    etag,
)
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.selection import CacheRule
from chopin_mw.exchange import current_scope
from chopin_mw.rules.cache_policy import CachePolicy
from support.calls import answering, call
from support.tokens import AUDIENCE, SECRET, claims, signed


async def test_it_is_safe_on_any_app_without_configuration() -> None:
    """Conditional requests on; no Cache-Control that nobody asked for."""
    answer = await call(ChopinMiddleware(answering()))

    assert [name for name, _ in answer.headers] == [b"etag"]


async def test_a_304_carries_the_default_cache_control() -> None:
    """The ETag layer stands outside the default."""
    app = ChopinMiddleware(answering(), cache_control="max-age=60")
    tag = (await call(app))[b"etag"]
    assert tag is not None

    answer = await call(app, headers=[(b"if-none-match", tag)])

    assert answer.status == 304
    assert answer[b"cache-control"] == b"max-age=60"


async def test_steps_can_be_switched_off_and_configured() -> None:
    """Each option reaches its middleware."""
    rules = [CacheControlRule(path="/a", cache_control="no-cache")]
    plain = ChopinMiddleware(answering(), etag=False, cache_control_rules=rules)
    small = ChopinMiddleware(answering(), etag_limit_bytes=4)

    assert (await call(plain, path="/a")).headers == [(b"cache-control", b"no-cache")]
    assert (await call(small)).headers == []


@pytest.mark.parametrize(
    "options",
    [
        {"etag_limit_bytes": -1},
        {"cache_control": "max-age=x"},
        {"cache": 60},
        {"cache": None, "cache_rules": ["/a"]},
    ],
)
def test_options_are_checked_at_construction(options: dict[str, Any]) -> None:
    """Not at the first request."""
    with pytest.raises(ConfigurationError):
        ChopinMiddleware(answering(), **options)


async def test_a_304_of_etag_takes_no_default_over_what_the_handler_said() -> None:
    """The handler did not run, so nobody knows; a cache keeps the value of its 200."""

    @etag(lambda *_: "v1")
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({}, headers={"Cache-Control": "private"})(scope, receive, send)

    app = ChopinMiddleware(handler, cache_control="public, max-age=60")

    assert (await call(app))[b"cache-control"] == b"private"
    again = await call(app, headers=[(b"if-none-match", b'"v1"')])
    assert (again.status, again[b"cache-control"]) == (304, None)


async def test_a_handler_that_calls_a_decorated_one_keeps_its_own_word() -> None:
    """The answer is the caller's: its Cache-Control, its validators."""
    ran: list[str] = []

    @etag(lambda *_: "inner")
    @cache_control(public=True, max_age=600)
    async def inner(*_: object) -> None:
        ran.append("inner")

    @etag(lambda *_: "outer")
    @cache_control(private=True)
    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await inner()
        await JSONResponse({})(scope, receive, send)

    app = ChopinMiddleware(outer)
    answer = await call(app, headers=[(b"if-none-match", b'"inner"')])

    assert answer.status == 200
    assert answer[b"cache-control"] == b"private"
    assert answer[b"etag"] == b'"outer"'
    assert ran == ["inner"]


async def test_handlers_may_be_decorated_while_the_first_request_is_served() -> None:
    """Django imports its views then; the write must be guarded from the first."""
    ran: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        @cache_control(no_store=True)
        @etag(lambda *_: "v2")
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            ran.append(1)

        await late(scope, receive, send)

    answer = await call(ChopinMiddleware(app), method="PUT", headers=[(b"if-match", b'"v1"')])

    assert answer.status == 412
    assert answer[b"cache-control"] == b"no-store"
    assert ran == []


async def test_a_dropped_request_is_closed_quietly_in_another_context() -> None:
    """The garbage collector ends it without a 'different Context' error."""

    async def waiting(*_: object) -> None:
        await asyncio.get_running_loop().create_future()

    for method in ("GET", "POST"):
        request = call(ChopinMiddleware(waiting), method=method)
        contextvars.copy_context().run(request.send, None)
        request.close()

    assert current_scope() is None


FRESH = (b"cache-control", b"max-age=100")


def counted(calls: list[str], *headers: tuple[bytes, bytes]) -> ASGIApp:
    """Return an app that notes the path of each call."""
    answer = answering(headers=headers)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["path"])
        await answer(scope, receive, send)

    return app


async def test_by_default_it_keeps_what_responses_allow() -> None:
    """A lifetime that the response names is enough."""
    calls: list[str] = []
    app = ChopinMiddleware(counted(calls, FRESH))

    answers = [await call(app), await call(app)]

    assert [each.body for each in answers] == [b"hello", b"hello"]
    assert [each[b"age"] for each in answers] == [None, b"0"]
    assert len(calls) == 1


async def test_without_a_cache_it_still_makes_tags() -> None:
    """None keeps nothing; conditional requests are another matter."""
    calls: list[str] = []
    app = ChopinMiddleware(counted(calls, FRESH), cache=None)
    tag = (await call(app))[b"etag"]
    assert tag is not None

    assert (await call(app, headers=[(b"if-none-match", tag)])).status == 304
    assert len(calls) == 2


async def test_without_cache_and_tags_it_adds_nothing() -> None:
    """All steps off."""
    calls: list[str] = []
    app = ChopinMiddleware(counted(calls, FRESH), cache=None, etag=False)

    assert (await call(app)).headers == (await call(app)).headers == [FRESH]
    assert len(calls) == 2


async def test_with_a_cache_tags_can_be_off_for_what_is_not_kept() -> None:
    """What is kept has one anyway: its body is there to be compared."""
    calls: list[str] = []
    kept = ChopinMiddleware(counted(calls, FRESH), etag=False)
    passed = ChopinMiddleware(answering(), etag=False)

    assert (await call(passed))[b"etag"] is None
    assert (await call(passed))[b"etag"] is None
    await call(kept)
    assert (await call(kept))[b"age"] == b"0"


async def test_rules_go_before_the_general_policy() -> None:
    """By path, also where the general policy keeps nothing."""
    calls: list[str] = []
    rules = [CacheRule(path="/kept/*", policy=CachePolicy(ttl=60))]
    app = ChopinMiddleware(counted(calls), cache=None, cache_rules=rules)

    for path in ("/kept/a", "/kept/a", "/a", "/a"):
        await call(app, path=path)

    assert calls == ["/kept/a", "/a", "/a"]


async def test_a_policy_may_be_given() -> None:
    """For all paths."""
    calls: list[str] = []
    app = ChopinMiddleware(counted(calls), cache=CachePolicy(ttl=60))

    for _ in range(3):
        await call(app)

    assert len(calls) == 1


async def test_a_cache_may_be_given_that_the_app_can_invalidate() -> None:
    """One object for both."""
    calls: list[str] = []
    cache = HTTPCache(policy=CachePolicy(ttl=60))
    app = ChopinMiddleware(counted(calls), cache=cache)
    await call(app)
    await call(app)

    await cache.invalidate(url="/")
    await call(app)

    assert len(calls) == 2
    assert cache.statistics().invalidations == 1


def test_rules_beside_a_cache_that_has_its_own_are_a_mistake() -> None:
    """Two places for one thing would contradict each other."""
    rules = [CacheRule(path="/", policy=None)]

    with pytest.raises(ConfigurationError, match="cache_rules belong to the HTTPCache"):
        ChopinMiddleware(answering(), cache=HTTPCache(), cache_rules=rules)


async def test_what_is_kept_has_the_default_cache_control() -> None:
    """The cache stands outside it, so that the default is a lifetime too."""
    calls: list[str] = []
    app = ChopinMiddleware(counted(calls), cache_control="max-age=60")

    answers = [await call(app), await call(app)]

    assert [each[b"cache-control"] for each in answers] == [b"max-age=60", b"max-age=60"]
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"auth": "secret"}, r"auth must be a TokenVerifier\(policy, keys\), got one of type str"),
        ({"pagination": True}, "pagination must be a PagePolicy or None, got True"),
        ({"page_rules": {"/x": None}}, "page_rules must hold PageRule, got '/x'"),
    ],
)
def test_options_are_refused_by_their_own_names(options: Any, message: str) -> None:
    """Not by those of the middleware inside."""
    with pytest.raises(ConfigurationError, match=message):
        ChopinMiddleware(answering(), **options)


async def test_tokens_come_first_then_pages_then_the_cache() -> None:
    """Nobody without a token gets a hit, and what was clamped is one entry."""
    verifier = TokenVerifier(TokenPolicy(algorithms="HS256", audience=AUDIENCE), SECRET)
    app = ChopinMiddleware(
        answering(headers=[(b"cache-control", b"public, max-age=60")]),
        auth=verifier,
        pagination=PagePolicy(),
    )
    bearer = (b"authorization", b"Bearer " + signed(claims()))

    first, second = [
        await call(app, query_string=query, headers=[bearer])
        for query in (b"limit=1000", b"limit=2000")
    ]
    stranger = await call(app, query_string=b"limit=1000")

    assert stranger.status == 401
    assert (first.status, second.status) == (200, 200)
    assert first[b"x-pagination-clamped"] == second[b"x-pagination-clamped"] == b"limit=100"
    assert second[b"age"] == b"0"
