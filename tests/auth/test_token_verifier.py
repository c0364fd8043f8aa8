"""The verifier: what it remembers and for how long, revocation, statistics, threads, forks."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.revocations import Revocations
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.errors import ConfigurationError, MissingExtraError
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import AUDIENCE, ISSUER, SECRET, claims, jwk, private_key, public_pem, signed

NOW = time.time()


def verifier(**options: Any) -> TokenVerifier:
    is_revoked = options.pop("is_revoked", None)
    strict = {"algorithms": "HS256", "issuer": ISSUER, "audience": AUDIENCE, **options}
    return TokenVerifier(TokenPolicy(**strict), SECRET, is_revoked=is_revoked)


async def admitted(of: TokenVerifier, token: bytes, now: float = NOW) -> VerifiedToken:
    found = await of.verify(token, now)
    assert isinstance(found, VerifiedToken)
    return found


async def test_a_good_token_is_verified_once() -> None:
    """Afterwards it is remembered, the same object each time."""
    lets_in, token = verifier(), signed()
    assert lets_in.remembered(token, NOW) is None

    found = await admitted(lets_in, token)

    assert lets_in.remembered(token, NOW) is found
    assert lets_in.remembered(bytes(bytearray(token)), NOW) is found


@pytest.mark.parametrize(
    ("seconds", "leeway", "cache_seconds", "last"),
    [(100, 0, 300, 100), (100, 10, 300, 110), (1000, 0, 300, 300), (1000, 60, 2.5, 2.5)],
)
async def test_a_token_is_forgotten_in_time(
    seconds: int, leeway: float, cache_seconds: float, last: float
) -> None:
    """At the end of its life or of its time in the cache, by the clock of each request (165)."""
    now = float(int(time.time()))
    token = signed(claims(exp=int(now) + seconds))
    lets_in = verifier(leeway=leeway, cache_seconds=cache_seconds)
    await admitted(lets_in, token, now)

    assert lets_in.remembered(token, now + last - 0.1) is not None
    assert lets_in.remembered(token, now + last) is None
    assert lets_in.remembered(token, now + last + 1e9) is None


async def test_a_clock_that_goes_back_lets_nobody_in_early() -> None:
    """`nbf` is compared at each hit, as `exp` is."""
    token, lets_in = signed(claims(nbf=int(NOW) - 5, iat=None)), verifier()
    await admitted(lets_in, token)

    assert lets_in.remembered(token, NOW - 4) is not None
    assert lets_in.remembered(token, NOW - 7) is None


async def test_an_expired_token_is_refused_when_it_is_verified_again() -> None:
    """By the time of the request, too."""
    lets_in, token = verifier(), signed(claims(exp=int(NOW) + 100))
    await admitted(lets_in, token)

    assert await lets_in.verify(token, NOW + 101) is TokenRefusal.EXPIRED


async def test_a_verifier_remembers_for_itself() -> None:
    """What was good for one audience is nothing to the verifier of another (research 05 §10)."""
    one, two, token = verifier(), verifier(audience="other"), signed()

    await admitted(one, token)

    assert two.remembered(token, NOW) is None
    assert await two.verify(token, NOW) is TokenRefusal.CLAIMS


@pytest.mark.parametrize("options", [{"cache_entries": 0}, {"cache_seconds": 0}])
async def test_nothing_is_remembered_where_nothing_shall_be(options: Mapping[str, int]) -> None:
    """Each request is verified."""
    lets_in, token = verifier(**options), signed()

    await admitted(lets_in, token)

    assert lets_in.remembered(token, NOW) is None
    assert lets_in.statistics().entries == 0


async def test_no_more_are_remembered_than_the_policy_says() -> None:
    """Those that are asked for stay, those that were shown once go."""
    lets_in = verifier(cache_entries=10)
    regular = signed(claims(sub="regular"))
    await admitted(lets_in, regular)

    for number in range(100):
        assert lets_in.remembered(regular, NOW) is not None
        await admitted(lets_in, signed(claims(sub=f"guest {number}")))

    assert lets_in.statistics().entries == 10


async def test_clear_forgets_tokens_and_no_revocations() -> None:
    """What is good is verified again; what was revoked stays so."""
    lets_in, good, bad = verifier(), signed(), signed(claims(jti="bad"))
    await admitted(lets_in, good)
    lets_in.revoke(jti="bad")

    lets_in.clear()

    assert lets_in.remembered(good, NOW) is None
    await admitted(lets_in, good)
    assert await lets_in.verify(bad, NOW) is TokenRefusal.REVOKED


@pytest.mark.parametrize("named", [{"jti": "7"}, {"sub": "ada"}, {"jti": "7", "sub": "bob"}])
@pytest.mark.parametrize("issuer", [None, ISSUER])
async def test_a_revoked_token_is_refused(named: Mapping[str, Any], issuer: str | None) -> None:
    """What is remembered of it goes, and it is not let in again (case 165)."""
    lets_in, token, other = verifier(), signed(claims(jti="7")), signed(claims(jti="8", sub="eve"))
    await admitted(lets_in, token)
    await admitted(lets_in, other)

    lets_in.revoke(**named, issuer=issuer)

    assert lets_in.remembered(token, NOW) is None
    assert await lets_in.verify(token, NOW) is TokenRefusal.REVOKED
    assert lets_in.remembered(other, NOW) is not None


async def test_a_revocation_can_be_of_one_issuer() -> None:
    """A `jti` is unique for its issuer only."""
    lets_in, token = verifier(), signed(claims(jti="7"))
    await admitted(lets_in, token)

    lets_in.revoke(jti="7", issuer="https://other.example.org")

    assert lets_in.remembered(token, NOW) is not None
    await admitted(lets_in, token)


async def test_what_a_subject_had_is_refused() -> None:
    """All that may have been shown before: of an issuer whose clock is ahead as well."""
    lets_in = verifier(leeway=30)
    old, undated = signed(claims(iat=int(NOW) - 100)), signed(claims(iat=None))

    lets_in.revoke(sub="ada")

    assert await lets_in.verify(old, NOW) is TokenRefusal.REVOKED
    assert await lets_in.verify(undated, NOW) is TokenRefusal.REVOKED
    ahead = signed(claims(iat=int(time.time()) + 29))
    assert await lets_in.verify(ahead, time.time()) is TokenRefusal.REVOKED


async def test_a_token_issued_after_the_revocation_is_let_in() -> None:
    """Its `iat` may be a fraction of a second later."""
    lets_in = verifier()

    lets_in.revoke(sub="ada")
    token = signed(claims(iat=time.time() + 0.001))

    # PyJWT cuts `iat` to whole seconds, so that the token is valid now.
    await admitted(lets_in, token, time.time())


async def test_a_revocation_ends_if_it_is_told_when() -> None:
    """It is not needed any more when the tokens have expired."""
    lets_in, token = verifier(), signed(claims(jti="7"))

    lets_in.revoke(jti="7", until=NOW + 50)

    assert await lets_in.verify(token, NOW + 49) is TokenRefusal.REVOKED
    await admitted(lets_in, token, NOW + 50)


@pytest.mark.parametrize(
    ("named", "option"),
    [
        ({}, "revoke"),
        ({"issuer": ISSUER}, "revoke"),
        ({"sub": None}, "revoke"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"sub": b"ada"}, "sub"),
        ({"sub": "ada", "until": float("nan")}, "until"),
        ({"sub": "ada", "until": "tomorrow"}, "until"),
    ],
)
def test_a_revocation_that_would_mean_nothing(named: Mapping[str, Any], option: str) -> None:
    """Is an error: nobody would be refused."""
    with pytest.raises(ConfigurationError, match=f"^{option} "):
        verifier().revoke(**named)


async def test_too_many_revocations_forget_no_revoked_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was issued before the eldest of them is verified anew, and refused."""
    monkeypatch.setattr("chopin_mw.auth.verifier.Revocations", lambda: Revocations(2))
    lets_in, token = verifier(), signed(claims(jti="7"))
    await admitted(lets_in, token)

    for number in range(3):
        lets_in.revoke(jti=f"other {number}")

    assert lets_in.remembered(token, NOW) is None
    assert await lets_in.verify(token, NOW) is TokenRefusal.REVOKED


async def test_a_hundred_tokens_that_are_all_wanted() -> None:
    """The eldest goes all the same, without a look at each of them."""
    lets_in = verifier(cache_entries=100)
    tokens = [signed(claims(sub=str(number))) for number in range(101)]
    for token in tokens[:100]:
        await admitted(lets_in, token)
        assert lets_in.remembered(token, NOW) is not None

    await admitted(lets_in, tokens[100])

    assert sum(lets_in.remembered(token, NOW) is not None for token in tokens) == 100


async def test_the_hook_is_asked_each_time() -> None:
    """With the claims, for tokens that are remembered as well."""
    asked: list[object] = []
    revoked: set[str] = set()

    def is_revoked(claims: Mapping[str, Any]) -> bool:
        asked.append(claims["jti"])
        return claims["jti"] in revoked

    lets_in, token = verifier(is_revoked=is_revoked), signed(claims(jti="7"))
    await admitted(lets_in, token)
    assert lets_in.remembered(token, NOW) is not None
    revoked.add("7")

    assert lets_in.remembered(token, NOW) is None
    assert await lets_in.verify(token, NOW) is TokenRefusal.REVOKED
    assert asked == ["7"] * 4


async def test_a_hook_that_fails_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once a minute, without the token (cases 168, 171)."""

    def fail(claims: Mapping[str, Any]) -> bool:
        raise ConnectionError("the list is away")

    lets_in, token = verifier(is_revoked=fail), signed()
    with caplog.at_level(logging.WARNING, "chopin_mw"):
        outcomes = {await lets_in.verify(token, NOW) for _ in range(5)}

    assert outcomes == {TokenRefusal.REVOCATION_UNKNOWN}
    assert len(caplog.records) == 1
    assert token.decode() not in caplog.text


async def test_figures() -> None:
    """Hits, misses and refusals, those that were decided outside too."""
    lets_in, token = verifier(), signed()
    await admitted(lets_in, token)
    for _ in range(3):
        lets_in.remembered(token, NOW)
    await lets_in.verify(b"x", NOW)
    lets_in.count(TokenRefusal.MISSING)
    lets_in.revoke(jti="7")

    seen = lets_in.statistics()

    assert (seen.hits, seen.misses, seen.entries, seen.revocations) == (3, 2, 1, 1)
    assert seen.refusals == {"malformed": 1, "missing": 1}
    assert (seen.keys, seen.skipped_keys, seen.fetches, seen.failed_fetches) == (1, 0, 0, 0)


def test_figures_before_anything_was_fetched() -> None:
    """There are no keys yet."""
    policy = TokenPolicy(algorithms="ES256")

    seen = TokenVerifier(policy, JWKSURL("https://id.example.org/jwks")).statistics()

    assert (seen.keys, seen.skipped_keys) == (0, 0)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"policy": {"algorithms": "HS256"}}, "policy"),
        ({"is_revoked": "yes"}, "is_revoked"),
        ({"policy": TokenPolicy(algorithms="HS256"), "keys": JWKSURL("https://a/b")}, "keys"),
    ],
)
def test_what_cannot_work_is_refused(options: Mapping[str, Any], named: str) -> None:
    """A published secret is none, and a hook is a function."""
    whole = {"policy": TokenPolicy(algorithms="HS256"), "keys": SECRET, **options}

    with pytest.raises(ConfigurationError, match=f"^{named} "):
        TokenVerifier(whole.pop("policy"), whole.pop("keys"), **whole)


def test_a_hook_that_would_have_to_be_awaited_is_refused() -> None:
    """It would seem to say that everything is revoked."""

    async def is_revoked(claims: Mapping[str, Any]) -> bool:
        return False

    with pytest.raises(ConfigurationError, match=r"^is_revoked "):
        verifier(is_revoked=is_revoked)


def test_a_backend_that_cannot_be_imported_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the absence of PyJWT is explained."""
    monkeypatch.setitem(sys.modules, "chopin_mw.auth.pyjwt_backend", None)

    with pytest.raises(ImportError, match="pyjwt_backend"):
        verifier()


async def test_threads_share_a_verifier() -> None:
    """Nobody is let in by another's token while others verify, revoke and clear."""
    lets_in = verifier(cache_entries=8)
    tokens = {f"user {number}": signed(claims(sub=f"user {number}")) for number in range(20)}
    mistakes: list[object] = []
    stop = threading.Event()

    def show() -> None:
        for subject, token in tokens.items():
            found = lets_in.remembered(token, NOW)
            if found is not None and found.user.identity != subject:
                mistakes.append(subject)

    def disturb() -> None:
        lets_in.revoke(jti="nobody's")
        lets_in.clear()

    with repeating(show, show, disturb, until=stop):
        for _ in range(3):
            for subject, token in tokens.items():
                assert (await admitted(lets_in, token)).user.identity == subject

    assert not mistakes
    assert lets_in.statistics().entries <= 8


@contextmanager
def repeating(*works: Callable[[], None], until: threading.Event) -> Iterator[None]:
    """Do each work over and over in a thread of its own."""

    def repeat(work: Callable[[], None]) -> None:
        while not until.is_set():
            work()

    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        until.set()
        for thread in threads:
            thread.join()


async def test_a_fork_while_a_thread_writes_leaves_no_lock() -> None:
    """The child has no such thread, and can write."""
    lets_in = verifier()
    lets_in._lock.acquire()

    lets_in.mend()

    await admitted(lets_in, signed())


async def test_a_published_set_of_keys_is_enough() -> None:
    """Given as it is, each key by its id."""
    keys = {"keys": [jwk("RS256"), jwk("RS256", "second"), jwk("ES256")]}
    policy = TokenPolicy(algorithms="RS256", issuer=ISSUER, audience=AUDIENCE)
    lets_in = TokenVerifier(policy, keys)

    for name in ("first", "second"):
        token = signed(key=private_key("RS256", name), algorithm="RS256", kid=name)
        await admitted(lets_in, token)

    seen = lets_in.statistics()
    assert (seen.keys, seen.skipped_keys) == (2, 1)


@settings(max_examples=50)
@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.integers(1, 4))
def test_the_store_never_holds_more(shown: list[str], most: int) -> None:
    """Whatever comes in whatever order, and what was shown last is there."""
    lets_in = verifier(cache_entries=most)

    for subject in shown:
        token = signed(claims(sub=subject, iat=0))
        if lets_in.remembered(token, NOW) is None:
            drive(lets_in, token)
            assert lets_in.remembered(token, NOW) is not None
        assert lets_in.statistics().entries <= most


def drive(lets_in: TokenVerifier, token: bytes) -> VerifiedToken | TokenRefusal:
    """Verify without a loop: with keys that are there nothing is waited for."""
    coroutine = lets_in.verify(token, time.time())
    try:
        coroutine.send(None)
    except StopIteration as end:
        outcome: VerifiedToken | TokenRefusal = end.value
        return outcome
    raise AssertionError("it waits for something")


def test_pem_and_objects_are_keys() -> None:
    """A key of cryptography is as good as its text."""
    key = private_key("ES256")
    policy = TokenPolicy(algorithms="ES256", issuer=ISSUER, audience=AUDIENCE)
    token = signed(key=key, algorithm="ES256", kid="any")

    for given_key in (public_pem(key), public_pem(key).decode(), key.public_key()):
        assert isinstance(drive(TokenVerifier(policy, given_key), token), VerifiedToken)


def test_the_absence_of_pyjwt_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    monkeypatch.delitem(sys.modules, "chopin_mw.auth.pyjwt_backend")
    monkeypatch.setitem(sys.modules, "jwt", None)

    with pytest.raises(MissingExtraError, match=r"chopin_mw\[jwt\]"):
        verifier()
