"""Put something around a handler of any kind without touching what its framework sees of it."""

import inspect
import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from chopin_mw.errors import ConfigurationError

Handler = TypeVar("Handler", bound=Callable[..., Any])

# Starlette, Quart and Django name a method after the verb; Falcon puts `on_` before it, and may
# put a suffix behind it (`on_get_collection`).
_VERB = "(get|head|post|put|patch|delete|options|query)"
_VERB_METHOD = re.compile(rf"{_VERB}|on_{_VERB}(_.+)?")

logger = logging.getLogger("chopin_mw")


def is_async(handler: Callable[..., Any]) -> bool:
    """Say whether calling this gives something to await; for partials and instances too."""
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004 - its kind is asked for, not its presence
    ):
        return True
    # Before Python 3.12, Django marks what `as_view()` returns in this way only.
    return getattr(handler, "_is_coroutine", None) is not None


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
        return cast("Handler", _in_the_guise_of(handler, wrap(handler)))
    verbs = [name for name in vars(handler) if _VERB_METHOD.fullmatch(name)]
    if not verbs:
        raise ConfigurationError(f"{name_of(handler)} has no method named after an HTTP verb")
    for name in verbs:
        setattr(handler, name, _decorated_method(vars(handler)[name], wrap))
    return handler


def _in_the_guise_of(handler: Any, wrapper: Any) -> Any:
    wrapped = wraps(handler)(wrapper)
    if not hasattr(handler, "__name__"):
        # Partials and instances: frameworks name them after their class, and must not read our
        # annotations where they have none.
        wrapped.__name__ = wrapped.__qualname__ = type(handler).__name__
        wrapped.__annotations__ = {}
    return wrapped


def _decorated_method(method: Any, wrap: Callable[[Callable[..., Any]], Any]) -> Any:
    if isinstance(method, staticmethod | classmethod):
        return type(method)(decorate(method.__func__, wrap))
    return decorate(method, wrap)


def warn_once(message: str) -> Callable[[], None]:
    """Return a function that logs this warning the first time it is called."""
    pending = [message]

    def warn() -> None:
        while pending:
            logger.warning(pending.pop())

    return warn
