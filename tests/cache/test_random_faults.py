"""Random requests, and random faults on both sides: whoever gets an answer gets the right one.

`make soak` runs the same with many more requests, `make soak SEED=7` the ones of a seed again.
"""

import asyncio
import logging
import sys
import time
from collections import Counter
from random import Random, SystemRandom

from cache.stage import Client, FakeClock
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.cache.flight import _led_here
from chopin_mw.exchange import cache_scope
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.stores.memory import MemoryStore

REQUESTS = 20_000
SIDE_BY_SIDE = 50
MAX_BYTES = 200_000

TERMS = (
    b"public, max-age=3", b"public, max-age=30", b"max-age=5, stale-while-revalidate=20",
    b"max-age=2, stale-if-error=20", b"private, max-age=30", b"no-store", b"no-cache",
)  # fmt: skip
USERS = (None, None, None, b"alice", b"bob")
LANGUAGES = (b"en", b"de")
FAULTS = ("none",) * 9 + ("raises", "raises in the body", "breaks off", "500")
CLIENTS_FAULTS = ("none",) * 8 + ("cancelled", "leaves")


class AppError(Exception):
    pass


class Soak:
    """One app behind one cache, and clients that know what they may get."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - seeded, to be played again
        self.clock = FakeClock()
        self.store = MemoryStore(max_bytes=MAX_BYTES, clock=self.clock.monotonic)
        policy = CachePolicy(stale_if_error=5, ttl_jitter=0.5, early_refresh=1, wait_limit=0.5)
        self.cached = HTTPCacheMiddleware(
            self.app, policy=policy, store=self.store, clock=self.clock.clock
        )
        self.ended: Counter[str] = Counter()
        self.calls = 0

    # --- the app ------------------------------------------------------------------------------

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        random, fields = self.random, dict(scope["headers"])
        fault = random.choice(FAULTS)
        for _ in range(random.choice((0, 0, 1, 5))):
            await asyncio.sleep(0)
        if random.random() < 0.001:
            await asyncio.sleep(0.001)
        if fault == "raises":
            raise AppError
        path, user = scope["path"], fields.get(b"authorization", b"nobody")
        # A path keeps its terms, most of the time.
        terms = TERMS[int(path[1:]) % len(TERMS)] if random.random() < 0.9 else random.choice(TERMS)
        language = fields[b"accept-language"]
        is_shared = b"public" in terms
        body = body_of(path, language, b"everybody" if is_shared else user)
        headers = [(b"cache-control", terms), (b"vary", b"accept-language")]
        is_head = scope["method"] == "HEAD"
        if is_head or random.random() < 0.3:
            headers.append((b"content-length", b"%d" % len(body)))
        if is_head:
            body = b""
        await self.say(fault, headers, body, send)

    async def say(
        self, fault: str, headers: list[tuple[bytes, bytes]], body: bytes, send: Send
    ) -> None:
        status = 500 if fault == "500" else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        pieces = self.random.choice((1, 1, 1, 2, 3))
        size = len(body) // pieces + 1
        for at in range(pieces):
            if fault == "raises in the body":
                raise AppError
            if fault == "breaks off":
                return
            more = at < pieces - 1
            piece = body[at * size : (at + 1) * size]
            await send({"type": "http.response.body", "body": piece, "more_body": more})
            if more and self.random.random() < 0.5:
                await asyncio.sleep(0)

    # --- the clients --------------------------------------------------------------------------

    def client(self) -> Client:
        random = self.random
        user = random.choice(USERS)
        headers = [(b"accept-language", random.choice(LANGUAGES))]
        if user is not None:
            headers.append((b"authorization", user))
        path = f"/{min(random.randrange(30), random.randrange(30))}"
        method = random.choice(("GET",) * 20 + ("HEAD", "POST"))
        return Client(method=method, path=path, headers=headers,
                      pauses=random.choice((0, 0, 0, 1, 3)))  # fmt: skip

    async def visit(self) -> None:
        random, client = self.random, self.client()
        fault = random.choice(CLIENTS_FAULTS)
        if fault == "leaves":
            client.stays_for = random.choice((0, 1))
        call = asyncio.create_task(client.ask(self.cached))
        if fault == "cancelled":
            for _ in range(random.randrange(12)):
                await asyncio.sleep(0)
            call.cancel()
        await asyncio.wait([call])
        if call.cancelled():
            self.ended["cancelled"] += 1
        elif (error := call.exception()) is not None:
            assert isinstance(error, AppError | OSError), error
            self.ended["failed"] += 1
        else:
            assert client.messages, "no answer at all"
            self.ended["well" if client.ended else "broken off"] += 1
        judge(client, finished=call.done() and not call.cancelled() and call.exception() is None)

    async def run(self, requests: int, *, shows_progress: bool = False) -> None:
        begun = time.monotonic()
        left = requests

        async def visitor() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await self.visit()
                self.clock.advance(self.random.choice((0, 0.01, 0.1)))
                if self.random.random() < 0.01:
                    await self.forget()
                if shows_progress and left % 1000 == 0:
                    show_progress(requests - left, requests, begun)

        await asyncio.gather(*[visitor() for _ in range(SIDE_BY_SIDE)])
        await self.all_quiet()
        assert sum(self.ended.values()) == requests

    async def forget(self) -> None:
        path = f"/{self.random.randrange(30)}"
        await self.cached.cache.invalidate(url=path)

    async def all_quiet(self) -> None:
        """Nothing is left once the last client has gone."""
        cache = self.cached.cache
        for _ in range(100):
            await asyncio.sleep(0)
        await asyncio.gather(*(cache.refreshing.here() or {}).values())
        assert cache.flights.here() == {}
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert cache_scope.get() is None
        assert _led_here.get() == ()
        figures = self.store.statistics()
        assert figures.bytes <= MAX_BYTES
        assert figures.entries == len(self.store)
        self.store.clear()
        assert self.store.statistics().bytes == self.store.statistics().entries == 0
        outcomes = cache.statistics().outcomes
        assert outcomes, "nothing was counted"


def body_of(path: str, language: bytes, user: bytes) -> bytes:
    return b"%s in %s for %s;" % (path.encode(), language, user) * (1 + len(path) * 20)


def judge(client: Client, *, finished: bool) -> None:
    if not client.messages or client.method == "POST":
        return
    fields = dict(client.headers)
    user = fields.get(b"authorization", b"nobody")
    allowed = [
        body_of(client.path, fields[b"accept-language"], each) for each in (b"everybody", user)
    ]
    if client.method == "HEAD":
        assert client.body == b""
    elif client.ended and finished:
        assert client.body in allowed, f"{client.path} {fields}: {client.body[:80]!r}"
    else:
        assert any(each.startswith(client.body) for each in allowed)


def show_progress(done: int, requests: int, begun: float) -> None:
    filled = 40 * done // requests
    seconds = time.monotonic() - begun
    bar = "#" * filled + "." * (40 - filled)
    line = f"\r[{bar}] {done:,} of {requests:,} requests, {done / seconds:,.0f} a second "
    sys.stderr.write(line)
    sys.stderr.flush()


def soak(requests: int, seed: int, *, shows_progress: bool = False) -> Soak:
    sys.stdout.write(f"seed {seed}\n")
    run = Soak(seed)
    asyncio.run(run.run(requests, shows_progress=shows_progress))
    return run


def test_whoever_gets_an_answer_gets_the_right_one() -> None:
    """Under 20,000 requests with every kind of fault, another seed each time; it is printed."""
    run = soak(REQUESTS, SystemRandom().randrange(2**32))

    outcomes = {outcome.value: count for outcome, count in
                run.cached.cache.statistics().outcomes.items()}  # fmt: skip
    # The faults are faults and the cache is a cache: this test looks at something.
    assert run.ended["well"] > REQUESTS / 2
    assert min(run.ended["cancelled"], run.ended["failed"], run.ended["broken off"]) > 200
    assert min(outcomes["hit"], outcomes["collapsed"], outcomes["hit-stale"],
               outcomes["hit-after-failure"]) > 20  # fmt: skip


def main() -> None:
    # Refreshes fail on purpose.
    logging.disable()
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SystemRandom().randrange(2**32)
    run = soak(requests, seed, shows_progress=True)
    sys.stdout.write(f"\n{dict(run.ended)}, {run.calls:,} calls of the app\n")


if __name__ == "__main__":
    main()
