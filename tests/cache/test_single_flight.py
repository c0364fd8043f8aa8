"""Single flight: one request asks the app, and only those share its response who may."""

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any
from weakref import ref

import pytest
import uvloop

from cache.stage import Client, FakeClock, Gated, get, turns, whole
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.cache.statistics import Outcome
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy

PUBLIC = (b"cache-control", b"public, max-age=60")
FRESH = (b"cache-control", b"max-age=60")


async def counted(number: int, scope: Scope, send: Send) -> None:
    await whole(send, b"call %d" % number, PUBLIC)


def saying(*headers: tuple[bytes, bytes]) -> Callable[[int, Scope, Send], Awaitable[None]]:
    """Answer with these headers, and a body that no other call has."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await whole(send, b"call %d" % number, *headers)

    return answer


def begin(app: ASGIApp, clients: list[Client]) -> "list[asyncio.Task[Client]]":
    return [asyncio.create_task(client.ask(app)) for client in clients]


def nothing_left(middleware: HTTPCacheMiddleware) -> bool:
    return not middleware.cache.flights.here() and not middleware.cache.refreshing.here()


# --- one for all ----------------------------------------------------------------------------------


async def test_a_thousand_misses_call_the_app_once() -> None:
    """All get the same bytes, and one of them is the miss."""
    app = Gated(counted)
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(1000)])
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*tasks)

    assert app.calls == 1
    assert {each.body for each in answers} == {b"call 1"}
    outcomes = cached.cache.statistics().outcomes
    assert (outcomes[Outcome.MISS], outcomes[Outcome.COLLAPSED]) == (1, 999)
    assert nothing_left(cached)


async def test_one_flight_for_each_url_and_variant() -> None:
    """A second URL, host, query or variant waits for nobody."""
    app = Gated(saying(FRESH, (b"vary", b"accept-language")))
    cached = HTTPCacheMiddleware(app)
    english, german = (b"accept-language", b"en"), (b"accept-language", b"de")
    app.gate.set()
    await get("/", english).ask(cached)
    app.gate.clear()
    clients = [
        get("/", german), get("/", german), get("/other", german), get("/", host=b"b.example"),
        get("/", query=b"page=2"), get("/"),
    ]  # fmt: skip
    tasks = begin(cached, clients)
    await turns()

    assert app.running == 5
    app.gate.set()
    await asyncio.gather(*tasks)
    assert clients[0].body == clients[1].body


async def test_variants_nobody_knew_of_are_not_mixed() -> None:
    """Who waited for a response that turns out to vary asks for the own variant."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        language = dict(scope["headers"])[b"accept-language"]
        await whole(send, language, FRESH, (b"vary", b"accept-language"))

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    languages = [b"en", b"de", b"fr"] * 20
    tasks = begin(cached, [get("/", (b"accept-language", each)) for each in languages])
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*tasks)

    assert [each.body for each in answers] == languages
    assert app.calls <= 6


# --- leaders that fail ----------------------------------------------------------------------------


async def test_a_follower_takes_over_from_a_cancelled_leader() -> None:
    """The others wait for the new leader."""
    app = Gated(counted)
    cached = HTTPCacheMiddleware(app)
    leader, *followers = begin(cached, [get() for _ in range(50)])
    await turns()
    leader.cancel()
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*followers)

    assert leader.cancelled()
    assert app.calls == 2
    assert {each.body for each in answers} == {b"call 2"}
    assert nothing_left(cached)


async def test_a_follower_takes_over_from_a_leader_that_raised() -> None:
    """The exception is the leader's alone."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        if number == 1:
            raise ValueError("once")
        await counted(number, scope, send)

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(50)])
    await turns()
    app.gate.set()

    first, *others = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(first, ValueError)
    assert app.calls == 2
    assert {each.body for each in others if isinstance(each, Client)} == {b"call 2"}
    assert len(others) == 49


async def test_an_app_that_always_fails_fails_for_each_in_parallel() -> None:
    """Nobody waits for a third failure."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await asyncio.sleep(0)
        raise ValueError(number)

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    app.gate.set()

    results = await asyncio.gather(*begin(cached, [get() for _ in range(50)]),
                                   return_exceptions=True)  # fmt: skip

    assert sorted(each.args[0] for each in results if isinstance(each, ValueError)) == [
        *range(1, 51)
    ]
    assert app.most_running >= 48
    assert nothing_left(cached)


async def test_a_server_error_is_no_answer_for_others() -> None:
    """A follower asks again after a 500, and gets the 200."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await whole(send, b"call %d" % number, PUBLIC, status=500 if number == 1 else 200)

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(10)])
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*tasks)

    assert [each.status for each in answers] == [500, *[200] * 9]
    assert app.calls == 2


async def test_a_leader_whose_client_left_still_fills_the_cache() -> None:
    """What came whole is stored before anybody hears that the client is gone."""
    app = Gated(counted)
    cached = HTTPCacheMiddleware(app)
    leader, *followers = begin(cached, [get(stays_for=0), *[get() for _ in range(9)]])
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*followers)

    with pytest.raises(OSError, match="the client has left"):
        await leader
    assert app.calls == 1
    assert {each.body for each in answers} == {b"call 1"}


@pytest.mark.parametrize("declared", [True, False], ids=["declared length", "open end"])
async def test_a_follower_takes_over_when_the_leader_breaks_off(declared: bool) -> None:
    """A stream that ends with its client's connection is nobody else's answer."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        length = [(b"content-length", b"12")] if declared else []
        headers = [PUBLIC, *length]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in (b"part", b"of %d" % number, b"end"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    leader, *followers = begin(cached, [get(stays_for=2), *[get() for _ in range(9)]])
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*followers)

    with pytest.raises(OSError, match="the client has left"):
        await leader
    assert all(each.ended for each in answers)
    assert all(each.body in {b"partof %dend" % n for n in range(2, 11)} for each in answers)


async def test_a_cancelled_follower_leaves_the_rest_alone() -> None:
    """Neither the leader nor the other followers notice."""
    app = Gated(counted)
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(20)])
    await turns()
    for task in tasks[1:20:2]:
        task.cancel()
    await turns()
    app.gate.set()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [isinstance(each, asyncio.CancelledError) for each in results] == [False, True] * 10
    assert app.calls == 1


async def test_all_may_be_cancelled() -> None:
    """Nothing stays behind, and the next request starts anew."""
    app = Gated(counted)
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(20)])
    await turns()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert nothing_left(cached)
    app.gate.set()
    assert (await get().ask(cached)).ended


async def test_the_last_follower_that_leaves_takes_its_mark_along() -> None:
    """A response that nobody waits for any more marks nothing."""
    app = Gated(saying((b"cache-control", b"private")))
    cached = HTTPCacheMiddleware(app)
    leader, follower = begin(cached, [get(), get()])
    await turns()
    follower.cancel()
    await turns()
    app.gate.set()
    await leader

    assert len(cached.cache.store) == 0  # type: ignore[arg-type]  # a MemoryStore


# --- what is not shared ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        [(b"cache-control", b"private, max-age=60")],
        [(b"cache-control", b"no-store")],
        [(b"cache-control", b"no-cache")],
        [PUBLIC, (b"set-cookie", b"sid=1")],
        [PUBLIC, (b"vary", b"*")],
        [PUBLIC, (b"content-length", b"99")],
        [],
    ],
    ids=lambda headers: repr(headers[-1:]),
)
async def test_what_may_not_be_shared_is_not(headers: list[tuple[bytes, bytes]]) -> None:
    """Each of those who waited gets an answer of its own."""
    app = Gated(saying(*headers))
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(30)])
    await turns()
    app.gate.set()

    answers = await asyncio.gather(*tasks)

    assert len({each.body for each in answers}) == 30
    assert app.calls == 30


@pytest.mark.parametrize("field", [b"authorization", b"cookie"])
async def test_requests_that_name_their_user_wait_for_nobody(field: bytes) -> None:
    """Their responses are personal until one says otherwise."""
    app = Gated(saying(FRESH))
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get("/", (field, b"user %d" % n)) for n in range(30)])
    await turns()

    assert app.running == 30
    app.gate.set()
    assert len({each.body for each in await asyncio.gather(*tasks)}) == 30


async def test_personal_requests_do_not_use_the_flight_of_others() -> None:
    """Neither may a cookie's request get the anonymous response, nor the other way round."""
    app = Gated(saying(FRESH))
    cached = HTTPCacheMiddleware(app)
    clients = [get(), get("/", (b"cookie", b"a=1")), get(), get("/", (b"authorization", b"x"))]
    tasks = begin(cached, clients)
    await turns()

    assert app.running == 3
    app.gate.set()
    await asyncio.gather(*tasks)
    assert clients[0].body == clients[2].body
    assert len({each.body for each in clients}) == 3


async def test_each_identity_has_its_own_flight() -> None:
    """Where a policy tells users apart, requests of one user collapse, of two never."""

    def who(scope: Scope) -> bytes | None:
        return dict(scope["headers"]).get(b"authorization")

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await whole(send, who(scope) or b"", (b"cache-control", b"private, max-age=60"))

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app, policy=CachePolicy(vary_by=(who,)))
    users = [b"alice", b"bob"] * 20
    tasks = begin(cached, [get("/", (b"authorization", user)) for user in users])
    await turns()

    assert app.running == 2
    app.gate.set()
    assert [each.body for each in await asyncio.gather(*tasks)] == users
    assert app.calls == 2


async def test_a_slow_url_that_cannot_be_shared_runs_in_parallel_after_the_first_verdict() -> None:
    """The second burst does not wait for a first response."""
    app = Gated(saying((b"cache-control", b"no-store")))
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(10)])
    await turns()
    assert app.running == 1
    app.gate.set()
    await asyncio.gather(*tasks)
    app.gate.clear()

    tasks = begin(cached, [get() for _ in range(10)])
    await turns()

    assert app.running == 10
    app.gate.set()
    await asyncio.gather(*tasks)


async def test_a_marked_url_is_kept_again_once_it_may_be() -> None:
    """A mark is no verdict for ever."""
    headers = [(b"cache-control", b"no-store")]

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await whole(send, b"call %d" % number, *headers)

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    tasks = begin(cached, [get() for _ in range(10)])
    await turns()
    app.gate.set()
    await asyncio.gather(*tasks)
    headers[0] = PUBLIC

    first, second = await get().ask(cached), await get().ask(cached)

    assert first.body == second.body == b"call 11"


async def test_a_mark_ends() -> None:
    """After two minutes the first of a burst is asked first again."""
    clock = FakeClock()
    app = Gated(saying((b"cache-control", b"no-store")))
    cached = HTTPCacheMiddleware(app, clock=clock.clock)
    tasks = begin(cached, [get() for _ in range(10)])
    await turns()
    app.gate.set()
    await asyncio.gather(*tasks)
    app.gate.clear()
    clock.advance(121)

    tasks = begin(cached, [get() for _ in range(10)])
    await turns()

    assert app.running == 1
    app.gate.set()
    await asyncio.gather(*tasks)


async def test_who_waited_too_long_asks_without_storing() -> None:
    """The late answer is the client's alone; the leader's is the one that is kept."""
    second = asyncio.Event()

    async def answer(number: int, scope: Scope, send: Send) -> None:
        if number == 1:
            await second.wait()
        await whole(send, b"call %d" % number, PUBLIC)

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app, policy=CachePolicy(wait_limit=0))
    app.gate.set()
    leader, follower = begin(cached, [get(), get()])

    assert (await follower).body == b"call 2"
    assert len(cached.cache.store) == 0  # type: ignore[arg-type]  # a MemoryStore
    second.set()
    assert (await leader).body == b"call 1"
    assert (await get().ask(cached)).body == b"call 1"


async def test_endless_streams_run_side_by_side() -> None:
    """Nobody waits for the end of what may have none."""
    ends = asyncio.Event()

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [PUBLIC]})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await ends.wait()
        await send({"type": "http.response.body", "body": b"last"})

    app = Gated(answer)
    cached = HTTPCacheMiddleware(app)
    app.gate.set()
    clients = [get() for _ in range(10)]
    tasks = begin(cached, clients)
    await turns()

    assert [len(each.messages) for each in clients] == [2] * 10
    ends.set()
    assert {each.body for each in await asyncio.gather(*tasks)} == {b"firstlast"}


# --- re-entry -------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [["/", "/"], ["/", "/other", "/"]], ids=["itself", "by another"])
async def test_a_handler_may_call_its_own_app(route: list[str]) -> None:
    """Waiting for oneself would be waiting for ever."""
    depth = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal depth
        depth += 1
        inner = await get(route[depth]).ask(cached) if depth < len(route) else None
        await whole(send, b"outer of " + (inner.body if inner else b"none"), PUBLIC)

    cached = HTTPCacheMiddleware(app, policy=CachePolicy(wait_limit=float("inf")))

    answer = await asyncio.wait_for(get(route[0]).ask(cached), 5)

    assert answer.body == b"outer of " * len(route) + b"none"
    assert nothing_left(cached)


async def test_a_handler_may_call_its_own_app_from_a_task_of_its_own() -> None:
    """A gather inside a handler knows whose it is."""
    depth = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal depth
        depth += 1
        if depth == 1:
            await asyncio.gather(*[get().ask(cached) for _ in range(3)])
        await whole(send, b"hello", PUBLIC)

    cached = HTTPCacheMiddleware(app, policy=CachePolicy(wait_limit=float("inf")))

    assert (await asyncio.wait_for(get().ask(cached), 5)).body == b"hello"


async def test_two_handlers_that_need_each_other_do_not_wait_for_ever() -> None:
    """Each leads what the other one waits for: one of them has to ask by itself."""
    both = asyncio.Barrier(2)
    other = {"/a": "/b", "/b": "/a"}
    seen: set[str] = set()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path not in seen:
            seen.add(path)
            await both.wait()
            await get(other[path]).ask(cached)
        await whole(send, path.encode(), PUBLIC)

    # For ever is cut short, because the wait limit is what is being tested.
    cached = HTTPCacheMiddleware(app, policy=CachePolicy(wait_limit=0.05))

    answers = await asyncio.wait_for(
        asyncio.gather(get("/a").ask(cached), get("/b").ask(cached)), 5
    )

    assert [each.body for each in answers] == [b"/a", b"/b"]
    assert nothing_left(cached)


# --- loops and threads ----------------------------------------------------------------------------


def burst(cached: HTTPCacheMiddleware, path: str) -> Coroutine[Any, Any, list[bytes]]:
    async def run() -> list[bytes]:
        answers = await asyncio.gather(*begin(cached, [get(path) for _ in range(20)]))
        assert nothing_left(cached)
        return [each.body for each in answers]

    return run()


async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    await whole(send, scope["path"].encode(), PUBLIC)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    made: Callable[[], asyncio.AbstractEventLoop] = request.param
    return made


def test_one_instance_serves_one_loop_after_the_other(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """Nothing of the cache belongs to the loop that was first."""
    cached = HTTPCacheMiddleware(slow_app)
    for number in range(3):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            assert runner.run(burst(cached, f"/{number}")) == [b"/%d" % number] * 20


@pytest.fixture
def _switching_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_switching_often")
def test_six_threads_with_loops_of_their_own_share_one_instance() -> None:
    """Everybody gets the right bytes, and nothing inside fails."""
    cached = HTTPCacheMiddleware(varying)
    errors: list[BaseException] = []

    async def visit(thread: int) -> None:
        for number in range(60):
            user = (b"accept-language", b"%d" % ((number * 7 + thread) % 90))
            clients = [get(f"/{number % 5}", user) for _ in range(4)]
            for client in await asyncio.gather(*begin(cached, clients)):
                assert client.body == b"/%d in %s" % (number % 5, user[1])
            if number % 10 == 0:
                await cached.cache.invalidate(url=f"/{number % 5}")
        assert nothing_left(cached)

    def run(thread: int) -> None:
        try:
            asyncio.run(visit(thread))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert cached.cache.statistics().failures == 0


async def varying(scope: Scope, receive: Receive, send: Send) -> None:
    language = dict(scope["headers"])[b"accept-language"]
    await asyncio.sleep(0)
    body = b"%s in %s" % (scope["path"].encode(), language)
    await whole(send, body, PUBLIC, (b"vary", b"accept-language"))


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/":
        await asyncio.Event().wait()
    await whole(send, b"hello", PUBLIC)


@pytest.mark.parametrize("clients", [1, 3], ids=["a leader", "a leader and followers"])
def test_a_dead_loop_leaves_nothing_behind(clients: int) -> None:
    """One that was dropped with requests in the air is forgotten when the next one comes."""
    cached = HTTPCacheMiddleware(never)
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(get().ask(cached)) for _ in range(clients)]
    loop.run_until_complete(turns())
    dead = ref(loop)
    for task in tasks:
        # Nobody ends them: this is about loops that die.
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # says so on stderr
    loop.close()

    del loop, tasks, task
    asyncio.run(get("/other").ask(cached))
    gc.collect()

    assert dead() is None
    assert len(cached.cache.flights._by_loop) == 0


def test_a_loop_that_died_in_a_refresh_leaves_nothing_behind() -> None:
    """A background refresh does not keep its loop alive for ever either."""
    clock = FakeClock()
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            await asyncio.Event().wait()
        await whole(send, b"hello", (b"cache-control", b"max-age=1, stale-while-revalidate=99"))

    cached = HTTPCacheMiddleware(app, clock=clock.clock)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(get().ask(cached))
    clock.advance(2)
    loop.run_until_complete(get().ask(cached))
    loop.run_until_complete(turns())
    assert calls == 2
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # says so on stderr
    dead = ref(loop)
    loop.close()

    del loop, task
    asyncio.run(serve_stale(cached, clock))
    gc.collect()

    assert dead() is None
    assert len(cached.cache.refreshing._by_loop) == 0


async def serve_stale(cached: HTTPCacheMiddleware, clock: FakeClock) -> None:
    await get("/other").ask(cached)
    clock.advance(2)
    await get("/other").ask(cached)
    await turns()


def test_another_loop_does_not_wait_for_a_dead_one() -> None:
    """A flight that never landed is nobody's business elsewhere."""
    stuck = True

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if stuck:
            await asyncio.Event().wait()
        await whole(send, b"hello", PUBLIC)

    cached = HTTPCacheMiddleware(app)
    first = asyncio.new_event_loop()
    task = first.create_task(get().ask(cached))
    first.run_until_complete(turns())
    stuck = False

    answer = asyncio.run(get().ask(cached))

    assert answer.body == b"hello"
    task.cancel()
    first.run_until_complete(asyncio.gather(task, return_exceptions=True))
    first.close()


def driven(call: Coroutine[Any, Any, Any]) -> Any:
    """Run a call that never waits, in no loop at all, as trio would."""
    try:
        call.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something that only asyncio has")


def test_without_asyncio_it_works_without_single_flight() -> None:
    """Misses are asked for, hits are answered, stale ones refreshed in the foreground."""
    clock = FakeClock()
    calls = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal calls
        calls += 1
        terms = (b"cache-control", b"max-age=10, stale-while-revalidate=60")
        await whole(send, b"call %d" % calls, terms)

    cached = HTTPCacheMiddleware(app, clock=clock.clock)

    assert driven(get().ask(cached)).body == b"call 1"
    assert driven(get().ask(cached)).body == b"call 1"
    clock.advance(20)
    assert driven(get().ask(cached)).body == b"call 2"
