"""Tags with placeholders: `flight:{flight_id}` names what a call of the handler is about."""

import inspect
import string
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from chopin_mw.errors import ConfigurationError

TagNames: TypeAlias = Callable[
    [Mapping[str, Any], Sequence[Any], Mapping[str, Any]], tuple[tuple[str, ...], bool]
]
"""Takes scope, args and kwargs of a call; returns its tags, and whether that is all of them."""

# Text, and the name of the argument that follows it.
_Template: TypeAlias = tuple[tuple[str, str | None], ...]


def parse_tags(tags: Collection[str]) -> tuple[_Template, ...]:
    """Return the tags in parts; placeholders are names of arguments, and nothing but names.

    Raises ConfigurationError for anything that `str.format` knows beyond `{name}`.
    """
    # A string is a collection of letters.
    if isinstance(tags, str | bytes) or not isinstance(tags, Collection):
        raise ConfigurationError(f"tags must be a sequence of strings, got {tags!r}")
    return tuple(map(_parsed, tags))


def tag_names(handler: Callable[..., Any], templates: Sequence[_Template]) -> TagNames:
    """Return what names the tags of one call of this handler.

    A placeholder is filled from the argument of its name, else from the path parameters that the
    router left in the scope, as Starlette does.
    """
    wanted = frozenset(name for template in templates for _, name in template if name is not None)
    if not wanted:
        constant = tuple("".join(text for text, _ in template) for template in templates)
        return lambda _scope, _args, _kwargs: (constant, True)
    signature = _signature_of(handler)

    def names(
        scope: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], bool]:
        given = kwargs
        if not wanted <= kwargs.keys():
            path_params = scope.get("path_params") or {}
            given = {**path_params, **_bound(signature, args, kwargs), **kwargs}
        filled = tuple(name for template in templates if (name := _filled(template, given)))
        return filled, len(filled) == len(templates)

    return names


def _parsed(tag: object) -> _Template:
    if not isinstance(tag, str) or not tag:
        raise ConfigurationError(f"a tag must be a string that is not empty, got {tag!r}")
    try:
        parts = list(string.Formatter().parse(tag))
    except ValueError as error:
        raise ConfigurationError(f"tag {tag!r} is no template: {error}") from error
    for _, name, form, conversion in parts:
        if name is not None and (not name.isidentifier() or form or conversion):
            raise ConfigurationError(
                f"tag {tag!r}: a placeholder must be the name of an argument and nothing else"
            )
    return tuple((text, name) for text, name, _, _ in parts)


def _signature_of(handler: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(handler)
    except (TypeError, ValueError):
        # Written in C, perhaps: then only what comes by name has one.
        return inspect.Signature()


def _bound(
    signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Mapping[str, Any]:
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        # A decorator below takes other arguments than the handler it shows.
        return {}
    bound.apply_defaults()
    return bound.arguments


def _filled(template: _Template, given: Mapping[str, Any]) -> str | None:
    if any(name is not None and name not in given for _, name in template):
        return None
    return "".join(text if name is None else f"{text}{given[name]}" for text, name in template)
