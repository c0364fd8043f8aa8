"""The small app without a framework."""

from collections.abc import AsyncIterator
from typing import Any

from chopin_mw import ChopinMiddleware, cache_control, etag
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.handlers.json_response import JSONResponse
from frameworks.apps.shared import (
    CACHED,
    CHUNKS,
    DEFAULT,
    EVENTS,
    FLIGHT,
    OWN_TAG,
    OWN_TEXT,
    ROWS,
    State,
)


async def respond(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain"), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def stream_parts(send: Send, content_type: bytes, parts: AsyncIterator[str]) -> None:
    headers = [(b"content-type", content_type)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for part in parts:
        await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def build(*, plain: bool = False) -> Any:  # noqa: C901 - it counts a branch for each route
    state = State()

    async def own_tag(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, OWN_TEXT.encode(), (b"ETag", OWN_TAG.encode()))

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await stream_parts(send, b"text/plain", state.parts(*CHUNKS))

    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        await stream_parts(send, b"text/event-stream", state.parts(*EVENTS))

    async def release(scope: Scope, receive: Receive, send: Send) -> None:
        state.release()
        await respond(send, 204, b"")

    @cache_control(**CACHED)
    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(FLIGHT)(scope, receive, send)

    @cache_control(**CACHED)
    async def missing(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 404, b"not found")

    @cache_control(**CACHED)
    async def crash(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("crash")

    @etag(lambda scope, receive, send: state.tag())
    async def counter(scope: Scope, receive: Receive, send: Send) -> None:
        answer = state.count() if scope["method"] == "POST" else {"version": state.version}
        await JSONResponse(answer)(scope, receive, send)

    routes: dict[str, ASGIApp] = {
        "/flight": JSONResponse(FLIGHT),
        "/rows": JSONResponse(ROWS),
        "/own-tag": own_tag,
        "/stream": stream,
        "/events": events,
        "/release": release,
        "/cached": cached,
        "/missing": missing,
        "/crash": crash,
        "/counter": counter,
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await routes[scope["path"]](scope, receive, send)

    return app if plain else ChopinMiddleware(app, cache_control=DEFAULT)
