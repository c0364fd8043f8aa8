"""What is known of a token that was verified, and why one was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

_Frozen = TypeVar("_Frozen")


def itself(value: _Frozen, _: object) -> _Frozen:
    """Be the deep copy of what nobody can change; some middleware copies whole scopes."""
    return value


class TokenRefusal(StrEnum):
    """Say why a token is not let in; for counters and logs, never for clients."""

    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    HEADER = "header"
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    CLAIMS = "claims"
    REVOKED = "revoked"
    KEYS_UNAVAILABLE = "keys-unavailable"
    REVOCATION_UNKNOWN = "revocation-unknown"

    @property
    def is_temporary(self) -> bool:
        """Say whether the fault is on this side, so that the answer is 503 and not 401."""
        return self in _TEMPORARY


_TEMPORARY = frozenset({TokenRefusal.KEYS_UNAVAILABLE, TokenRefusal.REVOCATION_UNKNOWN})


@dataclass(frozen=True, slots=True)
class TokenUser:
    """Stand in `scope["user"]`, in the shape that Starlette and Litestar handlers expect.

    `claims` are read-only all the way down: objects are mappings, arrays are tuples.
    """

    identity: str
    display_name: str
    claims: Mapping[str, Any]
    is_authenticated: bool = True

    __deepcopy__ = itself


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """Stand in `scope["auth"]`, where Starlette's `requires` reads `scopes`."""

    scopes: frozenset[str]
    permissions: frozenset[str]
    claims: Mapping[str, Any]

    __deepcopy__ = itself


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """Hold one token that was verified; times are Unix seconds.

    `deadline` is when to verify it again at the latest: the earlier of `exp` plus leeway and the
    end of its time in the cache. `not_before` is the later of `nbf` and `iat`, less the leeway.
    """

    user: TokenUser
    auth: TokenGrant
    deadline: float
    not_before: float

    __deepcopy__ = itself
