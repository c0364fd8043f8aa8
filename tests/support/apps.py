"""The smallest ASGI apps: they send what they are given."""

from collections.abc import Callable, Iterable
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send

PAIRS = ((b"content-type", b"text/plain"), (b"x-one", b"1"), (b"x-one", b"2"))
BODY: Message = {"type": "http.response.body", "body": b"hello"}


def start(status: int = 200, headers: Iterable[Any] = PAIRS, **more: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def chunk(body: bytes = b"", *, more_body: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more_body}


def sending(*messages: Message) -> ASGIApp:
    """Build an app that sends fresh copies of these messages."""
    return answering(lambda: map(fresh, messages))


def fresh(message: Message) -> Message:
    return {**message, "headers": [*message["headers"]]} if "headers" in message else {**message}


def answering(make: Callable[[], Iterable[Message]]) -> ASGIApp:
    """Build an app that sends the messages of one call of `make` for each request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in make():
            await send(message)

    return app
