"""The functions given to `@etag`: what they are called with, and what is refused."""

import inspect
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, datetime
from typing import Any

import pytest

from chopin_mw import ChopinMiddleware, ConfigurationError, etag
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.exchange import preconditions_scope
from chopin_mw.handlers.json_response import JSONResponse
from support.calls import call

CHANGED = datetime(2013, 1, 1, 5, 15, tzinfo=UTC)
CHANGED_TEXT = b"Tue, 01 Jan 2013 05:15:00 GMT"


def ran(*_: Any, **__: Any) -> str:
    return "ran"


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse("ran")(scope, receive, send)


def inside_a_request(
    method: str, headers: list[tuple[bytes, bytes]], run: Callable[[], Any]
) -> Any:
    token = preconditions_scope.set({"type": "http", "method": method, "headers": headers})
    try:
        return run()
    finally:
        preconditions_scope.reset(token)


def test_the_function_gets_what_the_handler_gets() -> None:
    """Positions are passed on, and of the keywords those that the function names."""
    asked: list[Any] = []

    def version(first: int, *, number: int, missing: int = 0) -> str:
        asked.append((first, number, missing))
        return "v1"

    @etag(version)
    def handler(first: int, *, number: int, body: dict[str, int]) -> str:
        return "ran"

    answer = inside_a_request("GET", [], lambda: handler(1, number=2, body={}))

    assert answer == "ran"
    assert asked == [(1, 2, 0)]


@pytest.mark.parametrize(
    ("known", "status"), [((b"if-none-match", b'"v1"'), 304), ((b"if-match", b'"v0"'), 412)]
)
def test_a_plain_handler_is_answered_for(known: tuple[bytes, bytes], status: int) -> None:
    """A handler that its framework calls without arguments gets an answer to return."""
    handler = etag(lambda: "v1")(ran)

    answer = inside_a_request("GET", [known], handler)

    assert answer != "ran"
    assert status in (getattr(answer, "status", None), getattr(answer, "status_code", None))


def test_a_function_with_open_keywords_gets_all() -> None:
    """`**kwargs` asks for everything."""
    asked: list[Any] = []

    def version(**given: Any) -> str:
        asked.append(given)
        return "v1"

    handler = etag(version)(ran)
    inside_a_request("GET", [], lambda: handler(number=2, body={}))

    assert asked == [{"number": 2, "body": {}}]


async def test_an_async_handler_may_have_functions_of_both_kinds() -> None:
    """Plain and async functions may be mixed above an async handler."""

    async def version(*_: Any) -> str:
        return "v1"

    app = ChopinMiddleware(etag(version, last_modified=lambda *_: CHANGED)(answering))
    answer = await call(app)

    assert (answer[b"etag"], answer[b"last-modified"]) == (b'"v1"', CHANGED_TEXT)


async def test_what_a_function_raises_is_not_swallowed() -> None:
    """A tag function that fails fails the request: nobody may write on a guess."""

    def version(*_: Any) -> str:
        raise LookupError("no such flight")

    calls: list[str] = []

    @etag(version)
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["method"])
        await answering(scope, receive, send)

    with pytest.raises(LookupError):
        await call(ChopinMiddleware(handler), method="PUT")
    assert calls == []


async def async_tag(*_: Any) -> str:
    return "v1"


class AsyncTag:
    async def __call__(self, *_: Any) -> str:
        return "v1"


@pytest.mark.parametrize("function", [async_tag, AsyncTag()], ids=["function", "instance"])
@pytest.mark.parametrize("place", ["tag", "last_modified"])
def test_an_async_function_on_a_plain_handler_is_refused(
    function: Callable[..., Awaitable[Any]], place: str
) -> None:
    """A handler in a thread cannot await; that is said when decorating, with the handler's name."""
    functions: dict[str, Any] = {"tag": lambda: "v1", place: function}

    with pytest.raises(
        ConfigurationError, match=r"@etag on .*handler.*: a plain handler needs plain"
    ):

        @etag(**functions)
        def handler() -> None: ...


def test_a_function_that_turns_out_async_is_refused() -> None:
    """A lambda around an async function is found out before its result is taken for a tag."""

    class Later:
        def __await__(self) -> Generator[None, None, str]:
            yield
            return "v1"

    handler = etag(Later)(ran)

    with pytest.raises(ConfigurationError, match="a plain handler needs plain functions"):
        inside_a_request("GET", [], handler)


@pytest.mark.parametrize("given", ["v1", 1, None])
def test_a_tag_in_place_of_a_function_is_refused(given: Any) -> None:
    """`@etag("v1")` would never change: a function is asked for."""
    with pytest.raises(ConfigurationError, match="@etag takes functions, got"):
        etag(given)


def test_a_time_in_place_of_a_function_is_refused() -> None:
    """So is a fixed time."""
    given: Any = CHANGED

    with pytest.raises(ConfigurationError, match="@etag takes functions, got datetime"):
        etag(lambda: "v1", last_modified=given)


def test_a_plain_handler_without_middleware_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Called from a script, a decorated function is a function."""
    handler = etag(lambda: "v1")(ran)

    assert handler() == "ran"
    assert "has no effect" in caplog.text


def test_a_method_of_three_arguments_is_no_asgi_app() -> None:
    """Only scope, receive and send make an answer that is awaited; three others do not."""
    handler = etag(lambda *_: "v1")(ran)
    known = [(b"if-none-match", b'"v1"')]

    answer = inside_a_request("GET", known, lambda: handler({"no": "scope"}, 1, 2))

    assert answer != "ran"
    assert not inspect.isawaitable(answer)
