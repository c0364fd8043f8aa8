"""What somebody who means harm, or an unlucky moment, must not be able to do."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from cache.stage import Client, FakeClock, get, turns, whole
from cache.world import FRESH, World, saying
from chopin_mw.asgi.types import Message, Receive, Scope, Send
from chopin_mw.cache.selection import CacheRule
from chopin_mw.exchange import CacheChoice, exchange_of
from chopin_mw.handlers.cache_response import cache_response
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.uri import normalised_authority

START: Message = {"type": "http.response.start", "status": 200, "headers": [FRESH]}


class Leaving(Client):
    """A client that is gone when the app asks for it a second time."""

    _asked = 0

    async def receive(self) -> Message:
        self._asked += 1
        if self._asked > 1:
            return {"type": "http.disconnect"}
        return await super().receive()


class Sending(Client):
    """A client whose GET has a body that no header declares, as HTTP/2 allows."""

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b"fat", "more_body": False}


@pytest.mark.parametrize("client", [Leaving, Sending])
@pytest.mark.parametrize("early", [True, False])
async def test_a_response_for_one_client_only_is_not_kept(
    client: type[Client], early: bool
) -> None:
    """Its client has left and it may stop half way, or it answers a body that is in no key."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not early:
            await send(START)
        while (message := await receive())["type"] == "http.request" and not message["body"]:
            pass
        if early:
            await send(START)
        await send({"type": "http.response.body", "body": b"half"})

    cached = HTTPCacheMiddleware(app, clock=FakeClock().clock)

    await client().ask(cached)

    assert cached.cache.statistics().stored == 0


async def test_whoever_waited_in_vain_leads() -> None:
    """One request that never ends does not keep its URL out of the cache."""
    stuck = asyncio.Event()
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await stuck.wait()
        await whole(send, b"hello", FRESH)

    cached = HTTPCacheMiddleware(app, policy=CachePolicy(wait_limit=0.01))
    leader = asyncio.ensure_future(get().ask(cached))
    await turns()

    answers = [await get().ask(cached) for _ in range(3)]

    assert [each.body for each in answers] == [b"hello"] * 3
    assert calls == 3
    stuck.set()
    await leader
    assert cached.cache.flights.here() == {}


def who(scope: Scope) -> str:
    user: str = scope["session"].get("user", "anonymous")
    return user


async def log_out(scope: Scope, receive: Receive, send: Send) -> None:
    user = who(scope)
    scope["session"].clear()
    await whole(send, f"secret of {user}".encode(), (b"cache-control", b"private, max-age=60"))


@pytest.mark.parametrize(
    ("app", "policy"),
    [
        (log_out, CachePolicy(vary_by=(who,))),
        (cache_response(ttl=60, vary_by=who)(log_out), CachePolicy()),
    ],
    ids=["policy", "decorator"],
)
async def test_an_answer_is_for_whom_it_was_asked(app: Any, policy: CachePolicy) -> None:
    """A handler that ends the session does not leave what it said to whoever comes next."""
    cached = HTTPCacheMiddleware(app, policy=policy)

    async def ask(session: dict[str, str]) -> bytes:
        client = get()
        await cached({**client.scope(), "session": session}, client.receive, client.send)
        return client.body

    assert await ask({"user": "alice"}) == b"secret of alice"
    assert await ask({}) == b"secret of anonymous"


async def test_a_function_that_fails_in_the_decorator_keeps_nothing() -> None:
    """The answer goes out all the same."""

    def fails(scope: Scope) -> str:
        raise KeyError("user")

    app = cache_response(ttl=60, vary_by=fails)(log_out)
    cached = HTTPCacheMiddleware(app)
    client = get()

    await cached({**client.scope(), "session": {}}, client.receive, client.send)

    assert client.status == 200
    assert cached.cache.statistics().stored == 0


async def test_an_invalidation_is_of_the_url_outside() -> None:
    """Layers inside may rewrite the path of the scope that they share with us."""
    value = b"old"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal value
        scope["path"] = "/inner"
        if scope["method"] == "PUT":
            value = b"new"
        await whole(send, value, FRESH)

    cached = HTTPCacheMiddleware(app)
    await get("/outer").ask(cached)
    await Client(method="PUT", path="/outer").ask(cached)

    assert (await get("/outer").ask(cached)).body == b"new"


async def test_a_write_that_was_cancelled_may_have_been_done() -> None:
    """Nobody knows, so nothing old is served."""
    value = b"old"
    written = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal value
        if scope["method"] == "PUT":
            value = b"new"
            written.set()
            await asyncio.Event().wait()
        await whole(send, value, FRESH)

    cached = HTTPCacheMiddleware(app)
    await get().ask(cached)
    put = asyncio.ensure_future(Client(method="PUT").ask(cached))
    await written.wait()
    put.cancel()
    with suppress(asyncio.CancelledError):
        await put

    assert (await get().ask(cached)).body == b"new"


async def test_a_post_that_took_longer_than_a_put_is_not_kept() -> None:
    """What it says of its URL is older than what was invalidated meanwhile."""
    may_answer = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await may_answer.wait()
            await whole(send, b"before", FRESH, (b"content-location", b"/"))
        else:
            await whole(send, b"after", FRESH)

    cached = HTTPCacheMiddleware(app)
    post = asyncio.ensure_future(Client(method="POST").ask(cached))
    await turns()
    await Client(method="PUT").ask(cached)
    may_answer.set()
    await post

    assert (await get().ask(cached)).body == b"after"


async def test_a_head_without_validators_does_not_make_fresh() -> None:
    """That two bodies are of one length says nothing."""
    world = World(saying((b"cache-control", b"max-age=10, stale-if-error=999"), body=b"10"))
    await world.ask()
    world.clock.advance(20)
    world.answer = saying((b"cache-control", b"max-age=10"), (b"content-length", b"2"), body=b"20")
    await world.ask(method="HEAD")

    assert (await world.ask()).body == b"20"


@pytest.mark.parametrize("status", [401, 406, 416, 429])
async def test_a_refusal_to_one_client_costs_nobody_else_what_is_stored(status: int) -> None:
    """In the next outage it is needed."""
    world = World(saying((b"cache-control", b"max-age=10, stale-if-error=999")))
    await world.ask()
    world.clock.advance(20)
    world.answer = saying(status=status)
    assert (await world.ask()).status == status
    world.answer = saying(status=503)

    assert (await world.ask()).body == b"hello"


async def test_nobody_gets_a_stale_answer_because_a_client_left() -> None:
    """Only a failing app allows that (RFC 5861 §4)."""
    gate = asyncio.Event()
    version = b"v1"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()
        await whole(send, version, (b"cache-control", b"max-age=10, stale-if-error=999"))

    clock = FakeClock()
    cached = HTTPCacheMiddleware(app, clock=clock.clock)
    gate.set()
    await get().ask(cached)
    gate.clear()
    clock.advance(20)
    version = b"v2"
    leader, follower = (asyncio.ensure_future(get().ask(cached)) for _ in range(2))
    await turns()
    leader.cancel()
    await turns()
    gate.set()

    assert (await follower).body == b"v2"


async def test_an_app_that_is_asked_again_has_its_request_again() -> None:
    """As the server gave it, whatever was made of the scope, and with a body to be read."""
    seen: list[tuple[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        seen.append((scope["path"], scope["root_path"]))
        scope["root_path"] = "/mnt"
        headers = [(b"cache-control", b"max-age=10"), (b"etag", b'W/"one"')]
        if b"if-none-match" in dict(scope["headers"]):
            await whole(send, b"", (b"etag", b'"another"'), status=304)
        else:
            await whole(send, b"hello", *headers)

    class Once(Client):
        _given = False

        async def receive(self) -> Message:
            if self._given:
                await asyncio.Event().wait()
            self._given = True
            return await super().receive()

    clock = FakeClock()
    cached = HTTPCacheMiddleware(app, clock=clock.clock)
    await Once().ask(cached)
    clock.advance(20)

    assert (await asyncio.wait_for(Once().ask(cached), 5)).body == b"hello"
    assert seen == [("/", "")] * 3


async def test_a_task_that_sends_too_late_is_the_server_s_to_judge() -> None:
    """What it sends is passed on, as it would be without us."""
    tasks = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def late() -> None:
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"late"})

        tasks.append(asyncio.ensure_future(late()))
        await whole(send, b"hello")

    client = get()
    await client.ask(HTTPCacheMiddleware(app))
    await asyncio.gather(*tasks)

    assert client.messages[-1] == {"type": "http.response.body", "body": b"late"}


async def test_a_get_may_invalidate_where_nothing_is_kept() -> None:
    """A rule without a policy does not silence `@invalidates`."""

    async def answer(scope: Scope, send: Send) -> None:
        if scope["path"] == "/admin":
            exchange_of(scope).cache = CacheChoice(changes={}, invalidates=("all",))
        await whole(send, b"hello", FRESH)

    rules = [CacheRule(path="/admin", policy=None)]
    world = World(answer, policy=CachePolicy(tags=("all",)), rules=rules)
    await world.ask()
    await world.ask(path="/admin")

    await world.ask()

    assert world.calls == 3


async def test_a_safe_method_may_invalidate_by_tag() -> None:
    """And its own URL stays."""

    async def answer(scope: Scope, send: Send) -> None:
        if scope["method"] == "QUERY":
            exchange_of(scope).cache = CacheChoice(changes={}, invalidates=("tagged",))
        await whole(send, b"hello", FRESH)

    world = World(answer, rules=[CacheRule(path="/tagged", policy=CachePolicy(tags=("tagged",)))])
    await world.ask()
    await world.ask(path="/tagged")
    await world.ask(method="QUERY")

    await world.ask()
    await world.ask(path="/tagged")

    assert world.calls == 4


async def test_without_the_state_of_the_lifespan_the_client_asks() -> None:
    """A refresh of nobody would find an app without its state."""
    world = World(saying((b"cache-control", b"max-age=10, stale-while-revalidate=60")))
    await world.ask()
    world.clock.advance(20)
    client = get()

    await world.middleware({**client.scope(), "state": {"db": 1}}, client.receive, client.send)

    assert (client.fields.get(b"age"), world.calls) == (None, 2)


async def test_long_paths_are_not_remembered() -> None:
    """Nor are long authorities: what is kept outside the store is not bounded in bytes."""
    world = World(saying(FRESH), rules=[CacheRule(path="/x*", policy=CachePolicy())])
    for number in range(10):
        await world.ask(path=f"/x{number}" + "x" * 1000)

    assert not world.cache.policies._by_path
    assert normalised_authority(b"http", b"A" * 1000) == b"a" * 1000


async def test_an_older_fill_does_not_replace_a_newer_one() -> None:
    """The slower of two that were asked side by side was asked first."""
    gate = asyncio.Event()
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        number = calls
        if number == 1:
            await gate.wait()
        await whole(send, b"call %d" % number, FRESH)

    clock = FakeClock()
    cached = HTTPCacheMiddleware(app, policy=CachePolicy(wait_limit=0), clock=clock.clock)
    slow = asyncio.ensure_future(get().ask(cached))
    await turns()
    clock.advance(1)
    await get().ask(cached)
    await get().ask(cached)
    gate.set()
    await slow

    assert (await get().ask(cached)).body == b"call 3"
