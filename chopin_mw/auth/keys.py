"""Which key a token is verified with: keys that are configured, or published by the issuer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.token import TokenRefusal

Keys: TypeAlias = str | bytes | Mapping[str, Any] | JWKSURL | Any
"""What a verifier can be given: a secret or a public key (PEM, OpenSSH, or an object of
cryptography), a mapping from key ids to those, a JWK, a JWK set, or the address of one."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """Hold a key that is ready for use, and the algorithms for which it may be used.

    `fingerprint` differs where the key does.
    """

    key_id: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)
    fingerprint: str = field(default="", repr=False)


class KeyReader(Protocol):
    """Make keys ready for the algorithms of one policy."""

    def configured_key(self, key_id: str | None, given: Any) -> VerificationKey:
        """Return the key; raises ConfigurationError for one that is weak or of another kind."""

    def published_key(self, jwk: Any) -> VerificationKey | None:
        """Return the key of a JWK, or None for one that cannot be used."""


class KeySource(Protocol):
    """Find keys. `generation` changes whenever a key has been taken away."""

    generation: int
    key_set: "KeySet | None"
    fetches: int
    failures: int

    async def find(self, key_id: str | None) -> VerificationKey | TokenRefusal:
        """Return the key of a token with this `kid`; None is a token without."""


class KeySet:
    """Hold keys by id; `skipped` counts those of the `offered` ones that cannot be used."""

    __slots__ = ("_by_id", "_only", "fingerprints", "skipped")

    def __init__(self, keys: Sequence[VerificationKey], *, offered: int) -> None:
        self._only = keys[0] if len(keys) == 1 else None
        self._by_id: dict[str | None, VerificationKey] = {}
        for key in keys:
            if key.key_id is not None or self._only:
                # Of two with one name the first counts, as for whoever looks for it in the set.
                self._by_id.setdefault(key.key_id, key)
        self.fingerprints = frozenset(
            (key.key_id, key.fingerprint, key.algorithms) for key in self._by_id.values()
        )
        self.skipped = offered - len(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, key_id: str | None) -> VerificationKey | TokenRefusal:
        """Return the key of this name; a sole key without a name answers to all."""
        if not self._by_id:
            return TokenRefusal.KEYS_UNAVAILABLE
        if key_id is None:
            return self._only or TokenRefusal.UNKNOWN_KEY
        return self._by_id.get(key_id) or self._by_id.get(None) or TokenRefusal.UNKNOWN_KEY


class StaticKeys:
    """Find keys that never change."""

    __slots__ = ("_find", "failures", "fetches", "generation", "key_set")

    def __init__(self, key_set: KeySet) -> None:
        self.key_set: KeySet | None = key_set
        self._find = key_set.find
        self.generation = self.fetches = self.failures = 0

    async def find(self, key_id: str | None) -> VerificationKey | TokenRefusal:
        """Return the key of a token with this `kid`."""
        return self._find(key_id)


def configured_keys(given: Keys, reader: KeyReader) -> KeySet:
    """Return the keys that were given; raises ConfigurationError if none of them can be used."""
    if given is None:
        raise ConfigurationError(
            "keys must be a secret, a public key, a mapping, a JWK set or a JWKSURL; got None: is"
            " the variable that it comes from set?"
        )
    if not isinstance(given, Mapping):
        return KeySet([reader.configured_key(None, given)], offered=1)
    if isinstance(given.get("keys"), list):
        key_set = published_keys(given, reader)
        if len(key_set) == 0:
            raise ConfigurationError(
                f"keys must hold a key for the algorithms of the policy; none of the"
                f" {key_set.skipped} in the JWK set is one"
            )
        return key_set
    if isinstance(given.get("kty"), str):
        given = {given.get("kid"): given}
    elif not all(given):
        raise ConfigurationError("keys must map key ids to keys, and an id cannot be empty")
    if not given or not all(isinstance(key_id, str | None) for key_id in given):
        raise ConfigurationError("keys must map key ids, which are texts, to keys")
    return KeySet(
        [reader.configured_key(key_id, key) for key_id, key in given.items()], offered=len(given)
    )


def published_keys(document: Any, reader: KeyReader) -> KeySet:
    """Return the keys of a JWK set (RFC 7517 §5); raises ValueError if it is none."""
    members = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(members, list):
        raise ValueError("no JWK set: there is no list of keys")  # noqa: TRY004 - a value of a document
    found = [reader.published_key(member) for member in members]
    return KeySet([key for key in found if key is not None], offered=len(members))
