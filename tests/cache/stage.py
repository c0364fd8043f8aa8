"""What tests of the cache share: a clock to be set, clients that break off, a slow store."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.cache.clock import Clock
from chopin_mw.rules.cache_key import cache_key
from chopin_mw.rules.stored_response import CacheKey, Record, Tag
from chopin_mw.stores.memory import MemoryStore

Pairs = Iterable[tuple[bytes, bytes]]


class FakeClock:
    """Stand still until told to go on; the wall clock may jump by itself."""

    def __init__(self) -> None:
        self.now = 10_000.0
        self.wall_offset = 1_700_000_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now + self.wall_offset

    def advance(self, seconds: float) -> None:
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(self.monotonic, self.time)


@dataclass
class Client:
    """One request and what its client has seen; it leaves after `stays_for` messages."""

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    host: bytes = b"example.org"
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    stays_for: int | None = None
    pauses: int = 0
    on_start: Callable[[int], None] | None = None
    messages: list[Message] = field(default_factory=list)

    def scope(self) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": self.query,
            "headers": [(b"host", self.host), *self.headers],
        }

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        for _ in range(self.pauses):
            await asyncio.sleep(0)
        if self.stays_for is not None and len(self.messages) >= self.stays_for:
            raise OSError("the client has left")
        self.messages.append(dict(message))
        if message["type"] == "http.response.start" and self.on_start is not None:
            self.on_start(message["status"])

    async def ask(self, app: ASGIApp) -> "Client":
        await app(self.scope(), self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def fields(self) -> dict[bytes, bytes]:
        return {name.lower(): value for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def ended(self) -> bool:
        last = self.messages[-1] if self.messages else {}
        return last.get("type") == "http.response.body" and not last.get("more_body", False)


def get(path: str = "/", *headers: tuple[bytes, bytes], **options: Any) -> Client:
    return Client(path=path, headers=list(headers), **options)


async def whole(send: Send, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    """Answer in one go."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


class Gated:
    """An app that counts its calls, and answers each by `answer` once the gate is open."""

    def __init__(self, answer: Callable[[int, Scope, Send], Awaitable[None]]) -> None:
        self.calls = 0
        self.running = self.most_running = 0
        self.scopes: list[Scope] = []
        self.gate = asyncio.Event()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        number = self.calls
        self.scopes.append(scope)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
            await self._answer(number, scope, send)
        finally:
            self.running -= 1


async def turns(count: int = 30) -> None:
    """Let everybody else run that is not waiting for something to happen."""
    for _ in range(count):
        await asyncio.sleep(0)


class SlowStore:
    """A store over a wire: every answer takes a turn of the loop before and after it."""

    def __init__(self, memory: MemoryStore) -> None:
        self._memory = memory

    async def get(self, key: CacheKey) -> Record | None:
        await asyncio.sleep(0)
        record = self._memory.get(key)
        await asyncio.sleep(0)
        return record

    async def set(self, key: CacheKey, record: Record) -> None:
        await asyncio.sleep(0)
        self._memory.set(key, record)
        await asyncio.sleep(0)

    async def delete(self, key: CacheKey) -> None:
        await asyncio.sleep(0)
        self._memory.delete(key)
        await asyncio.sleep(0)

    async def invalidate(self, tags: Iterable[Tag]) -> float:
        await asyncio.sleep(0)
        moment = self._memory.invalidate(tags)
        await asyncio.sleep(0)
        return moment


def key_of(scope: Scope) -> CacheKey:
    """Return the key under which the response to this request is stored."""
    return cache_key(scope, dict(scope["headers"])[b"host"])
