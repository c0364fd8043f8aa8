"""Turn a source into an answer: chunks of bytes for a framework to send, or an ASGI app."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from contextvars import copy_context
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Protocol

from chopin_mw.asgi.types import Headers, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.streaming.alarm import Alarm
from chopin_mw.streaming.chunks import chunks
from chopin_mw.streaming.fields import stream_fields
from chopin_mw.streaming.framing import Framing
from chopin_mw.streaming.production import Production
from chopin_mw.streaming.sending import send_chunks, send_head
from chopin_mw.streaming.source import Iterated, Source, source_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Hold what all streams can be told.

    `batch_size` is how many items go into one message at most, and are made ahead of it;
    `send_timeout` how many seconds a client may take for one message, None for ever; `ping` after
    how many silent seconds a comment is sent. `shutdown` ends the stream when it is set.
    """

    batch_size: int = 100
    send_timeout: float | None = 60.0
    ping: float | None = None
    shutdown: asyncio.Event | None = None

    def __post_init__(self) -> None:
        if type(self.batch_size) is not int or self.batch_size < 1:
            raise ConfigurationError(
                f"batch_size must be a whole number from 1 on, got {self.batch_size!r}"
            )
        for option, value in (("send_timeout", self.send_timeout), ("ping", self.ping)):
            # Written so that NaN is refused as well.
            if value is not None and not (isinstance(value, int | float) and value > 0):
                raise ConfigurationError(
                    f"{option} must be a number of seconds above 0, or None, got {value!r}"
                )
        # That of a thread would be waited for by the whole loop.
        if self.shutdown is not None and not iscoroutinefunction(
            getattr(self.shutdown, "wait", None)
        ):
            raise ConfigurationError(f"shutdown must be an asyncio.Event, got {self.shutdown!r}")


class ByteStream(Protocol):
    """Be an answer: an ASGI app, and the bytes of its body for whoever sends by himself."""

    @property
    def headers(self) -> Headers:
        """Return the raw fields of the answer; what is added to the list is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

    def __aiter__(self) -> AsyncGenerator[bytes, None]:  # noqa: PYI058 - it has to be closed
        """Yield the body."""

    def unread(self) -> AsyncGenerator[bytes, None]:
        """Yield nothing, and close the source: the answer to HEAD."""


class Stream:
    """Answer with what a source yields, batch by batch, at the pace of the client.

    It is an ASGI app, and an async iterable of bytes for frameworks that send by themselves. It is
    read once. The source runs in the context in which the stream was made: the handler's.
    """

    __slots__ = ("_context", "_framing", "_options", "_source", "headers")

    def __init__(
        self,
        source: Iterated,
        framing: Framing,
        options: StreamOptions,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.headers: Headers = stream_fields(framing.media_type, headers)
        self._source: Source | None = source_of(source)
        self._framing = framing
        self._options = options
        self._context = copy_context()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends or the client leaves; HEAD gets the header and reads nothing."""
        production = self._production()
        if scope["method"] == "HEAD":
            await production.end()
            await send_head(send, self.headers)
            return
        made, timeout = self._chunks(production), self._options.send_timeout
        await send_chunks(made, production, self.headers, receive, send, timeout=timeout)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Yield the body; raise TimeoutError when the next chunk is not asked for in time."""
        production, timeout = self._production(), self._options.send_timeout
        # Whoever sends may hang there: what the source holds is let go all the same.
        alarm = Alarm(timeout, production.leave)
        try:
            async with aclosing(self._chunks(production)) as made:
                async for chunk in made:
                    alarm.set()
                    yield chunk
                    alarm.unset()
                    if production.left:
                        raise TimeoutError(f"the client took nothing for {timeout} s")
        finally:
            alarm.end()

    async def unread(self) -> AsyncGenerator[bytes, None]:
        """Yield nothing, and close the source: the answer to HEAD."""
        await self._production().end()
        return
        yield b""

    def _production(self) -> Production:
        source, self._source = self._source, None
        if source is None:
            # What was read would look like a whole answer without a row.
            raise RuntimeError("a stream is read once: make one for each request")
        return Production(source, self._options.batch_size, self._context)

    def _chunks(self, production: Production) -> AsyncGenerator[bytes, None]:
        options = self._options
        return chunks(production, self._framing, ping=options.ping, shutdown=options.shutdown)
