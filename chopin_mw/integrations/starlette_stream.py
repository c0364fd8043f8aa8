"""Starlette and FastAPI: a stream as one of their responses, which sends by itself."""

from starlette.responses import Response

from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.streaming.stream import ByteStream


class StreamResponse(Response):
    """Be a response to FastAPI, which takes nothing else, with headers, cookies and background."""

    def __init__(self, stream: ByteStream) -> None:
        # No body and no length: the stream sends both start and body.
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = stream.headers
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, and run the background tasks after it."""
        await self._stream(scope, receive, send)
        if self.background is not None:
            await self.background()


def respond(stream: ByteStream) -> Response:
    """Return a Starlette response; fields and cookies set on it are sent."""
    return StreamResponse(stream)
