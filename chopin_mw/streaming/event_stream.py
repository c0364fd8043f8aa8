"""Server-sent events as an ASGI app, and as bytes for frameworks that send by themselves."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from chopin_mw.asgi.types import Headers, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.server_sent_event import ServerSentEvent
from chopin_mw.streaming.framing import event_stream
from chopin_mw.streaming.source import Iterated
from chopin_mw.streaming.stream import Stream, StreamOptions


class EventStream:
    """Send what `events` yields as server-sent events, until it ends or the client leaves.

    An event is a `ServerSentEvent`, text, or any value as JSON; a list is a batch of them. The
    header goes out at once, a comment after `ping` seconds without an event, `retry` (milliseconds)
    tells the client how long to wait before it comes back. When `shutdown` is set, what was made
    goes out, then `farewell`, and the answer ends. A client that takes nothing for `send_timeout`
    seconds has left. Either of the times may be None for never.

        await EventStream(delays(last_event_id(scope)))(scope, receive, send)
    """

    __slots__ = ("_stream",)

    def __init__(
        self,
        events: Iterated,
        *,
        ping: float | None = 15.0,
        retry: int | None = None,
        shutdown: asyncio.Event | None = None,
        farewell: ServerSentEvent | None = None,
        batch_size: int = 100,
        send_timeout: float | None = 60.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if farewell is not None and not isinstance(farewell, ServerSentEvent):
            raise ConfigurationError(f"farewell must be a ServerSentEvent, got {farewell!r}")
        options = StreamOptions(
            batch_size=batch_size, send_timeout=send_timeout, ping=ping, shutdown=shutdown
        )
        framing = event_stream(retry=retry, farewell=farewell)
        self._stream = Stream(events, framing, options, headers)

    @property
    def headers(self) -> Headers:
        """Return the raw fields of the answer."""
        return self._stream.headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI 3); HEAD gets the header, and no event is asked for."""
        await self._stream(scope, receive, send)

    def unread(self) -> AsyncGenerator[bytes, None]:
        """Yield nothing, and close the source: the answer to HEAD."""
        return self._stream.unread()

    def __aiter__(self) -> AsyncGenerator[bytes, None]:  # noqa: PYI058 - it has to be closed
        """Yield the body; raise TimeoutError when the next chunk is not asked for in time."""
        return aiter(self._stream)
