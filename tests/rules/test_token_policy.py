"""Token policies: what they say by default, and the check of every option."""

from math import inf, nan
from typing import Any

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.token_policy import (
    FAMILIES,
    TokenPolicy,
    check_permissions,
    check_scopes,
    token_type,
)


def test_the_default_asks_for_an_end_and_a_subject() -> None:
    """No leeway, no free path, and a token that ends."""
    policy = TokenPolicy(algorithms="ES256")

    assert policy.algorithms == ("ES256",)
    assert set(policy.required_claims) == {"exp", "sub"}
    assert policy.leeway == 0
    assert not policy.public_paths
    assert not policy.optional_paths
    assert policy.token_types == {"", "jwt", "at+jwt"}
    assert policy.issuer is policy.audience is None


@pytest.mark.parametrize(("family", "algorithms"), FAMILIES.items())
def test_a_family_is_known_by_its_algorithms(family: str, algorithms: tuple[str, ...]) -> None:
    """All algorithms for one kind of key go together."""
    assert TokenPolicy(algorithms=algorithms).family == family


def test_one_name_stands_for_a_collection_of_one() -> None:
    """Algorithm, issuer and audience are mostly one."""
    policy = TokenPolicy(algorithms="HS256", issuer="a", audience=["b", "c", "b"])

    assert policy.issuer == ("a",)
    assert policy.audience == ("b", "c")


def test_policies_that_say_the_same_are_equal() -> None:
    """The order of what is a set does not matter."""
    one = TokenPolicy(algorithms="HS256", scopes=["a", "b"], token_types=["JWT"])
    two = TokenPolicy(algorithms=["HS256"], scopes=("b", "a"), token_types=["application/jwt"])

    assert one == two


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("algorithms", ()),
        ("algorithms", ""),
        ("algorithms", "none"),
        ("algorithms", ["HS256", "none"]),
        ("algorithms", ["HS256", "RS256"]),
        ("algorithms", ["RS256", "ES256"]),
        ("algorithms", "ES256K"),
        ("algorithms", ["HS256", None]),
        ("algorithms", None),
        ("issuer", ""),
        ("issuer", []),
        ("issuer", b"bytes"),
        ("audience", ()),
        ("audience", 5),
        ("audience", [""]),
        ("required_claims", "exp"),
        ("required_claims", [""]),
        ("leeway", -1),
        ("leeway", 61),
        ("leeway", nan),
        ("leeway", inf),
        ("leeway", True),
        ("leeway", "5"),
        ("token_types", ()),
        ("token_types", "JWT"),
        ("token_types", [None]),
        ("scopes", "read"),
        ("scopes", ["read write"]),
        ("scopes", ['a"b']),
        ("scopes", ["a\\b"]),
        ("scopes", ["é"]),
        ("permissions", "admin"),
        ("permissions", [""]),
        ("scope_claims", "scope"),
        ("permission_claims", "roles"),
        ("public_paths", "/docs"),
        ("public_paths", ["docs"]),
        ("optional_paths", [5]),
        ("realm", ""),
        ("realm", "a\r\nb"),
        ("realm", "é"),
        ("realm", None),
        ("max_token_bytes", 0),
        ("max_token_bytes", 2**20),
        ("max_token_bytes", 8192.0),
        ("max_token_bytes", True),
        ("cache_entries", -1),
        ("cache_entries", "10"),
        ("cache_seconds", -0.1),
        ("cache_seconds", inf),
        ("cache_seconds", None),
    ],
)
def test_what_cannot_work_is_refused_by_name(option: str, value: Any) -> None:
    """The message names the option."""
    options: dict[str, Any] = {"algorithms": "HS256"} | {option: value}

    with pytest.raises(ConfigurationError, match=f"^{option} "):
        TokenPolicy(**options)


@pytest.mark.parametrize("value", ["JWT", "jwt", "application/jwt", "APPLICATION/JWT"])
def test_a_type_is_known_in_every_spelling(value: str) -> None:
    """Case does not matter, and `application/` may be left out (RFC 7515 §4.1.9)."""
    assert token_type(value) == "jwt"


def test_scopes_and_permissions_become_sets() -> None:
    """Permissions may be anything, because no challenge names them."""
    assert check_scopes("scopes", ["read:all", "read:all"]) == {"read:all"}
    assert check_permissions("permissions", ["may fly", "é"]) == {"may fly", "é"}
