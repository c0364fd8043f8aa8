"""Fill one cache in a process of its own and say how much memory that took.

`python -m benchmarks.resident PEER URLS` prints one JSON object a line: progress, then the result.
"""

import argparse
import asyncio
import json
import sys
from typing import Any

from benchmarks import cached_apps as peers
from benchmarks.apps import body_of, http_scope
from benchmarks.connection import Connection
from benchmarks.fresh_process import resident_bytes, tell
from chopin_mw import HTTPCacheMiddleware
from chopin_mw.asgi.types import Receive, Scope, Send

BODY_BYTES = 1114
BOUND = "the bound"
_WARMING = 500
_STEPS = 50
_FIRST_ID = 1_000_000
_RECORDS = 10
_PATH = "/{number:int}"
_OPENING = {"type": "http.request", "body": b"", "more_body": False}

PEERS: dict[str, peers.Maker] = {
    "none: FastAPI": peers.fastapi_app,
    "HTTPCacheMiddleware on FastAPI": peers.ours_on_fastapi,
    "none: Litestar": peers.litestar_app,
    "HTTPCacheMiddleware on Litestar": peers.ours_on_litestar,
    "peer: fastapi-cache2": peers.by_fastapi_cache2,
    "peer: cashews": peers.by_cashews,
    "peer: aiocache": peers.by_aiocache,
    "peer: Litestar's response cache": peers.by_litestar,
    "peer: hishel's ASGI middleware, by URL only": peers.by_hishel,
    "peer: hishel's ASGI middleware, RFC 9111": peers.by_hishel_rfc,
}

_SOME = body_of(8)


def main() -> int:
    """Return 0 when the cache was filled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resident")
    parser.add_argument("name", choices=[*PEERS, BOUND])
    parser.add_argument("urls", type=int)
    options = parser.parse_args()
    if options.name == BOUND:
        asyncio.run(_fill_to_the_bound(options.urls))
    else:
        asyncio.run(_fill(PEERS[options.name], options.urls))
    return 0


async def _fill(make: peers.Maker, urls: int) -> None:
    calls = 0

    async def records(number: int) -> Any:
        nonlocal calls
        calls += 1
        return _records(number)

    app = make(_PATH, records)
    body = await _ask(app, "/0")
    assert len(body) == BODY_BYTES, len(body)
    for number in range(1, _WARMING):
        await _ask(app, f"/{number}")
    before = resident_bytes()
    for number in range(urls):
        await _ask(app, f"/{_WARMING + number}")
        _tell_of(number, urls)
    grown = resident_bytes() - before
    filled = calls
    for number in range(0, urls, max(1, urls // 100)):
        await _ask(app, f"/{_WARMING + number}")
    print(json.dumps({"grown": grown, "keeps": calls == filled}))


def _records(number: int) -> list[dict[str, Any]]:
    found = [item.model_dump() for item in peers.items(_FIRST_ID + number * _RECORDS, _RECORDS)]
    # Every response is of the same size, and none of its bytes is shared with another.
    found[-1]["note"] = "-" * (BODY_BYTES - len(json.dumps(found, separators=(",", ":"))))
    return found


async def _fill_to_the_bound(urls: int) -> None:
    app = HTTPCacheMiddleware(_various)
    for number in range(_WARMING):
        await _ask(app, f"/{number}", method="POST")
    before, highest = resident_bytes(), 0
    for number in range(urls):
        await _ask(app, f"/{number}")
        if number % 1000 == 0:
            highest = max(highest, resident_bytes(collect=False) - before)
        _tell_of(number, urls)
    statistics: Any = app.cache.store
    kept = statistics.statistics()
    answer = {"highest": highest, "bytes": kept.bytes, "entries": kept.entries}
    print(json.dumps({**answer, "evictions": kept.evictions}))


async def _various(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with bodies of 100 bytes to 8 KB, so that what leaves rarely fits what comes."""
    number = int(scope["path"][1:])
    body = b"%d" % number + _SOME[: 100 + number * 7919 % 8000]
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"public, max-age=3600"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _ask(app: Any, path: str, method: str = "GET") -> bytes:
    chunks: list[bytes] = []

    async def send(message: Any) -> None:
        chunks.append(message.get("body", b""))

    await app(http_scope(method, path=path)(), Connection(_OPENING).receive, send)
    return b"".join(chunks)


def _tell_of(done: int, urls: int) -> None:
    if done % max(1, urls // _STEPS) == 0:
        tell(done / urls)


if __name__ == "__main__":
    sys.exit(main())
