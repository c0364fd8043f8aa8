"""Stale responses: who gets one, who asks for a newer one, and what the app hears of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from cache.stage import Client, FakeClock, Gated, get, key_of, turns, whole
from chopin_mw.asgi.types import Scope, Send
from chopin_mw.cache.statistics import Outcome
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.stored_response import StoredResponse

Answer = Callable[[int, Scope, Send], Awaitable[None]]
REVALIDATED = (b"cache-control", b"max-age=10, stale-while-revalidate=100")
ON_ERROR = (b"cache-control", b"max-age=10, stale-if-error=100")


class AppError(Exception):
    pass


class World:
    """An app that answers at once until its gate is closed, behind a cache with a fake clock."""

    def __init__(self, answer: Answer, **policy: object) -> None:
        self.clock = FakeClock()
        self.app = Gated(answer)
        self.app.gate.set()
        changed = CachePolicy(**policy)  # type: ignore[arg-type]  # checked by itself
        self.cached = HTTPCacheMiddleware(self.app, policy=changed, clock=self.clock.clock)

    async def ask(self, *headers: tuple[bytes, bytes], **options: object) -> Client:
        client = Client(headers=list(headers), **options)  # type: ignore[arg-type]  # its own
        return await client.ask(self.cached)

    def outcomes(self, outcome: Outcome) -> int:
        return self.cached.cache.statistics().outcomes.get(outcome, 0)


def saying(*headers: tuple[bytes, bytes]) -> Answer:
    async def answer(number: int, scope: Scope, send: Send) -> None:
        await whole(send, b"call %d" % number, *headers)

    return answer


def failing(*headers: tuple[bytes, bytes], status: int | None = None) -> Answer:
    """Answer the first call, and fail the rest: with a status, or by an exception."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        if number == 1:
            await whole(send, b"call 1", *headers)
        elif status is None:
            raise AppError(number)
        else:
            await whole(send, b"the failure", status=status)

    return answer


# --- stale-while-revalidate -----------------------------------------------------------------------


async def test_the_stale_response_is_served_while_one_refresh_runs() -> None:
    """A hundred clients get it at once, and the app is asked once."""
    world = World(saying(REVALIDATED))
    await world.ask()
    world.app.gate.clear()
    world.clock.advance(20)

    answers = [await world.ask() for _ in range(100)]
    await turns()

    assert {each.body for each in answers} == {b"call 1"}
    assert world.app.running == 1
    world.app.gate.set()
    await turns()
    assert (await world.ask()).body == b"call 2"
    assert world.cached.cache.statistics().refreshes == 1
    assert world.outcomes(Outcome.HIT_STALE) == 100
    assert world.cached.cache.refreshing.here() == {}


async def test_beyond_the_window_the_client_waits() -> None:
    """What is too old to be served is not served."""
    world = World(saying(REVALIDATED))
    await world.ask()
    world.clock.advance(110)

    assert (await world.ask()).body == b"call 2"
    assert world.cached.cache.statistics().refreshes == 0


async def test_a_refresh_takes_nothing_of_the_client_along() -> None:
    """It is for everybody: no cookie, no credentials, no conditions, no part."""
    terms = (b"cache-control", b"public, max-age=10, stale-while-revalidate=100")
    world = World(saying(terms))
    await world.ask()
    world.clock.advance(20)
    personal = [
        (b"authorization", b"alice"), (b"cookie", b"a=1"), (b"Cookie", b"b=2"),
        (b"proxy-authorization", b"x"), (b"range", b"bytes=0-1"), (b"if-range", b'"x"'),
        (b"if-none-match", b'"x"'), (b"if-modified-since", b"x"), (b"cache-control", b"no-cache"),
        (b"pragma", b"no-cache"),
    ]  # fmt: skip

    answer = await world.ask((b"accept", b"text/html"), *personal, method="HEAD")
    await turns()

    assert answer.status == 200
    scope = world.app.scopes[1]
    assert scope["headers"] == [(b"host", b"example.org"), (b"accept", b"text/html")]
    assert scope["method"] == "GET"


async def test_a_refresh_has_state_and_extensions_of_its_own() -> None:
    """The state is the lifespan's, and neither user nor session come along."""
    world = World(saying(REVALIDATED))
    lifespan = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {"pool": 1}}
    await world.cached(lifespan, get().receive, get().send)
    await world.ask()
    world.clock.advance(20)
    client = get()
    scope = {**client.scope(), "state": {"pool": 1, "mine": 2}, "user": "alice",
             "session": {"id": 1}, "auth": [], "extensions": {"x": {}}}  # fmt: skip

    await world.cached(scope, client.receive, client.send)
    await turns()

    seen = world.app.scopes[-1]
    assert seen["state"] == {"pool": 1}
    assert seen["state"] is not lifespan["state"]
    assert seen["extensions"] == {}
    assert {"user", "session", "auth"} & set(seen) == set()
    assert scope["state"] == {"pool": 1, "mine": 2}


async def test_a_refresh_validates_what_is_stored() -> None:
    """A 304 makes it fresh again, with its bytes."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        known = dict(scope["headers"]).get(b"if-none-match")
        status, body = (304, b"") if known == b'"one"' else (200, b"call %d" % number)
        await whole(send, body, REVALIDATED, (b"etag", b'"one"'), status=status)

    world = World(answer)
    await world.ask()
    world.clock.advance(20)
    await world.ask()
    await turns()

    assert (await world.ask()).body == b"call 1"
    assert (world.app.calls, world.outcomes(Outcome.HIT)) == (2, 1)


async def test_refreshes_are_bounded() -> None:
    """Thirty-two run at once; whoever comes then has the app validate what is stale."""
    world = World(saying(REVALIDATED))
    for number in range(33):
        await world.ask(path=f"/{number}")
    world.app.gate.clear()
    world.clock.advance(20)

    answers = [await world.ask(path=f"/{number}") for number in range(32)]
    await turns()
    running = world.app.running
    last = asyncio.ensure_future(world.ask(path="/32"))
    await turns()

    assert [each.body for each in answers] == [b"call %d" % n for n in range(1, 33)]
    assert (running, last.done()) == (32, False)
    world.app.gate.set()
    await last
    await turns()
    assert world.cached.cache.refreshing.here() == {}


async def test_a_failed_refresh_leaves_the_stale_response(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Within its window it is served on, each failure is counted, and one a minute is told."""
    world = World(failing(REVALIDATED))
    await world.ask()
    world.clock.advance(20)

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        for _ in range(5):
            assert (await world.ask()).body == b"call 1"
            await turns()

    assert world.app.calls == 6
    assert world.cached.cache.statistics().failures == 5
    assert len(caplog.records) == 1
    world.clock.advance(100)
    with pytest.raises(AppError):
        await world.ask()


async def test_a_refresh_that_gets_an_error_leaves_the_stale_response() -> None:
    """A 500 is no newer version."""
    world = World(failing(REVALIDATED, status=500))
    await world.ask()
    world.clock.advance(20)
    await world.ask()
    await turns()

    assert (await world.ask()).body == b"call 1"


async def test_a_refresh_that_finds_a_personal_response_forgets_the_stale_one() -> None:
    """What the app no longer shares is no longer served."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        terms = REVALIDATED if number == 1 else (b"cache-control", b"private")
        await whole(send, b"call %d" % number, terms)

    world = World(answer)
    await world.ask()
    world.clock.advance(20)
    await world.ask()
    await turns()

    assert (await world.ask()).body == b"call 3"


async def test_an_invalidation_during_a_refresh_holds() -> None:
    """What was being fetched is not kept either."""
    world = World(saying(REVALIDATED))
    await world.ask()
    world.app.gate.clear()
    world.clock.advance(20)
    await world.ask()
    await turns()
    await world.cached.cache.invalidate(url="/")
    world.app.gate.set()
    await turns()
    world.clock.advance(1)

    assert (await world.ask()).body == b"call 3"


async def test_variants_of_an_identity_are_refreshed_in_the_foreground() -> None:
    """Nobody but the user can ask for the user's response."""

    def who(scope: Scope) -> bytes | None:
        return dict(scope["headers"]).get(b"authorization")

    world = World(saying(REVALIDATED), vary_by=(who,))
    await world.ask((b"authorization", b"alice"))
    world.clock.advance(20)

    answer = await world.ask((b"authorization", b"alice"))

    assert answer.body == b"call 2"
    assert dict(world.app.scopes[1]["headers"])[b"authorization"] == b"alice"
    assert world.cached.cache.statistics().refreshes == 0


@pytest.mark.parametrize("vary", [b"cookie", b"authorization"])
async def test_variants_by_a_users_field_are_refreshed_in_the_foreground(vary: bytes) -> None:
    """A refresh without the field would ask for somebody else's response."""
    terms = (b"cache-control", b"public, max-age=10, stale-while-revalidate=100")
    world = World(saying(terms, (b"vary", vary)))
    await world.ask((vary, b"alice"))
    world.clock.advance(20)

    assert (await world.ask((vary, b"alice"))).body == b"call 2"


async def test_a_variant_is_refreshed_for_what_it_varies_by() -> None:
    """The refresh asks in the language of the stale response."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        language = dict(scope["headers"])[b"accept-language"]
        body = b"%s %d" % (language, number)
        await whole(send, body, REVALIDATED, (b"vary", b"accept-language"))

    world = World(answer)
    english, german = (b"accept-language", b"en"), (b"accept-language", b"de")
    await world.ask(english)
    await world.ask(german)
    world.clock.advance(20)
    await world.ask(german)
    await turns()

    assert (await world.ask(german)).body == b"de 3"
    assert (await world.ask(english)).body == b"en 1"


async def test_a_cancelled_client_does_not_cancel_the_refresh() -> None:
    """It is nobody's."""
    world = World(saying(REVALIDATED))
    await world.ask()
    world.app.gate.clear()
    world.clock.advance(20)
    client = asyncio.create_task(get(pauses=5).ask(world.cached))
    await asyncio.sleep(0)
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    world.app.gate.set()
    await turns()

    assert (await world.ask()).body == b"call 2"


# --- stale-if-error -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_is_replaced_by_the_stale_response(status: int) -> None:
    """Within the window (RFC 5861 §4)."""
    world = World(failing(ON_ERROR, status=status))
    await world.ask()
    world.clock.advance(20)

    answer = await world.ask()

    assert (answer.status, answer.body) == (200, b"call 1")
    assert answer.fields[b"age"] == b"20"
    assert world.outcomes(Outcome.HIT_AFTER_FAILURE) == 1


@pytest.mark.parametrize("status", [400, 404, 501, 505])
async def test_any_other_status_is_the_apps_word(status: int) -> None:
    """A 404 is an answer, and so is what the app does not implement."""
    world = World(failing(ON_ERROR, status=status))
    await world.ask()
    world.clock.advance(20)

    assert (await world.ask()).status == status


async def test_an_exception_leaves_although_the_client_gets_the_stale_response() -> None:
    """Whoever logs exceptions is to hear of it."""
    world = World(failing(ON_ERROR))
    await world.ask()
    world.clock.advance(20)
    client = get()

    with pytest.raises(AppError):
        await client.ask(world.cached)

    assert (client.status, client.body, client.ended) == (200, b"call 1", True)


async def test_beyond_the_window_the_failure_is_the_answer() -> None:
    """Stale has an end."""
    world = World(failing(ON_ERROR, status=503))
    await world.ask()
    world.clock.advance(111)

    assert (await world.ask()).status == 503


async def test_the_window_may_be_the_policys() -> None:
    """Where the response names none."""
    world = World(failing((b"cache-control", b"max-age=10"), status=503), stale_if_error=50)
    await world.ask()
    world.clock.advance(20)
    assert (await world.ask()).status == 200
    world.clock.advance(45)
    assert (await world.ask()).status == 503


@pytest.mark.parametrize(
    "directive", [b"must-revalidate", b"proxy-revalidate", b"s-maxage=10", b"no-cache"]
)
@pytest.mark.parametrize("status", [None, 503])
async def test_what_must_be_revalidated_is_never_stale(
    directive: bytes, status: int | None
) -> None:
    """Neither in a window nor for a failure."""
    terms = b"max-age=10, stale-while-revalidate=100, stale-if-error=100, " + directive
    world = World(failing((b"cache-control", terms), (b"etag", b'"x"'), status=status),
                  stale_while_revalidate=100, stale_if_error=100)  # fmt: skip
    await world.ask()
    world.clock.advance(20)
    client = get()

    if status is None:
        with pytest.raises(AppError):
            await client.ask(world.cached)
        assert client.messages == []
    else:
        assert (await client.ask(world.cached)).status == 503


@pytest.mark.parametrize("status", [None, 503])
async def test_followers_of_a_failed_flight_get_the_stale_response(status: int | None) -> None:
    """An app in trouble is asked once for all of them."""
    world = World(failing(ON_ERROR, status=status))
    await world.ask()
    world.app.gate.clear()
    world.clock.advance(20)
    clients = [get() for _ in range(50)]
    tasks = [asyncio.create_task(client.ask(world.cached)) for client in clients]
    await turns()
    world.app.gate.set()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert {client.body for client in clients} == {b"call 1"}
    assert world.app.calls == 2
    assert sum(isinstance(each, AppError) for each in results) == (status is None)


async def test_a_failure_after_an_invalidation_is_no_reason_for_the_old_response() -> None:
    """What was invalidated is gone for good."""
    world = World(failing(ON_ERROR, status=503))
    await world.ask()
    world.clock.advance(20)
    await world.cached.cache.invalidate(url="/")

    assert (await world.ask()).status == 503


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"3")],
        [(b"transfer-encoding", b"chunked")],
        [(b"if-match", b'"x"'), (b"cookie", b"a=1")],
        [(b"if-unmodified-since", b"x"), (b"authorization", b"alice")],
    ],
    ids=["body", "chunked body", "cookie and precondition", "authorization and precondition"],
)
async def test_who_may_not_be_answered_may_not_after_a_failure_either(
    headers: list[tuple[bytes, bytes]],
) -> None:
    """A request with a body, or one that names its user, gets the app's answer alone."""
    world = World(failing(ON_ERROR, status=503))
    await world.ask()
    world.clock.advance(20)

    assert (await world.ask(*headers)).status == 503


async def test_a_request_with_a_body_does_not_make_a_stale_response_fresh() -> None:
    """What the app says to it is said of that request."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        fields = dict(scope["headers"])
        status = 304 if fields.get(b"if-none-match") == b'"one"' else 200
        more = [(b"x-from", b"body")] if b"content-length" in fields else []
        terms = (b"cache-control", b"max-age=10")
        await whole(send, b"" if status == 304 else b"hello", terms, (b"etag", b'"one"'), *more,
                    status=status)  # fmt: skip

    world = World(answer)
    await world.ask()
    world.clock.advance(20)
    await world.ask((b"content-length", b"3"))

    assert b"x-from" not in (await world.ask()).fields
    assert world.app.calls == 3


# --- lifetimes ------------------------------------------------------------------------------------


async def slow(world: World, number: int, send: Send) -> None:
    world.clock.advance(10)
    await whole(send, b"call %d" % number, (b"cache-control", b"max-age=100"))


async def test_an_early_refresh_runs_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client gets the fresh response, and the app is asked in the background (XFetch)."""

    async def answer(number: int, scope: Scope, send: Send) -> None:
        await slow(world, number, send)

    world = World(answer, early_refresh=1)
    # log(1 - 0.9) is -2.3: from 23 seconds before the end, where a fill takes ten.
    monkeypatch.setattr("chopin_mw.cache.serving.random", lambda: 0.9)
    await world.ask()
    world.clock.advance(60)
    await world.ask()
    await turns()
    assert world.app.calls == 1

    world.clock.advance(10)
    answer_early = await world.ask()
    await turns()

    assert answer_early.body == b"call 1"
    assert (await world.ask()).body == b"call 2"
    assert world.cached.cache.statistics().refreshes == 1


async def test_lifetimes_differ_by_the_jitter() -> None:
    """A hundred responses of one moment do not expire together, and none too late."""
    world = World(saying((b"cache-control", b"max-age=100")), ttl_jitter=0.5)
    for number in range(100):
        await world.ask(path=f"/{number}")

    ages = []
    for age in (49, 60, 70, 80, 90, 99, 101):
        world.clock.now = 10_000 + age
        ages.append(sum([await is_fresh(world, number) for number in range(100)]))

    assert ages[0] == 100
    assert ages[-1] == 0
    assert ages == sorted(ages, reverse=True)
    assert 5 < ages[3] < 80


async def is_fresh(world: World, number: int) -> bool:
    record = world.cached.cache.store.get(key_of(get(f"/{number}").scope()))
    return isinstance(record, StoredResponse) and world.clock.now < record.fresh_until
