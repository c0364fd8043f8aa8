"""Everything that PyJWT does: keys made ready, signatures and registered claims checked."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import jwt

from chopin_mw.auth.keys import VerificationKey
from chopin_mw.errors import ConfigurationError, MissingExtraError
from chopin_mw.rules.token import TokenRefusal
from chopin_mw.rules.token_policy import TokenPolicy

_KEY_TYPES = {"HMAC": "oct", "RSA": "RSA", "EC": "EC", "OKP": "OKP"}
# The members of a JWK that make the key what it is (RFC 7518 §6).
_KEY_MEMBERS = ("alg", "crv", "e", "k", "kty", "n", "x", "y")
# The first that fits; whatever else is raised is no reason to let anybody in.
_REFUSALS: tuple[tuple[type[Exception], TokenRefusal], ...] = (
    (jwt.ExpiredSignatureError, TokenRefusal.EXPIRED),
    (jwt.ImmatureSignatureError, TokenRefusal.NOT_YET_VALID),
    (jwt.InvalidSignatureError, TokenRefusal.SIGNATURE),
    (jwt.InvalidAlgorithmError, TokenRefusal.HEADER),
    (jwt.DecodeError, TokenRefusal.MALFORMED),
    (jwt.InvalidTokenError, TokenRefusal.CLAIMS),
)


# Most often the settings here do not agree with those of the issuer.
_ABOUT_SETTINGS = (
    jwt.InvalidAudienceError,
    jwt.InvalidIssuerError,
    jwt.MissingRequiredClaimError,
)

logger = logging.getLogger("chopin_mw")


class PyJWTBackend:
    """Make keys ready for the algorithms of a policy, and verify tokens by it; safe to share."""

    __slots__ = ("_algorithms", "_decode", "_key_type", "_settings")

    def __init__(self, policy: TokenPolicy) -> None:
        options: Any = {
            "require": list(policy.required_claims),
            "enforce_minimum_key_length": True,
        }
        self._decode = jwt.PyJWT(options).decode
        self._settings: dict[str, Any] = {
            "audience": policy.audience,
            "issuer": policy.issuer,
            "leeway": policy.leeway,
        }
        # Not the registry that anybody can change by jwt.register_algorithm.
        registry = jwt.PyJWS()
        try:
            self._algorithms = {
                name: registry.get_algorithm_by_name(name) for name in policy.algorithms
            }
        except NotImplementedError:
            raise MissingExtraError(
                "cryptography", extra="jwt", needed_for=f"verifying {policy.algorithms[0]}"
            ) from None
        self._key_type = _KEY_TYPES[policy.family]

    def decode(
        self, token: bytes, key: VerificationKey, algorithm: str
    ) -> dict[str, Any] | TokenRefusal:
        """Return the claims, if the token is good by all that PyJWT knows to check."""
        try:
            return self._decode(token, key.key, algorithms=[algorithm], **self._settings)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, nobody is let in
            if isinstance(error, _ABOUT_SETTINGS):
                # Names the claim, and nothing that the token says.
                logger.debug("JWT: %s", error)
            kinds = (refusal for kind, refusal in _REFUSALS if isinstance(error, kind))
            return next(kinds, TokenRefusal.MALFORMED)

    def configured_key(self, key_id: str | None, given: Any) -> VerificationKey:
        """Return the key; raises ConfigurationError for one that is weak or of another kind."""
        fitting, reasons, prepared = set(), [], None
        for name in self._algorithms_of(given):
            try:
                prepared = self._prepared(name, given)
                fitting.add(name)
            except ConfigurationError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a parser says about a key
                reasons.append(f"{name}: {error}")
        if not fitting:
            # Not the key: it may be a secret.
            raise ConfigurationError(
                f"keys must be of the type {self._key_type} for"
                f" {', '.join(self._algorithms)}; a key"
                f"{'' if key_id is None else f' ({key_id!r})'} is not usable: {'; '.join(reasons)}"
            )
        return VerificationKey(key_id, frozenset(fitting), prepared, _fingerprint(given))

    def published_key(self, jwk: Any) -> VerificationKey | None:
        """Return the key of a JWK, or None for one that cannot be used (RFC 7517 §4)."""
        try:
            key_id = jwk.get("kid")
            if (
                jwk.get("use", "sig") != "sig"
                or "verify" not in jwk.get("key_ops", ("verify",))
                or not isinstance(key_id, str | None)
            ):
                return None
            return self.configured_key(key_id, jwk)
        except Exception:  # noqa: BLE001 - one broken member does not spoil the others
            return None

    def _algorithms_of(self, given: Any) -> list[str]:
        """Return the algorithms that a key says it is for, of those that the policy allows."""
        names = list(self._algorithms)
        if isinstance(given, Mapping) and given.get("alg") is not None:
            return [name for name in names if name == given["alg"]]
        return names

    def _prepared(self, name: str, given: Any) -> Any:
        algorithm: Any = self._algorithms[name]
        if isinstance(given, Mapping):
            if given.get("kty") != self._key_type:
                raise ValueError("a key of another type")
            given = algorithm.from_jwk(dict(given))
        key = algorithm.prepare_key(given)
        weakness = algorithm.check_key_length(key)
        if weakness is not None:
            raise ConfigurationError(f"keys must be strong enough for {name}: {weakness}")
        if hasattr(key, "private_bytes"):
            raise ConfigurationError(
                "keys must be public where there is a public one: verifying"
                " takes no more, and a private key can sign"
            )
        return key


def _fingerprint(given: Any) -> str:
    if not isinstance(given, Mapping):
        return ""
    return json.dumps({name: given[name] for name in _KEY_MEMBERS if name in given})
