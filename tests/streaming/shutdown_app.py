"""One event stream without an end, in an app that learns of its shutdown in its lifespan."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from chopin_mw.handlers.streams import event_stream
from chopin_mw.rules.server_sent_event import ServerSentEvent
from chopin_mw.streaming.shutdown import stop_signal


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, asyncio.Event]]:
    with stop_signal() as stopping:
        yield {"stopping": stopping}


async def live() -> AsyncIterator[str]:
    yield "live"
    await asyncio.Event().wait()


async def answer(request: Request) -> Any:
    return event_stream(
        live(),
        shutdown=request.state.stopping,
        farewell=ServerSentEvent("back soon", event="shutdown"),
    )


app = Starlette(routes=[Route("/", answer)], lifespan=lifespan)
