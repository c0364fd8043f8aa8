"""Verify bearer tokens once, and remember those that were good."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib import import_module
from inspect import iscoroutinefunction
from math import inf, isnan
from threading import Lock
from typing import Any, TypeAlias

from chopin_mw.auth.forking import mend_after_fork
from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.keys import (
    Keys,
    KeySource,
    StaticKeys,
    VerificationKey,
    configured_keys,
    published_keys,
)
from chopin_mw.auth.revocations import Revocation, Revocations
from chopin_mw.auth.token_store import RememberedToken, TokenStore
from chopin_mw.errors import ConfigurationError, MissingExtraError
from chopin_mw.rules.bearer import compact_refusal
from chopin_mw.rules.claims import judged, read_header
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy

logger = logging.getLogger("chopin_mw")

_WARNING_SECONDS = 60.0

IsRevoked: TypeAlias = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStatistics:
    """Count what a verifier has seen.

    `hits` were remembered, `misses` had to be verified, whatever came of it; `refusals` by the
    value of `TokenRefusal`. `keys` are those that can be used, `skipped_keys` were published and
    cannot; of a URL, `fetches` and how many of them were `failed_fetches`. Threads may lose a
    count now and then.
    """

    hits: int
    misses: int
    refusals: Mapping[str, int]
    entries: int
    revocations: int
    keys: int
    skipped_keys: int
    fetches: int
    failed_fetches: int


class TokenVerifier:
    """Verify tokens by a policy, with these keys; safe to share by threads and event loops.

    A token that was good is remembered by the SHA-256 of its whole text, until it expires, its key
    goes or it is revoked. `is_revoked` is asked with the claims each time a token is shown; it
    must not block, and where it raises nobody is let in. Needs PyJWT.

        verifier = TokenVerifier(TokenPolicy(algorithms="ES256"), JWKSURL("https://id.example/jwks"))
    """

    def __init__(
        self, policy: TokenPolicy, keys: Keys, *, is_revoked: IsRevoked | None = None
    ) -> None:
        if not isinstance(policy, TokenPolicy):
            # Its type only: it may be the secret, in the wrong place.
            raise ConfigurationError(f"policy must be a TokenPolicy, got {type(policy).__name__}")
        if is_revoked is not None and (not callable(is_revoked) or iscoroutinefunction(is_revoked)):
            raise ConfigurationError(
                f"is_revoked must be a function that takes claims, and no coroutine function,"
                f" got {is_revoked!r}"
            )
        self.policy = policy
        self._backend = _backend(policy)
        self._keys = _source(policy, keys, self._backend)
        self._is_revoked = is_revoked
        self._store = TokenStore(policy.cache_entries)
        self._find = self._store.find
        self._revocations = Revocations()
        self._lock = Lock()
        self._hits = self._misses = 0
        self._refusals: Counter[TokenRefusal] = Counter()
        self._silent_until = -inf
        mend_after_fork(self)

    def remembered(self, token: bytes, now: float) -> VerifiedToken | None:
        """Return what is known of a token that was verified before; None to verify it now.

        `now` is the wall clock in Unix seconds, here as elsewhere.
        """
        entry = self._find(sha256(token).digest())
        if (
            entry is None
            or now >= entry.deadline
            or now < entry.not_before
            or entry.generation != self._keys.generation
        ):
            return None
        verified = entry.verified
        is_revoked = self._is_revoked
        if is_revoked is not None and self._revoked_by_hook(is_revoked, verified.auth.claims):
            return None
        entry.visited = True
        self._hits += 1
        return verified

    async def verify(self, token: bytes, now: float) -> VerifiedToken | TokenRefusal:
        """Verify a token, and remember it if it is good. Never raises for anything in it."""
        self._misses += 1
        outcome = await self._verify(token, now)
        if isinstance(outcome, TokenRefusal):
            self.count(outcome)
        return outcome

    def count(self, refusal: TokenRefusal) -> None:
        """Count a refusal that was decided outside, such as a missing token."""
        self._refusals[refusal] += 1

    def revoke(
        self,
        *,
        jti: str | None = None,
        sub: str | None = None,
        issuer: str | None = None,
        until: float | None = None,
    ) -> None:
        """Refuse tokens with this `jti`, or of this `sub` that were issued up to now.

        Of one issuer, if it is given. `until` is when the last such token will have expired, in
        Unix seconds; without it they are refused as long as this process lives. Of a subject, what
        is issued in this very second is refused as well, and with a leeway that much longer. Other
        processes are not told: for them there is `is_revoked`.
        """
        _check_revocation(jti, sub, until)
        now = time.time()

        def is_meant(verified: VerifiedToken) -> bool:
            claims = verified.auth.claims
            # To look up each of 10,000 tokens would take 20 ms.
            is_named = claims.get("jti", "") == jti or claims.get("sub", "") == sub
            return is_named and self._revocations.cover(claims, now)

        with self._lock:
            for claim, value in (("jti", jti), ("sub", sub)):
                if value is not None and self._revocations.add(
                    Revocation(claim, value, issuer),
                    made_at=now + self.policy.leeway,
                    # Tokens are taken so much longer than they say.
                    until=inf if until is None else until + self.policy.leeway,
                ):
                    self._store.clear()
            self._store.remove_where(is_meant)

    def clear(self) -> None:
        """Forget every token that was verified; what was revoked stays so."""
        with self._lock:
            self._store.clear()

    def statistics(self) -> TokenStatistics:
        """Return the figures of this moment."""
        keys = self._keys
        return TokenStatistics(
            hits=self._hits,
            misses=self._misses,
            refusals={reason.value: count for reason, count in self._refusals.copy().items()},
            entries=len(self._store),
            revocations=len(self._revocations),
            keys=0 if keys.key_set is None else len(keys.key_set),
            skipped_keys=0 if keys.key_set is None else keys.key_set.skipped,
            fetches=keys.fetches,
            failed_fetches=keys.failures,
        )

    def mend(self) -> None:
        """Do without the thread that held the lock in another process."""
        self._lock = Lock()

    async def _verify(self, token: bytes, now: float) -> VerifiedToken | TokenRefusal:
        refusal = compact_refusal(token, self.policy.max_token_bytes)
        if refusal is not None:
            return refusal
        header = read_header(token, self.policy)
        if isinstance(header, TokenRefusal):
            return header
        # Before the key: one that goes meanwhile takes the token with it.
        generation = self._keys.generation
        key = await self._keys.find(header.key_id)
        if isinstance(key, TokenRefusal):
            return key
        if header.algorithm not in key.algorithms:
            return TokenRefusal.HEADER
        verified = self._judged(token, key, header.algorithm, now)
        if isinstance(verified, TokenRefusal):
            return verified
        return self._admitted(token, verified, generation, now)

    def _judged(
        self, token: bytes, key: VerificationKey, algorithm: str, now: float
    ) -> VerifiedToken | TokenRefusal:
        claims = self._backend.decode(token, key, algorithm)
        if isinstance(claims, TokenRefusal):
            return claims
        return judged(claims, self.policy, now)

    def _admitted(
        self, token: bytes, verified: VerifiedToken, generation: int, now: float
    ) -> VerifiedToken | TokenRefusal:
        """Remember the token, unless it is revoked."""
        claims = verified.auth.claims
        if self._is_revoked is not None:
            revoked = self._revoked_by_hook(self._is_revoked, claims)
            if revoked is not None:
                return revoked
        with self._lock:
            # In one step with remembering it: who revokes looks at what is remembered.
            if self._revocations.cover(claims, now):
                return TokenRefusal.REVOKED
            if verified.deadline > now and self.policy.cache_entries:
                entry = RememberedToken(verified, generation)
                self._store.put(sha256(token).digest(), entry, now)
        return verified

    def _revoked_by_hook(
        self, is_revoked: IsRevoked, claims: Mapping[str, Any]
    ) -> TokenRefusal | None:
        try:
            return TokenRefusal.REVOKED if is_revoked(claims) else None
        except Exception as error:
            now = time.monotonic()
            if now >= self._silent_until:
                self._silent_until = now + _WARNING_SECONDS
                logger.warning("is_revoked failed, so nobody is let in: %r", error, exc_info=error)
            return TokenRefusal.REVOCATION_UNKNOWN


def _check_revocation(jti: object, sub: object, until: object) -> None:
    for option, value in (("jti", jti), ("sub", sub)):
        if value is not None and (not isinstance(value, str) or not value):
            raise ConfigurationError(f"{option} must be a text as in the token, got {value!r}")
    if jti is None and sub is None:
        raise ConfigurationError("revoke takes a jti or a sub, got neither")
    if until is not None and (not isinstance(until, int | float) or isnan(until)):
        raise ConfigurationError(f"until must be Unix seconds, got {until!r}")


def _backend(policy: TokenPolicy) -> Any:
    try:
        module = import_module("chopin_mw.auth.pyjwt_backend")
    except ImportError as error:
        if error.name != "jwt":
            raise
        raise MissingExtraError("pyjwt", extra="jwt", needed_for="TokenVerifier") from None
    return module.PyJWTBackend(policy)


def _source(policy: TokenPolicy, keys: Keys, backend: Any) -> KeySource:
    if not isinstance(keys, JWKSURL):
        return StaticKeys(configured_keys(keys, backend))
    if policy.family == "HMAC":
        raise ConfigurationError(
            "keys cannot be a JWKSURL for HMAC: what is published is no secret; got"
            f" algorithms={policy.algorithms!r}"
        )
    # Apart, because HTTP of the standard library takes 10 ms to import.
    remote = import_module("chopin_mw.auth.remote_keys")
    source: KeySource = remote.RemoteKeys(keys, partial(published_keys, reader=backend))
    return source
