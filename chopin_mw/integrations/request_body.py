"""Read a request body in pieces, from any framework's request or from a bare ASGI `receive`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, cast

from chopin_mw.asgi.types import Receive
from chopin_mw.errors import ConfigurationError, RequestBodyError
from chopin_mw.integrations.native import Framework, look_up_class
from chopin_mw.rules.headers import Field

_REQUESTS: Mapping[tuple[str, str], Framework] = {
    ("starlette", "Request"): "starlette",
    ("quart", "Request"): "quart",
    ("litestar", "Request"): "litestar",
    ("django", "HttpRequest"): "django",
    ("falcon", "Request"): "falcon",
    ("blacksheep", "Request"): "blacksheep",
}
# What frameworks raise while a body arrives, and the status that says the same.
_FAILURES: Mapping[tuple[str, str], int] = {
    ("starlette", "ClientDisconnect"): 400,
    ("litestar", "RequestEntityTooLarge"): 413,
    ("litestar", "InternalServerException"): 400,
    ("werkzeug", "RequestEntityTooLarge"): 413,
    ("quart", "ClientDisconnectedError"): 400,
    ("django", "UnreadablePostError"): 400,
    ("blacksheep", "MessageAborted"): 400,
    ("builtins", "TimeoutError"): 400,
}

TOO_LARGE = 413
_FRAMEWORKS_LIMIT = "The body is larger than the framework allows."
_BROKEN = "The body broke off before it was complete."


class RequestBody(NamedTuple):
    """Hold the request's header fields, None if nobody knows them, and the pieces of its body."""

    headers: Iterable[Field] | None
    pieces: AsyncGenerator[bytes, None]


def body_of(source: Any, headers: Iterable[Field] | None, max_bytes: int) -> RequestBody:
    """Return the body of a request object, or of an ASGI `receive` with these header fields."""
    # Quart's `request` is a proxy, which says so and nothing else about its class.
    request = getattr(source, "_get_current_object", lambda: source)()
    framework = look_up_class(type(request), _REQUESTS)
    if framework is None:
        if not callable(source):
            raise ConfigurationError(
                f"read_json takes a request or an ASGI receive, got {source!r}"
            )
        return RequestBody(headers, _received(source))
    if framework == "django":
        return RequestBody(
            _django_headers(request), _translated(partial(_django_pieces, request, max_bytes))
        )
    if not hasattr(request, "scope"):
        raise ConfigurationError(f"read_json needs an ASGI request, got {type(request)!r}")
    return RequestBody(request.scope["headers"], _translated(partial(_pieces, framework, request)))


def _pieces(framework: Framework, request: Any) -> AsyncIterable[bytes]:
    if framework == "quart":
        return _quart_pieces(request)
    if framework == "falcon":
        return cast("AsyncIterable[bytes]", request.stream)
    return cast("AsyncIterable[bytes]", request.stream())


async def _received(receive: Receive) -> AsyncGenerator[bytes, None]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestBodyError(400, "Bad Request", _BROKEN)
        if message["type"] == "http.request":
            yield message.get("body", b"")
            more = message.get("more_body", False)


async def _translated(
    open_body: Callable[[], AsyncIterable[bytes | None]],
) -> AsyncGenerator[bytes, None]:
    # A stream that is opened and never read is a warning, so open it when it is read.
    pieces = open_body()
    try:
        async for piece in pieces:
            # BlackSheep gives None for a request without a body.
            yield piece or b""
    except Exception as error:
        status = look_up_class(type(error), _FAILURES)
        # To read a body twice is the programmer's mistake, not the client's.
        if status is None or "consumed" in str(error):
            raise
        if status == TOO_LARGE:
            raise RequestBodyError(TOO_LARGE, "Content Too Large", _FRAMEWORKS_LIMIT) from error
        raise RequestBodyError(400, "Bad Request", _BROKEN) from error
    finally:
        # A body that is refused halfway is closed now, not by the garbage collector.
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


async def _quart_pieces(request: Any) -> AsyncGenerator[bytes, None]:
    async with asyncio.timeout(request.body_timeout):
        is_new = False
        async for piece in request.body:
            is_new = True
            yield piece
        if not is_new:
            # Since 0.23 a body that was read whole can be awaited again, not iterated.
            yield await request.body


def _django_headers(request: Any) -> list[Field]:
    return [
        (name, request.META[key].encode("latin-1", "replace"))
        for key, name in _DJANGO_NAMES
        if request.META.get(key)
    ]


_DJANGO_NAMES = (
    ("CONTENT_TYPE", b"content-type"),
    ("CONTENT_LENGTH", b"content-length"),
    ("HTTP_CONTENT_ENCODING", b"content-encoding"),
)


async def _django_pieces(request: Any, max_bytes: int) -> AsyncGenerator[bytes, None]:
    # Django has the whole body in a file already; one octet more than allowed is enough to see.
    yield request.read(max_bytes + 1)
