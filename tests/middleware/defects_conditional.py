"""Middleware with one defect each: tags and 304s as they should not be made."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send


def quoted_digest(body: bytes) -> bytes:
    return b'"%s"' % hashlib.md5(body).hexdigest().encode()  # noqa: S324  (a tag, not a secret)


def same_tag(asked: bytes, tag: bytes) -> bool:
    tags = [part.strip().removeprefix(b"W/") for part in asked.split(b",")]
    return tag.removeprefix(b"W/") in tags or asked.strip() == b"*"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagMaker:
    """A simple tagger of single-message answers; every field is a place for one defect."""

    methods: tuple[str, ...] = ("GET", "HEAD")
    statuses: tuple[int, ...] = (200,)
    make_tag: Callable[[bytes], bytes] = quoted_digest
    matches: Callable[[bytes, bytes], bool] = same_tag
    kept: Callable[[bytes], bool] = field(
        default=lambda name: name not in (b"content-length", b"content-type")
    )
    own_tag_wins: bool = True
    tags_empty_heads: bool = False
    tags_chunks: bool = False
    body_of_304: bytes = b""

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] not in self.methods:
                await app(scope, receive, send)
                return
            held: list[Message] = []

            async def send_tagged(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] in self.statuses:
                    held.append({**message, "headers": list(message.get("headers", ()))})
                    return
                for start in held:
                    for ready in self._answer(scope, start, message):
                        await send(ready)
                if not held:
                    await send(message)
                held.clear()

            await app(scope, receive, send_tagged)

        return middleware

    def _answer(self, scope: Scope, start: Message, body: Message) -> list[Message]:
        content = bytes(body.get("body", b""))
        fields: list[Any] = start["headers"]
        own = [value for name, value in fields if name.lower() == b"etag" and self.own_tag_wins]
        empty = scope["method"] == "HEAD" and not content and not self.tags_empty_heads
        if empty or (body.get("more_body") and not self.tags_chunks):
            return [start, body]
        if not own:
            fields.append((b"etag", self.make_tag(content)))
        tag = own[0] if own else fields[-1][1]
        asked = dict(scope.get("headers", ())).get(b"if-none-match")
        if asked is None or not self.matches(asked, tag):
            return [start, body]
        kept = [pair for pair in fields if self.kept(pair[0].lower())]
        end = {"type": "http.response.body", "body": self.body_of_304}
        return [{"type": "http.response.start", "status": 304, "headers": kept}, end]
