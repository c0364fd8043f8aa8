"""Two proofs that the suite can fail: no cache at all, and the worst that is still a cache."""

from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from conformance.world import FakeClock


def no_cache(app: ASGIApp, clock: FakeClock) -> ASGIApp:
    """Leave the proxy as it is."""
    return app


def naive_cache(app: ASGIApp, clock: FakeClock) -> ASGIApp:
    """Keep every answer for ever, for whatever is asked next below the same directory."""
    kept: dict[Any, list[Message]] = {}

    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        key = scope["path"].split("/")[1]
        answer: list[Message] = []

        async def send_and_keep(message: Message) -> None:
            answer.append(message)
            kept[key] = answer
            await send(message)

        if (known := kept.get(key)) is None:
            await app(scope, receive, send_and_keep)
            return
        for message in list(known):
            await send(message)
        if known[-1].get("more_body", True):
            await send({"type": "http.response.body", "body": b""})

    return cached
