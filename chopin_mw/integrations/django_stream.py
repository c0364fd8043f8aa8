"""Django: a stream as the content of its streaming response."""

from asyncio import AbstractEventLoop, Task, get_running_loop
from typing import Self

from django.http import StreamingHttpResponse

from chopin_mw.exchange import current_scope
from chopin_mw.streaming.stream import ByteStream


def respond(stream: ByteStream) -> StreamingHttpResponse:
    """Return a streaming response of Django, under ASGI.

    HEAD opens no stream where any middleware of ours is around the app: Django asks for the body of
    an answer that has none.
    """
    scope = current_scope()
    is_head = scope is not None and scope["method"] == "HEAD"
    response = StreamingHttpResponse(stream.unread() if is_head else _Content(stream))
    del response.headers["Content-Type"]
    for name, value in stream.headers:
        response.headers[name.decode("latin-1")] = value.decode("latin-1")
    return response


class _Content:
    """Yield the bytes, and let Django close them: it leaves an async generator to the collector."""

    def __init__(self, stream: ByteStream) -> None:
        self._chunks = aiter(stream)
        self._loop: AbstractEventLoop | None = None
        self._closing: Task[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self._loop = get_running_loop()
        return await anext(self._chunks)

    def close(self) -> None:
        """Close them from the thread in which Django closes a response that it has begun."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._close, self._loop)

    def _close(self, loop: AbstractEventLoop) -> None:
        # The loop holds tasks by weak references.
        self._closing = loop.create_task(self._chunks.aclose())
