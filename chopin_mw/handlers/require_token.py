"""`@require_token`: run a handler only for clients whose token grants what it takes."""

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from chopin_mw.asgi.refusals import Door, Refused, admission_of, insufficient, unauthorized
from chopin_mw.asgi.types import Scope
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import cache_scope, exchange_of, token_scope
from chopin_mw.handlers.wrapping import Handler, decorate, is_async, name_of
from chopin_mw.integrations.endpoint import Endpoint, endpoint_of
from chopin_mw.integrations.native import framework_of_call, native_response
from chopin_mw.integrations.refusal import refusal_to_raise
from chopin_mw.rules.token_policy import check_permissions, check_scopes

# Falcon puts `on_` before whatever methods it was told to know, those of WebDAV too.
_HANDLER_METHOD = re.compile("get|head|post|put|patch|delete|options|query|trace|connect|on_.+")
# They have taken the methods of a class for handlers before anybody can decorate it.
_WITH_ROUTES_OF_THEIR_OWN = ("blacksheep.", "litestar.")
_ASGI_ARGUMENTS = 3


@overload
def require_token(handler: Handler, /) -> Handler: ...
@overload
def require_token(
    *, scopes: Collection[str] = (), permissions: Collection[str] = ()
) -> Callable[[Handler], Handler]: ...
def require_token(
    handler: Handler | None = None,
    /,
    *,
    scopes: Collection[str] = (),
    permissions: Collection[str] = (),
) -> Handler | Callable[[Handler], Handler]:
    """Answer 401 to clients without a verified token, 403 if it lacks one of these grants.

    Works on handlers of HTTP and websockets, functions, methods and classes of them, plain or
    async; signatures stay as they are. Put it below the decorator that makes the route. A handler
    that is called by another one, is a dependency or, in FastAPI, a generator, raises instead.
    Our cache keeps its answers only where they vary by `identity`: a hit would skip the check.
    Needs JWTMiddleware around the app: without it every call raises ConfigurationError.

        @app.delete("/flights/{flight_id}")
        @require_token(scopes=("flights:write",))
        async def cancel(flight_id: int): ...
    """
    if isinstance(handler, str):
        raise ConfigurationError(
            f"scopes go by name: @require_token(scopes=({handler!r},)), got {handler!r}"
        )
    wanted = check_scopes("scopes", scopes)
    allowed = check_permissions("permissions", permissions)

    def guard(inner: Callable[..., Any]) -> Callable[..., Any]:
        return _guarded(inner, wanted, allowed)

    def decorated(handler: Handler) -> Handler:
        return (
            _decorate_class(handler, guard)
            if inspect.isclass(handler)
            else decorate(handler, guard)
        )

    return decorated if handler is None else decorated(handler)


def _guarded(
    handler: Callable[..., Any], scopes: frozenset[str], permissions: frozenset[str]
) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    guard = _Guard(name_of(handler), innermost, scopes, permissions)
    # A decorator below may hide that the handler is async; frameworks look through it.
    is_awaited = inspect.iscoroutinefunction(innermost)

    async def guarded_async(*args: Any, **kwargs: Any) -> Any:
        call = guard.judge(args, kwargs)
        return await handler(*args, **kwargs) if call is None else await call.deny()

    def guarded(*args: Any, **kwargs: Any) -> Any:
        call = guard.judge(args, kwargs)
        if call is None:
            return handler(*args, **kwargs)
        return call.deny() if is_awaited or _is_asgi_call(args) else call.answer()

    return guarded_async if is_async(handler) else guarded


@dataclass(frozen=True, slots=True)
class _Guard:
    """Judge the calls of one handler."""

    name: str
    innermost: Callable[..., Any]
    scopes: frozenset[str]
    permissions: frozenset[str]

    def judge(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> "_RefusedCall | None":
        """Return None if the handler may run."""
        scope = token_scope.get() or {}
        admission = admission_of(scope)
        if admission is None:
            raise ConfigurationError(
                f"@require_token on {self.name} lets nobody in: add JWTMiddleware around the app"
            )
        token, door = admission
        if not token.user.is_authenticated:
            refused = unauthorized(door.realm)
        elif self.scopes <= token.auth.scopes and self.permissions <= token.auth.permissions:
            caching = cache_scope.get()
            if caching is not None:
                # A hit asks nobody: the cache keeps this only apart for what tokens grant.
                exchange_of(caching).is_guarded = True
            return None
        else:
            refused = insufficient(door.realm, self.scopes)
        return _RefusedCall(refused, door, scope, self, args, kwargs)


@dataclass(frozen=True, slots=True)
class _RefusedCall:
    """Answer a call of a handler that must not run."""

    refused: Refused
    door: Door
    scope: Scope
    guard: _Guard
    args: Sequence[Any]
    kwargs: Mapping[str, Any]

    async def deny(self) -> Any:
        """Answer, whatever kind of connection it is."""
        if self.door.deny is not None:
            await self.door.deny(self.refused)
            if self._is_called_by_another():
                raise self._exception()
            return None
        if not _is_asgi_call(self.args):
            return self.answer()
        for message in self.refused.messages(self.scope["method"]):
            await self.args[-1](message)
        return None

    def answer(self) -> Any:
        """Return what the framework takes for an answer to a request."""
        refused = self.refused
        if self.door.deny is not None:
            raise ConfigurationError(
                f"@require_token cannot deny a websocket from {self.guard.name}: make it async"
            )
        framework = framework_of_call((*self.args, *self.kwargs.values()))
        # Whoever called it would take the answer for what the handler returns, and FastAPI that of
        # a generator for something to iterate over; views of Django return answers to everybody.
        if (
            framework is None
            or (framework == "fastapi" and _is_generator(self.guard.innermost))
            or (framework != "django" and self._is_called_by_another())
        ):
            raise self._exception()
        return native_response(
            self.args,
            self.kwargs,
            status=refused.status,
            headers=refused.headers,
            body=refused.body,
        )

    def _is_called_by_another(self) -> bool:
        scope = {"method": "", **self.scope}
        return endpoint_of(scope, self.guard.innermost, self.args) is Endpoint.ANOTHER

    def _exception(self) -> Exception:
        return refusal_to_raise(self.args, self.kwargs, self.refused)


def _is_asgi_call(args: Sequence[Any]) -> bool:
    """Say whether these are scope, receive and send, so that nobody takes a returned answer."""
    scope = args[-_ASGI_ARGUMENTS] if len(args) >= _ASGI_ARGUMENTS else None
    return isinstance(scope, MutableMapping) and "type" in scope and callable(args[-1])


def _is_generator(function: Callable[..., Any]) -> bool:
    return inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function)


def _decorate_class(kind: Any, guard: Callable[[Callable[..., Any]], Any]) -> Any:
    """Guard all that answers requests, what is inherited too: nothing must be left open."""
    names = list(_answering(kind))
    if not names:
        raise ConfigurationError(
            f"@require_token found no method in {name_of(kind)} that answers requests: "
            "decorate its handlers one by one"
        )
    for name in names:
        method = inspect.getattr_static(kind, name)
        if isinstance(method, staticmethod | classmethod):
            setattr(kind, name, type(method)(decorate(method.__func__, guard)))
        else:
            setattr(kind, name, decorate(method, guard))
    return kind


def _answering(kind: type) -> Iterator[str]:
    # Quart's views have one method through which all requests go, and so have Starlette's
    # websocket endpoints.
    if hasattr(kind, "dispatch_request"):
        yield "dispatch_request"
        return
    if hasattr(kind, "dispatch") and hasattr(kind, "on_receive"):
        yield "dispatch"
        return
    if any(each.__module__.startswith(_WITH_ROUTES_OF_THEIR_OWN) for each in kind.__mro__):
        return
    # A list that views of Django have, and may make longer.
    more = {"__call__", *getattr(kind, "http_method_names", ())}
    found = [name for name in dir(kind) if name in more or _HANDLER_METHOD.fullmatch(name)]
    yield from (name for name in found if _is_method(inspect.getattr_static(kind, name)))


def _is_method(found: Any) -> bool:
    function = found.__func__ if isinstance(found, staticmethod | classmethod) else found
    # What Django's View answers to OPTIONS is a list of methods, in its own kind of async.
    return inspect.isfunction(function) and not function.__module__.startswith("django.")
