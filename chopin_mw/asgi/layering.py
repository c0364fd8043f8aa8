"""Find out at start-up whether a layer stands outside of one that must be around it."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Send
from chopin_mw.errors import ConfigurationError

# Where the layers of this package, frameworks and the standard library keep what they wrap, and
# the middleware that they are going to build.
_ATTRIBUTES = (
    "app",
    "args",
    "asgi_app",
    "asgi_handler",
    "cls",
    "func",
    "middleware",
    "middleware_stack",
    "owner",
    "route_handlers",
    "router",
    "routes",
    "user_middleware",
    "__wrapped__",
)
_MOST_OBJECTS = 10_000


def check_authentication_is_outside(app: ASGIApp) -> None:
    """Raise ConfigurationError if a layer that authenticates is somewhere inside of this app.

    A layer says so with an attribute `authenticates`. Seen are `app` and `asgi_app` of layers,
    bound methods, partials, mounted apps, and the middleware that Starlette and Litestar list.
    """
    for each in _inside(app):
        if _attribute(each, "authenticates") is True:
            name = each.__name__ if isinstance(each, type) else type(each).__name__
            raise ConfigurationError(
                f"the cache stands around {name}, and would answer clients that it never saw: put "
                f"{name} outside (with add_middleware: add it after the cache)"
            )


def failing_start_up(app: ASGIApp, send: Send) -> Send:
    """Return `send` for a lifespan, where a start-up in the wrong order is one that failed.

    By then frameworks have built what at construction was not there to be seen. The message is
    sent, not raised: servers take an exception for an app without lifespan.
    """

    async def send_unless_misplaced(message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            try:
                check_authentication_is_outside(app)
            except ConfigurationError as error:
                message = {"type": "lifespan.startup.failed", "message": str(error)}
        await send(message)

    return send_unless_misplaced


def _inside(app: object) -> Iterator[Any]:
    """Yield what can be reached from an app inwards, each object once."""
    waiting: deque[tuple[Any, str]] = deque([(app, "")])
    # The objects themselves, because an id is given again when its object is gone.
    seen: dict[int, object] = {}
    while waiting and len(seen) < _MOST_OBJECTS:
        each, without = waiting.popleft()
        if id(each) in seen:
            continue
        seen[id(each)] = each
        yield each
        for name in _ATTRIBUTES:
            # A layer put into the place of `Quart.asgi_app` calls that method, not itself.
            if name != without:
                waiting.extend((value, "") for value in _values(_attribute(each, name)))
        owner = _attribute(each, "__self__")
        if owner is not None:
            waiting.append((owner, each.__name__))


def _values(found: Any) -> Iterator[Any]:
    if isinstance(found, list | tuple):
        yield from found
    elif found is not None and not isinstance(found, str | bytes | int | dict):
        yield found


def _attribute(each: Any, name: str) -> Any:
    try:
        return getattr(each, name, None)
    except Exception:  # noqa: BLE001 - a property of somebody else's, before its time
        return None
