"""Turn a Python value that JSON has no type for into one that it has.

One rule per type, chosen once per class and remembered. The rules are those of pydantic where it
has one, so that a document reads the same whether its parts are models or plain values.
"""

import dataclasses
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from importlib import import_module
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from math import nan
from operator import attrgetter
from pathlib import PurePath
from typing import Any, NoReturn, TypeAlias, TypeVar
from uuid import UUID

from chopin_mw.errors import ConfigurationError
from chopin_mw.json.dates import duration_text, time_text, timestamp_text

T = TypeVar("T")
ToBuiltin: TypeAlias = Callable[[Any], Any]

# The fast encoders write these, and for the first six their subclasses too, without asking us.
_NATIVE_WITH_SUBCLASSES = (str, int, dict, list, Enum, type(None))
_NATIVE = (float, tuple, datetime, date, time, UUID)

_ADDRESSES = (IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network)

_registered: dict[type, ToBuiltin] = {}


def register_encoder(kind: type[T], encode: Callable[[T], Any]) -> None:
    """Encode instances of `kind`, and of its subclasses, as what `encode` returns for them.

    The result may be anything that can be encoded. `encode` may run twice for one value, so it must
    not use it up. Raises ConfigurationError for types that JSON or the encoders have a form for.
    """
    if not isinstance(kind, type):
        raise ConfigurationError(f"register_encoder takes a class, got {kind!r}")
    if issubclass(kind, _NATIVE_WITH_SUBCLASSES) or kind in _NATIVE:
        raise ConfigurationError(
            f"{kind.__qualname__} is encoded natively and cannot be given another form: "
            "convert the values before you return them"
        )
    _registered[kind] = encode
    rule_for.cache_clear()


def to_builtin(value: object) -> Any:
    """Return `value` as JSON types, one level deep; raise TypeError for what is refused."""
    kind: type = type(value)
    return rule_for(kind)(value)


def to_builtin_with_number_decimals(value: object) -> Any:
    """Do as `to_builtin`, with a Decimal as a JSON number: exact if integral, else a float."""
    if isinstance(value, Decimal) and Decimal not in _registered:
        return _decimal_number(value)
    return to_builtin(value)


def registered_rule(kind: type) -> ToBuiltin | None:
    """Return what `register_encoder` was given for this class or its nearest base."""
    if not _registered:
        return None
    return next((_registered[base] for base in kind.__mro__ if base in _registered), None)


def is_orm_class(kind: type) -> bool:
    """Tell whether SQLAlchemy maps this class: a row's attributes are not a public document."""
    return hasattr(kind, "__mapper__")


def fields_rule(kind: type) -> ToBuiltin:
    """Return the function that reads the fields of this dataclass, private ones included.

    The fast encoders' own dataclass support drops `_private` fields and adds cached properties.
    """
    return _attributes_rule(tuple(field.name for field in dataclasses.fields(kind)))


@lru_cache(maxsize=1024)
def rule_for(kind: type) -> ToBuiltin:
    """Choose the rule for a class, the most telling mark first."""
    rule = registered_rule(kind)
    if rule is not None:
        return rule
    if is_orm_class(kind):
        return _refuse("is an ORM instance: choose what to send, as a dict, dataclass or model")
    if hasattr(kind, "__pydantic_serializer__"):
        return dump_model
    if hasattr(kind, "__struct_fields__"):
        return _dump_struct
    if hasattr(kind, "__attrs_attrs__"):
        return _attributes_rule(tuple(field.name for field in kind.__attrs_attrs__))
    if dataclasses.is_dataclass(kind):
        return fields_rule(kind)
    return next((rule for base, rule in _RULES if issubclass(kind, base)), _refuse_unknown)


def _attributes_rule(names: tuple[str, ...]) -> ToBuiltin:
    if len(names) < 2:  # noqa: PLR2004 - attrgetter gives a tuple from two names on
        return lambda value: {name: getattr(value, name) for name in names}
    read = attrgetter(*names)
    return lambda value: dict(zip(names, read(value), strict=True))


def dump_model(model: Any) -> Any:
    """Return what a pydantic model's own serialiser makes of it."""
    # The names on the wire are the aliases, as FastAPI has them.
    return type(model).__pydantic_serializer__.to_python(model, mode="json", by_alias=True)


def _dump_struct(struct: Any) -> Any:
    # An instance of a msgspec class proves that msgspec is there; it stays optional for others.
    return import_module("msgspec").to_builtins(struct, enc_hook=to_builtin)


def _sorted_if_possible(values: Any) -> list[Any]:
    # The order of a set of str differs from process to process, and with it every ETag.
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _decimal_text(value: Decimal) -> str | float:
    return str(value) if value.is_finite() else nan


def _decimal_number(value: Decimal) -> int | float:
    if not value.is_finite():
        return nan
    return int(value) if value.as_tuple().exponent >= 0 else float(value)  # type: ignore[operator] # an int when finite


def _refuse(why: str) -> Callable[[Any], NoReturn]:
    def refuse(value: Any) -> NoReturn:
        raise TypeError(f"{type(value).__qualname__} {why}")

    return refuse


_refuse_unknown = _refuse("has no JSON form: convert it, or use register_encoder")

_RULES: tuple[tuple[type | tuple[type, ...], ToBuiltin], ...] = (
    (Enum, attrgetter("value")),
    (datetime, timestamp_text),
    (date, date.isoformat),
    (time, time_text),
    (timedelta, duration_text),
    (Decimal, _decimal_text),
    ((UUID, PurePath, *_ADDRESSES), str),
    (float, float),
    (str, str.__str__),
    (int, int),
    ((tuple, list, deque), list),
    ((set, frozenset), _sorted_if_possible),
    (Mapping, dict),
    ((bytes, bytearray, memoryview), _refuse("has no one JSON form: decode it, or use base64")),
    ((Iterator, AsyncIterator), _refuse("can be read only once: make a list of it first")),
)
