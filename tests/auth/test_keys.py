"""Keys: which can be used for a policy, which are refused, and which one a token gets."""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.auth.keys import KeySet, VerificationKey, configured_keys, published_keys
from chopin_mw.auth.pyjwt_backend import PyJWTBackend
from chopin_mw.errors import ConfigurationError, MissingExtraError
from chopin_mw.rules.token import TokenRefusal
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import (
    SECRET,
    claims,
    encoded,
    jwk,
    private_key,
    private_pem,
    public_der,
    public_pem,
    public_ssh,
    signed,
    weak_rsa_key,
)

RSA, EC, OKP = private_key("RS256"), private_key("ES256"), private_key("EdDSA")
SYMMETRIC = {"kty": "oct", "k": encoded(SECRET.encode()).decode(), "kid": "first"}


def backend(*algorithms: str) -> PyJWTBackend:
    return PyJWTBackend(TokenPolicy(algorithms=algorithms))


def keys(given_keys: Any, *algorithms: str) -> KeySet:
    return configured_keys(given_keys, backend(*algorithms))


@pytest.mark.parametrize(
    ("given_keys", "algorithm"),
    [
        (SECRET, "HS256"),
        (SECRET.encode(), "HS256"),
        (SECRET * 2, "HS512"),
        (SYMMETRIC, "HS256"),
        ({"keys": [SYMMETRIC]}, "HS256"),
        (public_pem(RSA), "RS256"),
        (public_pem(RSA).decode(), "PS512"),
        (public_ssh(RSA), "RS256"),
        (RSA.public_key(), "RS256"),
        (public_pem(EC), "ES256"),
        (public_ssh(EC), "ES256"),
        (public_pem(OKP), "EdDSA"),
        (OKP.public_key(), "EdDSA"),
        (jwk("RS256"), "RS256"),
        (jwk("ES256", kid=None), "ES256"),
        (jwk("EdDSA"), "EdDSA"),
        ({"first": public_pem(RSA), "second": jwk("RS256", "second")}, "RS256"),
        ({"keys": [jwk("RS256"), {"kty": "EC"}, "junk"]}, "RS256"),
    ],
)
def test_a_key_in_any_form(given_keys: Any, algorithm: str) -> None:
    """PEM, OpenSSH, JWK, JWK set, an object, a secret, or several by their ids."""
    found = keys(given_keys, algorithm).find("first")

    assert isinstance(found, VerificationKey)
    assert found.algorithms == {algorithm}
    assert "key=" not in repr(found)


@pytest.mark.parametrize(
    ("given_keys", "algorithm"),
    [
        ("", "HS256"),
        ("x" * 31, "HS256"),
        (SECRET, "HS384"),
        (SECRET[:-1] + "é", "HS384"),
        (SECRET, "HS512"),
        ({"kty": "oct", "k": encoded(b"short").decode()}, "HS256"),
        ({"a": SECRET, "b": "short"}, "HS256"),
        (public_pem(RSA), "HS256"),
        (private_pem(RSA), "HS256"),
        (public_der(RSA), "HS256"),
        (public_ssh(RSA), "HS256"),
        (json.dumps(jwk("RS256")), "HS256"),
        (json.dumps(SYMMETRIC), "HS256"),
        (jwk("RS256"), "HS256"),
        (SYMMETRIC, "RS256"),
        (SECRET, "RS256"),
        (public_pem(EC), "RS256"),
        (public_pem(RSA), "ES256"),
        (public_pem(EC), "ES384"),
        (public_pem(private_key("ES384")), "ES256"),
        (public_pem(private_key("ES256K")), "ES256"),
        (jwk("ES384"), "ES256"),
        (public_pem(RSA), "EdDSA"),
        (public_pem(weak_rsa_key()), "RS256"),
        (weak_rsa_key().public_key(), "PS256"),
        (private_pem(RSA), "RS256"),
        (RSA, "RS256"),
        (private_pem(EC), "ES256"),
        (OKP, "EdDSA"),
        (jwk("RS256", alg="RS512"), "RS256"),
        (jwk("RS256", n=5), "RS256"),
        (jwk("RS256", e="AA"), "RS256"),
        (jwk("RS256", kid=5), "RS256"),
        (None, "RS256"),
        (5, "HS256"),
        ({}, "HS256"),
        ({"": SECRET}, "HS256"),
        ({5: SECRET}, "HS256"),
        ({"keys": []}, "RS256"),
        ({"keys": [jwk("ES256")]}, "RS256"),
        ({"keys": "none"}, "RS256"),
    ],
)
def test_a_key_that_is_weak_or_for_something_else(given_keys: Any, algorithm: str) -> None:
    """Is refused when the verifier is made (cases 159, 172)."""
    with pytest.raises(ConfigurationError, match=r"^keys ") as raised:
        keys(given_keys, algorithm)

    assert SECRET not in str(raised.value)


def test_a_key_is_pinned_to_what_it_can_do() -> None:
    """By its curve, or by what it says."""
    several = keys({"a": public_pem(EC), "b": jwk("ES384", alg="ES384")}, "ES256", "ES384", "ES512")

    for name, algorithm in (("a", "ES256"), ("b", "ES384")):
        found = several.find(name)
        assert isinstance(found, VerificationKey)
        assert found.algorithms == {algorithm}


@pytest.mark.parametrize(
    "member",
    [
        None,
        5,
        "key",
        [],
        {},
        SYMMETRIC,
        {"kty": "RSA"},
        jwk("ES256"),
        jwk("RS256", kid=5),
        jwk("RS256", use="enc"),
        jwk("RS256", use=5),
        jwk("RS256", key_ops=["sign"]),
        jwk("RS256", key_ops=5),
        jwk("RS256", alg="RS512"),
        jwk("RS256", alg="RSA-OAEP"),
        jwk("RS256", alg=["RS256"]),
        jwk("RS256", n=None),
        jwk("RS256", n="!!"),
        jwk("RS256", e="AQAC"),
        jwk("RS256", d="AQAB"),
        jwk("RS256", n=encoded(b"\xff" * 64).decode()),
        jwk(
            "RS256",
            n=encoded(weak_rsa_key().public_key().public_numbers().n.to_bytes(128)).decode(),
        ),
    ],
)
def test_a_published_key_that_cannot_be_used_is_skipped(member: Any) -> None:
    """And counted; the others are used (cases 161, 172)."""
    document = {"keys": [member, jwk("RS256", "good", use="sig", key_ops=["verify"])]}

    key_set = published_keys(document, backend("RS256"))

    assert (len(key_set), key_set.skipped) == (1, 1)
    assert isinstance(key_set.find("good"), VerificationKey)


@pytest.mark.parametrize("document", [None, [], "x", {}, {"keys": {}}, {"keys": None}, {"key": []}])
def test_what_is_no_key_set(document: Any) -> None:
    """Is an error, so that the last good one is kept."""
    with pytest.raises(ValueError, match="no JWK set"):
        published_keys(document, backend("RS256"))


def test_an_empty_key_set_is_one() -> None:
    """Its issuer has taken back all keys; nothing can be verified."""
    assert published_keys({"keys": []}, backend("RS256")).find("a") is TokenRefusal.KEYS_UNAVAILABLE


def test_which_key_a_token_gets() -> None:
    """By its name; without one, the only key there is; a nameless key answers to all."""
    named = VerificationKey("a", frozenset({"RS256"}), "key a")
    other = VerificationKey("b", frozenset({"RS256"}), "key b")
    again = VerificationKey("a", frozenset({"RS256"}), "key c")
    nameless = VerificationKey(None, frozenset({"RS256"}), "key d")

    assert KeySet([named], offered=1).find(None) is named
    assert KeySet([named], offered=1).find("b") is TokenRefusal.UNKNOWN_KEY
    assert KeySet([nameless], offered=1).find("any") is nameless
    assert KeySet([nameless], offered=1).find(None) is nameless
    several = KeySet([named, nameless, other, again], offered=4)
    assert several.find("a") is named
    assert several.find("b") is other
    assert several.find(None) is TokenRefusal.UNKNOWN_KEY
    assert several.find("c") is TokenRefusal.UNKNOWN_KEY
    assert (len(several), several.skipped) == (2, 2)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["keys", "kty", "kid", "n", "e", "x", "y", "crv", "use", "alg", "d"]
                ),
                inner | st.sampled_from(["RSA", "EC", "AQAB", "P-256", "sig"]),
            )
        ),
        max_leaves=8,
    )
)
def test_no_published_document_raises_anything_else(document: Any) -> None:
    """It is a key set, or ValueError says that it is none."""
    for offered in (document, {"keys": [document]}):
        with suppress(ValueError):
            published_keys(offered, backend("RS256"))
            published_keys(offered, backend("ES256"))


def test_pyjwt_without_cryptography_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """HMAC works without it, nothing else does."""

    class Bare:
        def get_algorithm_by_name(self, name: str) -> object:
            raise NotImplementedError(f"Algorithm '{name}' could not be found.")

    monkeypatch.setattr("chopin_mw.auth.pyjwt_backend.jwt.PyJWS", Bare)

    with pytest.raises(MissingExtraError, match=r"cryptography: pip install 'chopin_mw\[jwt\]'"):
        backend("ES256")


def test_a_mapping_of_any_kind_is_one() -> None:
    """Not only a dict."""

    class Named(Mapping[str, str]):
        def __getitem__(self, name: str) -> str:
            return {"first": SECRET}[name]

        def __iter__(self) -> Any:
            return iter(["first"])

        def __len__(self) -> int:
            return 1

    assert isinstance(keys(Named(), "HS256").find("first"), VerificationKey)


def test_a_modulus_of_512_bits_is_no_key() -> None:
    """Neither cryptography nor PyJWT hands one out (case 172)."""
    numbers = RSAPublicNumbers(65537, 2**511 + 187)

    with pytest.raises(ConfigurationError, match=r"^keys "):
        keys(numbers.public_key(), "RS256")


def test_a_key_that_is_none_is_said_to_be() -> None:
    """The variable of the environment was not set."""
    with pytest.raises(ConfigurationError, match="got None: is the variable"):
        configured_keys(None, backend("HS256"))


def test_a_claim_that_does_not_fit_the_settings_is_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At DEBUG, and without anything that the token says."""
    policy = TokenPolicy(algorithms="HS256", audience="flights")
    reader = PyJWTBackend(policy)
    key = configured_keys(SECRET, reader).find(None)
    assert isinstance(key, VerificationKey)

    with caplog.at_level(logging.DEBUG, "chopin_mw"):
        reader.decode(signed(claims(aud="somebody-else")), key, "HS256")

    assert caplog.messages == ["JWT: Audience doesn't match"]
