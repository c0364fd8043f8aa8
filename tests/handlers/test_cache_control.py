"""`@cache_control`: its options, and what a handler's end makes of them."""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from chopin_mw import (
    CacheControlMiddleware,
    ChopinMiddleware,
    ConfigurationError,
    ETagMiddleware,
    cache_control,
    no_store,
)
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.exchange import cache_control_scope, exchange_of
from support.calls import call

OPTIONS = [
    ({"max_age": 60}, b"max-age=60"),
    ({"max_age": 0}, b"max-age=0"),
    ({"max_age": timedelta(minutes=2)}, b"max-age=120"),
    ({"public": True, "s_maxage": timedelta(days=1)}, b"public, s-maxage=86400"),
    ({"private": True}, b"private"),
    ({"private": ["Set-Cookie"], "max_age": 5}, b'private="set-cookie", max-age=5'),
    ({"private": ("x-a", "x-b")}, b'private="x-a, x-b"'),
    ({"no_cache": True}, b"no-cache"),
    ({"no_cache": ["X-User"]}, b'no-cache="x-user"'),
    ({"public": True, "private": ["x-user"]}, b'public, private="x-user"'),
    ({"no_store": True}, b"no-store"),
    ({"no_store": True, "max_age": 0}, b"no-store, max-age=0"),
    (
        {"no_store": True, "must_understand": True, "max_age": 9},
        b"no-store, max-age=9, must-understand",
    ),
    ({"no_transform": True}, b"no-transform"),
    ({"must_revalidate": True, "proxy_revalidate": True}, b"must-revalidate, proxy-revalidate"),
    (
        {"public": True, "max_age": 31536000, "immutable": True},
        b"public, max-age=31536000, immutable",
    ),
    (
        {"max_age": 60, "stale_while_revalidate": 30, "stale_if_error": timedelta(hours=1)},
        b"max-age=60, stale-while-revalidate=30, stale-if-error=3600",
    ),
]
MISTAKES = [
    ({}, "at least one directive"),
    ({"max_age": None}, "at least one directive"),
    ({"max_age": -1}, "max_age must be 0..2147483648 seconds, got -1"),
    ({"max_age": timedelta(seconds=-5)}, "max_age must be 0..2147483648 seconds, got -5"),
    ({"max_age": 2**31 + 1}, "max_age must be .* got 2147483649"),
    ({"max_age": True}, "max_age must be a whole number of seconds, got True"),
    ({"max_age": 1.5}, "max_age must be a whole number of seconds, got 1.5"),
    ({"max_age": "60"}, "max_age must be a whole number of seconds, got '60'"),
    ({"s_maxage": -2}, "s_maxage must be .* got -2"),
    ({"stale_while_revalidate": 0.5}, "stale_while_revalidate must be .* got 0.5"),
    ({"stale_if_error": False}, "stale_if_error must be .* got False"),
    ({"public": 1}, "public must be True or False, got 1"),
    ({"no_store": "yes"}, "no_store must be True or False, got 'yes'"),
    ({"immutable": None, "max_age": 1}, "immutable must be True or False, got None"),
    ({"private": "set-cookie"}, "private must be True or a tuple of field names"),
    ({"private": []}, "private must be True or a tuple of field names"),
    ({"no_cache": ["a b"]}, "no_cache must be True or a tuple of field names"),
    ({"no_cache": ["x\r\ny"]}, "no_cache must be True or a tuple of field names"),
    ({"public": True, "private": True}, "public and private contradict each other"),
    ({"no_store": True, "max_age": 60}, "no_store forbids storing, so max_age=60"),
    ({"no_store": True, "immutable": True}, "no_store forbids storing, so immutable=True"),
    ({"no_store": True, "stale_if_error": 5}, "no_store forbids storing, so stale_if_error=5"),
]


def answering(status: int = 200, *headers: tuple[bytes, bytes]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"text"})

    return app


async def policy_of(app: ASGIApp, **options: Any) -> bytes | None:
    answer = await call(CacheControlMiddleware(app, **options))
    return answer[b"cache-control"]


@pytest.mark.parametrize(("options", "value"), OPTIONS, ids=str)
async def test_every_directive_reaches_the_header(options: dict[str, Any], value: bytes) -> None:
    """What the keywords say is what is sent, in the order of RFC 9111 §5.2.2."""
    assert await policy_of(cache_control(**options)(answering())) == value


@pytest.mark.parametrize(("options", "message"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistake_is_named_when_decorating(options: dict[str, Any], message: str) -> None:
    """The error names the option and the value, before any request."""
    with pytest.raises(ConfigurationError, match=message):
        cache_control(**options)


def test_options_are_given_by_name() -> None:
    """`@cache_control` without parentheses, or with a number, is a TypeError at once."""
    decorate: Any = cache_control

    with pytest.raises(TypeError):
        decorate(answering())


async def test_the_value_of_the_app_wins() -> None:
    """A handler that sends its own Cache-Control is not overruled."""
    app = answering(200, (b"Cache-Control", b"no-cache"))

    assert await policy_of(cache_control(max_age=60)(app), default="public") == b"no-cache"


async def test_the_decorator_wins_over_the_default() -> None:
    """The middleware's default is for handlers that choose nothing."""
    assert (
        await policy_of(cache_control(max_age=60)(answering()), default="public") == b"max-age=60"
    )


async def test_the_inner_decorator_wins() -> None:
    """Of two choices the one nearest to the handler counts: it is made last."""
    app = cache_control(max_age=1)(cache_control(max_age=2)(answering()))

    assert await policy_of(app) == b"max-age=2"


@pytest.mark.parametrize("never", [no_store, cache_control(no_store=True)])
@pytest.mark.parametrize("above", [False, True])
async def test_no_store_wins_over_a_lifetime(never: Callable[..., Any], above: bool) -> None:
    """In any order on one handler."""
    lasting = cache_control(max_age=60)
    app = never(lasting(answering())) if above else lasting(never(answering()))

    assert await policy_of(app) == b"no-store"


@pytest.mark.parametrize("never", [no_store, cache_control(no_store=True)])
@pytest.mark.parametrize("above", [False, True])
async def test_no_store_stays_where_a_lifetime_goes(never: Callable[..., Any], above: bool) -> None:
    """Where the handler raises, the one is taken back without the other."""
    lasting, raising = cache_control(max_age=60), handler_that_raises(plain=False)
    app = never(lasting(raising)) if above else lasting(never(raising))

    assert await policy_of(answering_errors(app)) == b"no-store"


@pytest.mark.parametrize("status", [400, 404, 412, 500, 503])
async def test_an_error_status_gets_nothing(status: int) -> None:
    """A handler's error answer is not the thing that the policy speaks of."""
    app = cache_control(max_age=60)(answering(status))

    assert await policy_of(app, default="public") is None


@pytest.mark.parametrize("status", [404, 500])
async def test_no_store_is_for_errors_too(status: int) -> None:
    """What must not be stored must not be stored when it fails either."""
    assert await policy_of(cache_control(no_store=True)(answering(status))) == b"no-store"


@pytest.mark.parametrize("status", [200, 201, 204, 301, 307])
async def test_other_statuses_get_the_policy(status: int) -> None:
    """A redirect or an empty answer is an answer of the handler."""
    assert await policy_of(cache_control(max_age=60)(answering(status))) == b"max-age=60"


def handler_that_raises(*, plain: bool) -> Callable[..., Awaitable[None]]:
    async def raises_async(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("no such flight")

    def raises(scope: Scope, receive: Receive, send: Send) -> Any:
        raise LookupError("no such flight")

    return raises if plain else raises_async


def answering_errors(app: Callable[..., Awaitable[None]]) -> ASGIApp:
    """Answer 200 in place of an error, as an app with a fallback page does."""

    async def with_fallback(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except LookupError:
            await answering()(scope, receive, send)

    return with_fallback


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
async def test_a_handler_that_raises_takes_its_policy_along(plain: bool) -> None:
    """What is sent in place of the handler's answer does not get the handler's policy."""
    app = cache_control(max_age=60)(handler_that_raises(plain=plain))

    assert await policy_of(answering_errors(app)) is None


@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
async def test_a_handler_that_raises_leaves_no_store(plain: bool) -> None:
    """`no_store` stays in force for whatever is sent."""
    app = cache_control(no_store=True)(handler_that_raises(plain=plain))

    assert await policy_of(answering_errors(app)) == b"no-store"


async def test_a_handler_that_raises_gives_the_word_back() -> None:
    """A policy around it, for errors too, is in force again."""
    inner = cache_control(max_age=60)(handler_that_raises(plain=False))
    app = cache_control(no_store=True)(inner)

    assert await policy_of(answering_errors(app)) == b"no-store"


async def test_a_handler_that_raises_without_middleware_raises() -> None:
    """Where nobody listens the error is the handler's, as it was."""
    with pytest.raises(LookupError):
        await call(cache_control(max_age=60)(handler_that_raises(plain=False)))


@pytest.mark.parametrize("status", [404, 500])
async def test_fastapis_exceptions_get_nothing(status: int) -> None:
    """An HTTPException becomes an error answer without Cache-Control."""
    app = FastAPI()

    @app.get("/")
    @cache_control(max_age=60)
    async def flight() -> None:
        raise HTTPException(status)

    assert await policy_of(app, default="public") is None


async def test_a_generator_of_fastapi_streams_as_before() -> None:
    """FastAPI sees through the wrapper that the handler yields, and the policy is sent."""

    def build(decorator: Callable[[Any], Any]) -> FastAPI:
        app = FastAPI()

        @app.get("/")
        @decorator
        async def numbers() -> AsyncIterator[int]:
            for number in range(3):
                yield number

        return app

    bare = await call(ChopinMiddleware(build(lambda handler: handler)))
    ours = await call(ChopinMiddleware(build(cache_control(max_age=60))))

    assert (ours.status, ours.body) == (bare.status, bare.body)
    assert (bare[b"cache-control"], ours[b"cache-control"]) == (None, b"max-age=60")


async def test_without_middleware_one_warning_is_given(caplog: pytest.LogCaptureFixture) -> None:
    """A decorator that nobody listens to says so once, by name, and does no harm."""
    app = cache_control(max_age=60)(answering())

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        answers = [await call(app), await call(app)]

    assert [answer.status for answer in answers] == [200, 200]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert re.search(r"@cache_control on .*answering.* has no effect: add", record.message)


async def test_etag_middleware_alone_does_not_listen(caplog: pytest.LogCaptureFixture) -> None:
    """Another of our middleware around the app is not the one that is needed."""
    with caplog.at_level(logging.WARNING, "chopin_mw"):
        answer = await call(ETagMiddleware(cache_control(max_age=60)(answering())))

    assert answer[b"cache-control"] is None
    assert "add ChopinMiddleware or CacheControlMiddleware" in caplog.text


async def test_with_middleware_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Where all is well nobody is bothered."""
    with caplog.at_level(logging.DEBUG, "chopin_mw"):
        await call(ChopinMiddleware(cache_control(max_age=60)(answering())))

    assert not caplog.records


def test_a_plain_handler_chooses_before_it_runs() -> None:
    """What a handler sends while it runs has the policy already."""
    scope: dict[str, Any] = {"type": "http", "headers": []}
    seen: list[bytes | None] = []

    @cache_control(max_age=60)
    def handler() -> None:
        choice = exchange_of(scope).cache_control
        seen.append(choice.value if choice else None)

    token = cache_control_scope.set(scope)
    handler()
    cache_control_scope.reset(token)

    assert seen == [b"max-age=60"]


def hiding(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as many libraries do: the result no longer looks async."""

    def plain(*args: Any) -> Any:
        return handler(*args)

    return plain


async def test_a_hidden_async_handler_that_raises_gets_no_policy() -> None:
    """The decorator below hides that it is async, and nothing else."""

    @cache_control(max_age=60)
    @hiding
    async def failing(*_: object) -> None:
        raise KeyError("no")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(KeyError):
            await failing(scope, receive, send)
        await answering()(scope, receive, send)

    assert (await call(ChopinMiddleware(app)))[b"cache-control"] is None


async def test_a_hidden_async_handler_keeps_its_policy() -> None:
    """Where it does not raise."""
    app = cache_control(max_age=60)(hiding(answering()))

    assert (await call(ChopinMiddleware(app)))[b"cache-control"] == b"max-age=60"
