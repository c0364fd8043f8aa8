"""Starlette's BaseHTTPMiddleware, which moves the app to another task, inside and outside."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chopin_mw import ChopinMiddleware, cache_control, etag
from frameworks.apps.shared import CHUNKS, State
from support.servers import Address, RawConnection, ask, uvicorn_thread


async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
    return await call_next(request)


BASE = Middleware(BaseHTTPMiddleware, dispatch=pass_on)
CHOPIN = Middleware(ChopinMiddleware)
ORDERS = {
    "inside": [CHOPIN, BASE],
    "outside": [BASE, CHOPIN],
    "both": [BASE, CHOPIN, BASE],
}


def app_with(layers: list[Middleware]) -> Starlette:
    state = State()

    @cache_control(max_age=60)
    def text(request: Request) -> Response:
        return PlainTextResponse("unchanged")

    async def stream(request: Request) -> Response:
        return StreamingResponse(state.parts(*CHUNKS), media_type="text/plain")

    async def release(request: Request) -> Response:
        state.release()
        return Response(status_code=204)

    @etag(lambda request: state.tag())
    async def counter(request: Request) -> Response:
        return JSONResponse(
            state.count() if request.method == "POST" else {"version": state.version}
        )

    routes = [
        Route("/text", text),
        Route("/stream", stream),
        Route("/release", release, methods=["POST"]),
        Route("/counter", counter, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, middleware=layers)


@pytest.fixture(scope="module", params=ORDERS)
def mixed(request: pytest.FixtureRequest) -> Iterator[Address]:
    with uvicorn_thread(app_with(ORDERS[request.param])) as address:
        yield address


def test_an_answer_that_declares_its_length_is_tagged(mixed: Address) -> None:
    """The tag is made although the body comes from another task, and repeated as 304."""
    whole = ask(mixed, b"GET", b"/text")
    again = ask(mixed, b"GET", b"/text", (b"If-None-Match", whole.header(b"etag") or b""))

    assert (whole.status, whole.body) == (200, b"unchanged")
    assert (whole.header(b"etag") or b"").startswith(b'W/"')
    assert (again.status, again.body) == (304, b"")


def test_head_has_the_same_tag(mixed: Address) -> None:
    """HEAD names the tag of GET."""
    whole, head = (ask(mixed, method, b"/text") for method in (b"GET", b"HEAD"))

    assert head.header(b"etag") == whole.header(b"etag")
    assert head.body == b""


def test_the_decorator_reaches_the_middleware(mixed: Address) -> None:
    """`@cache_control` in a thread below another task is heard."""
    assert ask(mixed, b"GET", b"/text").header(b"cache-control") == b"max-age=60"


def test_a_stale_write_does_not_run(mixed: Address) -> None:
    """`@etag` in another task refuses before the handler."""
    before = ask(mixed, b"GET", b"/counter").body
    stale = (b"If-Match", b'"v0"'), (b"Content-Length", b"0")

    answer = ask(mixed, b"POST", b"/counter", *stale)

    assert answer.status == 412
    assert ask(mixed, b"GET", b"/counter").body == before


def test_a_repeated_read_gives_304(mixed: Address) -> None:
    """`@etag` in another task answers 304 with its tag, once."""
    tag = ask(mixed, b"GET", b"/counter").header(b"etag") or b""

    answer = ask(mixed, b"GET", b"/counter", (b"If-None-Match", tag))

    assert answer.status == 304
    assert [value for name, value in answer.headers if name == b"etag"] == [tag]


def test_a_stream_arrives_chunk_by_chunk(mixed: Address) -> None:
    """The second chunk is made after the client has seen the first."""
    first, second = (chunk.encode() for chunk in CHUNKS)

    with RawConnection(mixed) as connection, mixed.client() as client:
        connection.send(b"GET", b"/stream")
        early = connection.read_until(first.strip())
        client.post("/release")
        whole = connection.read_all()

    assert second not in early
    assert second in whole
    assert b"etag" not in whole.lower()
