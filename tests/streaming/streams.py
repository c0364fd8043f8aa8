"""Sources that know what became of them, and streams of them to a scripted server."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from chopin_mw.streaming.framing import Framing, json_lines
from chopin_mw.streaming.source import Iterated
from chopin_mw.streaming.stream import Stream, StreamOptions
from support.scopes import http_scope
from support.scripted import REQUEST, Leaving, ScriptedServer


class Source:
    """Make numbered rows, and note what was made, in which tasks, and the close."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count
        self.made = 0
        self.closed = False
        self.is_closed = asyncio.Event()
        self.tasks: set[object] = set()

    async def rows(self) -> AsyncGenerator[dict[str, int], None]:
        """Make them as fast as they are taken; closing takes a few turns of the loop."""
        try:
            while self.count is None or self.made < self.count:
                self.tasks.add(asyncio.current_task())
                self.made += 1
                yield {"id": self.made}
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            self.tasks.add(asyncio.current_task())
            self.closed = True
            self.is_closed.set()

    async def waiting(self) -> AsyncGenerator[dict[str, int], None]:
        """Make one, and wait for ever."""
        try:
            self.made += 1
            yield {"id": self.made}
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.closed = True

    def plain_rows(self) -> Iterator[dict[str, int]]:
        """Make them without async."""
        try:
            while self.count is None or self.made < self.count:
                self.made += 1
                yield {"id": self.made}
        finally:
            self.closed = True


def lines_of(source: Iterated, framing: Framing | None = None, **options: Any) -> Stream:
    return Stream(source, framing or json_lines(), StreamOptions(**options))


def server(method: str = "GET", **options: Any) -> ScriptedServer:
    return ScriptedServer(http_scope(method), **options)


async def serve(stream: Any, peer: ScriptedServer | None = None) -> ScriptedServer:
    """Let a server send the whole stream."""
    peer = peer or server()
    await asyncio.wait_for(stream(peer.scope, peer.receive, peer.send), 10)
    return peer


def leaving_after(count: int, style: Leaving, **options: Any) -> ScriptedServer:
    """Play a client that leaves when it has seen so many messages."""

    async def on_send(_: Any) -> None:
        if len(peer.sent) == count:
            peer.leave()

    peer = server(script=(REQUEST,), leaving=style, on_send=on_send, **options)
    return peer


def leaves_while_waiting(count: int) -> ScriptedServer:
    """Play a client that leaves while the source makes it wait, after so many messages."""

    async def leave(peer: ScriptedServer) -> None:
        await peer.sees(count)
        peer.leave()

    return server(script=(REQUEST, leave))


async def turns_until(reached: Callable[[], bool]) -> None:
    """Give the loop turns until something is so; fail when it never is."""
    for _ in range(1000):
        if reached():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never was")


def ids(body: bytes) -> list[int]:
    """Return the ids of the rows in NDJSON of numbered rows."""
    return [int(line.removeprefix(b'{"id":').removesuffix(b"}")) for line in body.splitlines()]
