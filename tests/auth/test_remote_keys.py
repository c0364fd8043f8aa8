"""Keys of an issuer: when they are fetched, how long they are good, what happens without them."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any
from weakref import ref

import pytest

from chopin_mw.auth.forking import _mend
from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.keys import VerificationKey, published_keys
from chopin_mw.auth.pyjwt_backend import PyJWTBackend
from chopin_mw.auth.remote_keys import RemoteKeys
from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.token import TokenRefusal
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import jwk

URL = "https://id.example.org/jwks.json?secret=7"
LIFETIME, HARD_LIMIT, COOLDOWN, TIMEOUT = 300.0, 3600.0, 30.0, 5.0
READ = partial(published_keys, reader=PyJWTBackend(TokenPolicy(algorithms="ES256")))
UNAVAILABLE, UNKNOWN = TokenRefusal.KEYS_UNAVAILABLE, TokenRefusal.UNKNOWN_KEY


class Issuer:
    """Publish keys from memory, or fail; the clock goes on by hand."""

    def __init__(self, *names: str) -> None:
        self.now = 1000.0
        self.asked = 0
        self.failure: BaseException | None = None
        self.gate: asyncio.Event | None = None
        self.publish(*names)

    def publish(self, *names: str) -> None:
        self.document: Any = {"keys": [jwk("ES256", name) for name in names]}

    async def fetch(self, url: str) -> Any:
        assert url == URL
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return self.document

    def keys(self, **changes: Any) -> RemoteKeys:
        options: dict[str, Any] = {
            "fetch": self.fetch,
            "lifetime": LIFETIME,
            "hard_limit": HARD_LIMIT,
            "cooldown": COOLDOWN,
            "timeout": TIMEOUT,
        }
        return RemoteKeys(JWKSURL(URL, **(options | changes)), READ, clock=lambda: self.now)


async def landed(keys: RemoteKeys) -> None:
    """Wait until no fetch is running."""
    if keys._flight is not None:
        await asyncio.wrap_future(keys._flight)


def is_key(found: object) -> bool:
    return isinstance(found, VerificationKey)


async def test_keys_are_fetched_when_they_are_needed_and_once() -> None:
    """The first token waits for them, the next ones find them."""
    issuer = Issuer("first", "second")
    keys = issuer.keys()
    assert issuer.asked == 0

    found = [await keys.find(name) for name in ("first", "second", "first")]

    assert all(map(is_key, found))
    assert issuer.asked == keys.fetches == 1


async def test_all_wait_for_one_fetch() -> None:
    """However many come at once."""
    issuer = Issuer("first")
    keys = issuer.keys()

    found = await asyncio.gather(*(keys.find("first") for _ in range(100)))

    assert all(map(is_key, found))
    assert issuer.asked == 1


async def test_ten_thousand_unknown_ids_cause_one_fetch() -> None:
    """In a cool-down (case 160)."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.now += 1

    found = await asyncio.gather(*(keys.find(f"unknown {number}") for number in range(10_000)))

    assert set(found) == {UNKNOWN}
    assert issuer.asked == 2
    issuer.now += COOLDOWN - 0.1
    await keys.find("another")
    assert issuer.asked == 2
    issuer.now += 0.1
    await keys.find("another")
    assert issuer.asked == 3


async def test_an_unknown_id_right_after_a_fetch_causes_none() -> None:
    """What has just come is what there is."""
    issuer = Issuer("first")
    keys = issuer.keys()

    assert await keys.find("unknown") is UNKNOWN
    assert issuer.asked == 1


async def test_a_new_key_is_found_at_once() -> None:
    """Its id is unknown, which is what fetches are for."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.now += 1
    issuer.publish("first", "second")

    assert is_key(await keys.find("second"))
    assert keys.generation == 0


async def test_keys_are_renewed_before_they_are_old() -> None:
    """In the background: nobody waits (research 05 §4.4)."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.gate = asyncio.Event()
    issuer.now += LIFETIME * 0.8

    assert is_key(await keys.find("first"))
    assert is_key(await keys.find("first"))
    issuer.gate.set()
    await landed(keys)

    assert issuer.asked == 2
    issuer.now += LIFETIME * 0.8 - 1
    await keys.find("first")
    assert issuer.asked == 2


async def test_old_keys_are_renewed_before_they_are_used() -> None:
    """After a quiet time: a key may have been taken back in it."""
    issuer = Issuer("first", "second")
    keys = issuer.keys()
    await keys.find("first")
    issuer.publish("second")
    issuer.now += LIFETIME

    assert await keys.find("first") is UNKNOWN
    assert issuer.asked == 2


@pytest.mark.parametrize(
    ("names", "generation"),
    [(("first", "second", "third"), 0), (("first",), 1), (("third",), 1), ((), 1)],
)
async def test_a_key_that_goes_takes_its_tokens_with_it(
    names: tuple[str, ...], generation: int
) -> None:
    """A key that comes does not."""
    issuer = Issuer("first", "second")
    keys = issuer.keys()
    await keys.find("first")
    issuer.publish(*names)
    issuer.now += LIFETIME

    await keys.find("first")

    assert keys.generation == generation


async def test_another_key_under_the_same_id_is_another_key() -> None:
    """Tokens of the old one are nobody's."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.document = {"keys": [jwk("ES256", "second", kid="first")]}
    issuer.now += LIFETIME

    await keys.find("first")

    assert keys.generation == 1


async def test_without_the_issuer_nobody_gets_in_at_first() -> None:
    """It is asked again after a cool-down (case 171)."""
    issuer = Issuer("first")
    issuer.failure = ConnectionRefusedError()
    keys = issuer.keys()

    found = await asyncio.gather(*(keys.find("first") for _ in range(100)))

    assert set(found) == {UNAVAILABLE}
    assert (issuer.asked, keys.failures) == (1, 1)
    issuer.failure = None
    issuer.now += COOLDOWN - 0.1
    assert await keys.find("first") is UNAVAILABLE
    issuer.now += 0.1
    assert is_key(await keys.find("first"))


async def test_the_last_good_keys_are_used_until_the_hard_limit() -> None:
    """While the issuer is down, and then no longer (case 171)."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.failure = TimeoutError()

    issuer.now += LIFETIME
    assert is_key(await keys.find("first"))
    issuer.now += HARD_LIMIT - LIFETIME - 0.1
    assert is_key(await keys.find("first"))
    await landed(keys)
    issuer.now += 0.1
    assert await keys.find("first") is UNAVAILABLE

    issuer.failure = None
    issuer.now += COOLDOWN
    assert is_key(await keys.find("first"))
    assert keys.generation == 0


async def test_nobody_waits_for_an_issuer_that_is_down() -> None:
    """Once it is known to be: it is asked in the background, one time in a cool-down."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.failure = TimeoutError()
    issuer.now += LIFETIME
    await keys.find("first")
    issuer.gate = asyncio.Event()
    issuer.now += COOLDOWN

    assert is_key(await keys.find("first"))
    assert is_key(await keys.find("first"))

    assert keys.fetches == 3
    issuer.gate.set()
    await landed(keys)


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"\xff", b"[]", b"null", b'{"keys": 5}', b"[" * 60_000, "x", {}, None, 5],
)
async def test_a_broken_document_changes_nothing(document: Any) -> None:
    """The good keys stay."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")
    issuer.document = document
    issuer.now += LIFETIME

    assert is_key(await keys.find("first"))
    assert (keys.failures, keys.generation) == (1, 0)


async def test_a_document_over_the_limit_is_not_read() -> None:
    """Of a coroutine function's neither."""
    issuer = Issuer("first")
    issuer.document = b" " * 101

    assert await issuer.keys(max_bytes=100).find("first") is UNAVAILABLE


async def test_a_document_may_be_bytes() -> None:
    """As they came over the wire."""
    issuer = Issuer()
    issuer.document = b'{"keys": []}'
    keys = issuer.keys()

    assert await keys.find("first") is UNAVAILABLE
    assert (keys.failures, keys.fetches) == (0, 1)


async def test_a_failure_is_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """The host is named, the query is not."""
    issuer = Issuer()
    issuer.failure = OSError("no route")

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        await issuer.keys().find("first")

    assert "id.example.org" in caplog.text
    assert "no route" in caplog.text
    assert "secret" not in caplog.text


async def test_a_client_that_leaves_does_not_end_the_fetch() -> None:
    """Others wait for it."""
    issuer = Issuer("first")
    issuer.gate = asyncio.Event()
    keys = issuer.keys()
    leaving, staying = (asyncio.ensure_future(keys.find("first")) for _ in range(2))
    await asyncio.sleep(0)

    leaving.cancel()
    issuer.gate.set()

    assert is_key(await staying)
    assert issuer.asked == 1
    assert leaving.cancelled()


async def test_a_fetch_ends_in_its_time() -> None:
    """A coroutine that never answers is a failure."""
    issuer = Issuer("first")
    issuer.gate = asyncio.Event()

    assert await issuer.keys(timeout=0.02).find("first") is UNAVAILABLE


async def test_a_fetch_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as one failure, and after a cool-down there is another one."""
    issuer = Issuer("first")
    keys = issuer.keys()
    with monkeypatch.context() as patched:
        patched.setattr(keys, "_begin", lambda flight, now: None)
        keys._refresh(issuer.now)
    issuer.now += TIMEOUT + 1

    assert [await keys.find("first") for _ in range(3)] == [UNAVAILABLE] * 3
    assert keys.failures == 1
    issuer.now += COOLDOWN
    assert is_key(await keys.find("first"))
    assert keys.failures == 1


async def test_what_comes_late_is_better_than_nothing() -> None:
    """A fetch that was given up brings keys, and there are none."""
    issuer = Issuer("first")
    keys = issuer.keys()

    keys._land(Future(), issuer.now, ONE_KEY)

    assert is_key(await keys.find("first"))
    assert issuer.asked == 0


ONE_KEY = READ({"keys": [jwk("ES256")]})


async def test_what_comes_too_late_does_not_replace_what_is_newer() -> None:
    """Nor does its failure count."""
    issuer = Issuer("second")
    keys = issuer.keys()
    await keys.find("second")

    keys._land(Future(), issuer.now - 1, ONE_KEY)
    keys._land(Future(), issuer.now - 1, OSError("at last"))

    assert is_key(await keys.find("second"))
    assert (keys.generation, keys.failures) == (0, 0)


def test_loops_in_turn_share_the_keys() -> None:
    """What one loop fetched another finds, and it can fetch anew."""
    issuer = Issuer("first")
    keys = issuer.keys()

    assert is_key(asyncio.run(keys.find("first")))
    issuer.now += LIFETIME
    assert is_key(asyncio.run(keys.find("first")))

    assert issuer.asked == 2


def test_a_loop_that_ends_takes_its_fetch_with_it() -> None:
    """Which is a failure, so that the next loop is not kept waiting for it."""
    issuer = Issuer("first")
    issuer.gate = asyncio.Event()
    keys = issuer.keys()

    async def leave() -> None:
        waiting = asyncio.ensure_future(keys.find("first"))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    issuer.gate = None
    issuer.now += COOLDOWN

    assert is_key(asyncio.run(keys.find("first")))


def test_loops_in_threads_wait_for_one_fetch() -> None:
    """Each in its own way, for the same one."""
    issuer = Issuer("first")
    keys = issuer.keys()
    found: list[object] = []
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait()
        found.append(asyncio.run(keys.find("first")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert all(map(is_key, found))
    assert issuer.asked == 1


def test_without_asyncio_nobody_is_let_in_and_nothing_raises() -> None:
    """A coroutine function cannot be run there."""
    coroutine = Issuer("first").keys().find("first")

    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)

    assert stopped.value.value is UNAVAILABLE


async def test_a_fork_during_a_fetch_begins_anew() -> None:
    """The thread that fetches stays with the parent."""
    issuer = Issuer("first")
    issuer.gate = asyncio.Event()
    keys = issuer.keys()
    waiting = asyncio.ensure_future(keys.find("first"))
    await asyncio.sleep(0)
    keys._lock.acquire()

    _mend(ref(keys))
    issuer.gate.set()

    assert is_key(await keys.find("first"))
    assert issuer.asked == 2
    await waiting


async def test_a_fork_between_fetches_changes_nothing() -> None:
    """What was fetched is there."""
    issuer = Issuer("first")
    keys = issuer.keys()
    await keys.find("first")

    keys.mend()

    assert is_key(await keys.find("first"))
    assert issuer.asked == 1


def test_what_waits_for_forks_keeps_nothing() -> None:
    """Keys that are not needed any more go."""
    keys = Issuer("first").keys()
    weak = ref(keys)

    del keys
    gc.collect()

    assert weak() is None
    _mend(weak)


def test_where_there_are_no_forks_nothing_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no such hook."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr("os.register_at_fork")

    assert Issuer("first").keys().key_set is None


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://id.example.org/jwks", {}),
        ("http://id.example.org/jwks", {"allow_http": True}),
        ("http://127.0.0.1/jwks", {}),
        ("http://127.0.0.1.evil.example/jwks", {"allow_http": True}),
        ("file:///etc/passwd", {}),
        ("data:application/json,{}", {}),
        ("ftp://id.example.org/jwks", {}),
        ("//id.example.org/jwks", {}),
        ("id.example.org/jwks", {}),
        ("https://", {}),
        ("https:///jwks", {}),
        ("https://user:secret@id.example.org/jwks", {}),
        ("https://id.example.org/jwks#part", {}),
        ("https://id.example.org:port/jwks", {}),
        ("https://id.example.org:99999/jwks", {}),
        ("https://[::1/jwks", {}),
        ("https://id.example.org/a b", {}),
        ("https://id.example.org/\r\nHost: evil", {}),
        ("https://é.example.org/", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_a_url_that_is_not_to_be_trusted(url: Any, options: Mapping[str, Any]) -> None:
    """Only https, or the loopback where that is allowed (case 161)."""
    with pytest.raises(ConfigurationError, match=r"^url "):
        JWKSURL(url, **options)


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:8000"])
def test_http_of_the_loopback_can_be_allowed(host: str) -> None:
    """For tests, and for a sidecar."""
    assert JWKSURL(f"http://{host}/jwks", allow_http=True).allow_http


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("timeout", 0),
        ("timeout", 61),
        ("timeout", None),
        ("cooldown", 0),
        ("cooldown", float("nan")),
        ("lifetime", 0),
        ("lifetime", True),
        ("hard_limit", 299),
        ("hard_limit", float("inf")),
        ("max_bytes", 0),
        ("max_bytes", 1.5),
        ("max_bytes", True),
        ("fetch", print),
        ("fetch", "fetch"),
    ],
)
def test_an_option_that_cannot_work(option: str, value: Any) -> None:
    """Is named when the URL is given."""
    with pytest.raises(ConfigurationError, match=f"^{option} "):
        JWKSURL(URL, **{option: value})
