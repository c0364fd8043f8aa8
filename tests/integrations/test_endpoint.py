"""Which handler the router chose, where frameworks and handlers are odd."""

import sys
from typing import Any

import pytest
from quart import Quart

from chopin_mw.integrations.endpoint import Endpoint, endpoint_of

GET = {"type": "http", "method": "GET"}


async def handler() -> str:
    """Stand for any handler."""
    return ""


class Inventing:
    """Have every attribute that anybody asks for, as a mock or a lazy proxy has."""

    def __getattr__(self, name: str) -> "Inventing":
        return Inventing()


def test_an_endpoint_that_invents_attributes_is_another_one() -> None:
    """It would be unwrapped for ever; nothing under it is the handler."""
    assert endpoint_of({**GET, "endpoint": Inventing()}, handler, ()) is Endpoint.ANOTHER


def test_an_endpoint_that_wraps_itself_is_another_one() -> None:
    """A circle has no end, and the search for one does."""

    def circle() -> None: ...

    circle.__wrapped__ = circle  # type: ignore[attr-defined]  # the mistake

    assert endpoint_of({**GET, "endpoint": circle}, handler, ()) is Endpoint.ANOTHER


def test_a_handler_under_many_decorators_is_found() -> None:
    """As deep as anybody decorates."""
    chosen: Any = handler
    for _ in range(20):
        wrapped, chosen = chosen, lambda: None
        chosen.__wrapped__ = wrapped

    assert endpoint_of({**GET, "endpoint": chosen}, handler, ()) is Endpoint.THIS


def test_without_a_router_nobody_knows() -> None:
    """An ASGI app of one's own names no endpoint."""
    assert endpoint_of(GET, handler, ()) is Endpoint.UNKNOWN


def test_what_is_not_installed_chose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frameworks are never imported to find out."""
    for name in ("django", "quart"):
        monkeypatch.delitem(sys.modules, name, raising=False)

    assert endpoint_of(GET, handler, (object(),)) is Endpoint.UNKNOWN
    assert {"django", "quart"} & sys.modules.keys() == set()


async def test_quarts_router_chose_nothing_for_a_url_that_does_not_exist() -> None:
    """An error handler answers for it, which may be decorated."""
    app = Quart(__name__)

    async with app.test_request_context("/missing"):
        assert endpoint_of(GET, handler, ()) is Endpoint.UNKNOWN


async def test_quarts_router_chose_a_view() -> None:
    """The scope does not name it; Quart's request does."""
    app = Quart(__name__)
    app.add_url_rule("/", view_func=handler)

    async with app.test_request_context("/"):
        assert endpoint_of(GET, handler, ()) is Endpoint.THIS
        assert endpoint_of(GET, Inventing, ()) is Endpoint.ANOTHER
