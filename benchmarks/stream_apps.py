"""The apps of the stream suites: ours, each peer's, and by hand, all over the same source."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.sse import EventSourceResponse as FastAPIEventSource
from pydantic import BaseModel
from sse_starlette import EventSourceResponse
from starlette.responses import StreamingResponse

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.handlers.streams import event_stream, json_array_stream, ndjson_stream

Row = dict[str, Any]
Source = Callable[[], Any]
"""Returns a new iterator of the rows, async or not."""

_BATCH = 100


class Item(BaseModel):
    """A small record, for those that want its type."""

    id: int
    name: str
    price: float


def rows_async(rows: list[Row]) -> Source:
    """Return a source that waits for nothing, as a database cursor that has fetched its rows."""

    async def source() -> AsyncIterator[Row]:
        for row in rows:
            yield row

    return source


def ours(answer: Callable[[Any], Any], source: Source) -> ASGIApp:
    """Return an app that answers with one of our streams."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(source())(scope, receive, send)

    return app


def ours_on_fastapi(answer: Callable[[Any], Any], source: Source) -> FastAPI:
    """Return FastAPI with a handler that returns one of our streams."""
    app = FastAPI(openapi_url=None)

    @app.get("/", response_model=None)
    async def stream() -> Any:
        return answer(source())

    return app


def by_hand_in_chunks(source: Source) -> ASGIApp:
    """Return the least that NDJSON takes: no task, no watching of the client, no time-outs."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(_start(b"application/x-ndjson"))
        lines: list[bytes] = []
        async for row in source():
            lines.append(orjson.dumps(row))
            if len(lines) == _BATCH:
                await send(_more(b"\n".join(lines) + b"\n"))
                lines.clear()
        if lines:
            await send(_more(b"\n".join(lines) + b"\n"))
        await send({"type": "http.response.body", "body": b""})

    return app


def by_starlette(source: Source) -> ASGIApp:
    """Return Starlette's response with a line for each row, as its documentation has it."""

    async def lines() -> AsyncIterator[bytes]:
        async for row in source():
            yield orjson.dumps(row) + b"\n"

    return _responding(lambda: StreamingResponse(lines(), media_type="application/x-ndjson"))


def by_sse_starlette(source: Source) -> ASGIApp:
    """Return sse-starlette's response; it takes texts, and writes a dict as its repr."""

    async def events() -> AsyncIterator[Row]:
        async for row in source():
            yield {"data": orjson.dumps(row).decode()}

    return _responding(lambda: EventSourceResponse(events()))


def by_fastapi_lines(source: Source) -> FastAPI:
    """Return FastAPI with a handler that yields, of which it makes JSON Lines."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def lines():  # type: ignore[no-untyped-def] # without a type on purpose: that is the case
        async for row in source():
            yield row

    return app


def by_fastapi_typed_lines(source: Source) -> FastAPI:
    """Return the same with the type of what it yields, which FastAPI validates and serialises."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def lines() -> AsyncIterable[Item]:
        async for row in source():
            yield row  # FastAPI makes an Item of it

    return app


def by_fastapi_events(source: Source) -> FastAPI:
    """Return FastAPI with a handler that yields, of which it makes server-sent events."""
    app = FastAPI(openapi_url=None)

    @app.get("/", response_class=FastAPIEventSource)
    async def events() -> AsyncIterable[Item]:
        async for row in source():
            yield row  # FastAPI makes an Item of it

    return app


def whole_list(source: Source) -> ASGIApp:
    """Return an app that collects all rows, encodes them at once, and sends one body."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        rows = [row async for row in source()]
        body = orjson.dumps(rows)
        await send(_start(b"application/json"))
        await send({"type": "http.response.body", "body": body})

    return app


def whole_list_on_fastapi(source: Source) -> FastAPI:
    """Return FastAPI with a handler that returns the list of all rows."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def rows() -> list[Row]:
        return [row async for row in source()]

    return app


def _responding(make: Callable[[], Any]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await make()(scope, receive, send)

    return app


def _start(media_type: bytes) -> dict[str, Any]:
    headers = [(b"content-type", media_type)]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _more(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


OURS: dict[str, Callable[[Any], Any]] = {
    "ndjson_stream": ndjson_stream,
    "json_array_stream": json_array_stream,
    "event_stream": event_stream,
}


def values_in(body: bytes) -> Iterator[Any]:
    """Yield what a body holds, whichever of the forms it has."""
    if body[:1] == b"[":
        yield from orjson.loads(body)
        return
    for line in body.splitlines():
        text = line.removeprefix(b"data:").lstrip()
        if text and not text.startswith(b":"):
            yield orjson.loads(text)
