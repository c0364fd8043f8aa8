"""Find out whether a handler is the one that the router chose, or was called by that one.

What a handler says of its answer goes for the answer of its request only where it is the endpoint;
called as a function, it knows nothing of what its caller adds for one user.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import CodeType, FunctionType
from typing import Any

from chopin_mw.integrations.native import look_up_class

_DJANGO_REQUEST = {("django", "HttpRequest"): True}
# `functools.wraps` leaves the first, a bound method has the second; partials, and what Litestar
# makes of a plain function, have the third.
_INNER = ("__wrapped__", "__func__", "func")
_DISPATCHERS = ("dispatch", "dispatch_request")
_VERBS_OF = {"HEAD": ("head", "get")}
_ASGI = ("scope", "receive", "send")
# Objects that invent attributes would be unwrapped for ever.
_DEEPEST = 32


class Endpoint(Enum):
    """Say which handler the router chose, seen from one of them."""

    THIS = "this"
    ANOTHER = "another"
    UNKNOWN = "unknown"


def endpoint_of(scope: Mapping[str, Any], handler: object, arguments: Sequence[object]) -> Endpoint:
    """Tell whether the router chose this handler, undecorated, for the request being handled.

    Starlette, FastAPI, Quart, Litestar and Django tell; Falcon and BlackSheep do not. A decorator
    above the handler that leaves no `__wrapped__` makes it another one.
    """
    verdict = Endpoint.UNKNOWN
    for chosen in _chosen(scope, arguments):
        if _leads_to(chosen, handler, scope["method"]):
            return Endpoint.THIS
        if not _may_route_further(chosen):
            verdict = Endpoint.ANOTHER
    return verdict


def _chosen(scope: Mapping[str, Any], arguments: Sequence[Any]) -> Iterator[object]:
    """Yield what routers chose: more than one where an app is mounted in another framework's."""
    if (endpoint := scope.get("endpoint")) is not None:
        yield endpoint
    if (function := getattr(scope.get("route_handler"), "fn", None)) is not None:
        yield function
    quart = sys.modules.get("quart")
    if quart is not None and quart.has_request_context():
        # There is none where an error handler answers for a route that does not exist.
        name = quart.request.endpoint
        if (view := quart.current_app.view_functions.get(name)) is not None:
            yield view
    if "django" in sys.modules:
        # A method has its instance before the request.
        for argument in arguments[:2]:
            if _is_django_request(type(argument)) and (match := argument.resolver_match):
                yield match.func


def _leads_to(chosen: object, handler: object, method: str) -> bool:
    for _ in range(_DEEPEST):
        if chosen is handler:
            return True
        if isinstance(chosen, type):
            return _has_method(chosen, handler, method)
        # What `as_view()` returns, in Django and Quart, may be decorated itself, or its class.
        view = getattr(chosen, "view_class", None)
        if isinstance(view, type) and _has_method(view, handler, method):
            return True
        chosen = _inner(chosen)
        if chosen is None:
            return False
    return False


def _has_method(kind: type, handler: object, method: str) -> bool:
    """Say whether the handler is what answers this method, and not one that it may call."""
    for name in (*_VERBS_OF.get(method, (method.lower(),)), *_DISPATCHERS):
        answering = getattr(kind, name, None)
        if answering is not None and _leads_to(answering, handler, method):
            return True
    return False


def _inner(chosen: object) -> object:
    for name in _INNER:
        inner: object = getattr(chosen, name, None)
        if inner is not None:
            return inner
    call = getattr(type(chosen), "__call__", None)  # noqa: B004 - its kind is asked for
    return call if isinstance(call, FunctionType) else None


def _may_route_further(chosen: object) -> bool:
    """Say whether this is an ASGI app, mounted perhaps, with a router of its own that is silent."""
    for _ in range(_DEEPEST):
        inner = None if isinstance(chosen, type) else _inner(chosen)
        if inner is None:
            break
        chosen = inner
    code = getattr(chosen, "__code__", None)
    return isinstance(code, CodeType) and code.co_varnames[: code.co_argcount][-3:] == _ASGI


def _is_django_request(kind: type) -> bool:
    return look_up_class(kind, _DJANGO_REQUEST) is not None
