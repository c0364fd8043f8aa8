"""Keys, and tokens: well made by PyJWT, and by hand what no library would sign."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

SECRET = "a secret of exactly 32 bytes, so"
ISSUER = "https://id.example.org/"
AUDIENCE = "https://api.example.org"
HOUR = 3600.0

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
    "ES256K": ec.SECP256K1,
}


def private_key(algorithm: str, name: str = "first") -> Any:
    """Make a key for the algorithm, the same for the same name."""
    return _private_key(algorithm, name)


@cache
def _private_key(algorithm: str, _: str) -> Any:
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm]())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


@cache
def weak_rsa_key() -> Any:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - nobody is to take it


def public_pem(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def public_der(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def public_ssh(key: Any) -> bytes:
    line: bytes = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return line


def private_pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def jwk(algorithm: str, name: str = "first", **members: Any) -> dict[str, Any]:
    """Return the public JWK of `private_key` with its name as `kid`; None leaves a member out."""
    public = private_key(algorithm, name).public_key()
    makers: dict[str, Any] = {"RS": "RS256", "PS": "RS256", "ES": "ES256", "Ed": "EdDSA"}
    made = jwt.get_algorithm_by_name(makers[algorithm[:2]]).to_jwk(public, as_dict=True)
    whole = {**made, "kid": name, **members}
    return {member: value for member, value in whole.items() if value is not None}


def claims(**changes: Any) -> dict[str, Any]:
    """Return claims of a minute ago that a strict policy takes; None leaves one out."""
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": now - 60,
        "exp": now + int(HOUR),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def signed(
    payload: Mapping[str, Any] | None = None,
    key: Any = SECRET,
    algorithm: str = "HS256",
    **header: Any,
) -> bytes:
    """Return a token as PyJWT makes it."""
    content = claims() if payload is None else dict(payload)
    return jwt.encode(content, key, algorithm, headers=header or None).encode("ascii")


def encoded(value: Any) -> bytes:
    """Return one part of a token: bytes as they are, everything else as JSON."""
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(octets).rstrip(b"=")


def forged(header: Any, payload: Any = None, secret: bytes | str = SECRET) -> bytes:
    """Return a token with any header and payload, and a good HMAC with SHA-256."""
    content = encoded(header) + b"." + encoded(claims() if payload is None else payload)
    key = secret.encode() if isinstance(secret, str) else secret
    return content + b"." + encoded(hmac.digest(key, content, hashlib.sha256))
