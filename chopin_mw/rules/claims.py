"""What a token says: the header before its signature is checked, the claims after."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from types import MappingProxyType
from typing import Any

from chopin_mw.rules.bearer import decoded_part
from chopin_mw.rules.token import TokenGrant, TokenRefusal, TokenUser, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy, token_type

# Year 9999: what is later or earlier still is of no consequence, and need not fit a float.
_FURTHEST = 253_402_300_799
# The claims that say when (RFC 7519 §4.1), and what it means where they do not.
_TIMES = (("exp", _FURTHEST), ("nbf", -_FURTHEST), ("iat", -_FURTHEST))
_NAMES_TO_DISPLAY = ("name", "preferred_username", "email", "sub")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what another reader may read differently (RFC 7515 §4)."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands twice")
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repetition)


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """Hold which key a token asks for, and which algorithm it claims to use."""

    algorithm: str
    key_id: str | None


def read_header(token: bytes, policy: TokenPolicy) -> TokenHeader | TokenRefusal:
    """Read the header of a token in compact form; nothing that it says is proven yet.

    Extensions that must be understood are not (RFC 7515 §4.1.11), neither is compression. Keys
    that come with the token, or the addresses of some, are not even looked at.
    """
    try:
        text = decoded_part(token.partition(b".")[0]).decode()
        header = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return TokenRefusal.MALFORMED
    if not isinstance(header, dict):
        return TokenRefusal.MALFORMED
    if "crit" in header or "zip" in header or header.get("b64", True) is not True:
        return TokenRefusal.HEADER
    algorithm, kind = header.get("alg"), header.get("typ", "")
    # The type first: a list would be compared with the members as well.
    if not isinstance(algorithm, str) or algorithm not in policy.algorithms:
        return TokenRefusal.HEADER
    if not isinstance(kind, str) or token_type(kind) not in policy.token_types:
        return TokenRefusal.HEADER
    key_id = header.get("kid", "")
    if not isinstance(key_id, str):
        return TokenRefusal.HEADER
    return TokenHeader(algorithm, key_id if "kid" in header else None)


def judged(
    claims: Mapping[str, Any], policy: TokenPolicy, now: float
) -> VerifiedToken | TokenRefusal:
    """Return what the claims of a token with a good signature amount to.

    Issuer and audience have been compared by who checked the signature.
    """
    if any(claims.get(name) is None for name in policy.required_claims):
        return TokenRefusal.CLAIMS
    exp, nbf, iat = (_time(claims.get(name, at)) for name, at in _TIMES)
    names = [claims[name] for name in ("iss", "jti", "sub") if name in claims]
    subject = claims.get("sub", "")
    if exp is None or nbf is None or iat is None or not all(isinstance(n, str) for n in names):
        return TokenRefusal.CLAIMS
    if not subject and "sub" in policy.required_claims:
        return TokenRefusal.CLAIMS
    ends, begins = exp + policy.leeway, max(nbf, iat) - policy.leeway
    if ends <= now:
        return TokenRefusal.EXPIRED
    if begins > now:
        return TokenRefusal.NOT_YET_VALID
    try:
        frozen = _frozen(claims)
    except (ValueError, RecursionError):
        return TokenRefusal.MALFORMED
    return VerifiedToken(
        TokenUser(subject, _display_name(claims), frozen),
        TokenGrant(
            _granted(claims, policy.scope_claims),
            _granted(claims, policy.permission_claims),
            frozen,
        ),
        min(now + policy.cache_seconds, ends),
        begins,
    )


def _time(value: object) -> int | None:
    """Return a NumericDate (RFC 7519 §2) cut to whole seconds, as PyJWT does; None for others."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    clamped = min(max(value, -_FURTHEST), _FURTHEST)
    return None if isnan(clamped) else int(clamped)


def _display_name(claims: Mapping[str, Any]) -> str:
    names = (claims.get(claim) for claim in _NAMES_TO_DISPLAY)
    return next((name for name in names if isinstance(name, str) and name), "")


def _granted(claims: Mapping[str, Any], names: Sequence[str]) -> frozenset[str]:
    granted: set[str] = set()
    for name in names:
        given = _claim(claims, name)
        if isinstance(given, str):
            granted.update(filter(None, given.split(" ")))
        elif isinstance(given, list):
            granted.update(each for each in given if isinstance(each, str))
    return frozenset(granted)


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """Return the claim of this name, or what a path such as `realm_access.roles` leads to."""
    if name in claims or "." not in name:
        # Names of claims are often URLs, with dots of their own.
        return claims.get(name)
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _frozen(value: Any) -> Any:
    """Return claims that no handler can change, because requests to come see the same object."""
    if isinstance(value, dict):
        return MappingProxyType({_frozen(name): _frozen(each) for name, each in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, str) and not value.isascii():
        # A lone surrogate is an error to everybody who writes it anywhere.
        value.encode()
    return value
