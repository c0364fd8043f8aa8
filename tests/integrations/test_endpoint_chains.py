"""Which handler the router chose, by what it left in the scope."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from unittest.mock import MagicMock

import pytest

from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.integrations.endpoint import Endpoint, endpoint_of


def handler(*_: object) -> None:
    """Answer."""


def other(*_: object) -> None:
    """Answer something else."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Choose among handlers, and tell nobody."""


class App:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose among handlers, and tell nobody."""


class Reading:
    get = handler
    post = other


class Dispatching:
    get = other
    dispatch = handler


class Calling:
    __call__ = handler


class LitestarHandler:
    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn


def passing(inner: Callable[..., Any]) -> Any:
    @wraps(inner)
    def outer(*args: Any) -> Any:
        return inner(*args)

    return outer


def hiding(inner: Callable[..., Any]) -> Any:
    def outer(*args: Any) -> Any:
        return inner(*args)

    return outer


CHOSEN: list[tuple[Any, Endpoint]] = [
    (handler, Endpoint.THIS),
    (passing(passing(handler)), Endpoint.THIS),
    (partial(passing(handler), 1), Endpoint.THIS),
    (Reading, Endpoint.THIS),
    (Dispatching, Endpoint.THIS),
    (Reading().get, Endpoint.THIS),
    (Calling(), Endpoint.THIS),
    (other, Endpoint.ANOTHER),
    (passing(other), Endpoint.ANOTHER),
    (hiding(handler), Endpoint.ANOTHER),
    (Reading().post, Endpoint.ANOTHER),
    (LitestarHandler(handler), Endpoint.ANOTHER),
    (object(), Endpoint.ANOTHER),
    (len, Endpoint.ANOTHER),
    (MagicMock(), Endpoint.ANOTHER),
    (app, Endpoint.UNKNOWN),
    (passing(app), Endpoint.UNKNOWN),
    (partial(app), Endpoint.UNKNOWN),
    (App(), Endpoint.UNKNOWN),
    (None, Endpoint.UNKNOWN),
]


@pytest.mark.parametrize(("chosen", "verdict"), CHOSEN, ids=str)
def test_the_handler_is_looked_for_in_what_was_chosen(chosen: Any, verdict: Endpoint) -> None:
    """Through wrappers, partials, methods and classes; an app may have a router of its own."""
    assert endpoint_of({"method": "GET", "endpoint": chosen}, handler, ()) is verdict


@pytest.mark.parametrize(
    ("method", "verdict"),
    [("GET", Endpoint.THIS), ("HEAD", Endpoint.THIS), ("POST", Endpoint.ANOTHER)],
)
def test_of_a_class_the_method_counts(method: str, verdict: Endpoint) -> None:
    """Another method of it may call this one."""
    assert endpoint_of({"method": method, "endpoint": Reading}, handler, ()) is verdict


@pytest.mark.parametrize(
    ("scope", "verdict"),
    [
        ({}, Endpoint.UNKNOWN),
        ({"route_handler": object()}, Endpoint.UNKNOWN),
        ({"route_handler": LitestarHandler(handler)}, Endpoint.THIS),
        ({"route_handler": LitestarHandler(other)}, Endpoint.ANOTHER),
        ({"route_handler": LitestarHandler(app), "endpoint": handler}, Endpoint.THIS),
        ({"route_handler": LitestarHandler(handler), "endpoint": App()}, Endpoint.THIS),
        ({"route_handler": LitestarHandler(app), "endpoint": other}, Endpoint.ANOTHER),
        ({"route_handler": LitestarHandler(other), "endpoint": App()}, Endpoint.ANOTHER),
    ],
    ids=str,
)
def test_mounted_apps_have_the_last_word(scope: dict[str, Any], verdict: Endpoint) -> None:
    """The outer framework chose the mounted app, the inner one the handler."""
    assert endpoint_of({"method": "GET", **scope}, handler, ()) is verdict
