"""HTTPCacheMiddleware: what clients get, and what the app sees, of a cache in between."""

import asyncio
import contextvars
from typing import Any

import pytest

from cache.stage import Client, SlowStore, get, whole
from cache.world import FRESH, TAGGED, World, saying
from chopin_mw.asgi.types import Message, Receive, Scope, Send
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.selection import CacheRule
from chopin_mw.cache.statistics import Outcome
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import CacheChoice, current_scope, exchange_of
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.stores.memory import MemoryStore
from support.calls import body, call, sending, start

PROXY = CachePolicy.shared_proxy()
MODIFIED = (b"last-modified", b"Sat, 01 Jan 2000 00:00:00 GMT")
ENGLISH = (b"content-language", b"en")
PLAIN = (b"content-type", b"text/plain")


@pytest.mark.parametrize("value", [-1, True, "1", None])
def test_the_limit_is_checked(value: Any) -> None:
    """At construction, by name."""
    with pytest.raises(ConfigurationError, match="etag_limit_bytes must be a whole number"):
        HTTPCacheMiddleware(saying_app(), etag_limit_bytes=value)


def saying_app(*headers: tuple[bytes, bytes]) -> Any:
    return sending(start(200, *headers), body(b"hello"))


@pytest.mark.parametrize("given", ["x", CachePolicy(), {}])
def test_the_cache_is_checked(given: Any) -> None:
    """A policy is another option's."""
    with pytest.raises(ConfigurationError, match="cache must be an HTTPCache"):
        HTTPCacheMiddleware(saying_app(), cache=given)


@pytest.mark.parametrize(
    "option",
    [
        {"policy": CachePolicy(ttl=60)},
        {"policy": None},
        {"rules": [CacheRule(path="/", policy=None)]},
        {"store": MemoryStore()},
        {"cache_status": "me"},
    ],
    ids=lambda option: next(iter(option)),
)
def test_options_beside_a_cache_that_has_its_own_are_a_mistake(option: dict[str, Any]) -> None:
    """They would mean nothing, and nobody would notice."""
    with pytest.raises(ConfigurationError, match=next(iter(option))):
        HTTPCacheMiddleware(saying_app(), cache=HTTPCache(), **option)


# --- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"cache_status": "me"}], ids=["plain", "named"])
@pytest.mark.parametrize("with_range", [False, True])
async def test_a_client_that_has_it_gets_304_from_the_store(
    options: dict[str, Any], with_range: bool
) -> None:
    """By its tag, with what a 304 carries, and without the stored length."""
    world = World(saying(FRESH, TAGGED, PLAIN), **options)
    await world.ask()
    extra = [(b"range", b"bytes=0-1")] if with_range else []

    answer = await world.ask((b"if-none-match", b'"one"'), *extra)

    assert (answer.status, answer.body, world.calls) == (304, b"", 1)
    assert answer.fields[b"etag"] == b'"one"'
    assert answer.fields[b"cache-control"] == b"max-age=100"
    assert answer.fields[b"age"] == b"0"
    assert b"content-length" not in answer.fields


@pytest.mark.parametrize("value", [b'"other"', b'"x", "y"'])
async def test_a_client_that_has_something_else_gets_it_whole(value: bytes) -> None:
    """From the store as well."""
    world = World(saying(FRESH, TAGGED))
    await world.ask()

    answer = await world.ask((b"if-none-match", value))

    assert (answer.status, answer.body, world.calls) == (200, b"hello", 1)


async def test_our_own_tag_is_that_of_an_etag_layer() -> None:
    """A miss, a hit and a 304 name the same one."""
    world = World(saying(FRESH))
    tag = (await world.ask()).fields[b"etag"]

    assert (await world.ask()).fields[b"etag"] == tag
    assert (await world.ask((b"if-none-match", tag))).status == 304


@pytest.mark.parametrize("fields", [[FRESH, MODIFIED], [FRESH]])
async def test_a_date_is_compared_with_last_modified_or_the_date_it_was_made(
    fields: list[tuple[bytes, bytes]],
) -> None:
    """RFC 9111 §4.3.2, from the store."""
    world = World(saying(*fields))
    await world.ask()
    now = format_http_date(world.clock.time())

    assert (await world.ask((b"if-modified-since", now))).status == 304
    assert (await world.ask((b"if-modified-since", b"Fri, 01 Jan 1999 00:00:00 GMT"))).status == 200


async def test_conditions_mean_nothing_to_an_error_that_is_stored() -> None:
    """Only a 200 is validated."""
    world = World(saying(FRESH, TAGGED, status=404))
    await world.ask()

    answer = await world.ask((b"if-none-match", b'"one"'))

    assert (answer.status, answer.body, world.calls) == (404, b"hello", 1)


async def test_a_304_for_another_response_makes_us_ask_for_the_whole() -> None:
    """RFC 9111 §4.3.4: it speaks of a response that is not ours."""

    async def answer(scope: Scope, send: Send) -> None:
        if b"if-none-match" in dict(scope["headers"]):
            await whole(send, b"", (b"etag", b'"three"'), status=304)
        else:
            await whole(send, b"call %d" % world.calls, (b"cache-control", b"max-age=9"), TAGGED)

    world = World(answer)
    await world.ask()
    world.clock.advance(20)

    answered = await world.ask()

    assert (answered.status, answered.body) == (200, b"call 3")


@pytest.mark.parametrize("terms", [b"no-store", b"private"])
async def test_a_validated_response_that_may_no_longer_be_kept_answers_once(terms: bytes) -> None:
    """And is forgotten."""

    async def answer(scope: Scope, send: Send) -> None:
        if b"if-none-match" in dict(scope["headers"]):
            await whole(send, b"", TAGGED, (b"cache-control", terms), status=304)
        else:
            await whole(send, b"hello", TAGGED, (b"cache-control", b"max-age=9"))

    world = World(answer)
    await world.ask()
    world.clock.advance(20)

    answered = await world.ask()

    assert (answered.status, answered.body) == (200, b"hello")
    assert len(world.memory) == 0


async def test_a_response_with_a_date_alone_is_validated_by_it() -> None:
    """The tag is ours, and means nothing to the app; the client still gets it."""

    async def answer(scope: Scope, send: Send) -> None:
        known = b"if-modified-since" in dict(scope["headers"])
        headers = [MODIFIED, (b"cache-control", b"max-age=10")]
        await whole(send, b"" if known else b"hello", *headers, status=304 if known else 200)

    world = World(answer)
    tag = (await world.ask()).fields[b"etag"]
    world.clock.advance(20)

    answers = [await world.ask((b"if-none-match", tag)), await world.ask()]

    asked = dict(world.scopes[1]["headers"])
    assert (asked[b"if-modified-since"], b"if-none-match" in asked) == (MODIFIED[1], False)
    assert [each.status for each in answers] == [304, 200]
    assert [each.fields[b"etag"] for each in answers] == [tag, tag]
    names = [name for name, _ in answers[1].messages[0]["headers"]]
    assert names.count(b"etag") == 1


async def test_a_request_that_must_not_be_stored_may_validate_what_is() -> None:
    """Its own terms say nothing of the next client's."""

    async def answer(scope: Scope, send: Send) -> None:
        known = b"if-none-match" in dict(scope["headers"])
        terms = (b"cache-control", b"max-age=10")
        await whole(send, b"" if known else b"hello", terms, TAGGED, status=304 if known else 200)

    world = World(answer)
    await world.ask()
    world.clock.advance(20)

    answered = await world.ask((b"cache-control", b"no-store"))

    assert (answered.status, answered.body) == (200, b"hello")
    assert len(world.memory) == 1
    assert (await world.ask()).body == b"hello"
    assert dict(world.scopes[2]["headers"])[b"if-none-match"] == b'"one"'


async def test_a_304_may_bring_an_age() -> None:
    """An app that is a proxy has its answer from somewhere."""

    async def answer(scope: Scope, send: Send) -> None:
        known = b"if-none-match" in dict(scope["headers"])
        headers = [TAGGED, (b"cache-control", b"max-age=10"), (b"age", b"4")]
        await whole(send, b"" if known else b"hello", *headers, status=304 if known else 200)

    world = World(answer)
    await world.ask()
    world.clock.advance(20)

    assert (await world.ask()).fields[b"age"] == b"4"
    world.clock.advance(5)
    assert (await world.ask()).fields[b"age"] == b"9"
    assert world.calls == 2


# --- HEAD -----------------------------------------------------------------------------------------


async def test_head_is_answered_from_a_get() -> None:
    """With the same fields, without the body."""
    world = World(saying(FRESH, PLAIN))
    await world.ask()

    answer = await world.ask(method="HEAD")

    assert (answer.status, answer.body, world.calls) == (200, b"", 1)
    assert answer.fields == (await world.ask()).fields


async def test_head_stores_nothing_by_itself() -> None:
    """It has no body to store."""
    world = World(saying(FRESH, body=b""))
    await world.ask(method="HEAD")
    await world.ask(method="HEAD")

    assert world.calls == 2
    assert len(world.memory) == 0


async def test_what_a_decorator_says_of_a_head_stores_nothing() -> None:
    """There is nothing to store, and nothing stored to freshen."""

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = CacheChoice(changes={"ttl": 60.0}, invalidates=("flights",))
        await whole(send, b"", TAGGED)

    world = World(answer)

    assert (await world.ask(method="HEAD")).status == 200
    assert len(world.memory) == 0
    assert world.statistics.invalidations == 1


@pytest.mark.parametrize("options", [{}, {"cache_status": "me"}], ids=["plain", "named"])
async def test_a_range_means_nothing_to_head(options: dict[str, Any]) -> None:
    """RFC 9110 §14.2: it is for GET."""
    world = World(saying(FRESH), **options)
    await world.ask()

    answer = await world.ask((b"range", b"bytes=0-1"), method="HEAD")

    assert (answer.status, answer.fields[b"content-length"]) == (200, b"5")


@pytest.mark.parametrize(
    ("status", "headers", "calls"),
    [
        (200, [(b"etag", b'"one"'), (b"cache-control", b"max-age=50")], 2),
        (200, [(b"etag", b'"two"'), (b"cache-control", b"max-age=50")], 3),
        (404, [], 3),
        (410, [], 3),
    ],
)
async def test_the_answer_to_head_freshens_or_outdates_what_is_stored(
    status: int, headers: list[tuple[bytes, bytes]], calls: int
) -> None:
    """RFC 9111 §4.3.5; what is gone is gone."""
    world = World(saying((b"cache-control", b"max-age=10"), TAGGED))
    await world.ask()
    world.clock.advance(20)
    world.answer = saying(*headers, status=status, body=b"")
    await world.ask(method="HEAD")
    world.answer = saying(FRESH, TAGGED)

    await world.ask()

    assert world.calls == calls


async def test_an_odd_answer_to_head_says_nothing_of_what_is_stored() -> None:
    """A redirect of the moment, say."""
    world = World(saying((b"cache-control", b"max-age=10"), TAGGED))
    await world.ask()
    world.clock.advance(20)
    world.answer = saying(status=307, body=b"")
    await world.ask(method="HEAD")

    await world.ask()

    assert dict(world.scopes[2]["headers"])[b"if-none-match"] == b'"one"'


# --- ranges ---------------------------------------------------------------------------------------


async def test_a_part_is_cut_from_the_stored_whole() -> None:
    """With all fields of the whole, and the place of the part."""
    world = World(saying(FRESH, PLAIN, TAGGED))
    await world.ask()

    answer = await world.ask((b"range", b"bytes=1-2"))

    assert (answer.status, answer.body, world.calls) == (206, b"el", 1)
    assert answer.fields[b"content-range"] == b"bytes 1-2/5"
    assert answer.fields[b"content-length"] == b"2"
    assert answer.fields[b"content-type"] == b"text/plain"


async def test_several_parts_come_in_one_answer() -> None:
    """Each with the type of the whole."""
    world = World(saying(FRESH, PLAIN, TAGGED, body=b"0123456789" * 20))
    await world.ask()

    answer = await world.ask((b"range", b"bytes=0-1,100-101"))

    assert answer.status == 206
    assert answer.fields[b"content-type"].startswith(b"multipart/byteranges")
    assert answer.body.count(b"content-type: text/plain") == 2


@pytest.mark.parametrize("value", [b"bytes=5-", b"bytes=99-100", b"bytes=-0"])
async def test_beyond_the_end_there_is_nothing(value: bytes) -> None:
    """416 says how long the whole is."""
    world = World(saying(FRESH, PLAIN))
    await world.ask()

    answer = await world.ask((b"range", value))

    assert (answer.status, answer.body, world.calls) == (416, b"", 1)
    assert answer.fields[b"content-range"] == b"bytes */5"


@pytest.mark.parametrize("value", [b"lines=1-2", b"bytes=x", b"bytes=2-1", b""])
async def test_a_range_that_is_none_gets_the_whole(value: bytes) -> None:
    """RFC 9110 §14.2."""
    world = World(saying(FRESH, PLAIN))
    await world.ask()

    answer = await world.ask((b"range", value))

    assert (answer.status, answer.body) == (200, b"hello")


async def test_a_range_means_nothing_to_an_error() -> None:
    """Only a 200 has parts."""
    world = World(saying(FRESH, status=404))
    await world.ask()

    assert (await world.ask((b"range", b"bytes=0-1"))).body == b"hello"


async def test_the_rest_of_what_the_client_has_lacks_what_it_knows() -> None:
    """RFC 9110 §15.3.7: the fields came with the first part."""
    encoded = (b"content-encoding", b"br")
    world = World(saying(FRESH, TAGGED, PLAIN, ENGLISH, MODIFIED, encoded))
    await world.ask()

    answer = await world.ask((b"range", b"bytes=1-"), (b"if-range", b'"one"'))

    assert (answer.status, answer.body) == (206, b"ello")
    assert answer.fields[b"etag"] == b'"one"'
    known = {b"content-type", b"content-language", b"content-encoding", b"last-modified"}
    assert known & answer.fields.keys() == set()


async def test_each_of_several_parts_has_its_type_also_for_who_has_one() -> None:
    """RFC 9110 §15.3.7.2: it belongs to the parts, not to the fields that the client knows."""
    world = World(saying(FRESH, PLAIN, TAGGED, body=b"0123456789" * 20))
    await world.ask()

    answer = await world.ask((b"range", b"bytes=0-1,100-101"), (b"if-range", b'"one"'))

    assert answer.status == 206
    assert answer.body.count(b"content-type: text/plain") == 2


@pytest.mark.parametrize("value", [b'"two"', b'W/"one"', b"Fri, 31 Dec 1999 00:00:00 GMT", b"x"])
async def test_whoever_has_part_of_something_else_gets_the_whole(value: bytes) -> None:
    """With all its fields."""
    world = World(saying(FRESH, TAGGED, PLAIN, MODIFIED))
    await world.ask()

    answer = await world.ask((b"range", b"bytes=1-"), (b"if-range", value))

    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.fields[b"content-type"] == b"text/plain"


@pytest.mark.parametrize("value", [b"lines=1-2", b"bytes=2-1"])
async def test_a_whole_answer_to_if_range_has_all_its_fields(value: bytes) -> None:
    """A range that is none gets the whole, also from somebody who has a part of it."""
    encoded = (b"content-encoding", b"br")
    world = World(saying(FRESH, TAGGED, PLAIN, encoded))
    await world.ask()

    answer = await world.ask((b"range", value), (b"if-range", b'"one"'))

    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.fields[b"content-type"] == b"text/plain"
    assert answer.fields[b"content-encoding"] == b"br"


@pytest.mark.parametrize("asked", [b"bytes=1-2", b"bytes=9-"])
async def test_a_part_that_the_app_gives_is_passed_on_and_not_stored(asked: bytes) -> None:
    """A cache may ask for the whole instead; ours asks for what it was asked for."""
    world = World(saying(FRESH, (b"content-range", b"bytes 1-2/5"), body=b"el", status=206))

    answer = await world.ask((b"range", asked))

    assert (answer.status, answer.body) == (206, b"el")
    assert world.statistics.refusals == {"range": 1}


# --- what is stored, and what is not --------------------------------------------------------------


async def test_age_grows_by_the_second() -> None:
    """Rounded down, from the app's own Age on."""
    world = World(saying(FRESH, (b"age", b"7")))
    first = await world.ask()
    world.clock.advance(2.9)

    assert first.fields[b"age"] == b"7"
    assert (await world.ask()).fields[b"age"] == b"9"


def declaring(length: bytes, *pieces: bytes) -> list[Message]:
    more = [body(piece, more=True) for piece in pieces[:-1]]
    return [start(200, FRESH, (b"content-length", length)), *more, body(pieces[-1])]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (declaring(b"9", b"hello"), "length"),
        (declaring(b"9", b"hel", b"lo"), "length"),
        (declaring(b"3", b"hello"), "length"),
        (declaring(b"x", b"hello"), "length"),
        (declaring(b"9" * 30, b"hello"), "length"),
        (declaring(b"2000", b"hello"), "too-large"),
        ([start(200, FRESH), body(b"x" * 600, more=True), body(b"x" * 600)], "too-large"),
        ([start(200, FRESH, trailers=True), body(b"hello")], "stream"),
        ([start(200, FRESH, (b"content-type", b"text/event-stream")), body(b"hello")], "stream"),
        ([start(200, FRESH), {"type": "http.response.pathsend", "path": "/x"}], "no-body"),
        (
            [start(200, FRESH), body(b"hello", more=True), {"type": "http.response.trailers"}],
            "no-body",
        ),
    ],
)
async def test_what_is_not_whole_is_not_stored(messages: list[Message], reason: str) -> None:
    """Nor what is too large, nor what is no body; and it passes as it came."""
    cached = HTTPCacheMiddleware(sending(*messages), policy=CachePolicy(max_body_bytes=1000))

    answer = await call(cached)

    assert answer.messages[1:] == messages[1:]
    assert cached.cache.statistics().refusals == {reason: 1}
    assert cached.cache.statistics().stored == 0


@pytest.mark.parametrize("store", [lambda memory: memory, SlowStore], ids=["sync", "async"])
async def test_a_body_longer_than_declared_is_forgotten_again(store: Any) -> None:
    """The declared length was taken for the end: what looked whole is not."""

    async def answer(scope: Scope, send: Send) -> None:
        for message in declaring(b"5", b"hello", b"", b" world"):
            await send(message)

    world = World(answer, store=store)

    assert (await world.ask()).body == b"hello world"
    assert (await world.ask()).body == b"hello world"
    assert world.calls == 2
    assert len(world.memory) == 0


async def test_a_declared_response_is_found_before_its_last_message() -> None:
    """The client takes the declared length for the end, and may come back at once."""
    world: World

    async def answer(scope: Scope, send: Send) -> None:
        first, piece, last = declaring(b"5", b"hello", b"")
        await send(first)
        await send(piece)
        if world.calls == 1:
            answers.append(await world.ask())
        await send(last)

    answers: list[Client] = []
    world = World(answer)
    answers.append(await world.ask())

    assert [each.body for each in answers] == [b"hello", b"hello"]
    assert world.calls == 1


async def test_a_stream_that_ends_well_is_stored() -> None:
    """In pieces, from one bytearray that the app uses again."""

    async def answer(scope: Scope, send: Send) -> None:
        piece = bytearray(b"one ")
        await send(start(200, FRESH))
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
        piece[:] = b"two "
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send(body())

    world = World(answer)
    await world.ask()

    assert (await world.ask()).body == b"one two "
    assert world.calls == 1


@pytest.mark.parametrize("status", [204, 205])
async def test_a_response_without_content_is_given_no_length(status: int) -> None:
    """RFC 9110 §8.6: a 204 has none."""
    policy = CachePolicy(statuses={204, 205})
    world = World(saying(FRESH, body=b"", status=status), policy=policy)
    await world.ask()

    answer = await world.ask()

    assert (answer.status, world.calls) == (status, 1)
    assert b"content-length" not in answer.fields


@pytest.mark.parametrize(
    "messages",
    [
        [start(200), {"type": "http.response.pathsend", "path": "/x"}],
        [start(200, TAGGED), {"type": "http.response.zerocopysend", "file": 3}],
        [{"type": "http.response.push"}, start(200, FRESH, TAGGED), body(b"hello")],
        [{"type": "http.response.early_hint", "links": []}, start(200, FRESH, TAGGED), body()],
        [start(200, TAGGED), start(500), body(b"hello")],
        [start(200, TAGGED), body(b"hello"), {"type": "something.new"}],
    ],
)
async def test_messages_of_other_kinds_pass_in_their_order(messages: list[Message]) -> None:
    """What makes no sense is the server's to judge."""
    cached = HTTPCacheMiddleware(sending(*messages), etag_limit_bytes=0)

    assert (await call(cached)).messages == messages


@pytest.mark.parametrize("directive", [b'no-cache="x-mine"', b'private="X-Mine, set-cookie"'])
async def test_named_fields_are_for_the_first_client_only(directive: bytes) -> None:
    """RFC 9111 §5.2.2.4, §5.2.2.7: the rest of the response is for all."""
    terms = (b"cache-control", b"max-age=100, " + directive)
    world = World(saying(terms, (b"X-Mine", b"1"), (b"x-all", b"2")))

    answers = [await world.ask(), await world.ask()]

    assert [each.fields.get(b"x-mine") for each in answers] == [b"1", None]
    assert [each.fields.get(b"x-all") for each in answers] == [b"2", b"2"]
    assert world.calls == 1


@pytest.mark.parametrize(
    ("set_cookie", "calls", "again"),
    [("refuse", 2, b"a=1"), ("strip", 1, None), ("store", 1, b"a=1")],
)
async def test_a_cookie_is_replayed_only_if_the_policy_says_so(
    set_cookie: Any, calls: int, again: bytes | None
) -> None:
    """Refused by default, with the response around it."""
    world = World(saying(FRESH, (b"set-cookie", b"a=1")), policy=CachePolicy(set_cookie=set_cookie))
    first = await world.ask()

    second = await world.ask()

    assert first.fields[b"set-cookie"] == b"a=1"
    assert second.fields.get(b"set-cookie") == again
    assert world.calls == calls


async def test_a_request_with_no_store_waits_for_nobody_and_leaves_nothing() -> None:
    """RFC 9111 §5.2.1.5: what is stored may answer it, its own answer is not stored."""
    world = World(saying(FRESH))
    no_store = (b"cache-control", b"no-store")

    await asyncio.gather(world.ask(no_store), world.ask(no_store))

    assert world.calls == 2
    assert world.statistics.refusals == {"request-no-store": 2}


@pytest.mark.parametrize("name", [b"x-api-key", b"X-API-Key"])
async def test_an_api_key_names_a_user(name: bytes) -> None:
    """As Authorization does, but where all is as the letter has it."""
    world = World(saying(FRESH))
    proxy = World(saying(FRESH), policy=PROXY)
    for each in (world, proxy):
        await each.ask()
        await each.ask((name, b"secret"))

    assert (world.calls, proxy.calls) == (2, 1)
    assert world.statistics.bypasses == {"personal": 1}


async def test_the_answer_to_a_request_with_a_body_is_not_stored() -> None:
    """Nobody knows what the app made of the body; not even a decorator."""

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = CacheChoice(changes={"ttl": 60.0})
        await whole(send, b"hello", FRESH)

    world = World(answer)

    await world.ask((b"content-length", b"3"))

    assert len(world.memory) == 0


async def test_a_decorator_may_invalidate_by_a_post() -> None:
    """Beside the URL of the request."""

    async def answer(scope: Scope, send: Send) -> None:
        if scope["method"] == "POST":
            exchange_of(scope).cache = CacheChoice(invalidates=("flights",))
        await whole(send, b"hello", FRESH)

    world = World(answer, policy=CachePolicy(tags=("flights",)))
    await world.ask()
    world.clock.advance(1)
    await world.ask(method="POST", path="/other")
    world.clock.advance(1)

    await world.ask()

    assert world.calls == 3


async def test_a_decorator_may_invalidate_by_a_get() -> None:
    """What it names is gone before the client hears of it."""

    async def answer(scope: Scope, send: Send) -> None:
        if scope["path"] == "/refresh":
            exchange_of(scope).cache = CacheChoice(invalidates=("flights",))
        await whole(send, b"hello", FRESH if scope["path"] == "/" else TAGGED)

    world = World(answer, policy=CachePolicy(tags=("flights",)))
    await world.ask()
    world.clock.advance(1)
    await world.ask(path="/refresh")
    world.clock.advance(1)

    await world.ask()

    assert world.calls == 3


@pytest.mark.parametrize("status", [200, 404])
async def test_only_success_invalidates_what_a_decorator_names(status: int) -> None:
    """An error has changed nothing."""

    async def answer(scope: Scope, send: Send) -> None:
        exchange_of(scope).cache = CacheChoice(invalidates=("flights",))
        await whole(send, b"hello", status=status)

    world = World(answer)
    await world.ask()

    assert world.statistics.invalidations == (1 if status == 200 else 0)


async def test_nobody_waits_for_more_than_five_landings() -> None:
    """Clients that want a new response each get one, and in the end all at once."""
    running = most = 0

    async def answer(scope: Scope, send: Send) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        await whole(send, b"hello", FRESH)

    world = World(answer, policy=PROXY)
    no_cache = (b"cache-control", b"no-cache")

    answers = await asyncio.gather(*[world.ask(no_cache) for _ in range(20)])

    assert {each.body for each in answers} == {b"hello"}
    assert (world.calls, most) == (20, 15)


# --- a proxy --------------------------------------------------------------------------------------


async def test_a_proxied_response_gets_a_date_and_no_tag() -> None:
    """RFC 9110 §6.6.1; tags are the origin's to give."""
    world = World(saying(FRESH), policy=PROXY)
    date = format_http_date(world.clock.time())

    first = await world.ask()
    world.clock.advance(5)
    second = await world.ask()

    assert [each.fields[b"date"] for each in (first, second)] == [date, date]
    assert [each.fields.get(b"etag") for each in (first, second)] == [None, None]
    assert world.calls == 1


async def test_a_proxied_response_keeps_its_own_date_and_tag() -> None:
    """They are the origin's."""
    date = (b"date", b"Sat, 01 Jan 2000 00:00:00 GMT")
    world = World(saying((b"cache-control", b"no-cache"), TAGGED, date), policy=PROXY)

    answer = await world.ask()

    assert answer.fields[b"date"] == date[1]
    assert answer.fields[b"etag"] == b'"one"'


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ((b"if-match", b'"other"'), 200),
        ((b"if-unmodified-since", b"Fri, 01 Jan 1999 00:00:00 GMT"), 200),
        ((b"if-none-match", b'"one"'), 304),
        ((b"if-none-match", b'"other"'), 200),
    ],
)
async def test_of_a_clients_conditions_a_proxy_evaluates_the_cacheable_ones(
    condition: tuple[bytes, bytes], status: int
) -> None:
    """RFC 9111 §4.3.2: If-Match was the origin's to evaluate."""
    world = World(saying(FRESH, TAGGED, MODIFIED), policy=PROXY)

    assert (await world.ask(condition)).status == status


async def test_an_error_of_the_origin_is_judged_by_nobody() -> None:
    """Conditions are about a 200."""
    world = World(saying(TAGGED, status=500), policy=PROXY)

    assert (await world.ask((b"if-none-match", b'"one"'))).status == 500


async def test_a_proxy_forgets_once_for_an_unsafe_request() -> None:
    """The origin has done its work when it answers."""
    world = World(saying(FRESH), policy=PROXY)

    await world.ask(method="POST")

    assert world.statistics.invalidations == 1


# --- the scope ------------------------------------------------------------------------------------


def noting(client: Client, scope: Scope) -> list[Scope]:
    """Return a list that gets a copy of the scope when the response start is seen outside."""
    seen: list[Scope] = []
    client.on_start = lambda _: seen.append({**scope})
    return seen


async def test_the_scope_is_given_back_after_a_validation() -> None:
    """Before anybody outside sees the response: an access log reads the client's own request."""
    world = World(saying((b"cache-control", b"max-age=10"), TAGGED))
    await world.ask()
    world.clock.advance(20)
    client = Client(headers=[(b"if-none-match", b'"mine"'), (b"range", b"bytes=0-1")])
    scope = client.scope()
    before = {**scope}
    seen = noting(client, scope)

    await world.middleware(scope, client.receive, client.send)

    assert dict(world.scopes[1]["headers"])[b"if-none-match"] == b'"one"'
    assert b"range" not in dict(world.scopes[1]["headers"])
    assert seen == [before]
    assert scope == before


@pytest.mark.parametrize("kept", [FRESH, TAGGED], ids=["stored", "not stored"])
async def test_the_app_sees_the_query_that_the_key_is_made_of(kept: tuple[bytes, bytes]) -> None:
    """The server's is back when the call ends."""
    policy = CachePolicy(ignored_query=("utm_*",), sort_query=True)
    world = World(saying(kept), policy=policy)
    client = get(query=b"b=2&utm_source=x&a=1")
    scope = client.scope()
    before = {**scope}

    await world.middleware(scope, client.receive, client.send)

    assert world.scopes[0]["query_string"] == b"a=1&b=2"
    assert scope == before


async def test_the_app_sees_that_query_when_it_is_asked_again_too() -> None:
    """Its 304 spoke of another response; the whole one is kept for the query of the key."""

    async def answer(scope: Scope, send: Send) -> None:
        if b"if-none-match" in dict(scope["headers"]):
            await whole(send, b"", (b"etag", b'"three"'), status=304)
        else:
            terms = (b"cache-control", b"max-age=10")
            await whole(send, b"q: " + scope["query_string"], terms, TAGGED)

    world = World(answer, policy=CachePolicy(ignored_query=("utm_*",)))
    await world.ask(query=b"a=1")
    world.clock.advance(20)

    await world.ask(query=b"a=1&utm_source=stranger")

    assert [scope["query_string"] for scope in world.scopes] == [b"a=1", b"a=1", b"a=1"]


async def test_a_stream_sees_that_query_to_its_end() -> None:
    """What it says goes to everybody who asks for the key, so no stranger may choose it."""

    async def answer(scope: Scope, send: Send) -> None:
        await send(start(200, FRESH))
        await asyncio.sleep(0)
        await send(body(scope["query_string"]))

    world = World(answer, policy=CachePolicy(ignored_query=("utm_*",)))
    await world.ask(query=b"a=1&utm_source=stranger")

    assert (await world.ask(query=b"a=1")).body == b"a=1"


async def test_a_post_does_not_answer_gets_whose_query_is_spelled_otherwise() -> None:
    """What it saw of its query, no GET would have shown it."""
    answer = saying(FRESH, (b"content-location", b"/?b=2&a=1"))
    world = World(answer, policy=CachePolicy(sort_query=True))
    await world.ask(method="POST", query=b"b=2&a=1")

    await world.ask(query=b"b=2&a=1")

    assert world.calls == 2


@pytest.mark.parametrize("query", [b"a=1&b=2", b"b=2&a=1", b"utm_x=1&b=2&a=1"])
async def test_one_entry_serves_all_spellings_of_a_query(query: bytes) -> None:
    """What is ignored is no part of the key."""
    world = World(saying(FRESH), policy=CachePolicy(ignored_query=("utm_*",), sort_query=True))
    await world.ask(query=b"b=2&a=1&utm_y=2")

    await world.ask(query=query)

    assert world.calls == 1


async def test_the_scope_is_given_back_when_the_app_raises() -> None:
    """An error page is made outside, for the client's own request."""

    async def failing(scope: Scope, send: Send) -> None:
        raise LookupError("the app failed")

    world = World(saying((b"cache-control", b"max-age=10"), TAGGED),
                  policy=CachePolicy(ignored_query=("utm_*",)))  # fmt: skip
    await world.ask(query=b"utm_x=1")
    world.clock.advance(20)
    world.answer = failing
    client = get(query=b"utm_x=1")
    scope = client.scope()
    before = {**scope}

    with pytest.raises(LookupError):
        await world.middleware(scope, client.receive, client.send)

    assert scope == before
    assert current_scope() is None


@pytest.mark.parametrize("given", ["absent", None, "generator", ()])
async def test_headers_may_be_any_iterable(given: Any) -> None:
    """ASGI says so; the scope has afterwards what it had before."""
    world = World(saying(FRESH))
    client = get()
    scope = client.scope()
    if given == "absent":
        del scope["headers"]
    else:
        is_generator = given == "generator"
        scope["headers"] = (each for each in [(b"host", b"h")]) if is_generator else given
    before = {**scope}

    await world.middleware(scope, client.receive, client.send)

    assert client.body == b"hello"
    assert type(world.scopes[0]["headers"]) is list
    assert scope == before


@pytest.mark.parametrize("kind", ["websocket", "something.new"])
async def test_what_is_no_request_passes_untouched(kind: str) -> None:
    """The very same scope, receive and send."""
    seen: list[tuple[object, ...]] = []

    async def app(*connection: object) -> None:
        seen.append(connection)

    client = get()
    connection: tuple[Scope, Receive, Send] = ({"type": kind}, client.receive, client.send)

    await HTTPCacheMiddleware(app)(*connection)

    assert seen == [connection]


@pytest.mark.parametrize("lifetime", [True, False], ids=["kept", "unkept"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_dropped_request_is_closed_quietly_in_another_context(
    method: str, lifetime: bool
) -> None:
    """The garbage collector ends it without a 'different Context' error."""
    gate = asyncio.Event()

    async def waiting(scope: Scope, send: Send) -> None:
        if world.calls > 1:
            await gate.wait()
        await whole(send, b"hello", FRESH if lifetime else TAGGED)

    world = World(waiting)
    await world.ask()
    world.clock.advance(200 if lifetime else 20)
    request = world.ask(method=method)
    contextvars.copy_context().run(request.send, None)

    request.close()

    assert current_scope() is None


# --- Cache-Status ---------------------------------------------------------------------------------


async def test_without_a_name_there_is_no_cache_status() -> None:
    """It tells strangers how the site is built."""
    world = World(saying(FRESH))

    answers = [await world.ask(), await world.ask(), await world.ask(method="POST")]

    assert [each.fields.get(b"cache-status") for each in answers] == [None, None, None]


async def test_cache_status_of_a_miss_and_of_hits() -> None:
    """RFC 9211, with the lifetime that is left."""
    world = World(saying(FRESH), cache_status="ExampleCache")
    first = await world.ask()
    world.clock.advance(30)

    answers = [first, await world.ask(), await world.ask(method="HEAD")]

    assert [each.fields[b"cache-status"] for each in answers] == [
        b"ExampleCache; fwd=uri-miss; fwd-status=200; stored",
        b"ExampleCache; hit; ttl=70",
        b"ExampleCache; hit; ttl=70",
    ]


async def test_a_name_that_is_no_token_is_quoted() -> None:
    """A string, as RFC 9211 §2 allows."""
    world = World(saying(FRESH), cache_status="my cache")

    assert (await world.ask()).fields[b"cache-status"].startswith(b'"my cache"; fwd=')


async def test_cache_status_of_what_is_not_stored() -> None:
    """Each time anew."""
    world = World(saying(TAGGED), cache_status="me")

    for _ in range(2):
        answer = await world.ask()
        assert answer.fields[b"cache-status"] == b"me; fwd=uri-miss; fwd-status=200"


async def test_cache_status_of_another_variant() -> None:
    """The URL is known, this variant of it is not."""
    world = World(saying(FRESH, (b"vary", b"accept")), cache_status="me")
    await world.ask((b"accept", b"a"))

    answer = await world.ask((b"accept", b"b"))

    assert answer.fields[b"cache-status"] == b"me; fwd=vary-miss; fwd-status=200; stored"


async def test_cache_status_of_a_stale_answer() -> None:
    """It has been stale for ten seconds."""
    terms = (b"cache-control", b"max-age=10, stale-while-revalidate=90")
    world = World(saying(terms), cache_status="me")
    await world.ask()
    world.clock.advance(20)

    assert (await world.ask()).fields[b"cache-status"] == b"me; hit; ttl=-10"


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (304, b"me; fwd=stale; fwd-status=304; ttl=10; stored"),
        (200, b"me; fwd=stale; fwd-status=200; stored"),
    ],
)
async def test_cache_status_of_a_validation(again: int, expected: bytes) -> None:
    """What the app said to it, not what the client gets."""

    async def answer(scope: Scope, send: Send) -> None:
        status = again if b"if-none-match" in dict(scope["headers"]) else 200
        await whole(send, b"hello", (b"cache-control", b"max-age=10"), TAGGED, status=status)

    world = World(answer, cache_status="me")
    await world.ask()
    world.clock.advance(20)

    assert (await world.ask()).fields[b"cache-status"] == expected


async def test_cache_status_of_what_the_client_wanted_new() -> None:
    """It was fresh, the request forbade it."""
    world = World(saying(FRESH), cache_status="me", policy=PROXY)
    await world.ask()

    answer = await world.ask((b"cache-control", b"no-cache"))

    assert answer.fields[b"cache-status"] == b"me; fwd=request; fwd-status=200; stored"


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ((b"cookie", b"a=1"), b"personal"),
        ((b"if-match", b"*"), b"precondition"),
        ((b"content-length", b"1"), b"body"),
    ],
)
async def test_cache_status_of_a_bypass_says_why(
    header: tuple[bytes, bytes], detail: bytes
) -> None:
    """For people, in quotes."""
    world = World(saying(FRESH, TAGGED), cache_status="me")
    await world.ask()

    value = (await world.ask(header)).fields[b"cache-status"]

    assert value.startswith(b"me; fwd=bypass; fwd-status=200")
    assert value.endswith(b'; detail="%b"' % detail)


async def test_cache_status_of_another_method() -> None:
    """Behind that of a cache nearer to the origin."""
    world = World(saying((b"cache-status", b"inner; hit")), cache_status="me")

    answer = await world.ask(method="POST")

    assert [value for name, value in answer.messages[0]["headers"] if name == b"cache-status"] == [
        b"inner; hit",
        b"me; fwd=method; fwd-status=200",
    ]


@pytest.mark.parametrize("name", [None, "me"])
async def test_only_if_cached_without_anything_cached_is_a_504(name: str | None) -> None:
    """RFC 9111 §5.2.1.7, where the policy honours it."""
    world = World(saying(FRESH), cache_status=name, policy=PROXY)

    answer = await world.ask((b"cache-control", b"only-if-cached"))

    assert (answer.status, world.calls) == (504, 0)
    assert answer.fields[b"content-type"] == b"application/problem+json"
    assert b"cache-status" not in answer.fields


async def test_a_504_to_head_has_no_body() -> None:
    """RFC 9110 §9.3.2."""
    world = World(saying(FRESH), policy=PROXY)

    answer = await world.ask((b"cache-control", b"only-if-cached"), method="HEAD")

    assert (answer.status, answer.body) == (504, b"")


@pytest.mark.parametrize(
    "other", [(b"if-match", b'"one"'), (b"content-length", b"1"), (b"range", b"bytes=0-1")]
)
async def test_only_if_cached_holds_for_requests_that_no_cache_answers(
    other: tuple[bytes, bytes],
) -> None:
    """The client wants nothing that takes the app's time."""
    world = World(saying(FRESH, TAGGED), policy=PROXY)

    answer = await world.ask((b"cache-control", b"only-if-cached"), other)

    assert (answer.status, world.calls) == (504, 0)


async def test_cache_status_of_a_304_from_the_store() -> None:
    """The client's copy holds, and for how long."""
    world = World(saying(FRESH, TAGGED), cache_status="me")
    await world.ask()

    answer = await world.ask((b"if-none-match", b'"one"'))

    assert answer.fields[b"cache-status"] == b"me; hit; ttl=100"


async def test_the_apps_own_messages_are_never_changed() -> None:
    """Apps send the same objects for every request."""
    first = start(200, FRESH)
    headers = first["headers"]
    cached = HTTPCacheMiddleware(sending(first, body(b"hello")), cache=HTTPCache(cache_status="me"))

    for method in ("GET", "GET", "POST"):
        answer = await call(cached, method=method)
        answer.headers.append((b"x-outside", b"1"))

    assert first == {"type": "http.response.start", "status": 200, "headers": [FRESH]}
    assert first["headers"] is headers


async def test_layers_outside_may_edit_what_they_get() -> None:
    """Each answer is made of new messages, and of a new list."""
    world = World(saying(FRESH))
    for _ in range(3):
        answer = await world.ask()
        assert (b"x-outside", b"1") not in answer.messages[0]["headers"]
        answer.messages[0]["headers"].append((b"x-outside", b"1"))

    assert world.outcomes() == {Outcome.MISS: 1, Outcome.HIT: 2}
