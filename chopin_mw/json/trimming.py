"""Leave out of a value, before it is encoded, what a client did not ask for or may not have."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from chopin_mw.json.builtin_types import dump_model, rule_for
from chopin_mw.rules.fieldset import FieldMask

_SCALARS = frozenset({str, int, float, bool, type(None)})
_PACKAGE = __name__.partition(".")[0]
_PAGES = frozenset({"Page", "CursorPage"})


def trim(value: Any, mask: FieldMask | None) -> Any:
    """Return the value with the members of the mask alone, ready to be encoded.

    Members have the names that they have on the wire: aliases of models, renamed fields. Lists are
    looked through, and so are the items of a Page, whose own members stay. Raises TypeError for
    what the codec refuses, ValueError for a value that contains itself.
    """
    try:
        return _trim(value, mask)
    except RecursionError:
        raise ValueError("nested too deep to be trimmed, or containing itself") from None


def _trim(value: Any, mask: FieldMask | None) -> Any:
    if mask is None:
        return value
    kind = type(value)
    if kind is dict:
        return _members(value, mask)
    if kind is list:
        return _items(value, mask)
    if kind in _SCALARS:
        return value
    return _trim_object(kind, value, mask)


def _members(value: Mapping[str, Any], mask: FieldMask) -> dict[str, Any]:
    if mask.names is not None:
        return {name: value[name] for name in mask.names if name in value}
    return {
        name: value[name] if inner is None else _trim(value[name], inner)
        for name, inner in mask.members
        if name in value
    }


def _items(values: list[Any], mask: FieldMask) -> list[Any]:
    if values and hasattr(values[0], "__pydantic_serializer__"):
        kind: type = type(values[0])
        if rule_for(kind) is dump_model and set(map(type, values)) == {kind}:
            return _models(kind, values, mask)
    return [_members(item, mask) if type(item) is dict else _trim(item, mask) for item in values]


def _models(kind: type, models: list[Any], mask: FieldMask) -> list[Any]:
    """Trim models of one class; all of them in one go cost a third of one after another."""
    names, is_exact = _model_fields(kind, mask)
    include = None if names is None else {"__all__": names}
    built: list[Any] = _adapter(kind).dump_python(
        models, mode="json", by_alias=True, include=include
    )
    return built if is_exact else [_trim(item, mask) for item in built]


def _trim_object(kind: type, value: Any, mask: FieldMask) -> Any:
    rule = rule_for(kind)
    # A rule of the app's own may be `dict` for what is none.
    if rule is dict and isinstance(value, Mapping):
        if "items" in value and _is_page(kind):
            return {**value, "items": _trim(value["items"], mask)}
        return _members(value, mask)
    if rule is list:
        return _items(list(value), mask)
    if rule is dump_model:
        return _models(kind, [value], mask)[0]
    built = rule(value)
    # What has no members, such as a date, is encoded as ever.
    return _trim(built, mask) if isinstance(built, dict | list) else value


@lru_cache(maxsize=256)
def _adapter(kind: type) -> Any:
    # An instance of a pydantic class proves that pydantic is there; it stays optional for others.
    return import_module("pydantic").TypeAdapter(list[kind])  # type: ignore[valid-type] # made at run time


@lru_cache(maxsize=1024)
def _model_fields(kind: type, mask: FieldMask) -> tuple[set[str] | None, bool]:
    """Return what a pydantic class calls the members of a mask, and whether that is all to do.

    What is left out is not even computed. The class's own exclusions stay in force. None is for a
    class that has a root alone.
    """
    if getattr(kind, "__pydantic_root_model__", False):
        return None, False
    decorators = kind.__pydantic_decorators__  # type: ignore[attr-defined] # of every such class
    fields = kind.__pydantic_fields__.items()  # type: ignore[attr-defined]
    known = {name: field.serialization_alias or name for name, field in fields}
    computed = decorators.computed_fields.items()
    known |= {name: field.info.alias or name for name, field in computed}
    wanted = {name for name, _ in mask.members}
    # What is not declared is an extra member, which has one name.
    extra = wanted - set(known.values())
    names = extra | {name for name, alias in known.items() if alias in wanted}
    # A serialiser of the class's own knows nothing of what was asked for.
    has_own = decorators.model_serializers or any(
        "__get_pydantic_core_schema__" in vars(base)
        for base in kind.__mro__
        if base.__module__.partition(".")[0] != "pydantic"
    )
    return names, mask.names is not None and not (extra or has_own)


@lru_cache(maxsize=1024)
def _is_page(kind: type) -> bool:
    # The classes of pages live on higher floors, by these names.
    return any(
        base.__module__.partition(".")[0] == _PACKAGE and base.__name__ in _PAGES
        for base in kind.__mro__
    )
