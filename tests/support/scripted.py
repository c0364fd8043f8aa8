"""An ASGI server whose every step is written by the test.

`receive` plays a script, `send` records what arrives at the moment it arrives and enforces the
order of messages as a server does. The client leaves when the test says so, in either of the two
styles that servers have.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Scope
from support.message_order import order_for

PEER_KEY = "test.peer"
REQUEST: Message = {"type": "http.request", "body": b"", "more_body": False}


class Leaving(Enum):
    """What `send` does after the client has left, by the version a server announces."""

    RAISES = "2.4"
    SILENT = "2.3"


class ClientLeftError(OSError):
    """What a server of ASGI 2.4 raises from `send` once there is nobody to send to."""


class ScriptedServer:
    """Play one connection: `script` holds messages, events to wait for, and functions to await.

    `before_send` stands for an outer layer that takes its time, `on_send` for a client that does.
    """

    def __init__(
        self,
        scope: Scope,
        script: Iterable[Any] = (REQUEST,),
        *,
        leaving: Leaving = Leaving.RAISES,
        before_send: Callable[[Message], Awaitable[None]] | None = None,
        on_send: Callable[[Message], Awaitable[None]] | None = None,
        keeps_bodies: bool = True,
    ) -> None:
        self.scope = scope
        self.leaving = leaving
        self.before_send = before_send
        self.on_send = on_send
        self.keeps_bodies = keeps_bodies
        self.order = order_for(scope["type"])
        self.sent: list[dict[str, Any]] = []
        self.senders: list[asyncio.Task[Any] | None] = []
        self.notes: list[Any] = []
        self.body_bytes = 0
        self.receive_calls = 0
        self.sends_after_leaving = 0
        self.left = False
        self._script = deque(script)
        self._over = asyncio.Event()
        scope[PEER_KEY] = self

    async def receive(self) -> Message:
        self.receive_calls += 1
        while self._script and not self.left:
            step = self._script.popleft()
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif callable(step):
                await step(self)
            else:
                return dict(step)
        await self._over.wait()
        return {"type": f"{self.scope['type']}.disconnect"}

    async def send(self, message: Message) -> None:
        if self.before_send is not None:
            await self.before_send(message)
        if self.left:
            self.sends_after_leaving += 1
            if self.leaving is Leaving.RAISES:
                raise ClientLeftError("the client has left")
            return
        self.order.accept(message)
        self._record(message)
        if self.order.complete:
            self._over.set()
        if self.on_send is not None:
            await self.on_send(message)

    def leave(self) -> None:
        """Let the client go: from now on `receive` says so, and `send` in the server's style."""
        self.left = True
        self._over.set()

    async def sees(self, count: int) -> None:
        """Wait until the client has seen `count` messages; fail when it never will.

        Turns of the loop are counted, not seconds: whoever holds a message back for ever is found
        out at once.
        """
        for _ in range(50):
            if len(self.sent) >= count:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"the client saw {len(self.sent)} messages and waits for {count}")

    @property
    def starts(self) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"].endswith(".start")]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def status(self) -> int:
        return int(self.starts[0]["status"])

    def header(self, name: bytes) -> bytes | None:
        values = self.headers(name)
        assert len(values) < 2, f"{name!r} was sent {len(values)} times"
        return values[0] if values else None

    def headers(self, name: bytes) -> list[bytes]:
        pairs = self.starts[0].get("headers", ())
        return [value for field, value in pairs if field.lower() == name]

    def _record(self, message: Message) -> None:
        copy = copied(message)
        self.body_bytes += len(copy.get("body", b""))
        if self.keeps_bodies or "body" not in copy:
            self.sent.append(copy)
            self.senders.append(running_task())


def copied(message: Message) -> dict[str, Any]:
    """Copy a message as it is now; header iterators are consumed once, as a server does."""
    copy = dict(message)
    if "headers" in copy:
        copy["headers"] = [(bytes(name), bytes(value)) for name, value in copy["headers"]]
    if "body" in copy:
        copy["body"] = bytes(copy["body"])
    return copy


def running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def peer_of(scope: Scope) -> ScriptedServer:
    """Let an app under test talk about the server it runs in."""
    peer: ScriptedServer = scope[PEER_KEY]
    return peer


async def request(app: ASGIApp, scope: Scope, **options: Any) -> ScriptedServer:
    """Make one request that is expected to go well."""
    server = ScriptedServer(scope, **options)
    await app(scope, server.receive, server.send)
    return server
