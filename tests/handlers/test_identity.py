"""Who asks, and for whom an answer is."""

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.asgi.refusals import ADMISSION_KEY, Door
from chopin_mw.handlers.identity import current_token, identity
from chopin_mw.rules.token import TokenGrant, TokenUser, VerifiedToken
from chopin_mw.rules.vary import variant_values

TEXTS = st.text() | st.sampled_from(["a", "b", "a\0b", "', '", "\ud800"])


def scope_of(
    claims: dict[str, Any],
    scopes: frozenset[str] = frozenset(),
    permissions: frozenset[str] = frozenset(),
    *,
    known: bool = True,
) -> dict[str, Any]:
    """Return a scope as JWTMiddleware leaves it to the app."""
    user = TokenUser(str(claims.get("sub")), "", claims, is_authenticated=known)
    auth = TokenGrant(scopes, permissions, claims)
    token = VerifiedToken(user, auth, deadline=time.time() + 60, not_before=0)
    return {ADMISSION_KEY: (token, Door("api"))}


def test_there_is_none_without_a_token() -> None:
    """Nobody has judged the request, a path took none, or the token names nobody."""
    assert identity({}) is None
    assert identity(scope_of({"sub": "ada"}, known=False)) is None
    assert identity(scope_of({"iss": "x"})) is None
    assert identity(scope_of({"sub": ""})) is None
    assert current_token() is None


def test_tokens_of_one_user_are_one() -> None:
    """Whatever else they say, in whatever order their grants come."""
    first = scope_of({"iss": "x", "sub": "ada", "jti": "1"}, frozenset({"a", "b"}))
    second = scope_of({"sub": "ada", "iss": "x", "exp": 2}, frozenset({"b", "a"}))

    assert identity(first) == identity(second) is not None


def test_what_differs_is_told_apart() -> None:
    """Issuer, subject, scopes and permissions, each by itself; no issuer is none called None."""
    a = frozenset({"a"})
    scopes = [
        scope_of({"iss": "x", "sub": "ada"}),
        scope_of({"iss": "y", "sub": "ada"}),
        scope_of({"iss": "x", "sub": "eve"}),
        scope_of({"sub": "ada"}),
        scope_of({"iss": "None", "sub": "ada"}),
        scope_of({"iss": "x", "sub": "ada"}, a),
        scope_of({"iss": "x", "sub": "ada"}, frozenset(), a),
        scope_of({"iss": "x", "sub": "ada"}, frozenset({"a b"})),
        scope_of({"iss": "x", "sub": "ada"}, frozenset({"a", "b"})),
    ]

    assert len({identity(scope) for scope in scopes}) == len(scopes)


@given(st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS))
def test_no_two_users_are_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Whatever separators their names hold."""
    identities = [identity(scope_of({"iss": iss, "sub": sub})) for iss, sub in (one, other)]

    if identities[0] is not None:
        assert (identities[0] == identities[1]) is (one == other)


def test_it_is_what_vary_by_takes() -> None:
    """Bytes, or None for no caching."""
    assert variant_values((identity,), scope_of({"sub": "ada"}), ()) is not None
    assert variant_values((identity,), {}, ()) is None
