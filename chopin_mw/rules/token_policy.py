"""What a bearer token must be to be let in (RFC 7519, RFC 8725, RFC 6750)."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.path_set import path_set

FAMILIES: dict[str, tuple[str, ...]] = {
    "HMAC": ("HS256", "HS384", "HS512"),
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""The algorithms by the kind of key they need; `none` is not among them."""

MAX_LEEWAY_SECONDS = 60
_MOST_TOKEN_BYTES = 64 * 1024
# RFC 6749 §3.3: what can stand in the scope of a challenge.
_SCOPE = re.compile(r"[!#-\[\]-~]+")
_REALM = re.compile(r"[ -~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Say which tokens are let in, and where none is needed.

    `algorithms` are of one family (RFC 8725 §3.1); `issuer` and `audience` what `iss` and `aud`
    must be, one or one of several; `required_claims` must be present. `leeway` is in seconds, at
    most 60. `token_types` are values of the header's `typ`, compared without case and without
    `application/`; a token without one passes if "" is among them. `scopes` and `permissions` are
    demanded of every token. Claims named in `scope_claims` and `permission_claims` grant them, as
    a text with spaces or a list; `realm_access.roles` is one inside of another. Paths are exact, or
    end in `/*` for all below, without `/docs/`, which some frameworks take for `/docs`; a path with
    empty or dot segments is never public. On `public_paths` no token is looked at, on
    `optional_paths` none is needed, but one that is sent must be good. Tokens over
    `max_token_bytes` are refused unread. A verified token is remembered for `cache_seconds`, never
    past its `exp`, and at most `cache_entries` of them; 0 remembers none.
    """

    algorithms: str | Sequence[str]
    issuer: str | Collection[str] | None = None
    audience: str | Collection[str] | None = None
    required_claims: Collection[str] = ("exp", "sub")
    leeway: float = 0
    token_types: Collection[str] = ("", "JWT", "at+jwt")
    scopes: Collection[str] = ()
    permissions: Collection[str] = ()
    scope_claims: Sequence[str] = ("scope", "scp")
    permission_claims: Sequence[str] = ("permissions", "roles")
    public_paths: Collection[str] = ()
    optional_paths: Collection[str] = ()
    realm: str = "api"
    max_token_bytes: int = 8192
    cache_entries: int = 10_000
    cache_seconds: float = 300

    def __post_init__(self) -> None:
        for field in fields(self):
            checked = _CHECKS[field.name](field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, checked)

    @property
    def family(self) -> str:
        """The kind of key that the algorithms need; a name of `FAMILIES`."""
        return next(name for name, members in FAMILIES.items() if self.algorithms[0] in members)


def token_type(value: str) -> str:
    """Return a media type as `typ` writes it, fit to be compared (RFC 7515 §4.1.9)."""
    return value.lower().removeprefix("application/")


def check_scopes(option: str, given: Any) -> frozenset[str]:
    """Return scopes as a set. Raises ConfigurationError for what no challenge can name."""
    scopes = frozenset(_names(option, given))
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise ConfigurationError(
                f"{option} must be names without spaces, quotes and backslashes, got {scope!r}"
            )
    return scopes


def check_permissions(option: str, given: Any) -> frozenset[str]:
    """Return permissions as a set. Raises ConfigurationError for what is no name."""
    return frozenset(_names(option, given))


def _names(option: str, given: Any) -> tuple[str, ...]:
    # A text is a collection as well, of letters, which nobody means.
    if isinstance(given, Collection) and not isinstance(given, str | bytes):
        names = tuple(given)
        if all(isinstance(name, str) and name for name in names):
            return names
    raise ConfigurationError(f"{option} must be a collection of names, got {given!r}")


def _check_algorithms(option: str, given: Any) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else _names(option, given)
    for members in FAMILIES.values():
        if names and set(names) <= set(members):
            return tuple(dict.fromkeys(names))
    known = "; ".join(", ".join(members) for members in FAMILIES.values())
    raise ConfigurationError(
        f"{option} must be of one family, because a token that may choose between a public key and"
        f" a secret can be forged (RFC 8725 §2.1): {known}; got {given!r}"
    )


def _check_parties(option: str, given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = (given,) if isinstance(given, str) and given else _names(option, given)
    if not names:
        raise ConfigurationError(f"{option} must name at least one, or be None, got {given!r}")
    return tuple(dict.fromkeys(names))


def _check_types(option: str, given: Any) -> frozenset[str]:
    named = (
        [each for each in given if each != ""]
        if isinstance(given, Collection) and not isinstance(given, str)
        else given
    )
    types = frozenset(token_type(name) for name in _names(option, named))
    if not given:
        raise ConfigurationError(f"{option} must allow a type; ('',) allows tokens without one")
    return types | {""} if "" in given else types


def _check_leeway(option: str, given: Any) -> float:
    if not _is_number(given) or not 0 <= given <= MAX_LEEWAY_SECONDS:
        raise ConfigurationError(
            f"{option} must be a number of seconds, 0..{MAX_LEEWAY_SECONDS}, got {given!r}"
        )
    return float(given)


def _check_seconds(option: str, given: Any) -> float:
    if not _is_number(given) or not 0 <= given < float("inf"):
        raise ConfigurationError(f"{option} must be a number of seconds, 0 or more, got {given!r}")
    return float(given)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _check_token_bytes(option: str, given: Any) -> int:
    return _check_count(option, given, 1, _MOST_TOKEN_BYTES)


def _check_entries(option: str, given: Any) -> int:
    return _check_count(option, given, 0, 10_000_000)


def _check_count(option: str, given: Any, least: int, most: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise ConfigurationError(f"{option} must be a whole number, {least}..{most}, got {given!r}")
    return given


def _check_realm(option: str, given: Any) -> str:
    if not isinstance(given, str) or not _REALM.fullmatch(given):
        raise ConfigurationError(f"{option} must be printable ASCII, got {given!r}")
    return given


def _check_paths(option: str, given: Any) -> tuple[str, ...]:
    path_set(option, given)
    return tuple(given)


_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "algorithms": _check_algorithms,
    "issuer": _check_parties,
    "audience": _check_parties,
    "required_claims": _names,
    "leeway": _check_leeway,
    "token_types": _check_types,
    "scopes": check_scopes,
    "permissions": check_permissions,
    "scope_claims": _names,
    "permission_claims": _names,
    "public_paths": _check_paths,
    "optional_paths": _check_paths,
    "realm": _check_realm,
    "max_token_bytes": _check_token_bytes,
    "cache_entries": _check_entries,
    "cache_seconds": _check_seconds,
}
