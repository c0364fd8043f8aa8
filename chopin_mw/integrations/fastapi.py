"""FastAPI: encode what un-annotated routes return straight to bytes, as annotated ones are already.

FastAPI walks the result of an un-annotated route with `jsonable_encoder` and then encodes it with
the standard library. JSONRoute gives the encoder the result as it is, with jsonable_encoder's own
rules for every type that JSON has no form for. What it cannot take goes FastAPI's way, untouched.
Status, injected headers, cookies, background tasks and OpenAPI stay FastAPI's work.
"""

import copy
import functools
import inspect
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, routing
from fastapi.datastructures import DefaultPlaceholder
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount

from chopin_mw.integrations.fastapi_encoder import DirectField
from chopin_mw.integrations.installation import JSONInstallation, answers_problems
from chopin_mw.integrations.starlette import answer_problems


class JSONRoute(routing.APIRoute):
    """Use as `APIRouter(route_class=JSONRoute)`, or let `install_json(app)` reach every router."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's own handler, made with a direct encoder where it had none."""
        route = _effective_route(self)
        if why_left_alone(route):
            return super().get_route_handler()
        with _encoding_directly(route):
            return super().get_route_handler()


def install(app: FastAPI, *, envelope: bool = False) -> JSONInstallation:
    """Turn the routes of the app and of its included routers into JSONRoutes, later ones too.

    A router that two apps include is changed for both.
    """
    left_alone: dict[str, str] = {}
    direct = _convert_router(app.router, left_alone)
    changed = [f"{direct} routes encode directly; routes added from now on do the same"]
    why_not = answer_problems(app, envelope=envelope)
    if why_not is None:
        changed.append(answers_problems(envelope=envelope))
    else:
        left_alone.update([why_not])
    return JSONInstallation(
        framework="FastAPI", changed=tuple(changed), left_alone=tuple(left_alone.items())
    )


def why_left_alone(route: Any) -> str:
    """Return why a route keeps FastAPI's own encoding, or an empty text if it need not."""
    if route.response_field is not None:
        return "annotated: FastAPI encodes it natively"
    if inspect.isgeneratorfunction(_unwrapped(route)) or inspect.isasyncgenfunction(
        _unwrapped(route)
    ):
        return "streams"
    chosen = route.response_class
    if not isinstance(chosen, DefaultPlaceholder) or chosen.value is not JSONResponse:
        return "has a response class of its own"
    return ""


def _unwrapped(route: Any) -> Any:
    call = inspect.unwrap(route.endpoint)
    return call if inspect.isroutine(call) else getattr(call, "__call__", call)  # noqa: B004


def _effective_route(route: routing.APIRoute) -> Any:
    """Return what FastAPI will make the handler from: inside an included router, a merged copy."""
    variable = getattr(routing, "_effective_route_context_var", None)
    context = None if variable is None else variable.get()
    return route if context is None or context.original_route is not route else context


@contextmanager
def _encoding_directly(route: Any) -> Iterator[None]:
    # Only while the handler is made: OpenAPI must go on seeing a route without a response model.
    # Everything else the handler needs, FastAPI reads itself, so that no dependency can get lost.
    field, dependant = route.response_field, route.dependant
    route.response_field = DirectField()
    route.dependant = copy.copy(dependant)
    route.dependant.call = _as_coroutine_function(dependant.call)
    try:
        yield
    finally:
        route.response_field, route.dependant = field, dependant


def _as_coroutine_function(call: Any) -> Any:
    """Return the endpoint as a coroutine function, a plain one run in a thread as before.

    FastAPI would else send the result of a plain endpoint to a second thread, to be validated.
    """
    if _is_coroutine_function(call):
        return call

    @functools.wraps(call)
    async def run_in_thread(**values: Any) -> Any:
        result = await run_in_threadpool(_call, call, values)
        return await result if inspect.isawaitable(result) else result

    return run_in_thread


def _is_coroutine_function(call: Any) -> bool:
    candidates = (call, inspect.unwrap(call), getattr(call, "__call__", None))  # noqa: B004
    return any(map(inspect.iscoroutinefunction, candidates))


def _call(endpoint: Callable[..., Any], values: dict[str, Any]) -> Any:
    # A frame of this module on the thread's stack: native_response looks for it.
    return endpoint(**values)


def _convert_router(router: APIRouter, left_alone: dict[str, str]) -> int:
    """Convert the routes of a router and of those it includes; return how many encode directly."""
    if router.route_class is routing.APIRoute:
        router.route_class = JSONRoute
    elif not issubclass(router.route_class, JSONRoute):
        left_alone[f"routes to come with {router.route_class.__qualname__}"] = _OWN_ROUTE_CLASS
    direct = 0
    for route in router.routes:
        # FastAPI before 0.16x copies the routes it includes; since then it refers to their router.
        included = getattr(route, "original_router", None)
        if included is not None:
            direct += _convert_router(included, left_alone)
        elif why := _convert_route(route):
            left_alone[_title(route)] = why
        else:
            direct += isinstance(route, routing.APIRoute)
    _follow_inclusions(router)
    # Handlers that were made already for an included router are made again.
    getattr(router, "_mark_routes_changed", _nothing)()
    return direct


_OWN_ROUTE_CLASS = "has a route class of its own: derive it from JSONRoute"


def _convert_route(route: BaseRoute) -> str:
    """Convert a route if it can be; return why it was left alone."""
    if isinstance(route, Mount):
        return "an app of its own: call install_json for it"
    if not isinstance(route, routing.APIRoute):
        return ""
    if not isinstance(route, JSONRoute):
        if type(route) is not routing.APIRoute:
            return _OWN_ROUTE_CLASS
        if _package_of(route.app) not in _FASTAPI_PACKAGES:
            return f"its app was wrapped by {_package_of(route.app)}"
        route.__class__ = JSONRoute
        limit_body = getattr(routing, "wrap_app_with_body_limit", _without_limit)
        route.app = limit_body(
            routing.request_response(route.get_route_handler()),
            getattr(route, "max_body_size", None),
        )
    return why_left_alone(route)


_FASTAPI_PACKAGES = frozenset({"fastapi", "starlette"})


def _package_of(app: Any) -> str:
    return str(getattr(app, "__module__", "")).partition(".")[0]


def _without_limit(app: Any, _: int | None) -> Any:
    return app


def _nothing() -> None:
    """Stand in for what older releases of FastAPI do not have."""


def _title(route: BaseRoute) -> str:
    methods = ",".join(sorted(getattr(route, "methods", None) or ()))
    return f"{methods or 'mount'} {getattr(route, 'path', '')}"


def _follow_inclusions(router: APIRouter) -> None:
    """Reach routers that will be included later: FastAPI does not pass a route class on to them."""
    if "include_router" in vars(router):
        return
    include_router = router.include_router

    @functools.wraps(include_router)
    def include_and_convert(*args: Any, **kwargs: Any) -> None:
        include_router(*args, **kwargs)
        _convert_router(router, {})

    vars(router)["include_router"] = include_and_convert
