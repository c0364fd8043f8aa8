"""Cursors: a place in an ordered list, as text for clients that only we can have written.

itsdangerous does all that is cryptography. A cursor is signed, not encrypted: its reader can see
the values that the list is ordered by, and cannot change them.
"""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from operator import methodcaller
from typing import Any, TypeAlias
from uuid import UUID

from chopin_mw.errors import ConfigurationError, CursorError, MissingExtraError

try:
    from itsdangerous import BadData, Signer
    from itsdangerous.encoding import base64_decode, base64_encode
except ImportError:
    raise MissingExtraError("itsdangerous", extra="sql", needed_for="CursorSigner") from None

MAX_CURSOR_CHARS = 4096
"""What fits into a request line everywhere; longer text is refused unread."""

MIN_SECRET_BYTES = 32
"""As many as SHA-256 has (RFC 2104 §3 discourages fewer)."""

Secret: TypeAlias = str | bytes

# 32 bytes are 43 characters, and the last has two bits to spare: only one spelling is a cursor.
_SHAPE = re.compile(r"[A-Za-z0-9_-]++\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Hold the values of a row that say where in its list it stands, and which way to go on.

    `inclusive` begins with the row itself.
    """

    values: tuple[Any, ...]
    backwards: bool = False
    inclusive: bool = False


class CursorSigner:
    """Write cursors and read them back, signed with HMAC-SHA-256.

    cursors = CursorSigner(os.environ["CURSOR_SECRET"])

    `secret` signs; cursors that one of `fallbacks` signed are good too, so that a secret can be
    replaced while clients hold cursors. Each has at least 32 bytes. A cursor is good only for the
    ordering and the purpose it was written for. The same place gives the same text everywhere and
    always, so answers that hold it stay cacheable. Safe to share between threads.
    """

    __slots__ = ("_secrets",)

    def __init__(self, secret: Secret, *, fallbacks: Sequence[Secret] = ()) -> None:
        if isinstance(fallbacks, str | bytes):
            raise ConfigurationError("fallbacks must be a list of secrets, got one secret")
        # The order of itsdangerous: the last one signs.
        self._secrets = [_checked_secret("fallbacks", old) for old in reversed(fallbacks)]
        self._secrets.append(_checked_secret("secret", secret))

    def write(self, cursor: Cursor, *, ordering: str, purpose: str = "") -> str:
        """Return the text of a cursor, of characters that a URL need not escape.

        Raises ConfigurationError for a value that a cursor cannot hold.
        """
        packed = [cursor.backwards + 2 * cursor.inclusive, *map(_packed, cursor.values)]
        try:
            document = _to_json(packed)
        except ValueError:
            # An integer of so many digits that Python does not write it.
            raise ConfigurationError(_TOO_LONG) from None
        payload = base64_encode(document.encode("utf-8", "surrogatepass"))
        text = self._signer(ordering, purpose).sign(payload).decode("ascii")
        if len(text) > MAX_CURSOR_CHARS:
            raise ConfigurationError(_TOO_LONG)
        return text

    def read(self, text: str, *, ordering: str, purpose: str = "") -> Cursor:
        """Return the cursor of a text; raise CursorError if it was not written here for this."""
        if not isinstance(text, str) or len(text) > MAX_CURSOR_CHARS or not _SHAPE.fullmatch(text):
            raise CursorError(_NOT_OURS)
        try:
            payload = self._signer(ordering, purpose).unsign(text)
            document = base64_decode(payload).decode("utf-8", "surrogatepass")
            flags, *values = json.loads(document)
            return Cursor(tuple(map(_unpacked, values)), _FLAGS[flags][0], _FLAGS[flags][1])
        except (
            BadData,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ):
            # All but the first say that another program signs with our secret.
            raise CursorError(_NOT_OURS) from None

    def _signer(self, ordering: str, purpose: str) -> Signer:
        # The length keeps apart what stands on both sides of it.
        context = f"chopin_mw.cursor 1 {len(ordering)} {ordering}{purpose}"
        return Signer(
            self._secrets,
            salt=context.encode("utf-8", "surrogatepass"),
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )


_NOT_OURS = "the cursor is not one of this list: go back to its first page"
_TOO_LONG = (
    f"what the list is ordered by does not fit into a cursor of {MAX_CURSOR_CHARS} characters: "
    "order by something shorter"
)
_FLAGS = ((False, False), (True, False), (False, True), (True, True))


def _checked_secret(option: str, secret: Secret) -> bytes:
    if not isinstance(secret, str | bytes):
        # Its value is not shown: it may be a secret in the wrong wrapping.
        raise ConfigurationError(f"{option} must be str or bytes, got a {type(secret).__name__}")
    raw = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    if len(raw) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"{option} must have at least {MIN_SECRET_BYTES} bytes, got {len(raw)}: make one with "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return raw


_to_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class _Kind:
    """Say how a type that JSON lacks is written, exactly."""

    type: type
    tag: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _timedelta_parts(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _timedelta_of(parts: list[int]) -> timedelta:
    days, seconds, microseconds = parts
    return timedelta(days, seconds, microseconds)


_isoformat = methodcaller("isoformat")

# A datetime is a date too, so it stands before it.
_KINDS = (
    _Kind(datetime, "datetime", _isoformat, datetime.fromisoformat),
    _Kind(date, "date", _isoformat, date.fromisoformat),
    _Kind(time, "time", _isoformat, time.fromisoformat),
    _Kind(timedelta, "timedelta", _timedelta_parts, _timedelta_of),
    _Kind(Decimal, "decimal", str, Decimal),
    _Kind(UUID, "uuid", str, UUID),
    _Kind(bytes, "bytes", lambda value: b64encode(value).decode("ascii"), b64decode),
)
_READ = {kind.tag: kind.read for kind in _KINDS}


def _packed(value: Any) -> Any:
    if isinstance(value, Enum):
        return _packed(value.value)
    if value is None or isinstance(value, str | int | float):
        # Python's own JSON keeps integers of any size, and every float, infinite ones included.
        return value
    for kind in _KINDS:
        if isinstance(value, kind.type):
            return [kind.tag, kind.write(value)]
    raise ConfigurationError(
        f"a cursor cannot hold a {type(value).__qualname__}: order by a column of a simple type"
    )


def _unpacked(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    tag, written = value
    return _READ[tag](written)
