"""native_response finds out which framework is calling, in the order of the evidence."""

import asyncio
import sys
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from litestar import Response as LitestarResponse
from quart import Quart
from starlette.requests import Request
from starlette.responses import Response

from chopin_mw.exchange import preconditions_scope
from chopin_mw.integrations import native
from chopin_mw.integrations.native import (
    Answer,
    framework_of_call,
    injected_status,
    is_response,
    native_response,
)
from support.asgi_call import call
from support.frameworks import (
    DjangoApp,
    blacksheep_app,
    falcon_app,
    fastapi_app,
    litestar_app,
    quart_app,
    starlette_app,
)
from support.scopes import http_scope

COOKIES = [
    (b"etag", b'W/"a"'),
    (b"set-cookie", b"a=1; Path=/"),
    (b"set-cookie", b"b=2; HttpOnly"),
    (b"vary", b"accept"),
    (b"vary", b"cookie"),
    (b"content-length", b"999"),
]


def answering(status: int, body: bytes) -> Any:
    fields = [*COOKIES, (b"content-type", b"text/x-a")] if body else COOKIES

    async def handler(*args: Any) -> Any:
        return native_response(args, {}, status=status, headers=fields, body=body)

    return handler


def without_arguments(status: int, body: bytes) -> Any:
    answer = answering(status, body)

    async def handler() -> Any:
        return await answer()

    return handler


def with_arguments(status: int, body: bytes) -> Any:
    answer = answering(status, body)

    async def handler(request: Any) -> Any:
        return await answer(request)

    return handler


async def built(name: str, status: int, body: bytes) -> Any:
    match name:
        case "fastapi":
            return fastapi_app(without_arguments(status, body))
        case "starlette":
            return starlette_app(with_arguments(status, body))
        case "quart":
            return quart_app(without_arguments(status, body))
        case "litestar":
            return litestar_app(without_arguments(status, body))
        case "django":
            return DjangoApp(with_arguments(status, body))
        case "falcon":
            return falcon_app(answering(status, body))
    return await blacksheep_app(without_arguments(status, body))


FRAMEWORKS = ["fastapi", "starlette", "quart", "litestar", "django", "falcon", "blacksheep"]


@pytest.mark.parametrize("name", FRAMEWORKS)
async def test_a_304_has_its_fields_and_no_others(name: str) -> None:
    """No body, no length, no type of the framework's own; cookies and repeated fields arrive."""
    answer = await call(await built(name, 304, b""))

    assert (answer.status, answer.body) == (304, b"")
    assert answer.all(b"etag") == [b'W/"a"']
    assert sorted(cookie.split(b";")[0] for cookie in answer.all(b"set-cookie")) == [b"a=1", b"b=2"]
    assert b",".join(answer.all(b"vary")).replace(b" ", b"") == b"accept,cookie"
    assert answer.all(b"content-length") in ([], [b"0"])


@pytest.mark.parametrize("name", FRAMEWORKS)
async def test_a_412_with_a_body(name: str) -> None:
    """The body arrives with its own type and exact length."""
    answer = await call(await built(name, 412, b"changed"))

    assert (answer.status, answer.body) == (412, b"changed")
    assert answer.all(b"content-length") == [b"7"]
    assert answer.all(b"content-type")[0].startswith(b"text/x-a")


async def test_bare_asgi_gets_an_asgi_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any framework about, the answer is sent as ASGI."""
    nothing_loaded(monkeypatch)

    answer = native_response((), {}, status=200, headers=COOKIES, body=b"abc")

    assert isinstance(answer, Answer)
    assert is_response(answer)
    sent = await call(answer)
    assert (sent.status, sent.body, sent.all(b"content-length")) == (200, b"abc", [b"3"])
    empty = native_response((), {}, status=304, headers=COOKIES, body=b"")
    assert empty.headers == COOKIES[:-1]


def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FRAMEWORKS:
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_arguments_say_it_first() -> None:
    """A request among the arguments, by position or by name, settles it."""
    assert framework_of_call([1, HttpRequest()]) == "django"
    assert framework_of_call([Request(http_scope())]) == "starlette"
    response = native_response((), {"request": HttpRequest()}, status=200, headers=(), body=b"")
    assert isinstance(response, HttpResponse)


async def test_a_quart_request_in_a_thread() -> None:
    """Quart runs plain handlers in a thread, with its context but without its frames."""
    async with Quart("flights").test_request_context("/"):
        found = await asyncio.to_thread(framework_of_call, ())

    assert found == "quart"


async def test_the_scope_of_the_exchange_says_it() -> None:
    """Where middleware of ours is around the app, the scope names the app."""
    litestar, plain = litestar_app(without_arguments(200, b"")), fastapi_app(lambda: 1)

    async def found(**changes: Any) -> Any:
        token = preconditions_scope.set(http_scope(**changes))
        try:
            return await asyncio.to_thread(framework_of_call, ())
        finally:
            preconditions_scope.reset(token)

    assert await found(app=plain) == "fastapi"
    assert await found(app=plain, litestar_app=litestar) == "litestar"
    assert await found(app=object()) is None
    assert await found() is None


def test_the_only_framework_loaded_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one framework in the process there is no doubt; with two there is."""
    nothing_loaded(monkeypatch)
    assert framework_of_call(()) is None

    monkeypatch.setitem(sys.modules, "starlette", native)
    monkeypatch.setitem(sys.modules, "fastapi", native)
    response = native_response((), {}, status=204, headers=[(b"x-a", b"1")], body=b"")
    assert isinstance(response, Response)

    monkeypatch.setitem(sys.modules, "litestar", native)
    assert framework_of_call(()) is None


def test_statuses_of_injected_responses() -> None:
    """Only a response that was given a status has one."""
    fresh = Response()
    fresh.status_code = None  # type: ignore[assignment] # as FastAPI injects it
    assert injected_status([1, Request(http_scope()), fresh]) is None
    assert injected_status([fresh, Response(status_code=202)]) == 202


def test_what_is_a_response() -> None:
    """Responses and ASGI apps are; values and plain callables are not."""
    assert is_response(LitestarResponse(b""))
    values: list[Any] = [None, 1, {}, [], print, lambda: 1]
    assert not any(is_response(value) for value in values)
