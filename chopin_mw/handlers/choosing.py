"""Say something about a handler's answer before the handler runs; unsay it if the handler raises.

Before, because a handler that is an ASGI app, or a generator that is streamed, has sent its header
by the time it returns.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from chopin_mw.handlers.wrapping import is_async, warn_once

TakeBack: TypeAlias = Callable[[], None]
Choose: TypeAlias = Callable[[Sequence[Any], Mapping[str, Any]], TakeBack]
"""Takes the handler's arguments, and returns how to take back what was chosen."""


def choosing(handler: Callable[..., Any], choose: Choose) -> Callable[..., Any]:
    """Return the handler with `choose` called before it; async if the handler is."""

    async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
        take_back = choose(args, kwargs)
        try:
            return await handler(*args, **kwargs)
        except BaseException:
            take_back()
            raise

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        take_back = choose(args, kwargs)
        try:
            result = handler(*args, **kwargs)
        except BaseException:
            take_back()
            raise
        # A decorator below may hide that the handler is async.
        return _awaited(result, take_back) if inspect.isawaitable(result) else result

    return wrapped_async if is_async(handler) else wrapped


async def _awaited(result: Awaitable[Any], take_back: TakeBack) -> Any:
    try:
        return await result
    except BaseException:
        take_back()
        raise


def nothing() -> None:
    """Take nothing back where nothing was chosen."""


def warn_called_by_another(decorator: str, name: str) -> Callable[[], None]:
    """Return what warns once that the router chose another handler than this one."""
    return warn_once(
        f"{decorator} on {name} was called by another handler: its choice does not go for that "
        "one's answer. Decorate that one; if it is a decorator, let it use functools.wraps"
    )
