"""Call an app once and look at its whole answer; and small apps to call."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send

Pairs = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    """What one call sent."""

    messages: list[Message]

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return list(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    def __getitem__(self, name: bytes) -> bytes | None:
        """Return the first field of this name, in lower case."""
        return next((value for given, value in self.headers if given.lower() == name), None)


async def call(
    app: ASGIApp, *, method: str = "GET", path: str = "/", headers: Pairs = (), **scope: Any
) -> Answer:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    connection: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": list(headers),
        **scope,
    }
    await app(connection, receive, send)
    return Answer(messages)


def answering(
    body: bytes = b"hello", *, status: int = 200, headers: Pairs = (), **extra: Any
) -> ASGIApp:
    """Return an app that answers with one start and one body message."""
    fields = list(headers)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": fields, **extra})
        await send({"type": "http.response.body", "body": body})

    return app


def sending(*messages: Message) -> ASGIApp:
    """Return an app that sends exactly these messages, without ever waiting."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(status: int = 200, *headers: tuple[bytes, bytes], **extra: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers), **extra}


def body(data: bytes = b"", *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
