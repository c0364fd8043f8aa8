"""Answer from inside a handler with the response object of whichever framework called it.

A decorator that works in every framework does not know where it will be used. What a handler gets,
who called it and where the request came from tell; nothing is imported to find out.
"""

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, TypeAlias, TypeVar

from chopin_mw.asgi.messages import reply
from chopin_mw.asgi.types import Headers, Receive, Scope, Send
from chopin_mw.exchange import current_scope

T = TypeVar("T")
Framework: TypeAlias = Literal[
    "fastapi", "starlette", "quart", "litestar", "django", "falcon", "blacksheep"
]

# What each framework hands to handlers: the top-level package and the name of the class or a base.
_ARGUMENTS: Mapping[tuple[str, str], Framework] = {
    ("starlette", "HTTPConnection"): "starlette",
    ("starlette", "Response"): "starlette",
    ("starlette", "BackgroundTasks"): "starlette",
    ("litestar", "ASGIConnection"): "litestar",
    ("django", "HttpRequest"): "django",
    ("falcon", "Response"): "falcon",
    ("blacksheep", "Request"): "blacksheep",
}
_RESPONSES: Mapping[tuple[str, str], Framework] = {
    ("starlette", "Response"): "starlette",
    ("quart", "Response"): "quart",
    ("werkzeug", "Response"): "quart",
    ("litestar", "Response"): "litestar",
    ("litestar", "ASGIResponse"): "litestar",
    ("django", "HttpResponseBase"): "django",
    ("blacksheep", "Response"): "blacksheep",
}
_PACKAGES: Mapping[str, Framework] = {
    "fastapi": "fastapi",
    "starlette": "starlette",
    "quart": "quart",
    "litestar": "litestar",
    "django": "django",
    "falcon": "falcon",
    "blacksheep": "blacksheep",
}
# FastAPI's classes are Starlette's, so one file answers for both.
_FILES: Mapping[Framework, str] = {"fastapi": "starlette"}

_STATUS_WITHOUT_LENGTH = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response as an ASGI app, which Starlette too takes from a handler."""

    status: int
    headers: Headers
    body: bytes

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        for message in reply(self.status, list(self.headers), self.body):
            await send(message)


def native_response(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    injected: bool = True,
) -> Any:
    """Return what a handler called with these arguments must return to answer like this.

    Call it from inside the handler call, in its task or thread. Falcon's responders return nothing:
    there the answer is written into the response argument. Headers set on a response that FastAPI
    injected are kept, and background tasks run; not so with `injected=False`, as where a handler
    raises. Content-Length is filled in.
    """
    arguments = (*args, *kwargs.values())
    framework = framework_of_call(arguments)
    if framework is None:
        return Answer(status, with_content_length(headers, status, body), body)
    module = import_module(f"chopin_mw.integrations.{_FILES.get(framework, framework)}")
    respond = module.respond if injected else getattr(module, "refuse", module.respond)
    return respond(arguments, status, list(headers), body)


def is_response(value: object) -> bool:
    """Tell whether a handler's result is an answer already: a response or an ASGI app."""
    kind: type = type(value)
    return value is not None and _is_response_class(kind)


def injected_status(arguments: Iterable[object]) -> int | None:
    """Return the status that a handler gave the response that FastAPI injected, if it did."""
    for argument in arguments:
        kind: type = type(argument)
        if _framework_of_argument_class(kind) == "starlette":
            status: int | None = getattr(argument, "status_code", None)
            if status:
                return status
    return None


def framework_of_call(arguments: Sequence[Any]) -> Framework | None:
    """Return the framework that calls a handler with these arguments; None for bare ASGI."""
    return (
        _framework_of_arguments(arguments)
        or _framework_of_callers()
        or _framework_of_request()
        or _the_only_framework_loaded()
    )


def look_up_class(kind: type, table: Mapping[tuple[str, str], T]) -> T | None:
    """Return what a table of (package, class name) says of this class or its nearest base."""
    names = ((base.__module__.partition(".")[0], base.__name__) for base in kind.__mro__)
    return next((table[name] for name in names if name in table), None)


def with_content_length(
    headers: Iterable[tuple[bytes, bytes]], status: int, body: bytes
) -> Headers:
    """Return these fields with the length of the body, where the status has one."""
    fields = [field for field in headers if field[0].lower() != b"content-length"]
    if status in _STATUS_WITHOUT_LENGTH:
        return fields
    return [*fields, (b"content-length", b"%d" % len(body))]


@lru_cache(maxsize=1024)
def _is_response_class(kind: type) -> bool:
    # A framework-free answer is recognised by being callable as an ASGI app.
    return look_up_class(kind, _RESPONSES) is not None or (
        inspect.iscoroutinefunction(getattr(kind, "__call__", None))  # noqa: B004 - its kind is asked
    )


@lru_cache(maxsize=1024)
def _framework_of_argument_class(kind: type) -> Framework | None:
    return look_up_class(kind, _ARGUMENTS)


def _framework_of_arguments(arguments: Sequence[object]) -> Framework | None:
    for argument in arguments:
        kind: type = type(argument)
        framework = _framework_of_argument_class(kind)
        if framework is not None:
            return framework
    return None


def _framework_of_callers() -> Framework | None:
    # The nearest caller is right where the scope is not: an app mounted in another framework's.
    frame = inspect.currentframe()
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        package = module.partition(".")[0]
        if package in _PACKAGES:
            return _PACKAGES[package]
        if module == "chopin_mw.integrations.fastapi":
            return "fastapi"
        frame = frame.f_back
    return None


def _framework_of_request() -> Framework | None:
    # Frameworks that run a plain function in a thread leave no frame of theirs above it.
    quart = sys.modules.get("quart")
    if quart is not None and quart.has_request_context():
        return "quart"
    scope = current_scope()
    if scope is None:
        return None
    app = scope.get("litestar_app") or scope.get("app")
    return _PACKAGES.get(_first_known_package(type(app)))


def _first_known_package(kind: type) -> str:
    packages = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((package for package in packages if package in _PACKAGES), "")


def _the_only_framework_loaded() -> Framework | None:
    loaded = {
        _FILES.get(_PACKAGES[name], _PACKAGES[name]) for name in _PACKAGES if name in sys.modules
    }
    # FastAPI brings Starlette with it; two others at once would be a guess.
    return _PACKAGES[loaded.pop()] if len(loaded) == 1 else None
