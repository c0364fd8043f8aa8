"""What the cache knows of one request to GET or HEAD."""

from chopin_mw.asgi.types import Headers, Scope
from chopin_mw.rules.cache_control import RequestDirectives
from chopin_mw.rules.cache_key import cache_key
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.headers import select
from chopin_mw.rules.reuse import request_directives
from chopin_mw.rules.sharing import API_KEY_FIELDS
from chopin_mw.rules.stored_response import CacheKey, StoredResponse

REQUEST_FIELDS = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"content-length",
        b"cookie",
        b"host",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"pragma",
        b"range",
        b"transfer-encoding",
        *API_KEY_FIELDS,
    }
)
_BODY = (b"content-length", b"transfer-encoding")


class CacheRequest:
    """Gather what is known of a request, as far as it was looked up.

    `key` is that of the URL, `entry_key` that of the variant for this request. `stored` is what
    was found there; `marked` means that others need not wait for its response, `identified` that
    the variant depends on who asks.
    """

    __slots__ = ("bypass", "directives", "entry_key", "fields", "headers", "host", "identified",
                 "identities", "in_background", "key", "marked", "method", "policy", "scope",
                 "stored")  # fmt: skip

    def __init__(
        self,
        scope: Scope,
        fields: dict[bytes, bytes],
        host: bytes,
        key: CacheKey,
        policy: CachePolicy,
    ) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.headers: Headers = scope["headers"]
        if fields and not policy.proxied and not API_KEY_FIELDS.isdisjoint(fields):
            # To a standard cache only Authorization names the user.
            fields.setdefault(b"authorization", b"")
        self.fields = fields
        self.host = host
        self.key = self.entry_key = key
        self.policy = policy
        self.stored: StoredResponse | None = None
        # What functions of vary_by, by their id, said before the app ran: a handler that logs
        # its user out must not leave the answer to somebody else.
        self.identities: dict[int, bytes | None] = {}
        self.marked = self.identified = self.in_background = False
        self.directives: RequestDirectives | None = (
            request_directives(fields) if policy.honour_request_directives else None
        )
        self.bypass = _reason_to_bypass(fields)


def request_of(scope: Scope, policy: CachePolicy) -> CacheRequest:
    """Return what a scope says of its request."""
    fields = select(scope["headers"], REQUEST_FIELDS)
    host = fields.pop(b"host", b"")
    return CacheRequest(scope, fields, host, cache_key(scope, host, policy.namespace), policy)


def _reason_to_bypass(fields: dict[bytes, bytes]) -> str | None:
    """Say why the cache must not answer this request, whatever it holds."""
    if not fields:
        return None
    if b"if-match" in fields or b"if-unmodified-since" in fields:
        # Only the origin can evaluate these (RFC 9111 §4.3.2).
        return "precondition"
    if any(fields.get(name, b"0") != b"0" for name in _BODY):
        return "body"
    return None


def may_be_answered(stored: StoredResponse, fields: dict[bytes, bytes]) -> bool:
    """Say whether a request that names its user may have this response (see `CachePolicy`)."""
    if b"cookie" in fields and not stored.for_cookies:
        return False
    return b"authorization" not in fields or stored.for_authorization
