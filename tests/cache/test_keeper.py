"""What the cache asks of its store: any kind of store, and any kind of failure."""

import asyncio
import logging
from typing import Any

import pytest

from cache.stage import Client, SlowStore, turns, whole
from cache.world import FRESH, TAGGED, BrokenStore, BrokenWire, World, saying
from chopin_mw.asgi.types import Scope, Send
from chopin_mw.exchange import CacheChoice, exchange_of
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.stores.memory import MemoryStore

METHODS = ["get", "set", "delete", "invalidate"]
BROKEN = pytest.mark.parametrize("kind", [BrokenStore, BrokenWire], ids=["at once", "awaited"])
STORES = pytest.mark.parametrize("store", [lambda memory: memory, SlowStore], ids=["sync", "async"])


# --- a store that fails ---------------------------------------------------------------------------


async def changing(scope: Scope, send: Send) -> None:
    """Name a lifetime at first; forbid storing once the tag is known."""
    is_known = b"if-none-match" in dict(scope["headers"])
    terms = b"no-store" if is_known else b"max-age=10"
    await whole(send, b"hello", (b"cache-control", terms), TAGGED, (b"vary", b"accept"))


@BROKEN
@pytest.mark.parametrize("broken", [*([each] for each in METHODS), METHODS], ids=" ".join)
async def test_a_failing_store_costs_no_answer(kind: Any, broken: list[str]) -> None:
    """Whichever method fails, and whether it raises at once or when it is awaited."""
    world = World(changing, store=lambda memory: kind(memory, *broken))
    answers: list[Client] = []
    for method in ("GET", "GET", "HEAD", "POST", "GET"):
        answers.append(await world.ask(method=method))
        world.clock.advance(20)
    await world.cache.invalidate(url="/")
    answers.append(await world.ask())

    assert {each.status for each in answers} == {200}
    assert {each.body for each in answers if each.method == "GET"} == {b"hello"}
    assert world.calls == len(answers)
    assert world.statistics.failures > 0


@BROKEN
async def test_a_store_that_cannot_keep_is_asked_again_each_time(kind: Any) -> None:
    """It may have come back."""
    store: Any = None

    def make(memory: MemoryStore) -> Any:
        nonlocal store
        store = kind(memory, "set")
        return store

    world = World(saying(FRESH), store=make)
    await world.ask()
    await world.ask()
    getattr(store, "_store", store).broken.clear()
    await world.ask()
    await world.ask()

    assert world.calls == 3


@BROKEN
async def test_a_failing_store_is_reported_once_a_minute(
    kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A line for each request of an outage would be an outage of the log."""
    world = World(saying(FRESH), store=lambda memory: kind(memory, *METHODS))
    with caplog.at_level(logging.WARNING, logger="chopin_mw"):
        for _ in range(3):
            await world.ask()
        world.clock.advance(59)
        await world.ask()
        first = len(caplog.records)
        world.clock.advance(1)
        await world.ask()

    assert (first, len(caplog.records)) == (1, 2)
    assert "no get today" in caplog.messages[0]
    assert caplog.records[0].exc_info is not None


@BROKEN
@pytest.mark.parametrize("what", [{"url": "/"}, {"tag": "a"}, {"namespace": "b"}])
async def test_an_invalidation_that_fails_does_not_raise(kind: Any, what: dict[str, str]) -> None:
    """The app that asks for it has done its work."""
    world = World(saying(FRESH), store=lambda memory: kind(memory, "invalidate"))

    await world.cache.invalidate(**what)

    assert world.statistics.failures == world.statistics.invalidations == 1


@BROKEN
async def test_what_could_not_be_invalidated_is_not_stored_from_a_post(kind: Any) -> None:
    """Nobody knows what it would be older or newer than."""
    answer = saying(FRESH, (b"content-location", b"/"))
    world = World(answer, store=lambda memory: kind(memory, "invalidate"))

    await world.ask(method="POST")
    await world.ask()

    assert world.calls == 2


@BROKEN
async def test_a_decorators_invalidation_that_fails_costs_no_answer(kind: Any) -> None:
    """A GET may invalidate too."""

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = CacheChoice(invalidates=("flights",))
        await whole(send, b"hello", FRESH)

    world = World(answer, store=lambda memory: kind(memory, "invalidate"))

    assert (await world.ask()).body == b"hello"
    assert world.statistics.failures == 1


# --- a store that takes its time ------------------------------------------------------------------


async def in_a_language(scope: Scope, send: Send) -> None:
    asked = dict(scope["headers"]).get(b"accept-language", b"none")
    await whole(send, b"in " + asked, FRESH, (b"vary", b"Accept-Language"))


@STORES
async def test_a_miss_is_followed_by_a_hit(store: Any) -> None:
    """For GET and HEAD, from one entry."""
    world = World(saying(FRESH), store=store)

    answers = [await world.ask(), await world.ask(), await world.ask(method="HEAD")]

    assert world.calls == 1
    assert [each.body for each in answers] == [b"hello", b"hello", b""]
    assert {each.fields[b"content-length"] for each in answers[1:]} == {b"5"}


@STORES
async def test_a_burst_asks_the_app_once(store: Any) -> None:
    """A flight lands when the store has the response."""
    world = World(saying(FRESH), store=store)

    answers = await asyncio.gather(*[world.ask() for _ in range(20)])

    assert {each.body for each in answers} == {b"hello"}
    assert world.calls == 1


@STORES
async def test_variants_have_entries_of_their_own(store: Any) -> None:
    """Each language is made once."""
    world = World(in_a_language, store=store)
    languages = [b"de", b"en", b"de", b"en"]

    answers = [await world.ask((b"accept-language", each)) for each in languages]

    assert [each.body for each in answers] == [b"in de", b"in en", b"in de", b"in en"]
    assert world.calls == 2


@STORES
@pytest.mark.parametrize("what", [{"url": "/"}, {"url": "http://example.org/"}, {"tag": "a"}])
async def test_what_is_invalidated_is_gone_with_its_variants(
    store: Any, what: dict[str, str]
) -> None:
    """By whichever name."""
    world = World(in_a_language, store=store, policy=CachePolicy(tags=("a",)))
    languages = [(b"accept-language", b"de"), (b"accept-language", b"en")]
    for each in languages:
        await world.ask(each)
    await world.cache.invalidate(**what)
    world.clock.advance(1)

    for each in languages:
        await world.ask(each)

    assert world.calls == 4


@STORES
async def test_an_unsafe_request_makes_its_url_invalid(store: Any) -> None:
    """Before the client hears of it."""
    world = World(saying(FRESH), store=store)
    await world.ask()
    world.clock.advance(1)
    await world.ask(method="DELETE")
    world.clock.advance(1)

    await world.ask()

    assert world.calls == 3


@STORES
async def test_a_post_may_answer_the_next_get(store: Any) -> None:
    """RFC 9110 §9.3.3: Content-Location says that it is the answer of a GET."""
    world = World(saying(FRESH, (b"content-location", b"/")), store=store)
    await world.ask(method="POST")
    world.clock.advance(1)

    assert (await world.ask()).fields[b"age"] == b"1"
    assert world.calls == 1


@STORES
async def test_a_response_that_is_no_longer_kept_takes_the_old_one_along(store: Any) -> None:
    """What was stored is no longer what the app says."""
    world = World(saying((b"cache-control", b"max-age=10"), TAGGED), store=store)
    await world.ask()
    world.clock.advance(20)
    world.answer = saying((b"cache-control", b"no-store"))
    await world.ask()

    await world.ask()

    assert b"if-none-match" in dict(world.scopes[1]["headers"])
    assert b"if-none-match" not in dict(world.scopes[2]["headers"])


@STORES
async def test_a_url_that_begins_to_vary_forgets_what_did_not(store: Any) -> None:
    """Nobody gets a response whose difference was not considered."""
    world = World(saying((b"cache-control", b"max-age=10"), TAGGED), store=store)
    await world.ask()
    world.clock.advance(20)
    world.answer = in_a_language
    await world.ask((b"accept-language", b"de"))

    answers = [await world.ask((b"accept-language", each)) for each in (b"de", b"en")]

    assert [each.body for each in answers] == [b"in de", b"in en"]
    assert world.calls == 3


@STORES
async def test_a_response_that_varies_by_less_is_stored_as_if_by_as_much(store: Any) -> None:
    """An answer that forgets its Vary is no reason to mix the rest."""
    world = World(in_a_language, store=store)
    await world.ask((b"accept-language", b"de"))
    world.answer = saying(FRESH, body=b"for all?")
    await world.ask((b"accept-language", b"en"))

    answers = [await world.ask((b"accept-language", each)) for each in (b"de", b"en", b"fr")]

    assert [each.body for each in answers] == [b"in de", b"for all?", b"for all?"]
    assert world.calls == 3


# --- variants -------------------------------------------------------------------------------------


async def test_of_too_many_variants_the_oldest_goes() -> None:
    """A field that everybody fills differently must not fill the store."""
    world = World(saying(FRESH, (b"vary", b"user-agent")))
    agents = [(b"user-agent", b"%d" % number) for number in range(65)]
    for each in agents:
        await world.ask(each)

    await world.ask(agents[1])
    await world.ask(agents[64])
    assert world.calls == 65
    await world.ask(agents[0])
    assert world.calls == 66


def failing(scope: Scope) -> str:
    raise LookupError("no such user")


def wrong(scope: Scope) -> Any:
    return 42


@pytest.mark.parametrize("selector", [failing, wrong])
async def test_a_selector_that_fails_costs_no_answer(
    selector: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The request is not cached; the log names the reason."""
    world = World(saying(FRESH), policy=CachePolicy(vary_by=(selector,)))

    answers = [await world.ask(), await world.ask()]

    assert [each.body for each in answers] == [b"hello", b"hello"]
    assert world.calls == 2
    assert world.statistics.failures == 2
    assert world.statistics.bypasses == {"identity": 2}
    assert len(world.memory) == 0
    assert "a vary_by function failed" in caplog.text


async def test_who_is_nobody_is_not_cached() -> None:
    """None from a selector is no failure."""
    world = World(saying(FRESH), policy=CachePolicy(vary_by=(lambda _: None,)))

    await world.ask()
    await world.ask()

    assert world.calls == 2
    assert world.statistics.failures == 0
    assert world.statistics.bypasses == {"identity": 2}


@pytest.mark.parametrize("selector", [failing, lambda _: None])
async def test_a_decorators_selector_may_fail_as_well(selector: Any) -> None:
    """It is asked for the first time when there is a response to keep, and nothing is kept."""
    choice = CacheChoice(changes={"vary_by": (selector,)})

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = choice
        await whole(send, b"hello", FRESH)

    world = World(answer)

    answers = [await world.ask(), await world.ask()]

    assert [each.body for each in answers] == [b"hello", b"hello"]
    assert world.calls == 2
    assert len(world.memory) == 0


async def test_what_nobody_could_keep_is_not_counted_as_stored() -> None:
    """A selector of a decorator said that the response is for nobody."""
    choice = CacheChoice(changes={"vary_by": (lambda _: None,)})

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = choice
        await whole(send, b"hello", FRESH)

    world = World(answer)

    await world.ask()

    assert len(world.memory) == 0
    assert world.statistics.stored == 0


async def test_a_selector_without_a_store_to_ask_still_tells_requests_apart() -> None:
    """An outage of reads does not mix users up."""

    async def answer(scope: Scope, send: Send) -> None:
        await whole(send, b"for " + dict(scope["headers"])[b"x-user"], FRESH)

    def who(scope: Scope) -> bytes:
        return bytes(dict(scope["headers"])[b"x-user"])

    policy = CachePolicy(vary_by=(who,))
    world = World(answer, store=lambda memory: BrokenStore(memory, "get"), policy=policy)

    answers = [await world.ask((b"x-user", each)) for each in (b"alice", b"bob")]

    assert [each.body for each in answers] == [b"for alice", b"for bob"]


# --- no room --------------------------------------------------------------------------------------


class Rounds:
    """An app that is slow until told otherwise, and how many of its calls ran side by side."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.sizes: list[int] = []
        self._headers = headers
        self._round: asyncio.Event | None = None

    async def __call__(self, scope: Scope, send: Send) -> None:
        if self._round is None:
            self._round = asyncio.Event()
            self.sizes.append(0)
            self._ending = asyncio.create_task(self._end(self._round))
        self.sizes[-1] += 1
        await self._round.wait()
        await whole(send, b"x" * 5000, FRESH, *self._headers)

    async def _end(self, current: asyncio.Event) -> None:
        await turns(20)
        self._round = None
        current.set()


STORING_NOTHING: dict[str, Any] = {
    "too large": {"max_object_bytes": 4000},
    "set raises": {"store": lambda memory: BrokenStore(memory, "set")},
    "set raises over a wire": {"store": lambda memory: BrokenWire(memory, "set")},
}


@pytest.mark.parametrize("options", STORING_NOTHING.values(), ids=STORING_NOTHING.keys())
async def test_those_who_wait_for_what_is_not_kept_do_not_wait_for_each_other(
    options: dict[str, Any],
) -> None:
    """One round to find out, and then all at once."""
    app = Rounds()
    world = World(app, **options)

    answers = await asyncio.gather(*[world.ask() for _ in range(50)])

    assert {each.body for each in answers} == {b"x" * 5000}
    assert app.sizes == [1, 49]


async def test_where_variants_are_too_large_one_more_round_finds_out() -> None:
    """The first one says that there are variants, the second that this one is not kept."""
    app = Rounds((b"vary", b"accept"))
    world = World(app, max_object_bytes=4000)

    answers = await asyncio.gather(*[world.ask() for _ in range(50)])

    assert {each.body for each in answers} == {b"x" * 5000}
    assert app.sizes == [1, 1, 48]
