"""The attacks on tokens that are known (research cases 158 to 166, 172): none gets in.

Beside each table stands what must get in, so that nothing is refused for another reason.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from chopin_mw.auth.pyjwt_backend import PyJWTBackend
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support.tokens import (
    AUDIENCE,
    HOUR,
    ISSUER,
    SECRET,
    claims,
    encoded,
    forged,
    jwk,
    private_key,
    public_der,
    public_pem,
    public_ssh,
    signed,
)

Outcome = VerifiedToken | TokenRefusal
RSA = private_key("RS256")
NOW = time.time()


def verifier(keys: Any = SECRET, algorithms: Any = "HS256", **options: Any) -> TokenVerifier:
    strict = {"issuer": ISSUER, "audience": AUDIENCE, **options}
    return TokenVerifier(TokenPolicy(algorithms=algorithms, **strict), keys)


async def outcome(token: bytes, of: TokenVerifier) -> Outcome:
    """Verify twice: what is refused is not remembered, and refused again."""
    found = await of.verify(token, time.time())
    if isinstance(found, TokenRefusal):
        assert of.remembered(token, time.time()) is None
        assert await of.verify(token, time.time()) is found
    return found


@pytest.mark.parametrize(
    ("algorithms", "name"),
    [
        ("HS256", None),
        ("HS512", None),
        ("RS256", "RS256"),
        ("PS256", "RS256"),
        ("RS512", "RS256"),
        ("ES256", "ES256"),
        ("ES384", "ES384"),
        ("ES512", "ES512"),
        ("EdDSA", "EdDSA"),
        ("EdDSA", "Ed448"),
    ],
)
async def test_a_good_token_of_every_algorithm_gets_in(algorithms: str, name: str | None) -> None:
    """And is remembered."""
    secret = SECRET * 2
    key = secret if name is None else private_key(name)
    token = signed(key=key, algorithm=algorithms)
    lets_in = verifier(secret if name is None else public_pem(key), algorithms)

    found = await lets_in.verify(token, NOW)

    assert isinstance(found, VerifiedToken)
    assert found.user.identity == "ada"
    assert lets_in.remembered(token, NOW) is found


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "nOnE"},
        {"alg": "NONE"},
        {"alg": ""},
        {},
        {"alg": None},
        {"alg": ["none", "HS256"]},
        {"alg": {"HS256": 1}},
        {"alg": "HS256,none"},
        {"alg": "hs256"},
        {"alg": "HS256\x00"},
        {"alg": " HS256"},
        {"alg": "HS384"},
        {"alg": True},
    ],
)
@pytest.mark.parametrize("signature", ["hmac", "some", "none"])
async def test_an_algorithm_that_is_not_asked_for(header: Any, signature: str) -> None:
    """Whatever stands in the place of the signature (case 158)."""
    token = forged(header)
    content = token.rpartition(b".")[0]
    shown = {"hmac": token, "some": content + b".YQ", "none": content + b"."}[signature]
    expected = TokenRefusal.MALFORMED if signature == "none" else TokenRefusal.HEADER

    assert await outcome(shown, verifier()) is expected


@pytest.mark.parametrize(
    "secret",
    [
        public_pem(RSA),
        public_pem(RSA).strip(),
        public_der(RSA),
        public_ssh(RSA),
        str(jwk("RS256")).encode(),
        b"",
    ],
)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
async def test_a_public_key_is_no_secret(secret: bytes, algorithm: str) -> None:
    """An HMAC with it is refused, whatever the header says it is (case 159)."""
    token = forged({"alg": algorithm}, secret=secret)

    found = await outcome(token, verifier(public_pem(RSA), "RS256"))

    assert found in (TokenRefusal.HEADER, TokenRefusal.SIGNATURE)


@pytest.mark.parametrize(
    ("algorithm", "other"), [("RS256", "PS256"), ("RS256", "RS512"), ("ES256", "ES384")]
)
async def test_a_key_is_for_its_algorithm_only(algorithm: str, other: str) -> None:
    """Though the policy allows both, a JWK that names one, or whose curve does, is held to it."""
    keys = {"keys": [jwk(algorithm, alg=algorithm)]}
    token = signed(key=private_key(algorithm), algorithm=algorithm, kid="first")
    lying = encoded({"alg": other, "kid": "first"}) + token[token.index(b".") :]
    both = verifier(keys, [algorithm, other])

    assert await outcome(lying, both) is TokenRefusal.HEADER
    assert isinstance(await outcome(token, both), VerifiedToken)


@pytest.mark.parametrize(
    "kid",
    [
        "../../../etc/passwd",
        "/dev/null",
        "' OR 1=1 --",
        "https://evil.example/key",
        "first\x00",
        "FIRST",
        "",
        "x" * 5000,
        "é",
    ],
)
async def test_a_key_id_is_only_looked_up(kid: str) -> None:
    """It names a key that is there, or none (case 160)."""
    keys = {"first": SECRET, "second": SECRET[::-1]}

    assert await outcome(signed(kid=kid), verifier(keys)) is TokenRefusal.UNKNOWN_KEY


@pytest.mark.parametrize("kid", [None, 5, ["first"], {"first": 1}, True])
async def test_a_key_id_that_is_no_text(kid: Any) -> None:
    """Is refused before it is looked up."""
    keys = {"first": SECRET, "second": SECRET[::-1]}

    assert (
        await outcome(forged({"alg": "HS256", "kid": kid}), verifier(keys)) is TokenRefusal.HEADER
    )


async def test_a_megabyte_of_key_id() -> None:
    """Is too much before it is read (cases 160, 166)."""
    token = forged({"alg": "HS256", "kid": "x" * 1_000_000})

    assert await outcome(token, verifier()) is TokenRefusal.TOO_LARGE


async def test_a_token_needs_a_key_id_where_there_are_several_keys() -> None:
    """Nobody tries them all."""
    keys = {"first": SECRET, "second": SECRET[::-1]}

    assert await outcome(signed(), verifier(keys)) is TokenRefusal.UNKNOWN_KEY
    assert isinstance(await outcome(signed(kid="first"), verifier(keys)), VerifiedToken)
    assert await outcome(signed(kid="second"), verifier(keys)) is TokenRefusal.SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://127.0.0.1:1/jwks.json"},
        {"x5u": "https://127.0.0.1:1/cert.pem"},
        {"jwk": jwk("ES256", "attacker")},
        {"x5c": ["MIIB"]},
        {"kid": "attacker", "jwk": jwk("ES256", "attacker")},
    ],
)
async def test_a_token_does_not_bring_its_key(header: Mapping[str, Any]) -> None:
    """What it says about keys is ignored, and a good token may say it (case 161)."""
    lets_in = verifier(public_pem(private_key("ES256")), "ES256")
    good = signed(key=private_key("ES256"), algorithm="ES256", **header)
    bad = signed(key=private_key("ES256", "attacker"), algorithm="ES256", **header)

    assert await outcome(bad, lets_in) is TokenRefusal.SIGNATURE
    assert isinstance(await outcome(good, lets_in), VerifiedToken)


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": None},
        {"b64": False},
        {"b64": 0},
        {"zip": "DEF"},
    ],
)
async def test_extensions_that_must_be_understood_are_not(header: Mapping[str, Any]) -> None:
    """Not even those that mean nothing (cases 162, 166)."""
    token = forged({"alg": "HS256", **header})

    assert await outcome(token, verifier()) is TokenRefusal.HEADER


HEADER = {"alg": "HS256", "typ": "JWT"}


@pytest.mark.parametrize(
    ("changes", "leeway", "expected"),
    [
        ({"exp": None}, 0, TokenRefusal.CLAIMS),
        ({"exp": NOW - 1}, 0, TokenRefusal.EXPIRED),
        ({"exp": NOW - 30}, 29, TokenRefusal.EXPIRED),
        ({"exp": NOW - 30}, 60, None),
        ({"exp": NOW - 70}, 60, TokenRefusal.EXPIRED),
        ({"exp": NOW + HOUR * 24 * 365 * 1000}, 0, None),
        ({"exp": NOW + HOUR + 0.5}, 0, None),
        ({"exp": 1e300}, 0, None),
        ({"exp": 10**300}, 0, None),
        ({"exp": str(int(NOW + HOUR))}, 0, TokenRefusal.CLAIMS),
        ({"exp": "soon"}, 0, TokenRefusal.MALFORMED),
        ({"exp": float("inf")}, 0, TokenRefusal.MALFORMED),
        ({"exp": float("nan")}, 0, TokenRefusal.MALFORMED),
        ({"exp": -1}, 60, TokenRefusal.EXPIRED),
        ({"exp": True}, 0, TokenRefusal.EXPIRED),
        ({"exp": [NOW + HOUR]}, 0, TokenRefusal.MALFORMED),
        ({"nbf": NOW + 30}, 0, TokenRefusal.NOT_YET_VALID),
        ({"nbf": NOW + 30}, 60, None),
        ({"nbf": NOW + 100}, 60, TokenRefusal.NOT_YET_VALID),
        ({"nbf": -1}, 0, None),
        ({"nbf": False}, 0, TokenRefusal.CLAIMS),
        ({"nbf": "0"}, 0, TokenRefusal.CLAIMS),
        ({"iat": NOW + 100}, 60, TokenRefusal.NOT_YET_VALID),
        ({"iat": "x"}, 0, TokenRefusal.CLAIMS),
        ({"iat": NOW - HOUR * 24}, 0, None),
    ],
)
async def test_times(
    changes: Mapping[str, Any], leeway: float, expected: TokenRefusal | None
) -> None:
    """Numbers of every kind; the leeway counts once (case 163)."""
    token = forged(HEADER, claims(**changes))

    found = await outcome(token, verifier(leeway=leeway))

    assert found is expected or (expected is None and isinstance(found, VerifiedToken))


async def test_a_number_that_json_cannot_hold() -> None:
    """1e400 is infinite to a parser, and no time (case 163)."""
    payload = b'{"sub":"ada","iss":"%b","aud":"%b","exp":1e400}' % (
        ISSUER.encode(),
        AUDIENCE.encode(),
    )

    assert await outcome(forged(HEADER, payload), verifier()) is TokenRefusal.MALFORMED


@pytest.mark.parametrize(
    ("changes", "gets_in"),
    [
        ({"aud": AUDIENCE}, True),
        ({"aud": [AUDIENCE]}, True),
        ({"aud": ["x", AUDIENCE]}, True),
        ({"aud": None}, False),
        ({"aud": "https://api.example.org.evil"}, False),
        ({"aud": "https://api"}, False),
        ({"aud": []}, False),
        ({"aud": ["x"]}, False),
        ({"aud": [AUDIENCE, 5]}, False),
        ({"aud": {AUDIENCE: 1}}, False),
        ({"aud": 5}, False),
        ({"iss": None}, False),
        ({"iss": ISSUER.rstrip("/")}, False),
        ({"iss": ISSUER.upper()}, False),
        ({"iss": "https://id"}, False),
        ({"iss": ""}, False),
        ({"iss": [ISSUER]}, False),
        ({"iss": {}}, False),
        ({"sub": None}, False),
        ({"sub": ""}, False),
        ({"sub": 5}, False),
        ({"jti": 5}, False),
    ],
)
async def test_who_made_it_and_for_whom(changes: Mapping[str, Any], gets_in: bool) -> None:
    """Exactly these, in a text or in a list (case 164)."""
    found = await outcome(forged(HEADER, claims(**changes)), verifier())

    assert isinstance(found, VerifiedToken) if gets_in else found is TokenRefusal.CLAIMS


async def test_a_token_for_somebody_is_not_for_anybody() -> None:
    """One that names an audience is refused where none is configured."""
    assert await outcome(signed(), verifier(audience=None)) is TokenRefusal.CLAIMS


async def test_one_of_several_issuers_and_audiences() -> None:
    """Each of them gets in, and no mixture of their names."""
    several = verifier(issuer=["a", "bc"], audience=["x", "y"])

    assert isinstance(await outcome(signed(claims(iss="a", aud="y")), several), VerifiedToken)
    assert await outcome(signed(claims(iss="b", aud="y")), several) is TokenRefusal.CLAIMS
    assert await outcome(signed(claims(iss="ab", aud="y")), several) is TokenRefusal.CLAIMS


@pytest.mark.parametrize("kind", ["id+jwt", "JWS", "dpop+jwt", "logout+jwt", None, ["JWT"], 5])
async def test_a_token_of_another_type(kind: Any) -> None:
    """An identity token is no access token (case 164)."""
    assert await outcome(forged({"alg": "HS256", "typ": kind}), verifier()) is TokenRefusal.HEADER


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda token: b"", TokenRefusal.MALFORMED),
        (lambda token: b"." * 10_000, TokenRefusal.TOO_LARGE),
        (lambda token: b"." * 8_000, TokenRefusal.MALFORMED),
        (lambda token: b"x" * 1_000_000, TokenRefusal.TOO_LARGE),
        (lambda token: token + b"=", TokenRefusal.MALFORMED),
        (lambda token: token + b".", TokenRefusal.MALFORMED),
        (lambda token: token + b"\n", TokenRefusal.MALFORMED),
        (lambda token: b" " + token, TokenRefusal.MALFORMED),
        (lambda token: token + b", " + token, TokenRefusal.AMBIGUOUS),
        (lambda token: token.replace(b".", b"..", 1), TokenRefusal.MALFORMED),
        (lambda token: token[:-1] + b"B", TokenRefusal.MALFORMED),
        (lambda token: token[:-3] + b"AAA", TokenRefusal.SIGNATURE),
        (lambda token: token.swapcase(), TokenRefusal.MALFORMED),
        (lambda token: b"!!!" + token, TokenRefusal.MALFORMED),
        (lambda token: b"Zm9v." * 2 + b"YmFy", TokenRefusal.MALFORMED),
        (lambda token: encoded(b"[" * 6000) + b".e30.YQ", TokenRefusal.MALFORMED),
    ],
)
async def test_junk(change: Callable[[bytes], bytes], expected: TokenRefusal) -> None:
    """Is refused by its length or its shape before anything is decoded (case 166)."""
    assert await outcome(change(signed()), verifier()) is expected


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"[" * 5000, b"9" * 5000]
)
async def test_a_payload_that_is_no_object(payload: bytes) -> None:
    """Is refused though it is signed."""
    token = forged(HEADER, payload)

    assert await outcome(token, verifier()) is TokenRefusal.MALFORMED


@pytest.mark.parametrize(
    "signature",
    [
        bytes(64),
        bytes(32) + b"\x01".rjust(32, b"\x00"),
        b"\x01".rjust(32, b"\x00") * 2,
        b"\xff" * 64,
        bytes(63),
        bytes(96),
        b"\x00",
    ],
)
async def test_a_signature_without_substance(signature: bytes) -> None:
    """Zeros were once good for everything (CVE-2022-21449; case 172)."""
    content = signed(key=private_key("ES256"), algorithm="ES256").rpartition(b".")[0]
    lets_in = verifier(public_pem(private_key("ES256")), "ES256")

    assert await outcome(content + b"." + encoded(signature), lets_in) is TokenRefusal.SIGNATURE


async def test_a_signature_in_the_other_encoding() -> None:
    """DER is not how a token has it (RFC 7518 §3.4)."""
    key = private_key("ES256")
    content = signed(key=key, algorithm="ES256").rpartition(b".")[0]
    der = key.sign(content, ec.ECDSA(hashes.SHA256()))
    numbers = b"".join(n.to_bytes(32, "big") for n in decode_dss_signature(der))
    lets_in = verifier(public_pem(key), "ES256")

    assert await outcome(content + b"." + encoded(der), lets_in) is TokenRefusal.SIGNATURE
    assert isinstance(await outcome(content + b"." + encoded(numbers), lets_in), VerifiedToken)


async def test_a_signature_by_the_wrong_curve() -> None:
    """A key of P-384 does not sign for ES256 (case 172)."""
    content = encoded({"alg": "ES256"}) + b"." + encoded(claims())
    der = private_key("ES384").sign(content, ec.ECDSA(hashes.SHA256()))
    numbers = b"".join(n.to_bytes(48, "big") for n in decode_dss_signature(der))
    lets_in = verifier(public_pem(private_key("ES256")), "ES256")

    assert await outcome(content + b"." + encoded(numbers), lets_in) is TokenRefusal.SIGNATURE


async def test_the_parts_of_two_tokens() -> None:
    """The signature is over header and payload together."""
    first, second = signed().split(b"."), signed(claims(sub="admin")).split(b".")

    mixed = b".".join([first[0], second[1], first[2]])

    assert await outcome(mixed, verifier()) is TokenRefusal.SIGNATURE


def test_an_exception_that_pyjwt_does_not_mean_to_raise() -> None:
    """A key of another kind makes it raise TypeError, which lets nobody in (research 05 §4.3)."""
    lets_in = PyJWTBackend(TokenPolicy(algorithms="RS256"))
    key = lets_in.configured_key(None, public_pem(RSA))

    with pytest.raises(TypeError):
        jwt.decode(forged(HEADER), key.key, ["HS256", "RS256"])

    assert lets_in.decode(forged(HEADER), key, "HS256") is TokenRefusal.MALFORMED


async def test_a_second_spelling_of_a_token_is_another_token() -> None:
    """The text is what is remembered: nothing but that text is let in by it (case 165)."""
    lets_in, token = verifier(), signed()
    assert isinstance(await lets_in.verify(token, NOW), VerifiedToken)

    for other in (token + b"=", token + b" ", token[:-1], token.lower()):
        assert lets_in.remembered(other, NOW) is None


async def test_ten_thousand_bad_tokens_leave_nothing_behind() -> None:
    """Failures are not kept (research 05 §10)."""
    lets_in = verifier()
    content = encoded(HEADER) + b"." + encoded(claims())

    for number in range(10_000):
        fake = hmac.digest(b"no", number.to_bytes(4, "big"), hashlib.sha256)
        token = content + b"." + base64.urlsafe_b64encode(fake).rstrip(b"=")
        assert await lets_in.verify(token, NOW) is TokenRefusal.SIGNATURE

    seen = lets_in.statistics()
    assert (seen.entries, seen.misses) == (0, 10_000)
    assert seen.refusals == {"signature": 10_000}
