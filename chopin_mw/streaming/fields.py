"""The header of a stream."""

import re
from collections.abc import Mapping

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.headers import TOKEN, has

_FIELD_NAME = re.compile(TOKEN)
# Connection is the server's, and forbidden in HTTP/2; a stream has no length.
_REFUSED = frozenset({b"connection", b"content-length", b"transfer-encoding"})


def stream_fields(media_type: bytes, given: Mapping[str, str] | None) -> Headers:
    """Return the fields of the app and, where it has none of its own, those of a stream.

    They are for no cache, and no proxy is to hold them back. Raises ConfigurationError.
    """
    if given is not None and not isinstance(given, Mapping):
        raise ConfigurationError(f"headers must map str to str, got {given!r}")
    fields = [_field(name, value) for name, value in (given or {}).items()]
    defaults = (
        (b"content-type", media_type),
        (b"cache-control", b"no-store"),
        # What nginx and those after its model read.
        (b"x-accel-buffering", b"no"),
    )
    return [*fields, *(default for default in defaults if not has(fields, default[0]))]


def _field(name: str, value: str) -> tuple[bytes, bytes]:
    try:
        field = (name.lower().encode("ascii"), value.encode("latin-1"))
    except (AttributeError, UnicodeEncodeError) as error:
        raise ConfigurationError(f"headers must map str to str, got {name!r}: {value!r}") from error
    if not _FIELD_NAME.fullmatch(field[0]) or field[0] in _REFUSED:
        raise ConfigurationError(f"headers must not hold the field {name!r} in a stream")
    if any(mark in value for mark in "\r\n\0"):
        raise ConfigurationError(f"headers must hold values of one line, got {name!r}: {value!r}")
    return field
