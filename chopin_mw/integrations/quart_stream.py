"""Quart: a stream as the body of its response."""

from quart import Response, request

from chopin_mw.streaming.stream import ByteStream


def respond(stream: ByteStream) -> Response:
    """Return a Quart response without the end that Quart puts to all others after 60 s."""
    body = stream.unread() if request.method == "HEAD" else aiter(stream)
    response = Response(body)
    response.timeout = None
    del response.headers["Content-Type"]
    for name, value in stream.headers:
        response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return response
