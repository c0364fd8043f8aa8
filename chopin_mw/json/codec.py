"""One JSON codec for the whole package: orjson writes, msgspec reads, the stdlib backs both.

    from chopin_mw.json import dumps, loads

    dumps({"big": 2**70})          # b'{"big":1180591620717411303424}'

All of them write the same bytes and raise the same errors; docs/json.md has the table of rules.
orjson and msgspec are imported when the first codec is made. On a free-threaded build msgspec takes
orjson's place, because importing orjson there turns the global lock back on.
"""

import sysconfig
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, Protocol, TypeAlias, get_args

from chopin_mw.errors import ConfigurationError, MissingExtraError
from chopin_mw.json.builtin_types import (
    ToBuiltin,
    to_builtin,
    to_builtin_with_number_decimals,
)
from chopin_mw.json.decode import Loads, loads_with_msgspec, loads_with_orjson, loads_with_stdlib
from chopin_mw.json.fast import Dumps, encode_models, fast_encoder
from chopin_mw.json.secret_fields import SECRET_FIELDS, Without, keep_secret
from chopin_mw.json.text import encode_text

Library: TypeAlias = Literal["auto", "orjson", "msgspec", "stdlib"]


class JSONCodec(Protocol):
    """What the rest of the package needs: implement it to bring a codec of your own."""

    def dumps(self, value: Any, /) -> bytes:
        """Return `value` as UTF-8 JSON; raise TypeError or ValueError if it cannot be written."""
        ...

    def loads(self, document: str | bytes, /) -> Any:
        """Return the value of a JSON document; raise ValueError if it is not one."""
        ...


@dataclass(frozen=True, slots=True)
class Codec:
    """Hold the two halves that `json_codec` chose, and say which libraries they are.

    `without_secrets` takes the secret fields out of what another encoder wrote.
    """

    encoder: str
    decoder: str
    nan: str
    dumps: Dumps
    loads: Loads
    without_secrets: Without


def json_codec(
    encoder: Library = "auto",
    decoder: Library = "auto",
    *,
    nan: Literal["null", "error"] = "null",
    decimals: Literal["text", "number"] = "text",
    secret_fields: Collection[str] = SECRET_FIELDS,
) -> Codec:
    """Make a codec: which libraries do the work, what becomes of NaN and of Decimal.

    `decimals="number"` keeps integral values exact and rounds the others to a float.
    `secret_fields` are names of members that are left out of every document; () leaves in all.
    Raises MissingExtraError when a library is named and not installed.
    """
    _check("nan", nan, ("null", "error"))
    _check("decimals", decimals, ("text", "number"))
    writer = _choose("encoder", encoder, _encoders_by_preference())
    reader = _choose("decoder", decoder, _decoders_by_preference())
    hook = to_builtin if decimals == "text" else to_builtin_with_number_decimals
    dumps = _dumps(writer, hook)
    chosen = dumps if nan == "null" else _without_nan(dumps, hook)
    writing, without_secrets = keep_secret(secret_fields, chosen, dumps)
    return Codec(writer, reader, nan, writing, _LOADS[reader](), without_secrets)


def get_codec() -> JSONCodec:
    """Return the codec in use; the first call makes it."""
    if _active.codec is None:
        _active.codec = json_codec()
    return _active.codec


def set_codec(codec: JSONCodec | None) -> None:
    """Use this codec from now on, in the whole process; None goes back to the standard choice."""
    _active.codec = codec


def dumps(value: Any) -> bytes:
    """Return `value` as UTF-8 JSON, written by the codec in use."""
    return (_active.codec or get_codec()).dumps(value)


def without_secrets(body: bytes) -> bytes:
    """Return JSON that another encoder wrote without the secret fields of the codec in use."""
    codec = get_codec()
    return codec.without_secrets(body) if isinstance(codec, Codec) else body


def loads(document: str | bytes) -> Any:
    """Return the value of a JSON document; raise json.JSONDecodeError if it is not one."""
    return (_active.codec or get_codec()).loads(document)


class _Active:
    __slots__ = ("codec",)

    def __init__(self) -> None:
        self.codec: JSONCodec | None = None


_active = _Active()


def _check(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"{option} must be one of {', '.join(allowed)}, got {value!r}")


def _choose(option: str, library: str, preference: tuple[str, ...]) -> str:
    _check(option, library, get_args(Library))
    if library == "auto":
        return next(name for name in preference if name == "stdlib" or find_spec(name))
    if library != "stdlib" and not find_spec(library):
        raise MissingExtraError(library, needed_for=f"json_codec({option}={library!r})")
    return library


def _is_free_threaded() -> bool:
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def _encoders_by_preference() -> tuple[str, ...]:
    return ("msgspec", "stdlib") if _is_free_threaded() else ("orjson", "msgspec", "stdlib")


def _decoders_by_preference() -> tuple[str, ...]:
    return ("msgspec", "stdlib") if _is_free_threaded() else ("msgspec", "orjson", "stdlib")


_LOADS: dict[str, Callable[[], Loads]] = {
    "msgspec": loads_with_msgspec,
    "orjson": loads_with_orjson,
    "stdlib": lambda: loads_with_stdlib,
}


def _dumps(library: str, hook: ToBuiltin) -> Dumps:
    encode = fast_encoder(library, hook)

    def dumps(value: Any) -> bytes:
        try:
            if type(value) is list and value and hasattr(value[0], "__pydantic_serializer__"):
                return encode_models(value) or encode(value)
            return encode(value)
        except (TypeError, ValueError, RecursionError):
            return encode_text(value, hook)

    return dumps


def _without_nan(dumps: Dumps, hook: ToBuiltin) -> Dumps:
    def dumps_without_nan(value: Any) -> bytes:
        body = dumps(value)
        # The fast encoders write NaN as null; the reference tells the two apart.
        return encode_text(value, hook, refuse_nan=True) if b"null" in body else body

    return dumps_without_nan
