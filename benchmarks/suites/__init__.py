"""The cases, topic by topic."""

from benchmarks.suites import (
    etag,
    json_fastapi,
    json_others,
    json_quart,
    json_starlette,
    middleware,
)

ALL = (
    middleware.cases,
    etag.cases,
    json_fastapi.cases,
    json_starlette.cases,
    json_quart.cases,
    json_others.cases,
)
