"""The cases, topic by topic, and the trials of what is no time."""

from benchmarks import served
from benchmarks.suites import (
    etag,
    http_cache,
    http_cache_hits,
    http_cache_memory,
    http_cache_stampede,
    json_fastapi,
    json_others,
    json_quart,
    json_starlette,
    keyset,
    middleware,
    pagination,
    pagination_lists,
    stores,
    streams,
    streams_memory,
    tokens,
)

ALL = (
    middleware.cases,
    etag.cases,
    http_cache.cases,
    http_cache_hits.cases,
    json_fastapi.cases,
    json_starlette.cases,
    json_quart.cases,
    json_others.cases,
    stores.cases,
    pagination.cases,
    pagination_lists.cases,
    tokens.cases,
    keyset.cases,
    streams.cases,
)

TRIALS = (
    http_cache_stampede.trials,
    http_cache_memory.trials,
    keyset.trials,
    streams_memory.trials,
    served.trials,
)
