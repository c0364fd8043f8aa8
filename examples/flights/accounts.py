"""Who may do what: two users, how they log in, and the tokens they get for it."""

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chopin_mw import ProblemError, TokenPolicy, TokenVerifier, VerifiedToken
from examples.flights.queries import Record

ISSUER = "https://flights.example"
AUDIENCE = "flights"
TOKEN_SECONDS = 3600

# All others take a token, and so do paths that come later, until they are named here.
PUBLIC_PATHS = (
    *("/", "/flights", "/flights/*", "/departures", "/airlines", "/board", "/delays"),
    *("/routes", "/airports/*", "/weather", "/cache", "/streams", "/login"),
    *("/docs", "/openapi.json"),
)

policy = TokenPolicy(
    algorithms="ES256",
    issuer=ISSUER,
    audience=AUDIENCE,
    required_claims=("exp", "iat", "sub", "jti"),
    token_types=("at+jwt",),
    public_paths=PUBLIC_PATHS,
)


def _signing_key() -> EllipticCurvePrivateKey:
    """Return the key in TOKEN_KEY (PEM), or one of this process alone.

    Several processes have to share theirs, and tokens outlive a restart only with it.
    """
    pem = os.environ.get("TOKEN_KEY")
    key = load_pem_private_key(pem.encode(), None) if pem else generate_private_key(SECP256R1())
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("TOKEN_KEY must be a private key on the curve P-256, in PEM")
    return key


_key = _signing_key()
verifier = TokenVerifier(policy, _key.public_key())


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Stand for a row of a table: of the password there is only a hash."""

    name: str
    scopes: str
    salt: bytes
    hash: bytes


# Their passwords are in the README of the examples.
_USERS = (
    User(
        name="amelia",
        scopes="flights:save",
        salt=bytes.fromhex("f83f40ffb7f854886f37f9ce58dff2f5"),
        hash=bytes.fromhex("7bdc9bd9eb6d606b19e36b30138d3620282ecfdb47964cf211fe00c169b550b9"),
    ),
    User(
        name="orville",
        scopes="",
        salt=bytes.fromhex("2a223dda4e8eb7e5ecb88222fcbc483a"),
        hash=bytes.fromhex("f7516b5a610301365da51fbe4d6f8b6466aadfcba424f042a5d4aa377e3e9838"),
    ),
)
_BY_NAME = {user.name: user for user in _USERS}
_NOBODY = User(name="", scopes="", salt=secrets.token_bytes(16), hash=secrets.token_bytes(32))


async def log_in(name: str, password: str) -> Record:
    """Return a token for whoever knows the password; raise ProblemError (401) for others.

    In an app of yours, limit how often somebody may try.
    """
    user = _BY_NAME.get(name, _NOBODY)
    # In a thread, because it takes 0.2 s; for names that nobody has as well, so that the time it
    # takes does not tell which there are.
    hashed = await asyncio.to_thread(_scrypt, password, user.salt)
    if not hmac.compare_digest(hashed, user.hash):
        raise ProblemError(
            401,
            "Unauthorized",
            "the name or the password is wrong",
            headers={"WWW-Authenticate": f'Bearer realm="{policy.realm}"'},
        )
    return {"access_token": _token(user), "token_type": "Bearer", "expires_in": TOKEN_SECONDS}


def log_out(token: VerifiedToken) -> None:
    """Refuse this one token from now on, for as long as it would have been good."""
    claims = token.auth.claims
    verifier.revoke(jti=claims["jti"], until=claims["exp"])


def show_user(token: VerifiedToken) -> Record:
    return {
        "name": token.user.identity,
        "scopes": sorted(token.auth.scopes),
        "expires": token.auth.claims["exp"],
    }


def show_tokens() -> Record:
    """Return how many tokens were verified, and how often one was remembered instead."""
    counted = verifier.statistics()
    return {
        "verified": counted.misses,
        "remembered": counted.hits,
        "refused": dict(counted.refusals),
        "revocations": counted.revocations,
    }


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5, dklen=32)


def _token(user: User) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user.name,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "scope": user.scopes,
    }
    return jwt.encode(claims, _key, algorithm="ES256", headers={"typ": "at+jwt"})
