"""Compression inside and outside of the ETag layer gives tags that are true and stay."""

import gzip
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from litestar import Litestar, get
from litestar.config.compression import CompressionConfig
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chopin_mw import ChopinMiddleware
from chopin_mw.asgi.types import ASGIApp
from frameworks.apps.django_app import COMMON, URLs, handler_for
from frameworks.apps.shared import State
from support.servers import Address, RawConnection, ask, uvicorn_thread

TEXT = "three hundred flights to Houston, " * 100
GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
SECONDS_FOR_THE_CLOCK = 5


def starlette_with(*layers: Middleware) -> Starlette:
    """Build an app with these layers around it, outermost first."""
    state = State()

    async def text(request: Request) -> Response:
        return PlainTextResponse(TEXT)

    async def stream(request: Request) -> Response:
        return StreamingResponse(state.parts(TEXT, TEXT), media_type="text/plain")

    async def release(request: Request) -> Response:
        state.release()
        return Response(status_code=204)

    routes = [
        Route("/text", text),
        Route("/stream", stream),
        Route("/release", release, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=layers)


def starlette_gzip_inside() -> ASGIApp:
    return starlette_with(Middleware(ChopinMiddleware), Middleware(GZipMiddleware))


def starlette_gzip_outside() -> ASGIApp:
    return starlette_with(Middleware(GZipMiddleware), Middleware(ChopinMiddleware))


def litestar_gzip_inside() -> ASGIApp:
    """Litestar's compressor writes the time of day into every answer."""

    @get("/text")
    async def text() -> str:
        return TEXT

    app: Any = Litestar(
        [text],
        compression_config=CompressionConfig(backend="gzip"),
        openapi_config=None,
        logging_config=None,
    )
    return ChopinMiddleware(app)


def django_gzip_inside() -> ASGIApp:
    """Django's compressor writes a file name of random length into every answer."""

    async def text(request: HttpRequest) -> HttpResponse:
        return HttpResponse(TEXT, content_type="text/plain")

    gzip_layer = "django.middleware.gzip.GZipMiddleware"
    return ChopinMiddleware(handler_for(URLs(path("text", text)), gzip_layer, COMMON))


ORDERS = (
    starlette_gzip_inside,
    starlette_gzip_outside,
    litestar_gzip_inside,
    django_gzip_inside,
)


@pytest.fixture(scope="module", params=ORDERS, ids=lambda build: build.__name__)
def compressing(request: pytest.FixtureRequest) -> Iterator[Address]:
    with uvicorn_thread(request.param()) as address:
        yield address


@pytest.fixture(scope="module", params=ORDERS[:2], ids=lambda build: build.__name__)
def streaming(request: pytest.FixtureRequest) -> Iterator[Address]:
    with uvicorn_thread(request.param()) as address:
        yield address


def test_a_compressed_answer_is_tagged_and_repeated_as_304(compressing: Address) -> None:
    """The tag of the compressed 200 gives a 304."""
    with compressing.client() as client:
        whole = client.get("/text", headers=GZIP)
        again = client.get("/text", headers={**GZIP, "If-None-Match": whole.headers["etag"]})

    assert whole.headers["content-encoding"] == "gzip"
    assert whole.headers["etag"].startswith('W/"')
    assert whole.text == TEXT
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == whole.headers["etag"]


def test_the_tag_stays_while_the_clock_goes_on(compressing: Address) -> None:
    """A second later the unchanged text has the same tag, whatever the compressor writes down."""
    with compressing.client() as client:
        first = client.get("/text", headers=GZIP)
        later = _after_the_next_second(lambda: client.get("/text", headers=GZIP))

    assert later.headers["date"] != first.headers["date"]
    assert later.headers["etag"] == first.headers["etag"]


def test_both_codings_are_answered(compressing: Address) -> None:
    """Clients that take gzip and clients that do not are each told apart, or share a weak tag."""
    with compressing.client() as client:
        compressed = client.get("/text", headers=GZIP)
        plain = client.get("/text", headers=PLAIN)
        again = client.get("/text", headers={**PLAIN, "If-None-Match": plain.headers["etag"]})

    assert compressed.text == plain.text == TEXT
    assert "content-encoding" not in plain.headers
    assert again.status_code == 304


def test_head_has_the_tag_of_the_compressed_get(streaming: Address) -> None:
    """HEAD with Accept-Encoding names the tag that GET has."""
    accept = (b"Accept-Encoding", b"gzip")

    whole, head = (ask(streaming, method, b"/text", accept) for method in (b"GET", b"HEAD"))

    assert gzip.decompress(whole.body).decode() == TEXT
    assert head.header(b"etag") == whole.header(b"etag")
    assert head.body == b""


def test_a_compressed_stream_is_not_held_back(streaming: Address) -> None:
    """The header of a compressed stream is here before its second chunk is made, without a tag."""
    with RawConnection(streaming) as connection, streaming.client() as client:
        connection.send(b"GET", b"/stream", [(b"Accept-Encoding", b"gzip")])
        head = connection.read_until(b"\r\n\r\n").lower()
        client.post("/release")
        connection.read_all()

    assert b"content-encoding: gzip" in head
    assert b"etag" not in head


def _after_the_next_second(ask_again: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until the server's clock shows another second than it does now."""
    second, deadline = int(time.time()), time.monotonic() + SECONDS_FOR_THE_CLOCK
    now = ask_again().headers["date"]
    while int(time.time()) == second or (answer := ask_again()).headers["date"] == now:
        assert time.monotonic() < deadline, "the server's clock stands"
    return answer
