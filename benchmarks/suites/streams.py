"""What an item costs in a stream: 10,000 small ones in a request, all over one source."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

from benchmarks import stream_apps as apps
from benchmarks.apps import http_scope
from benchmarks.case import Answer, Case
from chopin_mw.handlers.streams import ndjson_stream

TOPIC = "streams"
ITEMS: list[apps.Row] = [
    {"id": number, "name": f"item {number}", "price": number + 0.25} for number in range(10_000)
]
_FLOOR = "NDJSON by hand, in chunks of 100"
_WAITING_FLOOR = "NDJSON by hand, in chunks of 100, from a source that waits at each item"


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    ready = apps.rows_async(ITEMS)
    yield _case(_FLOOR, apps.by_hand_in_chunks(ready))
    for name, answer in apps.OURS.items():
        yield _case(name, apps.ours(answer, ready), base=_FLOOR)
        yield _case(f"{name} on FastAPI", apps.ours_on_fastapi(answer, ready), base=_FLOOR)
    lines = partial(apps.ours, ndjson_stream)
    yield _case("ndjson_stream, from a source of lists of 100", lines(_in_batches), base=_FLOOR)
    yield _case("ndjson_stream, from a plain iterator", lines(lambda: iter(ITEMS)), base=_FLOOR)
    peers: dict[str, Any] = {
        "Starlette's StreamingResponse, a line at a time": apps.by_starlette(ready),
        "FastAPI's JSON Lines": apps.by_fastapi_lines(ready),
        "FastAPI's JSON Lines, typed": apps.by_fastapi_typed_lines(ready),
        "sse-starlette": apps.by_sse_starlette(ready),
        "FastAPI's server-sent events": apps.by_fastapi_events(ready),
    }
    for name, app in peers.items():
        yield _case(f"peer: {name}", app, base=_FLOOR)
    yield _case(_WAITING_FLOOR, apps.by_hand_in_chunks(_waiting))
    name = "ndjson_stream, from a source that waits at each item: each is sent at once"
    yield _case(name, lines(_waiting), base=_WAITING_FLOOR)


async def _in_batches() -> AsyncIterator[list[apps.Row]]:
    for first in range(0, len(ITEMS), 100):
        yield ITEMS[first : first + 100]


async def _waiting() -> AsyncIterator[apps.Row]:
    for item in ITEMS:
        await asyncio.sleep(0)
        yield item


def _case(name: str, app: Any, *, base: str | None = None) -> Case:
    return Case(
        name=_named(name),
        topic=TOPIC,
        app=app,
        scope=http_scope("GET"),
        is_right=_holds_all_items,
        base=None if base is None else _named(base),
    )


def _named(name: str) -> str:
    return f"10,000 items, {name}"


def _holds_all_items(answer: Answer) -> bool:
    return answer.status == 200 and list(apps.values_in(answer.body)) == ITEMS
