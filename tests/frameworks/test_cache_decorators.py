"""`@cache_response` and `@invalidates` on every kind of handler, in eight kinds of apps."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from chopin_mw import cache_response, invalidates
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.exchange import CacheChoice
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from frameworks.apps import tagged_flights
from support.asgi_call import Answer, call
from support.listening import ListeningMiddleware


@pytest.fixture(params=tagged_flights.CASES, ids=lambda build: build.__name__)
def app(request: pytest.FixtureRequest) -> ListeningMiddleware:
    build: Callable[[], ASGIApp] = request.param
    return ListeningMiddleware(build())


async def choice_of(app: ListeningMiddleware, method: str) -> CacheChoice:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, "/flights/7")
    assert answer.status_code == 200
    return app.choice


async def test_a_read_is_kept_under_its_tag(app: ListeningMiddleware) -> None:
    """The placeholder has the value that the framework's router found."""
    choice = await choice_of(app, "GET")

    assert choice.changes == {"ttl": 60, "override_freshness": True}
    assert choice.tags == ("flight:7",)


async def test_a_write_names_the_same_tag(app: ListeningMiddleware) -> None:
    """Whatever types the two handlers gave the parameter."""
    choice = await choice_of(app, "POST")

    assert choice.invalidates == ("flight:7",)


def writing_while_streaming() -> FastAPI:
    """Return an app whose POST /delay writes after the first part of its answer."""
    app, flight = FastAPI(), {"state": "on time"}

    @app.get("/flights/7")
    @cache_response(ttl=60, tags=("flight:7",))
    def read() -> str:
        return flight["state"]

    @app.post("/delay")
    @invalidates(tags=("flight:7",))
    def delay() -> StreamingResponse:
        def parts() -> Iterator[str]:
            yield "begun"
            flight["state"] = "late"
            yield "written"

        return StreamingResponse(parts())

    return app


async def test_a_write_while_streaming_leaves_nothing_stale() -> None:
    """What was kept between the first byte and the write is dropped with the last byte."""
    app = HTTPCacheMiddleware(writing_while_streaming())
    between: list[Answer] = []

    async def with_a_reader(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_read(message: Message) -> None:
            await send(message)
            if message.get("body") == b"begun":
                between.extend([await call(app, "/flights/7") for _ in range(2)])

        await app(scope, receive, send_and_read)

    before = await call(app, "/flights/7")
    written = await call(with_a_reader, "/delay", "POST")
    after = await call(app, "/flights/7")

    assert written.body == b"begunwritten"
    assert [answer.body for answer in (before, *between)] == [b'"on time"'] * 3
    assert [len(answer.all(b"age")) for answer in (before, *between)] == [0, 0, 1]
    assert after.body == b'"late"'
