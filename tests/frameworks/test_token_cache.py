"""Answers kept for each user: nobody gets another's, and nobody gets any without a good token."""

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from chopin_mw import (
    CacheControlMiddleware,
    HTTPCache,
    HTTPCacheMiddleware,
    cache_control,
    cache_response,
    json_response,
)
from chopin_mw.asgi.types import ASGIApp
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.handlers.identity import current_token, identity
from chopin_mw.handlers.require_token import require_token
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token_policy import TokenPolicy
from support import frameworks
from support.asgi_call import Answer, call
from support.tokens import AUDIENCE, SECRET, claims, signed

Decorate = Callable[[Callable[..., Any]], Any]


class Calls:
    """Count the calls of a handler and name who they were for."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def answer(self) -> dict[str, Any]:
        token = current_token()
        return {"for": token.user.identity if token else None, "call": next(self.numbers)}


def fastapi(decorate: Decorate, calls: Calls) -> ASGIApp:
    @decorate
    @json_response
    async def mine() -> Any:
        return calls.answer()

    return frameworks.fastapi_app(mine)


def starlette(decorate: Decorate, calls: Calls) -> ASGIApp:
    @decorate
    @json_response
    async def mine(request: Any) -> Any:
        return calls.answer()

    return frameworks.starlette_app(mine)


def quart(decorate: Decorate, calls: Calls) -> Any:
    @decorate
    @json_response
    def mine() -> Any:
        return calls.answer()

    return frameworks.quart_app(mine)


def litestar(decorate: Decorate, calls: Calls) -> Any:
    @decorate
    @json_response
    async def mine() -> Any:
        return calls.answer()

    return frameworks.litestar_app(mine)


def django(decorate: Decorate, calls: Calls) -> ASGIApp:
    @decorate
    @json_response
    async def mine(request: Any) -> Any:
        return calls.answer()

    return frameworks.DjangoApp(mine)


@pytest.fixture(
    params=[fastapi, starlette, quart, litestar, django], ids=lambda make: make.__name__
)
def make(request: pytest.FixtureRequest) -> Callable[[Decorate, Calls], ASGIApp]:
    build: Callable[[Decorate, Calls], ASGIApp] = request.param
    return build


def kept(**options: Any) -> Decorate:
    """Keep for each identity, and run only for tokens."""
    caching = cache_response(ttl=60, vary_by=identity, authorization="ignore")
    return lambda handler: caching(require_token(**options)(handler))


def verifier_for(**policy: Any) -> TokenVerifier:
    return TokenVerifier(TokenPolicy(algorithms="HS256", audience=AUDIENCE, **policy), SECRET)


def guarded(app: ASGIApp, verifier: TokenVerifier | None = None, **policy: Any) -> ASGIApp:
    verifier = verifier or verifier_for(**policy)
    return JWTMiddleware(HTTPCacheMiddleware(app), verifier=verifier)


async def get(app: ASGIApp, token: bytes | None, *more: tuple[bytes, bytes]) -> Answer:
    sent = [] if token is None else [(b"authorization", b"Bearer " + token)]
    return await call(app, headers=[*sent, *more])


def user(name: str, **more: Any) -> bytes:
    return signed(claims(sub=name, **more))


async def test_each_user_gets_what_was_kept_for_him(make: Any) -> None:
    """Hits for both, of their own."""
    app = guarded(make(kept(), Calls()))
    ann, bob = user("ann"), user("bob")

    answers = [(await get(app, token)).json() for token in (ann, bob, ann, bob)]

    assert answers == [{"for": "ann", "call": 1}, {"for": "bob", "call": 2}] * 2


async def test_a_hit_takes_a_good_token(make: Any) -> None:
    """None, a forged and an expired one get 401 for what is kept."""
    app = guarded(make(kept(), Calls()))
    await get(app, user("ann"))

    forged = user("ann")[:-4] + b"AAAA"
    expired = user("ann", exp=int(time.time()) - 5)
    answers = [await get(app, token) for token in (None, forged, expired)]

    assert [answer.status for answer in answers] == [401, 401, 401]
    assert all(b"call" not in answer.body for answer in answers)


async def test_a_hit_ends_with_the_token(make: Any) -> None:
    """After `revoke` and not a moment later, whatever the cache still has."""
    verifier = verifier_for()
    app = guarded(make(kept(), Calls()), verifier)
    token, other = user("ann", jti="1"), user("ann", jti="2")
    before = [(await get(app, each)).json()["call"] for each in (token, other)]

    verifier.revoke(jti="1")
    after = [(await get(app, each)).status for each in (token, other)]
    verifier.revoke(sub="ann")
    last = [(await get(app, each)).status for each in (token, other)]

    assert (before, after, last) == ([1, 1], [401, 200], [401, 401])


async def test_a_token_that_grants_less_gets_no_hit(make: Any) -> None:
    """What the decorator asks is not asked on a hit: grants are part of the identity."""
    app = guarded(make(kept(scopes=("flights:read",)), Calls()))
    more, less = user("ann", scope="flights:read"), user("ann", scope="menu")

    answers = [await get(app, token) for token in (more, less, more)]

    assert [answer.status for answer in answers] == [200, 403, 200]
    assert answers[2].json() == answers[0].json()


async def test_the_same_subject_of_another_issuer_is_another_user(make: Any) -> None:
    """Subjects are names within an issuer (RFC 7519 §4.1.2)."""
    app = guarded(make(kept(), Calls()))

    answers = [await get(app, user("ann", iss=issuer)) for issuer in ("https://a", "https://b")]

    assert [answer.json()["call"] for answer in answers] == [1, 2]


async def test_nobody_is_apart_from_everybody(make: Any) -> None:
    """Without a token nothing is kept, and nothing kept is shown."""
    caching = cache_response(ttl=60, vary_by=identity, authorization="ignore")
    app = guarded(make(caching, Calls()), optional_paths=("/",))
    cookie = (b"cookie", b"session=1")

    answers = [
        (await get(app, token, *more)).json()
        for token, more in ((None, ()), (user("ann"), ()), (None, (cookie,)), (user("ann"), ()))
    ]

    assert [answer["for"] for answer in answers] == [None, "ann", None, "ann"]
    assert [answer["call"] for answer in answers] == [1, 2, 3, 2]


async def test_many_users_at_once_get_their_own(make: Any) -> None:
    """Two hundred requests of twenty users for one URL, interleaved."""
    app = guarded(make(kept(), Calls()))
    names = [f"user-{number}" for number in range(20)]
    tokens = {name: user(name) for name in names}

    answers = await asyncio.gather(*(get(app, tokens[name]) for name in names * 10))

    assert [answer.json()["for"] for answer in answers] == names * 10


async def test_an_answer_is_private_without_an_identity(make: Any) -> None:
    """`authorization="ignore"` alone keeps nothing that came with a token."""
    app = guarded(make(cache_response(ttl=60, authorization="ignore"), Calls()))

    answers = [(await get(app, user(name))).json()["for"] for name in ("ann", "bob")]

    assert answers == ["ann", "bob"]


async def test_what_a_token_was_asked_for_is_not_shown_to_a_lesser_one(make: Any) -> None:
    """Not even `public` and `max-age` have it kept: a hit asks no handler for scopes."""

    def shown(handler: Callable[..., Any]) -> Any:
        public = cache_control(public=True, max_age=60)
        return public(require_token(scopes=("flights:read",))(handler))

    cache = HTTPCache()
    stack = CacheControlMiddleware(make(shown, Calls()))
    app = JWTMiddleware(HTTPCacheMiddleware(stack, cache=cache), verifier=verifier_for())
    more, less = user("ann", scope="flights:read"), user("bob", scope="menu")

    answers = [await get(app, token) for token in (more, less, more)]

    assert [answer.status for answer in answers] == [200, 403, 200]
    assert answers[2].json()["call"] == 2
    assert cache.statistics().refusals["guarded"] == 2


async def test_what_a_token_was_asked_for_is_not_shown_without_one(make: Any) -> None:
    """On an optional path a hit would need none."""

    def shown(handler: Callable[..., Any]) -> Any:
        return cache_response(ttl=60)(require_token(handler))

    app = guarded(make(shown, Calls()), optional_paths=("/",))

    answers = [await get(app, token) for token in (user("ann"), None)]

    assert [answer.status for answer in answers] == [200, 401]
