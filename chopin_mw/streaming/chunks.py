"""Write what a source makes as chunks of bytes: at once while it waits, in batches while not."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any

from chopin_mw.streaming.alarm import Alarm
from chopin_mw.streaming.buffer import Buffer
from chopin_mw.streaming.framing import KEEP_ALIVE, Framing
from chopin_mw.streaming.production import Production


async def chunks(
    production: Production,
    framing: Framing,
    *,
    ping: float | None,
    shutdown: asyncio.Event | None,
) -> AsyncGenerator[bytes, None]:
    """Yield a stream, and see to it that its source is closed.

    An error before the first chunk is raised as it is; after it, the client is told first.
    """
    buffer, body = production.buffer, _Body(framing)
    keep_alive = Alarm(ping, partial(_fall_silent, body, buffer))
    watcher = _watch(shutdown, production)
    try:
        production.start()
        keep_alive.set()
        if framing.opens_at_once:
            yield body.opening()
        while not body.is_over(buffer):
            if buffer.items:
                yield body.batch(buffer)
            elif body.is_silent:
                yield KEEP_ALIVE
            else:
                await buffer.news()
                continue
            body.is_silent = False
            keep_alive.set()
            if buffer.items:
                # What waits already would go out without anybody else having a turn.
                await asyncio.sleep(0)
        error = body.error or buffer.error
        last = body.last(error, interrupted=production.interrupted)
        if not buffer.closed and last is not None:
            yield last
        if error is not None:
            raise error
    finally:
        keep_alive.end()
        if watcher is not None:
            watcher.cancel()
        await production.end()


class _Body:
    """Write one stream, and know how far it has come."""

    __slots__ = ("_framing", "_items", "_opening", "begun", "error", "is_silent")

    def __init__(self, framing: Framing) -> None:
        self.begun = self.is_silent = False
        self.error: Exception | None = None
        self._framing = framing
        self._opening = framing.opening
        self._items = 0

    def is_over(self, buffer: Buffer) -> bool:
        """Say whether no more items are to be written."""
        return buffer.closed or self.error is not None or (buffer.ended and not buffer.items)

    def opening(self) -> bytes:
        """Return what stands before the items, once."""
        self.begun = True
        opening, self._opening = self._opening, b""
        return opening

    def batch(self, buffer: Buffer) -> bytes:
        """Return the next items; those before one that cannot be written, and keep the error."""
        items = buffer.take()
        try:
            chunk = self._framing.encode(items, self._items)
            self._items += len(items)
        except Exception:  # noqa: BLE001 - found again below, at the item that it belongs to
            chunk = self._singly(items)
            if self.error is not None and not (chunk or self.begun):
                raise self.error from None
        buffer.fit(len(items), len(chunk))
        return self.opening() + chunk

    def last(self, error: BaseException | None, *, interrupted: bool) -> bytes | None:
        """Return what stands behind the items; None if nothing does."""
        if error is not None:
            # An error before the first byte is answered by the app.
            return (self._framing.failure(error) or None) if self.begun else None
        if interrupted:
            return self._framing.farewell or None
        closing = self._opening + self._framing.closing(self._items)
        return closing if closing or not self.begun else None

    def _singly(self, items: Sequence[Any]) -> bytes:
        written = []
        for item in items:
            try:
                written.append(self._framing.encode([item], self._items))
            except Exception as error:  # noqa: BLE001 - raised when the client has been told
                self.error = error
                break
            self._items += 1
        return b"".join(written)


def _fall_silent(body: _Body, buffer: Buffer) -> None:
    body.is_silent = True
    buffer.wake()


def _watch(shutdown: asyncio.Event | None, production: Production) -> asyncio.Task[None] | None:
    if shutdown is None:
        return None

    async def interrupt() -> None:
        await shutdown.wait()
        production.interrupt()

    return asyncio.create_task(interrupt())
