"""What was invalidated is gone, by whichever name, whenever, and however it had come."""

import pytest

from cache.stage import Client, FakeClock, get, whole
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.exchange import CacheChoice, exchange_of
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy

FRESH = (b"cache-control", b"max-age=100")


class Counting:
    """Count the calls of an app, behind a cache with a fake clock."""

    def __init__(self, app: ASGIApp, **policy: object) -> None:
        self.calls = 0
        self.clock = FakeClock()
        self._app = app
        changed = CachePolicy(**policy)  # type: ignore[arg-type]  # checked by itself
        self.cached = HTTPCacheMiddleware(self, policy=changed, clock=self.clock.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await self._app(scope, receive, send)

    async def ask(self, *headers: tuple[bytes, bytes], **options: object) -> Client:
        client = Client(headers=list(headers), **options)  # type: ignore[arg-type]  # its own
        answer = await client.ask(self.cached)
        self.clock.advance(1)
        return answer

    async def forget(self, **what: str) -> None:
        await self.cached.cache.invalidate(**what)
        self.clock.advance(1)


async def fresh_app(scope: Scope, receive: Receive, send: Send) -> None:
    await whole(send, b"hello", FRESH)


async def tagging_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Validate before the handler runs, as a layer inside does; the handler alone names a tag."""
    headers = [(b"cache-control", b"max-age=10"), (b"etag", b'"one"')]
    if scope["method"] == "HEAD" or dict(scope["headers"]).get(b"if-none-match") == b'"one"':
        status = 200 if scope["method"] == "HEAD" else 304
        await whole(send, b"", *headers, status=status)
        return
    exchange_of(scope).cache = CacheChoice(tags=("flights",))
    await whole(send, b"hello", *headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_validated_response_keeps_its_tags(method: str) -> None:
    """Whoever says that it still holds need not repeat by which names it is known."""
    world = Counting(tagging_app)
    await world.ask()
    world.clock.advance(20)
    await world.ask(method=method)
    calls = world.calls

    await world.forget(tag="flights")
    await world.ask()

    assert world.calls == calls + 1


@pytest.mark.parametrize("stored", [b"page=1", b"page=1&utm_source=x"])
async def test_a_url_is_forgotten_however_its_query_was_spelled(stored: bytes) -> None:
    """A parameter that the key ignores is not in the way of an invalidation."""
    world = Counting(fresh_app, ignored_query=("utm_*",))
    await world.ask(query=stored)
    await world.forget(url="/?page=1")

    await world.ask(query=b"page=1")

    assert world.calls == 2


async def test_an_unsafe_request_forgets_the_url_without_what_is_ignored() -> None:
    """The target of a POST is the response that a GET of the same URL gets."""
    world = Counting(fresh_app, ignored_query=("utm_*",), sort_query=True)
    await world.ask(query=b"a=1&b=2")
    await world.ask(method="POST", query=b"b=2&a=1&utm_source=x")

    await world.ask(query=b"a=1&b=2")

    assert world.calls == 3


async def test_an_invalidation_at_the_moment_of_a_post_holds() -> None:
    """A clock may stand still for 16 ms, and what comes later still comes later."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await whole(send, b"hello", FRESH, (b"content-location", b"/"))

    world = Counting(app)
    await get().ask(world.cached)
    await Client(method="POST").ask(world.cached)
    await world.forget(url="/")

    await world.ask()

    assert world.calls == 3


async def test_a_handler_that_fails_after_its_answer_has_changed_something_too() -> None:
    """What was filled while it went on working is forgotten, whether or not it ended well."""
    world: Counting

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await whole(send, b"hello", FRESH)
        if scope["method"] == "POST":
            world.clock.advance(1)
            await get().ask(world.cached)
            world.clock.advance(1)
            raise ValueError("after the change")

    world = Counting(app)
    with pytest.raises(ValueError, match="after the change"):
        await world.ask(method="POST")
    world.clock.advance(1)

    await world.ask()

    assert world.calls == 3


@pytest.mark.parametrize("etag", [b"abc", b"", b'"a'])
async def test_a_malformed_tag_is_compared_neither_on_a_miss_nor_on_a_hit(etag: bytes) -> None:
    """It is passed on, and never an answer of 304."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await whole(send, b"hello", FRESH, (b"etag", etag))

    world = Counting(app)
    condition = (b"if-none-match", etag)

    answers = [await world.ask(condition), await world.ask(condition)]

    assert [each.status for each in answers] == [200, 200]
    assert world.calls == 1
