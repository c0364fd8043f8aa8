"""The small app in Quart."""

from typing import Any

from quart import Quart, abort, jsonify, make_response

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
    app = Quart(__name__)
    state = State()

    @app.get("/flight")
    async def flight() -> Any:
        return FLIGHT

    @app.get("/rows")
    async def rows() -> Any:
        return jsonify(ROWS)

    @app.get("/own-tag")
    async def own_tag() -> Any:
        return OWN_TEXT, {"ETag": OWN_TAG, "Content-Type": "text/plain"}

    @app.get("/stream")
    async def stream() -> Any:
        return state.parts(*CHUNKS), {"Content-Type": "text/plain"}

    @app.get("/events")
    async def events() -> Any:
        response: Any = await make_response(
            state.parts(*EVENTS), {"Content-Type": "text/event-stream"}
        )
        response.timeout = None
        return response

    @app.post("/release")
    async def release() -> Any:
        state.release()
        return "", 204

    @app.get("/cached")
    @cache_control(**CACHED)
    def cached() -> Any:
        return FLIGHT

    @app.get("/missing")
    @cache_control(**CACHED)
    async def missing() -> Any:
        abort(404)

    @app.get("/crash")
    @cache_control(**CACHED)
    async def crash() -> Any:
        raise RuntimeError("crash")

    @app.get("/counter")
    @etag(state.tag)
    async def counter() -> Any:
        return {"version": state.version}

    @app.post("/counter")
    @etag(state.tag)
    async def count() -> Any:
        return state.count()

    if not plain:
        install_json(app)
        mounted: Any = app
        mounted.asgi_app = ChopinMiddleware(mounted.asgi_app, cache_control=DEFAULT)
    return app
