"""Write any encodable value as JSON text in plain Python.

This is the reference for the other encoders, the way out where they give up (integers beyond 64
bits, odd keys) and the source of every error message. It is several times slower than they are.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from enum import Enum
from json.encoder import encode_basestring as quote
from math import isfinite
from typing import Any
from uuid import UUID

from chopin_mw.json.builtin_types import ToBuiltin, to_builtin

MAX_DEPTH = 254
"""Levels of arrays and objects that can be written: what orjson has room for."""


def encode_text(value: Any, hook: ToBuiltin = to_builtin, *, refuse_nan: bool = False) -> bytes:
    """Return `value` as JSON; raise TypeError for a type and ValueError for a value it cannot."""
    parts: list[str] = []
    try:
        _Writer(parts.append, hook, refuse_nan=refuse_nan).write(value, MAX_DEPTH)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError:
        raise ValueError("a str with a lone surrogate is not Unicode text") from None


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels, or containing itself"


def number_text(value: float) -> str:
    """Return a finite float as orjson has it: 0.00001 and 1e-7 for Python's 1e-05 and 1e-07."""
    mantissa, _, exponent = repr(value).partition("e-0")
    if not exponent:
        return mantissa
    if exponent != "5":
        return f"{mantissa}e-{exponent}"
    sign = "-" if value < 0 else ""
    return f"{sign}0.0000{mantissa.lstrip('-').replace('.', '')}"


def _below(depth: int) -> int:
    if not depth:
        raise ValueError(_TOO_DEEP)
    return depth - 1


class _Writer:
    __slots__ = ("_append", "_hook", "_refuse_nan")

    def __init__(self, append: Callable[[str], None], hook: ToBuiltin, *, refuse_nan: bool) -> None:
        self._append = append
        self._hook = hook
        self._refuse_nan = refuse_nan

    def write(self, value: Any, depth: int) -> None:
        scalar = self._scalar(value)
        if scalar is not None:
            self._append(scalar)
        elif isinstance(value, dict):
            self._object(value, _below(depth))
        elif type(value) is tuple or isinstance(value, list):
            self._array(value, _below(depth))
        else:
            self.write(self._hook(value), depth)

    def _array(self, values: Any, depth: int) -> None:
        separator = "["
        for value in values:
            self._append(separator)
            self.write(value, depth)
            separator = ","
        self._append("[]" if separator == "[" else "]")

    def _object(self, members: dict[Any, Any], depth: int) -> None:
        separator = "{"
        for key, value in members.items():
            self._append(f"{separator}{quote(self._key(key))}:")
            self.write(value, depth)
            separator = ","
        self._append("{}" if separator == "{" else "}")

    def _scalar(self, value: Any) -> str | None:
        if isinstance(value, Enum):
            return None
        if isinstance(value, str):
            return quote(str.__str__(value))
        if value is None or value is True or value is False:
            return _CONSTANTS[value]
        if isinstance(value, int):
            return int.__repr__(value)
        if isinstance(value, float):
            return self._float(float(value))
        return None

    def _float(self, value: float) -> str:
        if isfinite(value):
            return number_text(value)
        if self._refuse_nan:
            raise ValueError(f"{value!r} has no JSON form, and the codec is set to nan='error'")
        return "null"

    def _key(self, key: Any) -> str:
        if isinstance(key, Enum):
            return self._key(key.value)
        if isinstance(key, str):
            return str.__str__(key)
        if key is None or key is True or key is False:
            return _CONSTANTS[key]
        if isinstance(key, int):
            return int.__repr__(key)
        if isinstance(key, float):
            return number_text(float(key)) if isfinite(key) else "null"
        if isinstance(key, datetime | date | time | UUID):
            return str(self._hook(key))
        raise TypeError(f"{type(key).__qualname__} cannot be the key of a JSON object")


_CONSTANTS = {None: "null", True: "true", False: "false"}
