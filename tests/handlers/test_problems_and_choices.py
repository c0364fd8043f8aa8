"""What decorators chose for a handler's answer does not go for the refusal sent in its place."""

from collections.abc import Callable
from typing import Any

import pytest

from chopin_mw import CacheControlMiddleware, HTTPCacheMiddleware, cache_control, cache_response
from chopin_mw.errors import ProblemError
from chopin_mw.handlers.json_response import json_response
from chopin_mw.rules.cache_policy import CachePolicy
from frameworks.apps.one_handler import HANDLERS, app_with
from support.asgi_call import call


def refuse() -> Any:
    raise ProblemError(404, "Not Found", "There is no flight 7.")


ORDERS: dict[str, Callable[[Any], Any]] = {
    "above": lambda handler: cache_control(public=True, max_age=60)(json_response(handler)),
    "below": lambda handler: json_response(cache_control(public=True, max_age=60)(handler)),
}


@pytest.mark.parametrize("decorate", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("handler", HANDLERS)
async def test_a_refusal_has_no_lifetime(handler: str, decorate: Any) -> None:
    """In either order of the decorators, as where the framework sees the error."""
    app = CacheControlMiddleware(await app_with(handler, refuse, decorate))

    answer = await call(app)

    assert (answer.status, answer.all(b"cache-control")) == (404, [])


@pytest.mark.parametrize("handler", HANDLERS)
async def test_a_refusal_is_not_kept_for_the_answers_time(handler: str) -> None:
    """A 404 is kept for negative_ttl, and here there is none."""
    ran: list[int] = []

    def count_and_refuse() -> Any:
        ran.append(1)
        refuse()

    app = HTTPCacheMiddleware(
        await app_with(
            handler, count_and_refuse, lambda inner: cache_response(ttl=60)(json_response(inner))
        ),
        policy=CachePolicy(),
    )

    for _ in range(2):
        assert (await call(app)).status == 404
    assert len(ran) == 2
