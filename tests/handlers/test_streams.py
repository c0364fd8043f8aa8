import json
from collections.abc import AsyncIterator
from typing import Any

import falcon
import falcon.asgi
import pytest
from blacksheep import Application
from blacksheep.server.routing import Router
from fastapi import BackgroundTasks, FastAPI, Response
from litestar import Litestar
from litestar import get as litestar_get
from litestar.background_tasks import BackgroundTask

import frameworks.apps.django_app  # noqa: F401 - configures Django
from chopin_mw.errors import ConfigurationError
from chopin_mw.handlers.streams import event_stream, json_array_stream, ndjson_stream
from chopin_mw.integrations import django_stream
from chopin_mw.integrations import native_stream as module
from chopin_mw.streaming.event_stream import EventStream
from chopin_mw.streaming.framing import json_lines
from chopin_mw.streaming.stream import Stream, StreamOptions
from support.asgi_call import call

ROWS = [{"id": number} for number in range(150)]
LINES = b"".join(b'{"id":%d}\n' % number for number in range(150))


async def rows() -> AsyncIterator[dict[str, int]]:
    for row in ROWS:
        yield row


def outside_frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what tells which framework is in use: this process has loaded all of them."""
    monkeypatch.setattr(module, "framework_of_call", lambda _: None)


async def test_bare_apps_get_the_stream_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an ASGI app."""
    outside_frameworks(monkeypatch)

    answer = ndjson_stream(rows(), trailer=True)

    assert isinstance(answer, Stream)
    assert (await call(answer)).body == LINES + b'{"end":true,"count":150}\n'
    assert isinstance(event_stream(rows()), EventStream)
    assert json.loads((await call(json_array_stream(rows(), envelope=True))).body) == {
        "success": True,
        "data": ROWS,
    }


@pytest.mark.parametrize("make", [ndjson_stream, json_array_stream, event_stream])
def test_options_that_cannot_work_are_refused_when_it_is_made(make: Any) -> None:
    """Not when it is sent."""
    with pytest.raises(ConfigurationError, match="batch_size"):
        make([], batch_size=0)
    with pytest.raises(ConfigurationError, match="iterable"):
        make("text")
    with pytest.raises(ConfigurationError, match="Content-Length"):
        make([], headers={"Content-Length": "1"})


async def test_fastapi_runs_background_tasks_after_the_stream() -> None:
    """They were added to a parameter of the handler; cookies can be set on the response."""
    app = FastAPI()
    done: list[str] = []

    @app.get("/")
    async def answer(tasks: BackgroundTasks) -> Response:
        tasks.add_task(done.append, "done")
        response: Response = ndjson_stream(rows(), headers={"X-Desk": "7"})
        response.set_cookie("seen", "1")
        return response

    got = await call(app)

    assert (got.body, got.all(b"x-desk"), done) == (LINES, [b"7"], ["done"])
    assert got.all(b"set-cookie")[0].startswith(b"seen=1")
    assert got.all(b"content-length") == []


async def test_fastapi_plain_handlers_stream_too() -> None:
    """They run in a thread."""
    app = FastAPI()

    @app.get("/")
    def answer() -> Response:
        response: Response = ndjson_stream(rows())
        return response

    assert (await call(app)).body == LINES


async def test_litestar_adds_the_fields_of_the_route() -> None:
    """Its headers, and its background task after the stream."""
    done: list[str] = []

    async def after() -> None:
        done.append("done")

    @litestar_get("/", response_headers={"x-route": "3"}, background=BackgroundTask(after))
    async def answer() -> Any:
        return json_array_stream(rows(), headers={"X-Desk": "7"})

    app = Litestar([answer], openapi_config=None, logging_config=None)
    got = await call(app)

    assert (json.loads(got.body), got.all(b"x-desk"), got.all(b"x-route")) == (ROWS, [b"7"], [b"3"])
    assert got.all(b"content-type") == [b"application/json"]
    assert got.all(b"content-length") == []
    assert done == ["done"]


async def test_falcon_takes_the_stream_as_resp_stream() -> None:
    """A responder returns nothing: it hands over what it was given, and the media type."""

    class Rows:
        async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
            resp.stream = ndjson_stream(rows())
            resp.content_type = "application/x-ndjson"

    app = falcon.asgi.App()
    app.add_route("/", Rows())

    got = await call(app)

    assert (got.body, got.all(b"content-type")) == (LINES, [b"application/x-ndjson"])


async def test_blacksheep_sends_it_as_streamed_content() -> None:
    """With its fields; an empty chunk does not end it."""
    router = Router()
    app = Application(router=router)

    async def answer():
        return ndjson_stream(rows(), headers={"X-Desk": "7"})

    async def nothing():
        return ndjson_stream([])

    router.add_get("/", answer)
    router.add_get("/nothing", nothing)
    await app.start()

    got = await call(app)

    assert (got.body, got.all(b"x-desk"), got.all(b"cache-control")) == (
        LINES,
        [b"7"],
        [b"no-store"],
    )
    assert got.all(b"content-type") == [b"application/x-ndjson"]
    assert (await call(app, "/nothing")).body == b""


async def test_django_may_close_a_response_that_it_has_not_begun() -> None:
    """As where a middleware answers in its place."""
    django_stream.respond(Stream(rows(), json_lines(), StreamOptions())).close()
