"""The small app in Litestar."""

from typing import Any

from litestar import Controller, HttpMethod, Litestar, Response, get, post, route
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.response import Stream

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

    @route("/flight", http_method=[HttpMethod.GET, HttpMethod.HEAD])
    async def flight() -> dict[str, Any]:
        return FLIGHT

    @get("/rows")
    async def rows() -> list[dict[str, Any]]:
        return ROWS

    @get("/own-tag")
    async def own_tag() -> Response[str]:
        return Response(OWN_TEXT, headers={"ETag": OWN_TAG}, media_type="text/plain")

    @get("/stream")
    async def stream() -> Stream:
        return Stream(state.parts(*CHUNKS), media_type="text/plain")

    @get("/events")
    async def events() -> Stream:
        return Stream(state.parts(*EVENTS), media_type="text/event-stream")

    @post("/release")
    async def release() -> None:
        state.release()

    @get("/cached", sync_to_thread=True)
    @cache_control(**CACHED)
    def cached() -> dict[str, Any]:
        return FLIGHT

    @get("/missing")
    @cache_control(**CACHED)
    async def missing() -> None:
        raise NotFoundException

    @get("/crash")
    @cache_control(**CACHED)
    async def crash() -> None:
        raise RuntimeError("crash")

    class Counter(Controller):
        path = "/counter"

        @get()
        @etag(lambda controller: state.tag())
        async def counter(self) -> dict[str, int]:
            return {"version": state.version}

        @post(status_code=200)
        @etag(lambda controller: state.tag())
        async def count(self) -> dict[str, int]:
            return state.count()

    app = Litestar(
        [flight, rows, own_tag, stream, events, release, cached, missing, crash, Counter],
        middleware=[] if plain else [DefineMiddleware(ChopinMiddleware, cache_control=DEFAULT)],
        openapi_config=None,
        logging_config=None,
    )
    if not plain:
        install_json(app)
    return app
