"""The apps that are measured over a socket; servers import them from here, each in its process."""

from typing import Any

from fastapi import FastAPI

from benchmarks.apps import bare
from chopin_mw import CachePolicy, HTTPCacheMiddleware
from chopin_mw.rules.content_tag import make_entity_tag

BODY = b'{"hello":"world"}'
_TTL = 3600


def _endpoint() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


hello = bare(BODY)
# What the cached endpoint sends: the same fields, of the same lengths.
same_bytes = bare(BODY, (b"etag", make_entity_tag([BODY])), (b"age", b"0"))
uncached: Any = _endpoint()
cached = HTTPCacheMiddleware(_endpoint(), policy=CachePolicy(ttl=_TTL))
