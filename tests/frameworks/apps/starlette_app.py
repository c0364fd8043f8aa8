"""The small app in Starlette."""

from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chopin_mw import ChopinMiddleware, cache_control, etag
from chopin_mw.integrations.install import install_json
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


def build(*, plain: bool = False) -> Any:  # noqa: C901 - it counts a branch for each route
    state = State()

    async def flight(request: Request) -> Response:
        return JSONResponse(FLIGHT)

    async def rows(request: Request) -> Response:
        return JSONResponse(ROWS)

    async def own_tag(request: Request) -> Response:
        return PlainTextResponse(OWN_TEXT, headers={"ETag": OWN_TAG})

    async def stream(request: Request) -> Response:
        return StreamingResponse(state.parts(*CHUNKS), media_type="text/plain")

    async def events(request: Request) -> Response:
        return StreamingResponse(state.parts(*EVENTS), media_type="text/event-stream")

    async def release(request: Request) -> Response:
        state.release()
        return Response(status_code=204)

    @cache_control(**CACHED)
    def cached(request: Request) -> Response:
        return JSONResponse(FLIGHT)

    @cache_control(**CACHED)
    async def missing(request: Request) -> Response:
        raise HTTPException(404)

    @cache_control(**CACHED)
    async def crash(request: Request) -> Response:
        raise RuntimeError("crash")

    @etag(lambda endpoint, request: state.tag())
    class Counter(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            return JSONResponse({"version": state.version})

        def post(self, request: Request) -> Response:
            return JSONResponse(state.count())

    app = Starlette(
        routes=[
            Route("/flight", flight),
            Route("/rows", rows),
            Route("/own-tag", own_tag),
            Route("/stream", stream),
            Route("/events", events),
            Route("/release", release, methods=["POST"]),
            Route("/cached", cached),
            Route("/missing", missing),
            Route("/crash", crash),
            Route("/counter", Counter),
        ]
    )
    if not plain:
        app.add_middleware(ChopinMiddleware, cache_control=DEFAULT)
        install_json(app)
    return app
