"""A token that is let in here is let in by PyJWT with the same settings, whatever it looks like."""

import asyncio
import json
import time
from typing import Any

import jwt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import AUDIENCE, ISSUER, SECRET, claims, encoded, forged, private_key, signed

NOW = time.time()
POLICY = TokenPolicy(algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE, leeway=5)
LENIENT = TokenPolicy(
    algorithms=["HS256", "HS384"], required_claims=(), token_types=("", "x"), scopes=()
)
PUBLIC = private_key("ES256").public_key()
ELLIPTIC = TokenPolicy(algorithms="ES256", issuer=[ISSUER, "other"], audience=[AUDIENCE, "other"])
VERIFIERS = [
    (TokenVerifier(POLICY, SECRET), SECRET),
    (TokenVerifier(LENIENT, SECRET * 2), SECRET * 2),
    (TokenVerifier(ELLIPTIC, PUBLIC), PUBLIC),
]

times = st.one_of(
    st.integers(int(NOW) - 20, int(NOW) + 4000),
    st.floats(NOW - 20, NOW + 4000),
    st.sampled_from([0, -1, 10**400, 1e300, float("inf"), float("nan"), True, None, "5", [5]]),
    st.integers(int(NOW), int(NOW) + 4000).map(str),
)
parties: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([ISSUER, AUDIENCE, "other", "", None, 5, {}]),
    st.lists(st.sampled_from([ISSUER, AUDIENCE, "other", 5]), max_size=3),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "iss": parties | st.just(ISSUER),
        "aud": parties | st.just(AUDIENCE),
        "sub": st.just("ada") | values,
        "exp": times,
        "nbf": times,
        "iat": times,
        "jti": values,
        "scope": values,
        "roles": values,
    },
)
headers = st.fixed_dictionaries(
    {"alg": st.just("HS256") | st.sampled_from(["none", "HS384", "ES256", ["HS256"], None])},
    optional={
        "typ": st.sampled_from(["JWT", "at+jwt", "x", "application/JWT", None, 5]),
        "kid": values,
        "crit": values,
        "b64": st.booleans(),
        "zip": values,
        "jwk": values,
        "jku": st.text(),
    },
)


def agree(token: bytes) -> list[VerifiedToken | TokenRefusal]:
    """Ask both about the token, each time anew, and once more whoever remembers it."""
    outcomes = []
    for lets_in, key in VERIFIERS:
        found = asyncio.run(lets_in.verify(token, time.time()))
        if isinstance(found, VerifiedToken):
            seen = jwt_says(token, key, lets_in.policy)
            assert json.dumps(seen.get("sub", "")) == json.dumps(found.user.identity)
            assert set(found.auth.claims) == set(seen)
            assert lets_in.remembered(token, time.time()) in (found, None)
        else:
            assert lets_in.remembered(token, time.time()) is None
        outcomes.append(found)
    return outcomes


def jwt_says(token: bytes, key: Any, policy: TokenPolicy) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        list(policy.algorithms),
        options={"require": list(policy.required_claims)},
        issuer=policy.issuer,
        audience=policy.audience,
        leeway=policy.leeway,
    )


@settings(deadline=None, max_examples=300)
@given(headers, payloads)
@example({"alg": "HS256"}, {"exp": str(int(NOW) + 100), "sub": "ada"})
@example({"alg": "HS256", "typ": "JWT"}, claims())
def test_any_header_and_any_claims(header: dict[str, Any], payload: dict[str, Any]) -> None:
    """With good signatures under both secrets."""
    for secret in (SECRET, SECRET * 2):
        agree(forged(header, payload, secret))


@settings(deadline=None, max_examples=300)
@given(payloads)
def test_good_headers_and_any_claims(payload: dict[str, Any]) -> None:
    """So that the claims are what decides."""
    agree(forged({"alg": "HS256"}, {**claims(), **payload}))


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(["HS256", "ES256"]),
    st.integers(0, 400),
    st.sampled_from(["replace", "insert", "delete"]),
    st.sampled_from(b"AQgw.-_=+/ ,\n\x00\xffz9"),
)
def test_a_token_that_was_changed(algorithm: str, place: int, how: str, octet: int) -> None:
    """One octet anywhere: it is the same token, or nobody lets it in."""
    good = GOOD[algorithm]
    at, new = place % len(good), bytes([octet])
    changed = {
        "replace": good[:at] + new + good[at + 1 :],
        "insert": good[:at] + new + good[at:],
        "delete": good[:at] + good[at + 1 :],
    }[how]

    outcomes = agree(changed)

    assert changed == good or all(isinstance(found, TokenRefusal) for found in outcomes)


GOOD = {
    "HS256": signed(),
    "ES256": signed(key=private_key("ES256"), algorithm="ES256"),
}


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=70))
def test_junk_in_three_parts(header: bytes, payload: bytes, signature: bytes) -> None:
    """Nothing raises, and nothing gets in."""
    token = b".".join([encoded(header), encoded(payload), encoded(signature)])

    assert all(isinstance(found, TokenRefusal) for found in agree(token))
    assert all(isinstance(found, TokenRefusal) for found in agree(header + payload))


def test_the_good_ones_get_in() -> None:
    """So that the properties above speak of something."""
    assert isinstance(agree(GOOD["HS256"])[0], VerifiedToken)
    assert isinstance(agree(GOOD["ES256"])[2], VerifiedToken)
    assert isinstance(agree(forged({"alg": "HS256"}, {}, SECRET * 2))[1], VerifiedToken)
