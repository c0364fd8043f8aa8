"""Put something around a handler of any kind without touching what its framework sees of it."""

import inspect
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from chopin_mw.errors import ConfigurationError

Handler = TypeVar("Handler", bound=Callable[..., Any])

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "query")
# Starlette, Quart and Django name a method after the verb; Falcon puts `on_` before it.
_VERB_METHODS = frozenset({*_METHODS, *(f"on_{method}" for method in _METHODS)})

logger = logging.getLogger("chopin_mw")


def is_async(handler: Callable[..., Any]) -> bool:
    """Say whether calling this gives something to await; for partials and instances too."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - its kind is asked for, not its presence
    )


def name_of(handler: Callable[..., Any]) -> str:
    """Return where a handler is defined, for messages to people."""
    module = getattr(handler, "__module__", "?")
    return f"{module}.{getattr(handler, '__qualname__', type(handler).__qualname__)}"


def decorate(handler: Handler, wrap: Callable[[Callable[..., Any]], Any]) -> Handler:
    """Return the handler wrapped; of a class, wrap the methods named after HTTP verbs."""
    if not callable(handler):
        raise ConfigurationError(
            f"a handler must be callable, got {handler!r}: put this decorator below the one "
            "that makes the route"
        )
    if not inspect.isclass(handler):
        return cast("Handler", wraps(handler)(wrap(handler)))
    verbs = [name for name in vars(handler) if name in _VERB_METHODS]
    if not verbs:
        raise ConfigurationError(f"{name_of(handler)} has no method named after an HTTP verb")
    for name in verbs:
        setattr(handler, name, decorate(vars(handler)[name], wrap))
    return handler


def warn_once(message: str) -> Callable[[], None]:
    """Return a function that logs this warning the first time it is called."""
    pending = [message]

    def warn() -> None:
        while pending:
            logger.warning(pending.pop())

    return warn
