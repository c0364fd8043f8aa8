"""Call an app once, as a server does, and give what came back in one piece."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message
from support.scopes import http_scope

JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def all(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.headers if field.lower() == name]

    def json(self) -> Any:
        assert self.all(b"content-type")[0] in (b"application/json", b"application/problem+json")
        length = self.all(b"content-length")
        assert length in ([], [str(len(self.body)).encode()])
        return json.loads(self.body)


async def call(
    app: ASGIApp,
    path: str = "/",
    method: str = "GET",
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: bytes | Iterable[bytes] = b"",
    leaves: bool = False,
) -> Answer:
    """Send one request, its body in pieces; with `leaves` the client goes before the end."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    script: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": leaves or at < len(pieces) - 1}
        for at, piece in enumerate(pieces)
    ]
    sent: list[Message] = []
    answered = asyncio.Event()

    async def receive() -> Message:
        if script:
            return script.pop(0)
        if not leaves:
            await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(dict(message))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    scope = http_scope(method, headers, path=path, raw_path=path.encode())
    await asyncio.wait_for(app(scope, receive, send), 10)
    start, *rest = sent
    fields = [(bytes(name), bytes(value)) for name, value in start.get("headers", ())]
    return Answer(start["status"], fields, b"".join(part.get("body", b"") for part in rest))
