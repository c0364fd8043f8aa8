"""Bearer tokens on the wire: find the one of a request, and answer without one (RFC 6750)."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable

from chopin_mw.rules.headers import Fields
from chopin_mw.rules.token import TokenRefusal

_SCHEME = b"Bearer "
_LOWER_SCHEME = b"bearer "
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# By the length of a part modulo 4: what its last character may be, so that no bits are left over.
_LAST_CHARACTERS = (_ALPHABET, b"", b"AQgw", b"AEIMQUYcgkosw048")
_TO_ESCAPE = re.compile(r'(["\\])')


def bearer_token(headers: Fields, max_bytes: int) -> bytes | TokenRefusal:
    """Return the token of a request, found in one scan of the raw fields of its scope.

    Another scheme counts as none, in any spelling; of two fields nobody knows which one others
    will read. What the token looks like is for `compact_refusal` to say: one that was verified
    before needs no second look.
    """
    found = None
    for name, value in headers:
        if name == b"authorization":
            if found is not None:
                return TokenRefusal.AMBIGUOUS
            found = value
    if found is None:
        return TokenRefusal.MISSING
    # Nearly all clients write it like this, and lower() would make an object.
    if found[:7] != _SCHEME and found[:7].lower() != _LOWER_SCHEME:
        return _without_token(found)
    token = found[7:].lstrip(b" ")
    return token if len(token) <= max_bytes else TokenRefusal.TOO_LARGE


def _without_token(value: bytes) -> TokenRefusal:
    is_bare = value[:8].strip(b" \t").lower() == b"bearer"
    return TokenRefusal.MALFORMED if is_bare else TokenRefusal.MISSING


def compact_refusal(token: bytes, max_bytes: int) -> TokenRefusal | None:
    """Say why this is no signed token in compact form, or None if it is (RFC 7515 §7.1).

    Three parts, none empty, in canonical base64url: a second spelling of the same token would be
    a second token to all that tell tokens apart by their text.
    """
    if len(token) > max_bytes:
        return TokenRefusal.TOO_LARGE
    strange = token.translate(None, _ALPHABET)
    if strange != b"..":
        return TokenRefusal.AMBIGUOUS if b"," in strange else TokenRefusal.MALFORMED
    if all(part and part[-1] in _LAST_CHARACTERS[len(part) % 4] for part in token.split(b".")):
        return None
    return TokenRefusal.MALFORMED


def decoded_part(part: bytes) -> bytes:
    """Decode a part whose shape was checked."""
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def challenge(realm: str, *, error: str | None = None, scopes: Iterable[str] = ()) -> bytes:
    """Return a WWW-Authenticate value (RFC 6750 §3).

    Without an error where no token was sent, `invalid_token` for one that is not let in, and
    `insufficient_scope` with the scopes that it takes.
    """
    parameters = [f"realm={_quoted(realm)}"]
    if error is not None:
        parameters.append(f"error={_quoted(error)}")
    wanted = " ".join(sorted(scopes))
    if wanted:
        parameters.append(f"scope={_quoted(wanted)}")
    return f"Bearer {', '.join(parameters)}".encode("ascii")


def _quoted(text: str) -> str:
    escaped = _TO_ESCAPE.sub(r"\\\1", text)
    return f'"{escaped}"'
