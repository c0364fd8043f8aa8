"""Background refreshes, beside what test_stale.py says of them."""

import asyncio
import logging

import pytest

from cache.stage import get, turns, whole
from cache.world import World, saying
from chopin_mw.asgi.types import Message, Receive, Scope, Send
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy

REVALIDATED = (b"cache-control", b"max-age=10, stale-while-revalidate=100")


class Receiving:
    """An app that reads its request, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[list[Message]] = []
        self.hung_up = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages = [await receive()]
        self.heard.append(messages)
        waiting = asyncio.create_task(self._until_the_client_leaves(receive))
        await turns(3)
        await whole(send, b"hello", REVALIDATED)
        waiting.cancel()

    async def _until_the_client_leaves(self, receive: Receive) -> None:
        await receive()
        self.hung_up += 1


async def test_the_app_hears_of_a_client_that_sends_nothing_and_stays() -> None:
    """An app that watches for a disconnect must not take the refresh for one."""
    world = World(saying())
    app = Receiving()
    cached = HTTPCacheMiddleware(app, clock=world.clock.clock)
    await cached(*who_stays())
    world.clock.advance(20)

    await cached(*who_stays())
    await turns()

    empty: Message = {"type": "http.request", "body": b"", "more_body": False}
    assert app.heard == [[empty], [empty]]
    assert app.hung_up == 0


def who_stays() -> tuple[Scope, Receive, Send]:
    """Return what an app gets of a client that sends one empty request and then waits."""
    pending: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not pending:
            await asyncio.Event().wait()
        return pending.pop()

    async def send(message: Message) -> None:
        pass

    return get().scope(), receive, send


async def test_a_refresh_gives_way_to_a_client_that_asks_the_app_first() -> None:
    """One call is enough for both."""
    gate = asyncio.Event()

    async def answer(scope: Scope, send: Send) -> None:
        if world.calls > 1:
            await gate.wait()
        await whole(send, b"call %d" % world.calls, REVALIDATED)

    world = World(answer, policy=CachePolicy(honour_request_directives=True))
    await world.ask()
    world.clock.advance(20)

    async def stale_and_then_new() -> tuple[bytes, bytes]:
        stale = await world.ask()
        new = await world.ask((b"cache-control", b"no-cache"))
        return stale.body, new.body

    both = asyncio.create_task(stale_and_then_new())
    await turns()
    gate.set()

    assert await both == (b"call 1", b"call 2")
    await turns()
    assert world.calls == 2


async def test_a_refresh_that_raises_is_logged_and_over(caplog: pytest.LogCaptureFixture) -> None:
    """There is nobody to tell but the log; the next request may try again."""

    async def failing(scope: Scope, send: Send) -> None:
        raise LookupError("the app failed")

    world = World(saying(REVALIDATED))
    await world.ask()
    world.clock.advance(20)
    world.answer = failing
    with caplog.at_level(logging.WARNING, logger="chopin_mw"):
        await world.ask()
        await turns()

    assert "a background refresh failed" in caplog.text
    assert world.statistics.failures == 1
    assert world.cache.refreshing.here() == {}
    world.answer = saying(REVALIDATED, body=b"new")
    await world.ask()
    await turns()
    assert (await world.ask()).body == b"new"


async def test_a_request_without_state_is_refreshed_without_state() -> None:
    """A server without lifespan gives none."""
    world = World(saying(REVALIDATED))
    await world.ask()
    world.clock.advance(20)
    await world.ask()
    await turns()

    assert "state" not in world.scopes[1]
    assert SCOPE_KEY not in world.scopes[1]


async def test_a_refresh_with_normalised_query_asks_for_what_is_stored() -> None:
    """It runs when the server's own scope has its query back."""
    world = World(saying(REVALIDATED), policy=CachePolicy(ignored_query=("utm_*",)))
    await world.ask(query=b"utm_x=1&page=2")
    world.clock.advance(20)

    await world.ask(query=b"page=2&utm_x=2")
    await turns()

    assert [scope["query_string"] for scope in world.scopes] == [b"page=2", b"page=2"]


async def test_middleware_that_share_a_cache_refresh_a_response_once() -> None:
    """What is being refreshed is known to the cache."""
    world = World(saying(REVALIDATED))
    cache: HTTPCache = world.cache
    second = HTTPCacheMiddleware(world._app, cache=cache)
    await world.ask()
    world.clock.advance(20)
    for middleware in (world.middleware, second):
        await middleware(*who_stays())
    await turns()

    assert world.calls == 2
