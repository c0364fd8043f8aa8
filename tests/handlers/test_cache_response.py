"""`@cache_response` and `@no_store`: options, who decides, and what a handler's end makes of it."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from math import inf
from typing import Any

import pytest

from chopin_mw import CacheControlMiddleware, ConfigurationError, cache_control, etag
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.exchange import CacheChoice, cache_scope, exchange_of
from chopin_mw.handlers.cache_response import cache_response, no_store
from chopin_mw.rules.cache_policy import CachePolicy
from support.calls import answering, call
from support.listening import ListeningMiddleware


def by_user(scope: Scope) -> str | None:
    return None


async def by_user_async(scope: Scope) -> str | None:
    return None


OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"ttl": 60}, {"ttl": 60, "override_freshness": True}),
    ({"ttl": 0.5}, {"ttl": 0.5, "override_freshness": True}),
    ({"ttl": timedelta(minutes=1)}, {"ttl": 60, "override_freshness": True}),
    ({"ttl": 0}, {"ttl": 0, "override_freshness": True}),
    ({"ttl": inf}, {"ttl": inf, "override_freshness": True}),
    ({"vary_by": "Accept-Language"}, {"vary_by": ("header:Accept-Language",)}),
    ({"vary_by": "header:X-Tenant"}, {"vary_by": ("header:X-Tenant",)}),
    ({"vary_by": "cookie:Theme"}, {"vary_by": ("cookie:Theme",)}),
    ({"vary_by": by_user}, {"vary_by": (by_user,)}),
    ({"vary_by": ["A", "cookie:b", by_user]}, {"vary_by": ("header:A", "cookie:b", by_user)}),
    ({"stale_while_revalidate": timedelta(hours=1)}, {"stale_while_revalidate": 3600}),
    ({"stale_if_error": 5}, {"stale_if_error": 5}),
    ({"negative_ttl": timedelta(seconds=2)}, {"negative_ttl": 2}),
    ({"statuses": [200, 404]}, {"statuses": frozenset({200, 404})}),
    ({"max_body_bytes": 0}, {"max_body_bytes": 0}),
    ({"cookies": "ignore"}, {"cookies": "ignore"}),
    ({"authorization": "ignore"}, {"authorization": "ignore"}),
    ({"ttl_jitter": 0.1, "early_refresh": 1}, {"ttl_jitter": 0.1, "early_refresh": 1}),
]
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "at least one option, such as ttl=60"),
    ({"tags": ()}, "at least one option"),
    ({"ttl": -1}, "ttl must be a number of seconds, 0 or more.* got -1"),
    ({"ttl": timedelta(seconds=-5)}, "ttl must be .* got -5.0"),
    ({"ttl": True}, "ttl must be a number of seconds, 0 or more.* got True"),
    ({"ttl": "60"}, "ttl must be a number of seconds, 0 or more.* got '60'"),
    ({"ttl": float("nan")}, "ttl must be a number of seconds, 0 or more.* got nan"),
    ({"negative_ttl": -1}, "negative_ttl must be .* got -1"),
    ({"stale_if_error": -1}, "stale_if_error must be .* got -1"),
    ({"statuses": [206]}, "statuses must hold codes of 200..599 .* got 206"),
    ({"max_body_bytes": 1.5}, "max_body_bytes must be a whole number of bytes, got 1.5"),
    ({"cookies": "allow"}, "cookies must be one of .* got 'allow'"),
    ({"authorization": True}, "authorization must be one of .* got True"),
    ({"ttl_jitter": 2}, "ttl_jitter must be a number of 0..1, got 2"),
    ({"vary_by": "query:page"}, "vary_by must hold .* got 'query:page'"),
    ({"vary_by": "Accept Language"}, "vary_by must hold .* got 'header:Accept Language'"),
    ({"vary_by": "header:"}, "vary_by must hold .* got 'header:'"),
    ({"vary_by": "cookie:"}, "vary_by must hold .* got 'cookie:'"),
    ({"vary_by": ["a", 5]}, "vary_by must hold .* got 5"),
    ({"vary_by": 5}, "vary_by must hold .* got 5"),
    ({"vary_by": by_user_async}, "vary_by must hold plain functions, not async ones"),
    ({"tags": "flights"}, "tags must be a sequence of strings, got 'flights'"),
    ({"tags": 5}, "tags must be a sequence of strings, got 5"),
    ({"tags": [""]}, "a tag must be a string that is not empty, got ''"),
    ({"tags": [5]}, "a tag must be a string that is not empty, got 5"),
]
APP_KINDS = pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])


async def choice_of(app: Callable[..., Any], **scope: Any) -> CacheChoice | None:
    listening = ListeningMiddleware(app)
    await call(listening, **scope)
    (choice,) = listening.choices
    return choice


async def changes_of(app: Callable[..., Any], **scope: Any) -> Mapping[str, Any] | None:
    choice = await choice_of(app, **scope)
    assert choice is not None
    return choice.changes


@pytest.mark.parametrize(("options", "changes"), OPTIONS, ids=str)
async def test_options_replace_those_of_the_policy(
    options: dict[str, Any], changes: dict[str, Any]
) -> None:
    """What the keywords say is what the middleware finds, in the policy's own terms."""
    chosen = await changes_of(cache_response(**options)(answering()))

    assert chosen == changes
    assert CachePolicy(**changes)


@pytest.mark.parametrize(("options", "message"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistake_is_named_when_decorating(options: dict[str, Any], message: str) -> None:
    """The error names the option and the value, before any request."""
    with pytest.raises(ConfigurationError, match=message):
        cache_response(**options)


def test_options_are_given_by_name() -> None:
    """`@cache_response` without parentheses, or with a number, is a TypeError at once."""
    decorate: Any = cache_response

    with pytest.raises(TypeError):
        decorate(answering())


@pytest.mark.parametrize("option", ["namespace", "ignored_query", "sort_query", "vary"])
def test_the_key_is_not_the_handlers_to_choose(option: str) -> None:
    """What is in the key must be known before the handler is."""
    decorate: Any = cache_response

    with pytest.raises(TypeError, match=option):
        decorate(ttl=60, **{option: "x"})


@pytest.mark.parametrize(
    ("given", "tags"),
    [(["a", "b"], ("a", "b")), ({"a"}, ("a",)), (("{{a}}",), ("{a}",)), ((), ())],
    ids=str,
)
async def test_tags_are_added_to_those_of_the_policy(given: Any, tags: tuple[str, ...]) -> None:
    """They replace nothing, so they are no change of the policy."""
    choice = await choice_of(cache_response(tags=given, ttl=60)(answering()))

    assert choice is not None
    assert choice.tags == tags
    assert choice.changes == {"ttl": 60, "override_freshness": True}


async def test_tags_alone_will_do() -> None:
    """The rest is as the policy and the answer say."""
    choice = await choice_of(cache_response(tags=["a"])(answering()))

    assert choice is not None
    assert (choice.tags, choice.changes) == (("a",), {})


async def test_all_calls_share_one_object() -> None:
    """The middleware may keep the policy that it made of it."""
    app = cache_response(ttl=60, tags=("flight:{x}",))(answering())
    scope = {"path_params": {"x": 1}}

    assert await changes_of(app, **scope) is await changes_of(app, **scope)


async def test_of_two_on_one_handler_the_inner_wins() -> None:
    """It is made last; tags of both hold."""
    inner = cache_response(ttl=2, tags=("b",))(answering())
    app = cache_response(ttl=1, negative_ttl=5, tags=("a",))(inner)

    choice = await choice_of(app)

    assert choice is not None
    assert choice.changes == {"ttl": 2, "override_freshness": True, "negative_ttl": 5}
    assert choice.tags == ("a", "b")


async def test_a_handler_that_is_called_does_not_decide() -> None:
    """The answer is the outer handler's, and so is the choice."""
    called = cache_response(ttl=2)(answering())

    @cache_response(ttl=1)
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await called(scope, receive, send)

    assert await changes_of(app) == {"ttl": 1, "override_freshness": True}


@pytest.mark.parametrize("other", [etag(lambda *_: "v1"), cache_control(max_age=60)])
@pytest.mark.parametrize("inside", [False, True])
async def test_it_goes_with_the_other_decorators(other: Callable[..., Any], inside: bool) -> None:
    """In any order on one handler."""
    ours = cache_response(ttl=60)
    app = other(ours(answering())) if inside else ours(other(answering()))

    assert await changes_of(app) == {"ttl": 60, "override_freshness": True}


def handler_that_raises(*, plain: bool) -> Callable[..., Any]:
    async def raises_async(*_: object, **__: object) -> None:
        raise LookupError("no such flight")

    def raises(*_: object, **__: object) -> Any:
        raise LookupError("no such flight")

    return raises if plain else raises_async


def answering_errors(app: Callable[..., Awaitable[None]]) -> ASGIApp:
    """Answer 200 in place of an error, as an app with a fallback page does."""

    async def with_fallback(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(LookupError):
            await app(scope, receive, send)
        await answering()(scope, receive, send)

    return with_fallback


@APP_KINDS
async def test_a_handler_that_raises_takes_its_choice_along(plain: bool) -> None:
    """What is sent in place of the handler's answer is not kept on its word."""
    app = cache_response(ttl=60, tags=("a",))(handler_that_raises(plain=plain))

    assert await choice_of(answering_errors(app)) == CacheChoice()


@APP_KINDS
async def test_a_handler_that_raises_keeps_its_word_on_errors(plain: bool) -> None:
    """In FastAPI a 404 is raised: `negative_ttl` is for it, and the handler's identity with it."""
    decorate = cache_response(ttl=60, negative_ttl=5, vary_by="a", tags=("b",), cookies="ignore")
    app = decorate(handler_that_raises(plain=plain))

    choice = await choice_of(answering_errors(app))

    assert choice is not None
    assert choice.changes == {"negative_ttl": 5, "vary_by": ("header:a",)}
    assert (choice.tags, choice.handler) == (("b",), None)


async def test_a_handler_that_raises_gives_the_word_back() -> None:
    """The next handler, that of the error, chooses for itself."""
    failing = cache_response(ttl=60, tags=("a",))(handler_that_raises(plain=False))
    fallback = cache_response(ttl=5)(answering())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(LookupError):
            await failing(scope, receive, send)
        await fallback(scope, receive, send)

    assert await changes_of(app) == {"ttl": 5, "override_freshness": True}


async def test_a_handler_that_raises_gives_the_word_back_to_its_caller() -> None:
    """Its caller made a choice of its own, which stands."""
    failing = cache_response(ttl=60)(handler_that_raises(plain=False))

    assert await changes_of(cache_response(ttl=5)(answering_errors(failing))) == {
        "ttl": 5,
        "override_freshness": True,
    }


async def test_without_middleware_one_warning_is_given(caplog: pytest.LogCaptureFixture) -> None:
    """A decorator that nobody listens to says so once, by name, and does no harm."""
    app = cache_response(ttl=60)(answering())

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        answers = [await call(app), await call(app)]

    assert [answer.status for answer in answers] == [200, 200]
    (record,) = caplog.records
    assert re.search(
        r"@cache_response on .*answering.* has no effect: add HTTPCache", record.message
    )


async def test_a_handler_that_raises_without_middleware_raises() -> None:
    """Where nobody listens the error is the handler's, as it was."""
    with pytest.raises(LookupError):
        await call(cache_response(ttl=60)(handler_that_raises(plain=False)))


async def test_with_middleware_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Where all is well nobody is bothered."""
    app = no_store(cache_response(ttl=60, tags=("a",))(answering()))

    with caplog.at_level(logging.DEBUG, "chopin_mw"):
        await call(ListeningMiddleware(app))

    assert not caplog.records


def test_a_plain_handler_chooses_before_it_runs() -> None:
    """What a handler sends while it runs is kept on its word already."""
    scope: dict[str, Any] = {"type": "http", "headers": []}
    seen: list[CacheChoice | None] = []

    @cache_response(ttl=60)
    def handler() -> None:
        seen.append(exchange_of(scope).cache)

    token = cache_scope.set(scope)
    handler()
    cache_scope.reset(token)

    (choice,) = seen
    assert choice is not None
    assert choice.changes == {"ttl": 60, "override_freshness": True}


@pytest.mark.parametrize("raises", [False, True])
async def test_a_hidden_async_handler_is_awaited(raises: bool) -> None:
    """A decorator below hides that it is async, and nothing else."""

    @cache_response(ttl=60)
    def hiding(*args: Any) -> Any:
        handler = handler_that_raises(plain=False) if raises else answering()
        return handler(*args)

    app = answering_errors(hiding) if raises else hiding
    changes = {} if raises else {"ttl": 60, "override_freshness": True}

    assert await changes_of(app) == changes


async def test_no_store_keeps_nothing() -> None:
    """It takes no options, and no parentheses."""
    assert await changes_of(no_store(answering())) is None


@pytest.mark.parametrize("decorate", [lambda a, b, h: a(b(h)), lambda a, b, h: b(a(h))])
async def test_no_store_wins_in_any_order(decorate: Callable[..., Any]) -> None:
    """Who says both on one handler is on the safe side."""
    assert await changes_of(decorate(no_store, cache_response(ttl=60), answering())) is None


async def test_no_store_wins_where_its_handler_is_called() -> None:
    """An answer that holds another one keeps the other's secrets, also after an error."""

    @cache_response(ttl=60)
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await no_store(answering())(scope, receive, send)

    @cache_response(ttl=60)
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await no_store(handler_that_raises(plain=False))()

    assert await changes_of(app) is None
    assert await changes_of(answering_errors(failing)) is None


@APP_KINDS
async def test_no_store_stays_where_its_handler_raises(plain: bool) -> None:
    """What is sent instead may tell as much."""
    app = no_store(handler_that_raises(plain=plain))

    assert await changes_of(answering_errors(app)) is None


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_no_store_tells_other_caches(status: int) -> None:
    """CacheControlMiddleware sends it, with errors too, and warns of nothing."""
    app = CacheControlMiddleware(no_store(answering(status=status)), default="max-age=60")

    assert (await call(app))[b"cache-control"] == b"no-store"


async def test_no_store_wins_over_the_policy_of_its_caller() -> None:
    """What the answer holds is not to be stored anywhere."""

    @cache_control(max_age=60)
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await no_store(answering())(scope, receive, send)

    assert (await call(CacheControlMiddleware(app)))[b"cache-control"] == b"no-store"


async def test_no_store_without_middleware_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    """Neither of the two that could listen is there."""
    app = no_store(answering())

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        await call(app)
        await call(app)

    (record,) = caplog.records
    assert re.search(r"@no_store on .*answering.* has no effect: add HTTPCache", record.message)
