"""Which tokens are refused though they are good: by `jti`, or by `sub` and when they were made."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Revocation:
    """Name a claim and its value, of one issuer or of all."""

    claim: str
    value: object
    issuer: object


class Revocations:
    """Remember what was revoked; times are Unix seconds, and changes need a lock around them.

    At most 100,000 are remembered. When there are more, the eldest tenth gives way to one moment:
    whatever was issued before it is refused, which covers all that they did, and more.
    """

    __slots__ = ("_made_and_until", "_most", "_refused_before")

    def __init__(self, most: int = _MOST) -> None:
        self._made_and_until: dict[Revocation, tuple[float, float]] = {}
        self._most = most
        self._refused_before: float | None = None

    def add(self, revocation: Revocation, *, made_at: float, until: float) -> bool:
        """Refuse what it names; by `sub`, only tokens issued up to `made_at`.

        Returns whether others are refused from now on as well, to make room.
        """
        moment = self._refused_before
        _, longest = self._made_and_until.pop(revocation, (0, until))
        if len(self._made_and_until) >= self._most:
            self._make_room(made_at)
        self._made_and_until[revocation] = made_at, max(until, longest)
        return self._refused_before != moment

    def cover(self, claims: Mapping[str, Any], now: float) -> bool:
        """Say whether a token with these claims is revoked."""
        # A token that does not say when it was issued may be as old as any.
        issued_at = claims.get("iat", -inf)
        if self._refused_before is not None and issued_at <= self._refused_before:
            return True
        if not self._made_and_until:
            return False
        jti, sub, issuers = claims.get("jti"), claims.get("sub"), (None, claims.get("iss"))
        return any(
            self._covers(Revocation("jti", jti, issuer), -inf, now)
            or self._covers(Revocation("sub", sub, issuer), issued_at, now)
            for issuer in issuers
        )

    def _covers(self, revocation: Revocation, issued_at: float, now: float) -> bool:
        made_at, until = self._made_and_until.get(revocation, (-inf, -inf))
        return issued_at <= made_at and now < until

    def _make_room(self, now: float) -> None:
        every = list(self._made_and_until.items())
        over = [revocation for revocation, (_, until) in every if until <= now]
        if not over:
            eldest = every[: max(self._most // 10, 1)]
            over = [revocation for revocation, _ in eldest]
            self._refused_before = max(made_at for _, (made_at, _) in eldest)
        for revocation in over:
            del self._made_and_until[revocation]

    def __len__(self) -> int:
        return len(self._made_and_until)
