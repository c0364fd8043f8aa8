"""Encode in one pass what `jsonable_encoder` and the standard library would have encoded in two.

The wire stays FastAPI's: Decimal as a number, timedelta as seconds, `+00:00`. The one difference is
NaN, which was an error 500 and is null, as on annotated routes.
"""

import dataclasses
from collections import deque
from functools import lru_cache
from pathlib import PurePath
from types import GeneratorType
from typing import Any

from fastapi.encoders import ENCODERS_BY_TYPE, jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from chopin_mw.json.builtin_types import ToBuiltin, fields_rule, is_orm_class, registered_rule
from chopin_mw.json.codec import Codec, get_codec, without_secrets
from chopin_mw.json.fast import Dumps, encode_models, fast_encoder

_REFUSALS = (TypeError, ValueError, RecursionError)


class DirectField:
    """Stand where FastAPI expects a response field: accept anything, serialise it to bytes."""

    __slots__ = ("_encode",)

    def __init__(self) -> None:
        self._encode = _encoder()

    def validate(self, value: Any, *_: Any, **__: Any) -> tuple[Any, None]:
        """Return the value unchanged and no errors."""
        return value, None

    def serialize_json(self, value: Any, **_: Any) -> bytes:
        """Return the body; what the fast encoder refuses goes FastAPI's own way."""
        try:
            body = self._encode(value)
        except _REFUSALS:
            return without_secrets(fastapi_body(value))
        # jsonable_encoder drops members whose names begin so, to hide SQLAlchemy's state.
        return without_secrets(fastapi_body(value) if b'"_sa' in body else body)

    def serialize(self, value: Any, **_: Any) -> Any:
        """Return JSON types: what releases before 0.130 ask for."""
        return jsonable_encoder(value)


def fastapi_body(value: Any) -> bytes:
    """Return the body that FastAPI makes of this value on an un-annotated route."""
    return bytes(JSONResponse(jsonable_encoder(value)).body)


def _encoder() -> Dumps:
    """Return the encoder for the codec in use; a codec of the user's own is used as it is."""
    codec = get_codec()
    if not isinstance(codec, Codec):
        return codec.dumps
    encode = fast_encoder(codec.encoder, to_builtin, utc="+00:00")

    def dumps(value: Any) -> bytes:
        if type(value) is list and value and _is_plain_model(value[0]):
            return encode_models(value) or encode(value)
        return encode(value)

    def dumps_without_nan(value: Any) -> bytes:
        body = dumps(value)
        if b"null" in body:
            raise ValueError("may hold NaN, which FastAPI refuses")
        return body

    return dumps if codec.nan == "null" else dumps_without_nan


def to_builtin(value: object) -> Any:
    """Do one level of `jsonable_encoder`; refuse what can be read only once, or is taken apart."""
    kind: type = type(value)
    return (registered_rule(kind) or _rule_for(kind))(value)


def _is_plain_model(value: object) -> bool:
    # jsonable_encoder calls model_dump, which a model may have changed.
    return isinstance(value, BaseModel) and type(value).model_dump is BaseModel.model_dump


_LEAVES: tuple[Any, ...] = (
    PurePath,
    *(set(ENCODERS_BY_TYPE) - {set, frozenset, deque, GeneratorType}),
)


@lru_cache(maxsize=1024)
def _rule_for(kind: type) -> ToBuiltin:
    # The order is jsonable_encoder's.
    if issubclass(kind, BaseModel):
        return _dump_model
    if dataclasses.is_dataclass(kind) and not is_orm_class(kind):
        return fields_rule(kind)
    if issubclass(kind, float):
        return float
    if issubclass(kind, set | frozenset | deque | tuple):
        return list
    return jsonable_encoder if issubclass(kind, _LEAVES) else _refuse


def _dump_model(model: BaseModel) -> Any:
    return model.model_dump(mode="json", by_alias=True)


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__qualname__} is for jsonable_encoder")
