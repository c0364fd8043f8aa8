"""Litestar: a stream as one of its responses, which sends by itself."""

from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse

from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.streaming.stream import ByteStream


def respond(stream: ByteStream) -> Response[bytes]:
    """Return a Litestar response; its fields and cookies, the route's too, are sent."""
    fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in stream.headers}
    response = _Response(content=b"", headers=fields, status_code=200)
    response.stream = stream
    return response


class _Response(Response[bytes]):
    stream: ByteStream

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> Any:
        return _Answer(super().to_asgi_response(*args, **kwargs), self.stream)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Send the stream with the header that Litestar made."""

    answer: ASGIResponse
    stream: ByteStream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = self.answer.encode_headers()
        self.stream.headers[:] = [field for field in fields if field[0] != b"content-length"]
        await self.stream(scope, receive, send)
        await self.answer.after_response()
