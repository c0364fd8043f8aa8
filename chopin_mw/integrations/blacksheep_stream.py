"""BlackSheep: a stream as the content of its response."""

from collections.abc import AsyncIterator

from blacksheep import Response, StreamedContent

from chopin_mw.rules.headers import select
from chopin_mw.streaming.stream import ByteStream


def respond(stream: ByteStream) -> Response:
    """Return a BlackSheep response.

    BlackSheep does not tell when the client leaves: the stream ends with its source, or with a
    server that makes `send` fail.
    """

    async def parts() -> AsyncIterator[bytes]:
        async for chunk in stream:
            # An empty one is the end to BlackSheep.
            if chunk:
                yield chunk

    content_type = select(stream.headers, {b"content-type"})[b"content-type"]
    fields = [field for field in stream.headers if field[0] != b"content-type"]
    return Response(200, fields, StreamedContent(content_type, parts))
