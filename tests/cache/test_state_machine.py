"""Whatever happens in whatever order, nobody gets an answer that a model would not give.

Hypothesis plays clients, the app, the clocks and whoever invalidates; `cache.model` judges every
answer by the history of all that the app said.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from cache.model import FAILURES, TERMS, Asked, Call, Invalidation, Model, Spec
from cache.stage import Client, FakeClock, SlowStore, turns
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.exchange import CacheChoice, exchange_of
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.content_tag import make_entity_tag
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.stores.memory import MemoryStore

# `make soak` plays more of them, and others each time.
EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "0"))
PATHS = ("/a", "/b")
SHAPES = (*["whole"] * 8, "chunks", "stream", "sized stream", "short", "long", "raises",
          "raises in the body", "breaks off")  # fmt: skip


def who(scope: Scope) -> bytes:
    fields: dict[bytes, bytes] = dict(scope["headers"])
    return fields.get(b"authorization", b"") + b"/" + fields.get(b"cookie", b"")


POLICIES = {
    "default": CachePolicy(),
    "proxy": CachePolicy.shared_proxy(),
    "identity": CachePolicy(vary_by=(who,), ignored_query=("utm_*",)),
}

SPECS = st.builds(
    Spec,
    terms=st.sampled_from(TERMS),
    vary=st.sampled_from(
        [None] * 8 + [b"accept-language", b"accept-language, x-kind", b"cookie",
         b"authorization", b"*"]
    ),
    tagged=st.booleans(),
    etag=st.booleans(),
    status=st.sampled_from([200] * 10 + [404, 301, 500, 503]),
    set_cookie=st.sampled_from([False, False, False, True]),
    shape=st.sampled_from(SHAPES),
    answers_conditions=st.booleans(),
    slow=st.sampled_from([0, 0, 0, 3]),
    waits=st.integers(0, 3),
    label=st.booleans(),
    version=st.integers(0, 3),
)  # fmt: skip

SOME_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        b"authorization": st.sampled_from([b"alice", b"bob"]),
        b"cookie": st.sampled_from([b"user=alice", b"user=bob"]),
        b"accept-language": st.sampled_from([b"en", b"de"]),
        b"x-kind": st.just(b"x"),
        b"if-none-match": st.sampled_from([b"known", b"known", b'"other"', b"*"]),
        b"if-modified-since": st.just(b"Fri, 01 Jan 2100 00:00:00 GMT"),
        b"range": st.sampled_from(
            [b"bytes=0-4", b"bytes=5-", b"bytes=-3", b"bytes=9999-", b"bytes=0-1,6-7"]
        ),
        b"cache-control": st.sampled_from(
            [b"no-store", b"no-cache", b"max-age=5", b"max-stale=100", b"max-stale",
             b"only-if-cached", b"min-fresh=10"]
        ),
    },
)  # fmt: skip
ONE_HEADER = st.sampled_from(
    [
        {b"authorization": b"alice"},
        {b"authorization": b"bob"},
        {b"cookie": b"user=alice"},
        {b"accept-language": b"en"},
        {b"accept-language": b"de"},
        {b"if-none-match": b"known"},
        {b"cache-control": b"no-cache"},
    ]
)
HEADERS: st.SearchStrategy[dict[bytes, bytes]] = st.one_of(
    st.just({}), st.just({}), ONE_HEADER, ONE_HEADER, SOME_HEADERS
)

CLIENTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET"] * 8 + ["HEAD", "HEAD", "POST"]),
        "path": st.sampled_from(PATHS),
        "query": st.sampled_from([b"", b"", b"q=1", b"q=1&utm_x=1"]),
        "host": st.sampled_from([b"one.example", b"one.example", b"two.example"]),
        "headers": HEADERS,
        "pauses": st.sampled_from([0, 0, 1, 2]),
        "stays_for": st.sampled_from([None] * 8 + [0, 1, 2]),
    }
)
SECONDS = st.sampled_from([0.001, 1, 6, 11, 16, 31, 61, 101, 400, 100_000])
INVALIDATIONS = st.sampled_from(["url", "path", "tag", "namespace"])


class World(RuleBasedStateMachine):
    """An app behind a cache, its clients, and a model that remembers everything."""

    profile = "default"
    store_is_slow = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        memory = MemoryStore(clock=self.clock.monotonic)
        self.middleware = HTTPCacheMiddleware(
            self.app,
            policy=POLICIES[self.profile],
            store=SlowStore(memory) if self.store_is_slow else memory,
            clock=self.clock.clock,
        )
        self.cache = self.middleware.cache
        self.model = Model(self.profile)
        self.specs = dict.fromkeys(PATHS, Spec())
        self.by_task: dict[Any, Asked] = {}
        self.tags: dict[tuple[bytes, str, bytes], bytes] = {}
        self.moment = 0

    # --- the app ------------------------------------------------------------------------------

    def tick(self) -> int:
        self.moment += 1
        return self.moment

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        spec = self.specs[scope["path"]]
        values = dict(scope["headers"])
        url = (values[b"host"], scope["path"], scope["query_string"])
        asked = self.by_task.get(asyncio.current_task())
        call = Call(
            len(self.model.calls), scope["method"], url, values, spec,
            self.tick(), self.clock.now, asked is None, self.clock.time(),
        )  # fmt: skip
        self.model.calls.append(call)
        if asked is not None:
            asked.calls.append(call)
        for _ in range(spec.waits):
            await asyncio.sleep(0)
        self.clock.advance(spec.slow)
        if spec.shape == "raises":
            call.failed_at = self.tick()
            raise RuntimeError("the app failed")
        await self.answer(call, scope, send)

    async def answer(self, call: Call, scope: Scope, send: Send) -> None:
        spec, call.received_at = call.spec, self.clock.now
        language = call.value(b"accept-language") or b"-"
        body = b"call %04d of %s for %s in %s, version %d" % (
            call.number, b" ".join([call.url[0], call.url[1].encode(), call.url[2]]),
            who(scope), language, spec.version,
        )  # fmt: skip
        tag = b'"%d.%s.%s"' % (spec.version, language, who(scope).replace(b"=", b"-"))
        call.status, call.body = spec.status, body
        # In the proxy's profile a tag is the origin's to give.
        own_tag = b"" if self.profile == "proxy" else make_entity_tag((body,))
        call.etag = tag if spec.etag else own_tag
        headers = self.headers(call, tag)
        known = call.value(b"if-none-match")
        validates = spec.etag and spec.answers_conditions and call.method != "POST"
        if validates and known is not None and (known == b"*" or tag in known.split(b", ")):
            call.status, call.body = 304, b""
            if spec.label:
                headers = [(b"etag", tag)]
        if spec.tagged and call.status != 304:
            call.tags = (scope["path"],)
            exchange_of(scope).cache = CacheChoice(tags=call.tags)
        if call.status in FAILURES:
            call.failed_at = self.tick()
        call.fields = dict(headers)
        await self.send_all(call, headers, send)

    def headers(self, call: Call, tag: bytes) -> list[tuple[bytes, bytes]]:
        spec, terms, wall = call.spec, call.spec.terms, self.clock.time()
        headers = [(b"x-call", b"%d" % call.number)]
        if terms.cache_control is not None:
            headers.append((b"cache-control", terms.cache_control))
        if terms.age:
            headers.append((b"age", b"%d" % terms.age))
        if terms.expires_in is not None:
            headers.append((b"date", format_http_date(wall)))
            headers.append((b"expires", format_http_date(wall + terms.expires_in)))
        if terms.heuristic:
            headers.append((b"last-modified", format_http_date(wall - 1000)))
        if spec.etag:
            headers.append((b"etag", tag))
        if spec.vary:
            headers.append((b"vary", spec.vary))
        if spec.set_cookie:
            headers.append((b"set-cookie", b"sid=%d" % call.number))
        if call.method == "POST" and spec.label:
            target = call.url[1].encode() + (b"?" + call.url[2] if call.url[2] else b"")
            headers.append((b"content-location", target))
        return headers

    async def send_all(self, call: Call, headers: list[tuple[bytes, bytes]], send: Send) -> None:
        shape = call.spec.shape if call.status != 304 and call.method != "HEAD" else "whole"
        body = b"" if call.method == "HEAD" else call.body
        lengths = {"sized stream": len(body), "short": len(body) + 5, "long": len(body) - 5}
        if shape in lengths:
            headers = [*headers, (b"content-length", b"%d" % lengths[shape])]
        await send({"type": "http.response.start", "status": call.status, "headers": headers})
        if shape == "raises in the body":
            await send({"type": "http.response.body", "body": body[:9], "more_body": True})
            call.failed_at = self.tick()
            raise RuntimeError("the app failed in the body")
        if shape == "breaks off":
            await send({"type": "http.response.body", "body": body[:9], "more_body": True})
            return
        call.is_whole = shape not in ("short", "long")
        if "stream" in shape or shape == "chunks":
            await send({"type": "http.response.body", "body": body[:9], "more_body": True})
            for _ in range(2 if "stream" in shape else 0):
                await asyncio.sleep(0)
            body = body[9:]
        await send({"type": "http.response.body", "body": body})

    # --- the clients --------------------------------------------------------------------------

    def begin(self, given: dict[str, Any]) -> tuple[Asked, "asyncio.Task[Client]"]:
        client = Client(**{**given, "headers": list(given["headers"].items())})
        url = (client.host, client.path, self.seen_query(client.query))
        client.headers = [
            (name, self.tags.get(url, b'"none"') if value == b"known" else value)
            for name, value in client.headers
        ]
        asked = Asked(client, self.directives(client), self.clock.now, self.tick(), url)
        if client.method == "POST":
            client.on_start = self.invalidates(asked)
        asked.task = self.loop.create_task(client.ask(self.middleware))
        self.by_task[asked.task] = asked
        return asked, asked.task

    def seen_query(self, query: bytes) -> bytes:
        is_cut = bool(POLICIES[self.profile].ignored_query)
        return query.replace(b"&utm_x=1", b"") if is_cut else query

    def directives(self, client: Client) -> dict[bytes, bytes | None]:
        value = dict(client.headers).get(b"cache-control")
        if value is None:
            return {}
        name, _, argument = value.partition(b"=")
        return {name: argument or None}

    def invalidates(self, asked: Asked) -> Callable[[int], None]:
        def on_start(status: int) -> None:
            if status < 400:
                self.forgotten(url=asked.url)
                # What a POST says of its own URL is newer than what it invalidates.
                asked.calls[-1].began = self.tick()

        return on_start

    def forgotten(self, **what: Any) -> None:
        self.model.invalidations.append(Invalidation(self.tick(), **what))

    def judge(self, asked: Asked) -> None:
        task, client = asked.task, asked.client
        error = None if task.cancelled() else task.exception()
        assert error is None or isinstance(error, OSError | RuntimeError), error
        if isinstance(error, RuntimeError):
            assert str(error).startswith("the app failed"), error
        asked.broken = task.cancelled() or error is not None
        assert client.messages or asked.broken, "no answer at all"
        if client.messages:
            if client.method == "POST":
                assert client.fields[b"x-call"] == b"%d" % asked.calls[0].number
                return
            complaint = self.model.complaint(asked, self.clock.now)
            assert complaint is None, f"{client} got: {complaint}"
            if b"etag" in client.fields:
                self.tags[asked.url] = client.fields[b"etag"]

    async def play(
        self, clients: list[dict[str, Any]], events: list[tuple[int, Callable[[], None]]],
        cancelled: list[tuple[int, int]],
    ) -> None:  # fmt: skip
        """Let the clients ask side by side, while things happen at turns of the loop."""
        begun = [self.begin(client) for client in clients]
        for turn in range(12):
            for when, happens in events:
                if when == turn:
                    happens()
            for when, which in cancelled:
                if when == turn:
                    begun[which % len(begun)][1].cancel()
            await asyncio.sleep(0)
        await asyncio.wait([task for _, task in begun], timeout=20)
        await turns(25)
        for asked, task in begun:
            assert task.done(), "a request hangs"
            self.judge(asked)

    # --- what may happen ----------------------------------------------------------------------

    @initialize(first=SPECS, second=SPECS)
    def open(self, first: Spec, second: Spec) -> None:
        self.specs = dict(zip(PATHS, (first, second), strict=True))

    @rule(path=st.sampled_from(PATHS), spec=SPECS)
    def change_app(self, path: str, spec: Spec) -> None:
        self.specs[path] = spec

    @rule(path=st.sampled_from(PATHS), shape=st.sampled_from(["raises", "whole"]),
          status=st.sampled_from([200, 500]))  # fmt: skip
    def fail_or_recover(self, path: str, shape: str, status: int) -> None:
        self.specs[path] = replace(self.specs[path], shape=shape, status=status)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-3600.0, 3600.0, -315e6, 315e6]))
    def set_wall_clock(self, seconds: float) -> None:
        # A clock set to before 1970 is nobody's.
        if self.clock.time() + seconds > 0:
            self.clock.wall_offset += seconds

    @rule(client=CLIENTS)
    def ask(self, client: dict[str, Any]) -> None:
        self.loop.run_until_complete(self.play([client], [], []))

    @rule(client=CLIENTS, again=st.integers(1, 2))
    def ask_again(self, client: dict[str, Any], again: int) -> None:
        for _ in range(again + 1):
            self.loop.run_until_complete(self.play([client], [], []))

    @rule(client=CLIENTS, headers=HEADERS, seconds=SECONDS,
          between=st.sampled_from(["time", "POST", "HEAD", "url", "tag", "version"]))  # fmt: skip
    def ask_around(
        self, client: dict[str, Any], headers: dict[bytes, bytes], seconds: float, between: str
    ) -> None:
        """Ask for one thing twice, with something in between that may matter."""
        client = {**client, "method": "GET", "stays_for": None}
        self.loop.run_until_complete(self.play([client], [], []))
        path = client["path"]
        if between == "time":
            self.clock.advance(seconds)
        elif between == "version":
            self.specs[path] = replace(self.specs[path], version=self.specs[path].version + 1)
        elif between in ("POST", "HEAD"):
            self.loop.run_until_complete(self.play([{**client, "method": between}], [], []))
        else:
            self.forget_now(between, path, self.seen_query(client["query"]))
        for each in (client["headers"], headers):
            self.loop.run_until_complete(self.play([{**client, "headers": each}], [], []))

    @rule(client=CLIENTS, turn=st.integers(0, 11))
    def ask_and_cancel(self, client: dict[str, Any], turn: int) -> None:
        self.loop.run_until_complete(self.play([client], [], [(turn, 0)]))

    @rule(
        first=CLIENTS, more=st.lists(st.one_of(st.none(), CLIENTS), min_size=1, max_size=3),
        cancelled=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 3)), max_size=2),
        forgets=st.one_of(st.none(), st.tuples(st.integers(0, 11), INVALIDATIONS)),
        waits=st.one_of(st.none(), st.tuples(st.integers(0, 11), SECONDS)),
    )  # fmt: skip
    def ask_side_by_side(
        self, first: dict[str, Any], more: list[dict[str, Any] | None],
        cancelled: list[tuple[int, int]], forgets: tuple[int, str] | None,
        waits: tuple[int, float] | None,
    ) -> None:  # fmt: skip
        """None among the clients is one that asks what the first one does."""
        events: list[tuple[int, Callable[[], None]]] = []
        if waits is not None:
            seconds = waits[1]
            events.append((waits[0], lambda: self.clock.advance(seconds)))
        if forgets is not None:
            what = forgets[1]
            events.append((forgets[0], lambda: self.begin_to_forget(what, "/a", b"")))
        clients = [first, *[first if each is None else each for each in more]]
        self.loop.run_until_complete(self.play(clients, events, cancelled))

    @rule(what=INVALIDATIONS, path=st.sampled_from(PATHS), query=st.sampled_from([b"", b"q=1"]))
    def forget(self, what: str, path: str, query: bytes) -> None:
        self.forget_now(what, path, query)

    def forget_now(self, what: str, path: str, query: bytes) -> None:
        async def run() -> None:
            await self.begin_to_forget(what, path, query)

        self.loop.run_until_complete(run())

    def begin_to_forget(self, what: str, path: str, query: bytes) -> Any:
        target = path + ("?" + query.decode() if query else "")
        options: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
            "url": ({"url": f"http://one.example{target}"}, {"url": (b"one.example", path, query)}),
            "path": ({"url": target}, {"path": (path, query)}),
            "tag": ({"tag": path}, {"tag": path}),
            "namespace": ({"namespace": ""}, {}),
        }
        ours, models = options[what]

        async def run() -> None:
            await self.cache.invalidate(**ours)
            self.forgotten(**models)

        return self.loop.create_task(run())

    @rule(path=st.sampled_from(PATHS), query=st.sampled_from([b"", b"q=1"]))
    def what_is_fresh_is_reused(self, path: str, query: bytes) -> None:
        """Safety alone could be had by a cache that keeps nothing."""
        self.specs[path] = Spec(version=9)
        self.clock.advance(100_000)
        client = {"method": "GET", "path": path, "query": query, "host": b"one.example",
                  "headers": {}}  # fmt: skip
        self.loop.run_until_complete(self.play([client], [], []))
        before = len(self.model.calls)
        self.loop.run_until_complete(self.play([client], [], []))
        assert len(self.model.calls) == before, "a fresh, public response was not reused"

    def teardown(self) -> None:
        async def end() -> None:
            await turns(50)
            assert self.cache.flights.here() == {}
            assert self.cache.refreshing.here() == {}
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not others, others

        self.loop.run_until_complete(end())
        self.loop.close()
        statistics = self.cache.statistics()
        assert statistics.failures <= statistics.refreshes, "something failed inside of the cache"


@pytest.mark.parametrize("store_is_slow", [False, True], ids=["memory", "slow store"])
@pytest.mark.parametrize("profile", list(POLICIES))
def test_nobody_gets_what_the_model_would_not_give(profile: str, store_is_slow: bool) -> None:
    """In every profile, with a store that answers at once and one that takes its time."""
    world = type("World", (World,), {"profile": profile, "store_is_slow": store_is_slow})
    run_state_machine_as_test(
        world,
        settings=settings(
            # Shrinking takes minutes; the failing steps are printed all the same.
            phases=[Phase.explicit, Phase.generate],
            max_examples=EXAMPLES or 60,
            stateful_step_count=20,
            deadline=None,
            derandomize=not EXAMPLES,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
