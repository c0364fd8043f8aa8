"""CacheControlMiddleware: what a handler chose, else a rule, never over the app's own."""

from typing import Any

import pytest

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import CacheControlChoice, cache_control_scope, exchange_of
from chopin_mw.middleware.cache_control import CacheControlMiddleware, CacheControlRule
from chopin_mw.rules.cache_control import ResponseDirectives
from support.calls import Pairs, answering, call, sending

OWN = (b"Cache-Control", b"no-store")
JSON = (b"Content-Type", b"application/json; charset=utf-8")


def choosing(value: bytes, *, on_errors: bool = False, **answer: Any) -> ASGIApp:
    """Return an app in which a handler has chosen."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        listening = cache_control_scope.get()
        assert listening is not None
        exchange_of(listening).cache_control = CacheControlChoice(value, on_errors)
        await answering(**answer)(scope, receive, send)

    return app


async def test_the_default_is_added_where_the_app_is_silent() -> None:
    """To GET and HEAD, and to nothing else."""
    app = CacheControlMiddleware(answering(headers=[JSON]), default="max-age=60")

    assert (await call(app)).headers == [JSON, (b"cache-control", b"max-age=60")]
    assert (await call(app, method="HEAD"))[b"cache-control"] == b"max-age=60"
    assert (await call(app, method="POST"))[b"cache-control"] is None


async def test_the_app_always_wins() -> None:
    """Over a rule and over a decorator."""
    assert (
        await call(CacheControlMiddleware(answering(headers=[OWN]), default="public"))
    ).headers == [OWN]
    app = CacheControlMiddleware(choosing(b"public", headers=[OWN]))
    assert (await call(app)).headers == [OWN]


@pytest.mark.parametrize(
    ("rule", "path", "status", "headers", "applies"),
    [
        ({}, "/x", 200, [], True),
        ({}, "/x", 404, [], False),
        ({}, "/x", 304, [], True),
        ({"statuses": {404}}, "/x", 404, [], True),
        ({"path": "/static/*"}, "/static/a/b.css", 200, [], True),
        ({"path": "/static/*"}, "/Static/a", 200, [], False),
        ({"path": "/a.b"}, "/axb", 200, [], False),
        ({"media_type": "application/json"}, "/x", 200, [JSON], True),
        ({"media_type": "image/*"}, "/x", 200, [JSON], False),
        ({"media_type": "image/*"}, "/x", 200, [], False),
        ({"media_type": "IMAGE/PNG"}, "/x", 200, [(b"content-type", b"image/png")], True),
    ],
)
async def test_rules(
    rule: dict[str, Any], path: str, status: int, headers: Pairs, *, applies: bool
) -> None:
    """By path, status and media type."""
    given = CacheControlRule(cache_control="max-age=1", **rule)
    app = CacheControlMiddleware(answering(status=status, headers=headers), rules=[given])

    answer = await call(app, path=path)

    assert (answer[b"cache-control"] == b"max-age=1") is applies


async def test_the_first_rule_that_applies_decides_and_the_default_is_last() -> None:
    """Order is the user's."""
    rules = [
        CacheControlRule(path="/a*", cache_control="max-age=1"),
        CacheControlRule(path="/ab", cache_control="max-age=2"),
    ]
    app = CacheControlMiddleware(answering(), rules=rules, default="max-age=3")

    assert (await call(app, path="/ab"))[b"cache-control"] == b"max-age=1"
    assert (await call(app, path="/x"))[b"cache-control"] == b"max-age=3"


async def test_a_handlers_choice_goes_before_the_rules() -> None:
    """And for every method, because it was asked for by name."""
    app = CacheControlMiddleware(choosing(b"private"), default="public")

    assert (await call(app))[b"cache-control"] == b"private"
    assert (await call(app, method="POST"))[b"cache-control"] == b"private"


async def test_errors_are_not_made_cacheable() -> None:
    """A choice for answers is none for errors, unless it is no-store."""
    kept = CacheControlMiddleware(choosing(b"no-store", on_errors=True, status=500))

    assert (await call(CacheControlMiddleware(choosing(b"public", status=404)))).headers == []
    assert (await call(kept))[b"cache-control"] == b"no-store"


async def test_an_exception_is_the_apps_and_the_scope_is_clean_afterwards() -> None:
    """Nothing is added, nothing is kept."""
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await call(CacheControlMiddleware(app, default="public"))

    assert list(scopes[0]) == ["type", "asgi", "method", "path", "query_string", "headers"]


async def test_without_anything_to_say_messages_pass_as_they_are() -> None:
    """The very object, not a copy."""
    start = {"type": "http.response.start", "status": 200}
    answer = await call(CacheControlMiddleware(sending(start)))

    assert answer.messages[0] is start


async def test_other_connection_types_pass() -> None:
    """Lifespan and websockets are not ours."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await call(CacheControlMiddleware(app, default="public"), type="lifespan")

    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    "given",
    ["max-age=007x", "max-age=60;public", "max-age", "", "public, private", "maß=1", 60, None],
)
def test_a_value_that_would_be_misread_is_refused(given: Any) -> None:
    """In configuration a slip is an error, at construction."""
    with pytest.raises(ConfigurationError):
        CacheControlMiddleware(answering(), rules=[CacheControlRule(cache_control=given)])


@pytest.mark.parametrize(
    "given",
    [
        "public, max-age=60, x-mine=1",
        'private="set-cookie, x-a"',
        "NO-CACHE",
        "no-cache=Set-Cookie",
        ResponseDirectives(public=True, max_age=60),
    ],
)
async def test_values_are_text_or_directives(given: str | ResponseDirectives) -> None:
    """Text is sent as it was written."""
    answer = await call(CacheControlMiddleware(answering(), default=given))

    assert answer[b"cache-control"] == str(given).encode()


@pytest.mark.parametrize("statuses", [{99}, {600}, {"200"}])
def test_statuses_that_cannot_be_are_refused(statuses: Any) -> None:
    """By name, with the value."""
    with pytest.raises(ConfigurationError, match="statuses must hold"):
        CacheControlRule(cache_control="public", statuses=statuses)


def test_rules_must_be_rules() -> None:
    """A tuple is a slip."""
    with pytest.raises(ConfigurationError, match="rules must hold CacheControlRule"):
        CacheControlMiddleware(answering(), rules=[("/x", "public")])  # type: ignore[list-item]  # the slip


async def test_a_304_without_its_media_type_gets_no_rule() -> None:
    """It would update the 200 that a cache holds, with a value meant for another type."""
    rules = [
        CacheControlRule(media_type="text/html", cache_control="private, no-cache"),
        CacheControlRule(cache_control="public, max-age=86400"),
    ]

    def app(status: int, *headers: tuple[bytes, bytes]) -> ASGIApp:
        return CacheControlMiddleware(answering(status=status, headers=headers), rules=rules)

    html = (b"content-type", b"text/html")
    assert (await call(app(304)))[b"cache-control"] is None
    assert (await call(app(304, html)))[b"cache-control"] == b"private, no-cache"
    assert (await call(app(200)))[b"cache-control"] == b"public, max-age=86400"


@pytest.mark.parametrize("options", [{"path": None}, {"path": 5}, {"media_type": 5}])
def test_patterns_must_be_text(options: dict[str, Any]) -> None:
    """At construction, by name."""
    with pytest.raises(ConfigurationError, match="must be a shell pattern"):
        CacheControlRule(cache_control="public", **options)


async def test_statuses_may_be_any_collection() -> None:
    """A generator is read once, at construction."""
    rule = CacheControlRule(cache_control="max-age=1", statuses=(s for s in (404,)))  # type: ignore[arg-type]  # what a user may try

    answer = await call(CacheControlMiddleware(answering(status=404), rules=[rule]))

    assert answer[b"cache-control"] == b"max-age=1"
