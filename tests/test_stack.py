"""ChopinMiddleware: everything in its fixed order."""

import asyncio
import contextvars
from typing import Any

import pytest

from chopin_mw import (
    CacheControlRule,
    ChopinMiddleware,
    ConfigurationError,
    JSONResponse,
    cache_control,
    etag,
)
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.exchange import current_scope
from support.calls import answering, call


async def test_it_is_safe_on_any_app_without_configuration() -> None:
    """Conditional requests on; no Cache-Control that nobody asked for."""
    answer = await call(ChopinMiddleware(answering()))

    assert [name for name, _ in answer.headers] == [b"etag"]


async def test_a_304_carries_the_default_cache_control() -> None:
    """The ETag layer stands outside the default."""
    app = ChopinMiddleware(answering(), cache_control="max-age=60")
    tag = (await call(app))[b"etag"]
    assert tag is not None

    answer = await call(app, headers=[(b"if-none-match", tag)])

    assert answer.status == 304
    assert answer[b"cache-control"] == b"max-age=60"


async def test_steps_can_be_switched_off_and_configured() -> None:
    """Each option reaches its middleware."""
    rules = [CacheControlRule(path="/a", cache_control="no-cache")]
    plain = ChopinMiddleware(answering(), etag=False, cache_control_rules=rules)
    small = ChopinMiddleware(answering(), etag_limit_bytes=4)

    assert (await call(plain, path="/a")).headers == [(b"cache-control", b"no-cache")]
    assert (await call(small)).headers == []


@pytest.mark.parametrize("options", [{"etag_limit_bytes": -1}, {"cache_control": "max-age=x"}])
def test_options_are_checked_at_construction(options: dict[str, Any]) -> None:
    """Not at the first request."""
    with pytest.raises(ConfigurationError):
        ChopinMiddleware(answering(), **options)


async def test_a_304_of_etag_takes_no_default_over_what_the_handler_said() -> None:
    """The handler did not run, so nobody knows; a cache keeps the value of its 200."""

    @etag(lambda *_: "v1")
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({}, headers={"Cache-Control": "private"})(scope, receive, send)

    app = ChopinMiddleware(handler, cache_control="public, max-age=60")

    assert (await call(app))[b"cache-control"] == b"private"
    again = await call(app, headers=[(b"if-none-match", b'"v1"')])
    assert (again.status, again[b"cache-control"]) == (304, None)


async def test_a_handler_that_calls_a_decorated_one_keeps_its_own_word() -> None:
    """The answer is the caller's: its Cache-Control, its validators."""
    ran: list[str] = []

    @etag(lambda *_: "inner")
    @cache_control(public=True, max_age=600)
    async def inner(*_: object) -> None:
        ran.append("inner")

    @etag(lambda *_: "outer")
    @cache_control(private=True)
    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await inner()
        await JSONResponse({})(scope, receive, send)

    app = ChopinMiddleware(outer)
    answer = await call(app, headers=[(b"if-none-match", b'"inner"')])

    assert answer.status == 200
    assert answer[b"cache-control"] == b"private"
    assert answer[b"etag"] == b'"outer"'
    assert ran == ["inner"]


async def test_handlers_may_be_decorated_while_the_first_request_is_served() -> None:
    """Django imports its views then; the write must be guarded from the first."""
    ran: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        @cache_control(no_store=True)
        @etag(lambda *_: "v2")
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            ran.append(1)

        await late(scope, receive, send)

    answer = await call(ChopinMiddleware(app), method="PUT", headers=[(b"if-match", b'"v1"')])

    assert answer.status == 412
    assert answer[b"cache-control"] == b"no-store"
    assert ran == []


async def test_a_dropped_request_is_closed_quietly_in_another_context() -> None:
    """The garbage collector ends it without a 'different Context' error."""

    async def waiting(*_: object) -> None:
        await asyncio.get_running_loop().create_future()

    for method in ("GET", "POST"):
        request = call(ChopinMiddleware(waiting), method=method)
        contextvars.copy_context().run(request.send, None)
        request.close()

    assert current_scope() is None
