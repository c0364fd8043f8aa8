"""What tokens say: headers that are read before the signature, claims that are judged after."""

import json
from collections.abc import Mapping
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.claims import TokenHeader, judged, read_header
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import encoded

NOW = 1_800_000_000.0
POLICY = TokenPolicy(algorithms=["RS256", "RS512"], leeway=10)
CLAIMS: dict[str, Any] = {"sub": "ada", "exp": NOW + 100}


def header_of(value: Any, policy: TokenPolicy = POLICY) -> TokenHeader | TokenRefusal:
    return read_header(encoded(value) + b".e30.YQ", policy)


def outcome(policy: TokenPolicy = POLICY, **changes: Any) -> VerifiedToken | TokenRefusal:
    given = {name: value for name, value in (CLAIMS | changes).items() if value != "absent"}
    return judged(given, policy, NOW)


def verified(policy: TokenPolicy = POLICY, **changes: Any) -> VerifiedToken:
    found = outcome(policy, **changes)
    assert isinstance(found, VerifiedToken)
    return found


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"alg": "RS256"}, TokenHeader("RS256", None)),
        ({"alg": "RS512", "kid": "a", "typ": "JWT"}, TokenHeader("RS512", "a")),
        ({"alg": "RS256", "kid": ""}, TokenHeader("RS256", "")),
        ({"alg": "RS256", "typ": "at+jwt", "cty": "x"}, TokenHeader("RS256", None)),
        ({"alg": "RS256", "typ": "application/AT+JWT"}, TokenHeader("RS256", None)),
        ({"alg": "RS256", "b64": True}, TokenHeader("RS256", None)),
        (
            {"alg": "RS256", "jku": "https://evil", "x5u": "x", "jwk": {}, "x5c": ["x"]},
            TokenHeader("RS256", None),
        ),
        ({"alg": "none"}, TokenRefusal.HEADER),
        ({"alg": "rs256"}, TokenRefusal.HEADER),
        ({"alg": "HS256"}, TokenRefusal.HEADER),
        ({"alg": ["RS256"]}, TokenRefusal.HEADER),
        ({"alg": None}, TokenRefusal.HEADER),
        ({}, TokenRefusal.HEADER),
        ({"alg": "RS256", "typ": "ID+JWT"}, TokenRefusal.HEADER),
        ({"alg": "RS256", "typ": None}, TokenRefusal.HEADER),
        ({"alg": "RS256", "typ": ["JWT"]}, TokenRefusal.HEADER),
        ({"alg": "RS256", "kid": None}, TokenRefusal.HEADER),
        ({"alg": "RS256", "kid": 5}, TokenRefusal.HEADER),
        ({"alg": "RS256", "crit": ["exp"], "exp": 1}, TokenRefusal.HEADER),
        ({"alg": "RS256", "crit": []}, TokenRefusal.HEADER),
        ({"alg": "RS256", "crit": ["b64"], "b64": True}, TokenRefusal.HEADER),
        ({"alg": "RS256", "b64": False}, TokenRefusal.HEADER),
        ({"alg": "RS256", "b64": 1}, TokenRefusal.HEADER),
        ({"alg": "RS256", "zip": "DEF"}, TokenRefusal.HEADER),
        ([{"alg": "RS256"}], TokenRefusal.MALFORMED),
        ("RS256", TokenRefusal.MALFORMED),
        (None, TokenRefusal.MALFORMED),
        (b'{"alg":"RS256","alg":"RS512"}', TokenRefusal.MALFORMED),
        (b'{"alg":"RS256"', TokenRefusal.MALFORMED),
        (b'\xef\xbb\xbf{"alg":"RS256"}', TokenRefusal.MALFORMED),
        ('{"alg":"RS256"}'.encode("utf-16"), TokenRefusal.MALFORMED),
        (b'{"alg":"RS256","x":"\xff"}', TokenRefusal.MALFORMED),
        (b"[" * 6000, TokenRefusal.MALFORMED),
        (b'{"alg":"RS256","x":' + b"9" * 5000 + b"}", TokenRefusal.MALFORMED),
    ],
)
def test_a_header_is_read(header: Any, expected: TokenHeader | TokenRefusal) -> None:
    """The algorithm is of the policy, and nothing must be understood (158, 161, 162)."""
    assert header_of(header) == expected


def test_a_policy_can_demand_a_type() -> None:
    """Then a token without one is refused, and so is an identity token (case 164)."""
    strict = TokenPolicy(algorithms="RS256", token_types=["at+jwt"])

    assert header_of({"alg": "RS256", "typ": "at+JWT"}, strict) == TokenHeader("RS256", None)
    assert header_of({"alg": "RS256", "typ": "JWT"}, strict) is TokenRefusal.HEADER
    assert header_of({"alg": "RS256"}, strict) is TokenRefusal.HEADER


@given(st.binary(max_size=80))
def test_no_header_raises(header: bytes) -> None:
    """Whatever the octets are."""
    assert isinstance(header_of(header), TokenHeader | TokenRefusal)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": "absent"}, TokenRefusal.CLAIMS),
        ({"exp": None}, TokenRefusal.CLAIMS),
        ({"exp": str(int(NOW) + 100)}, TokenRefusal.CLAIMS),
        ({"exp": True}, TokenRefusal.CLAIMS),
        ({"exp": [NOW + 100]}, TokenRefusal.CLAIMS),
        ({"exp": nan}, TokenRefusal.CLAIMS),
        ({"exp": 0}, TokenRefusal.EXPIRED),
        ({"exp": -5}, TokenRefusal.EXPIRED),
        ({"exp": -inf}, TokenRefusal.EXPIRED),
        ({"exp": -(10**400)}, TokenRefusal.EXPIRED),
        ({"exp": NOW - 10}, TokenRefusal.EXPIRED),
        ({"exp": NOW - 9.5}, TokenRefusal.EXPIRED),
        ({"exp": NOW - 9}, None),
        ({"exp": NOW + 0.5}, None),
        ({"exp": inf}, None),
        ({"exp": 1e300}, None),
        ({"exp": 10**400}, None),
        ({"nbf": NOW + 10}, None),
        ({"nbf": NOW + 11}, TokenRefusal.NOT_YET_VALID),
        ({"nbf": 10**400}, TokenRefusal.NOT_YET_VALID),
        ({"nbf": -(10**400)}, None),
        ({"nbf": False}, TokenRefusal.CLAIMS),
        ({"nbf": None}, TokenRefusal.CLAIMS),
        ({"nbf": "0"}, TokenRefusal.CLAIMS),
        ({"iat": NOW + 11}, TokenRefusal.NOT_YET_VALID),
        ({"iat": NOW + 10.9}, None),
        ({"iat": {}}, TokenRefusal.CLAIMS),
        ({"sub": "absent"}, TokenRefusal.CLAIMS),
        ({"sub": None}, TokenRefusal.CLAIMS),
        ({"sub": ""}, TokenRefusal.CLAIMS),
        ({"sub": 5}, TokenRefusal.CLAIMS),
        ({"iss": ["a"]}, TokenRefusal.CLAIMS),
        ({"iss": {}}, TokenRefusal.CLAIMS),
        ({"jti": 5}, TokenRefusal.CLAIMS),
        ({"name": "\ud800"}, TokenRefusal.MALFORMED),
        ({"\ud800": 1}, TokenRefusal.MALFORMED),
    ],
)
def test_claims_are_judged(changes: Mapping[str, Any], expected: TokenRefusal | None) -> None:
    """Times are numbers, compared with the leeway once (case 163)."""
    found = outcome(**changes)

    assert found is expected or (expected is None and isinstance(found, VerifiedToken))


def test_a_nest_of_claims_is_refused() -> None:
    """What is too deep to be frozen is nobody's."""
    nest: list[Any] = []
    for _ in range(100_000):
        nest = [nest]

    assert outcome(nest=nest) is TokenRefusal.MALFORMED


@pytest.mark.parametrize(
    ("exp", "deadline"),
    [(NOW + 100, NOW + 110), (NOW + 289.9, NOW + 299), (NOW + 290, NOW + 300), (1e300, NOW + 300)],
)
def test_a_token_is_remembered_until_it_ends_or_for_its_time(exp: float, deadline: float) -> None:
    """Whichever comes first."""
    assert verified(exp=exp).deadline == deadline


def test_a_token_that_never_ends_is_remembered_for_its_time() -> None:
    """If the policy lets it in at all."""
    policy = TokenPolicy(algorithms="RS256", required_claims=(), cache_seconds=7)

    assert verified(policy, exp="absent").deadline == NOW + 7


def test_a_token_is_not_valid_before_all_that_it_says() -> None:
    """The later of `nbf` and `iat`, less the leeway."""
    assert verified(nbf=NOW - 50, iat=NOW - 70).not_before == NOW - 60
    assert verified(nbf=NOW - 90, iat=NOW - 70).not_before == NOW - 80


@pytest.mark.parametrize(
    ("changes", "scopes", "permissions"),
    [
        ({}, set(), set()),
        ({"scope": "a b  c"}, {"a", "b", "c"}, set()),
        ({"scope": ""}, set(), set()),
        ({"scope": "a\u2003b"}, {"a\u2003b"}, set()),
        ({"scp": ["a b", "c", 5, None]}, {"a b", "c"}, set()),
        ({"scope": "a", "scp": ["b"]}, {"a", "b"}, set()),
        ({"roles": ["admin"], "permissions": "x y"}, set(), {"admin", "x", "y"}),
        ({"scope": {"a": 1}, "roles": 5, "permissions": None}, set(), set()),
    ],
)
def test_claims_grant(changes: Any, scopes: set[str], permissions: set[str]) -> None:
    """A text with spaces or a list of texts; everything else grants nothing."""
    grant = verified(**changes).auth

    assert grant.scopes == scopes
    assert grant.permissions == permissions


def test_a_user_is_named_by_the_token() -> None:
    """By the first name that it has, the subject if there is none."""
    assert verified().user.display_name == "ada"
    assert verified(name="", email="ada@example.org").user.display_name == "ada@example.org"
    assert verified(name="Ada", email=5).user.display_name == "Ada"
    assert verified(name="Ada").user.identity == "ada"


def test_a_token_needs_no_subject_if_the_policy_says_so() -> None:
    """Then nobody is identified."""
    user = verified(TokenPolicy(algorithms="RS256", required_claims=["exp"]), sub="absent").user

    assert (user.identity, user.display_name) == ("", "")
    assert user.is_authenticated


def test_no_handler_can_change_claims() -> None:
    """Not even in the depth: the next request with the token sees the same object."""
    claims = verified(roles=["a"], nest={"list": [{"x": 1}]}).auth.claims

    assert claims["roles"] == ("a",)
    with pytest.raises(TypeError):
        claims["roles"] = ()  # type: ignore[index]  # that it cannot be set is what is tested
    with pytest.raises(TypeError):
        claims["nest"]["list"][0]["x"] = 2


@given(
    st.dictionaries(
        st.sampled_from(["exp", "nbf", "iat", "sub", "iss", "jti", "scope", "roles", "name"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=5,
        ),
    )
)
def test_no_claims_raise(claims: dict[str, Any]) -> None:
    """Whatever JSON they are, and what is let in has not ended."""
    found = judged(json.loads(json.dumps(claims)), POLICY, NOW)

    if isinstance(found, VerifiedToken):
        assert found.not_before <= NOW < found.deadline


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({"realm_access": {"roles": ["admin"]}}, {"admin"}),
        ({"realm_access.roles": "clerk"}, {"clerk"}),
        ({"realm_access": ["admin"]}, set()),
        ({"realm_access": {"roles": {"admin": 1}}}, set()),
        ({}, set()),
    ],
)
def test_a_claim_inside_of_another_is_found_by_its_path(
    claims: dict[str, Any], granted: set[str]
) -> None:
    """Keycloak puts roles into `realm_access`; a claim with dots in its name goes before."""
    policy = TokenPolicy(algorithms="RS256", permission_claims=("realm_access.roles",))

    assert verified(policy, **claims).auth.permissions == granted
