"""What a bearer token must be to be let in (RFC 7519, RFC 8725, RFC 6750)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

FAMILIES: dict[str, tuple[str, ...]] = {
    "HMAC": ("HS256", "HS384", "HS512"),
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""The algorithms by the kind of key they need; `none` is not among them."""

MAX_LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """Say which tokens are let in, and where none is needed.

    `algorithms` are of one family (RFC 8725 §3.1); `issuer` and `audience` what `iss` and `aud`
    must be, one or one of several; `required_claims` must be present. `leeway` is in seconds, at
    most 60. `token_types` are values of the header's `typ`, compared without case and without
    `application/`; a token without one passes if "" is among them. `scopes` and `permissions` are
    demanded of every token. Claims named in `scope_claims` and `permission_claims` grant them, as
    a text with spaces or a list. Paths are exact, or end in `/*` for all below; a path with empty
    or dot segments is never public. On `public_paths` no token is looked at, on `optional_paths`
    none is needed, but one that is sent must be good. Tokens over `max_token_bytes` are refused
    unread. A verified token is remembered for `cache_seconds`, never past its `exp`, and at most
    `cache_entries` of them; 0 remembers none.
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
