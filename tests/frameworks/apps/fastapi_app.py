"""The small app in FastAPI."""

# An annotation is an instruction to FastAPI: without one the route is what install_json is for.
# mypy: disable-error-code="no-untyped-def"

from typing import Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import StreamingResponse

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
    app = FastAPI()
    state = State()

    @app.api_route("/flight", methods=["GET", "HEAD"])
    async def flight():
        return FLIGHT

    @app.get("/rows")
    async def rows():
        return ROWS

    @app.get("/own-tag")
    async def own_tag():
        return Response(OWN_TEXT, headers={"ETag": OWN_TAG}, media_type="text/plain")

    @app.get("/stream")
    async def stream():
        return StreamingResponse(state.parts(*CHUNKS), media_type="text/plain")

    @app.get("/events")
    async def events():
        return StreamingResponse(state.parts(*EVENTS), media_type="text/event-stream")

    @app.post("/release")
    async def release():
        state.release()

    @app.get("/cached")
    @cache_control(**CACHED)
    def cached():
        return FLIGHT

    @app.get("/missing")
    @cache_control(**CACHED)
    async def missing():
        raise HTTPException(404)

    @app.get("/crash")
    @cache_control(**CACHED)
    async def crash():
        raise RuntimeError("crash")

    @app.get("/counter")
    @etag(state.tag)
    async def counter() -> dict[str, int]:
        return {"version": state.version}

    @app.post("/counter")
    @etag(state.tag)
    async def count() -> dict[str, int]:
        return state.count()

    if not plain:
        app.add_middleware(ChopinMiddleware, cache_control=DEFAULT)
        install_json(app)
    return app
