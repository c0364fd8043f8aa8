"""How often the handler runs when a thousand clients ask at once for what is not there yet."""

import asyncio
from typing import Any

from benchmarks import cached_apps as peers
from benchmarks.apps import http_scope
from benchmarks.connection import Connection
from benchmarks.trial import Advance, Figure, Table, Trial, TrialEffort, TrialError
from chopin_mw.asgi.types import Message

TOPIC = "http_cache stampede"
CLIENTS = 1000

_CACHES: tuple[tuple[str, peers.Maker, int | None], ...] = (
    ("HTTPCacheMiddleware on FastAPI", peers.ours_on_fastapi, 1),
    ("HTTPCacheMiddleware on Litestar", peers.ours_on_litestar, 1),
    ("peer: fastapi-cache2", peers.by_fastapi_cache2, None),
    ("peer: cashews", peers.by_cashews, None),
    ("peer: cashews, lock=True", peers.by_cashews_with_lock, None),
    ("peer: aiocache, cached", peers.by_aiocache, None),
    ("peer: aiocache, cached_stampede", peers.by_aiocache_stampede, None),
    ("peer: Litestar's response cache", peers.by_litestar, None),
    ("peer: hishel's ASGI middleware, by URL only", peers.by_hishel, None),
    ("peer: hishel's ASGI middleware, RFC 9111", peers.by_hishel_rfc, None),
)


def trials() -> list[Trial]:
    """Return the trial."""
    return [Trial(topic=TOPIC, run=run)]


def run(effort: TrialEffort, advance: Advance) -> Table:
    """Ask every cache once; a count needs no repetition."""
    # Longer than any of the caches takes to let so many requests in.
    figures, seconds = [], 1.5 * effort.seconds
    for name, make, at_most in _CACHES:
        calls = asyncio.run(handler_calls(name, make, CLIENTS, seconds))
        figures.append(Figure(name=name, value=calls, unit="handler calls", at_most=at_most))
        advance(1 / len(_CACHES))
    note = f"{CLIENTS:,} requests for one URL at once; the handler waits for {seconds:g} s"
    return Table(TOPIC, note, tuple(figures))


async def handler_calls(name: str, make: peers.Maker, clients: int, seconds: float) -> int:
    """Return how often the handler ran for so many requests at once."""
    calls = 0
    value = [item.model_dump() for item in peers.items(1_000_000, 1)]

    async def records() -> Any:
        nonlocal calls
        calls += 1
        await asyncio.sleep(seconds)
        return value

    # Some keys are made of the name of the handler, and all of these are one function.
    records.__qualname__ = records.__name__ = f"stampede: {name}"
    app, scope = make("/", records), http_scope("GET")
    statuses = await asyncio.gather(*(_ask(app, scope()) for _ in range(clients)))
    if set(statuses) != {200}:
        raise TrialError(f"{name}: answered {sorted(set(statuses))}")
    return calls


async def _ask(app: Any, scope: Any) -> int:
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    opening = {"type": "http.request", "body": b"", "more_body": False}
    await app(scope, Connection(opening).receive, send)
    return statuses[0]
