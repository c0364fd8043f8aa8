"""Encode with the fast libraries, and give up where they would write something else than we do.

Giving up is an exception: what to do then is the caller's business.
"""

import json
from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from typing import Any, Literal, TypeAlias

from chopin_mw.json.builtin_types import ToBuiltin, is_orm_class, registered_rule
from chopin_mw.json.decode import DIGITS_TO_ZEROS
from chopin_mw.json.text import MAX_DEPTH

Dumps: TypeAlias = Callable[[Any], bytes]


def fast_encoder(library: str, hook: ToBuiltin, *, utc: Literal["Z", "+00:00"] = "Z") -> Dumps:
    """Return an encoder that raises TypeError, ValueError or RecursionError to give up.

    Only orjson calls the hook; the others take nothing but JSON's own types.
    """
    if library == "orjson":
        return _orjson_encoder(hook, utc)
    return _msgspec_encoder() if library == "msgspec" else _stdlib_encoder()


def encode_models(models: list[Any]) -> bytes | None:
    """Encode a list of instances of one pydantic class in one go; None if it is not such a list."""
    kind: type = type(models[0])
    encode = _models_encoder(kind)
    if encode is None or set(map(type, models)) != {kind}:
        return None
    return encode(models)


@lru_cache(maxsize=256)
def _models_encoder(kind: type) -> Dumps | None:
    config = getattr(kind, "model_config", None) or {}
    if is_orm_class(kind) or registered_rule(kind) or config.get("ser_json_inf_nan") == "constants":
        return None
    # An instance of a pydantic class proves that pydantic is there; it stays optional for others.
    adapter = import_module("pydantic").TypeAdapter(list[kind])  # type: ignore[valid-type] # made at run time
    return partial(adapter.dump_json, by_alias=True)


def _orjson_encoder(hook: ToBuiltin, utc: str) -> Dumps:
    orjson = import_module("orjson")
    encode: Callable[..., bytes] = orjson.dumps
    failure = orjson.JSONEncodeError
    # Its own way with dataclasses drops private fields and adds cached properties.
    options = orjson.OPT_PASSTHROUGH_DATACLASS | (orjson.OPT_UTC_Z if utc == "Z" else 0)
    options_for_odd_keys = options | orjson.OPT_NON_STR_KEYS

    def dumps(value: Any) -> bytes:
        try:
            return encode(value, hook, options)
        except failure as error:
            # What the hook refuses it refuses again; odd keys are the one case worth a retry.
            if error.__cause__ is not None or "key" not in str(error):
                raise
            return encode(value, hook, options_for_odd_keys)

    return dumps


def _msgspec_encoder() -> Dumps:
    encode: Dumps = import_module("msgspec").json.Encoder().encode

    def dumps(value: Any) -> bytes:
        # msgspec has its own ideas of bytes, Decimal and dataclasses and cannot be told others.
        _require_plain(value, MAX_DEPTH)
        body = encode(value)
        # It writes 1e16 where orjson and Python have 1e+16.
        if b"0e0" in body.translate(DIGITS_TO_ZEROS):
            raise ValueError(_ODD_FLOAT)
        return body

    return dumps


def _stdlib_encoder() -> Dumps:
    encode = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
    ).encode

    def dumps(value: Any) -> bytes:
        _require_plain(value, MAX_DEPTH)
        text = encode(value)
        if "e-0" in text:
            raise ValueError(_ODD_FLOAT)
        return text.encode()

    return dumps


_ODD_FLOAT = "may hold a float that the reference spells otherwise"
_SCALARS = frozenset({str, int, float, bool, type(None)})
_STR_ALONE = {str}


def _require_plain(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is dict:
        if value and set(map(type, value)) != _STR_ALONE:
            raise TypeError("has keys other than str")
        value = value.values()
    elif kind is not list and kind is not tuple:
        if kind in _SCALARS:
            return
        raise TypeError("is not made of JSON's own types alone")
    if not depth:
        raise RecursionError
    # One look at the types of all members costs a fifth of asking each of them.
    if not _SCALARS.issuperset(map(type, value)):
        for member in value:
            if type(member) not in _SCALARS:
                _require_plain(member, depth - 1)
