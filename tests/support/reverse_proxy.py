"""A plain ASGI reverse proxy: what it gets it passes on, and it decides nothing.

Each request has a connection of its own to the origin. Of a response only Transfer-Encoding is
taken away, which is the server's to say anew: what else is meant for one connection stays, because
a cache has to cope with proxies that do not clean up (RFC 9111 §3.1).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import h11

from chopin_mw.asgi.types import ASGIApp, Headers, Message, Receive, Scope, Send
from support.servers import Address

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    }
)
_READ_BYTES = 65536
_EARLY_HINT = "http.response.early_hint"


def reverse_proxy(origin: Address, *, answers_failure: bool = False) -> ASGIApp:
    """Build a proxy in front of an origin.

    Where the origin fails before it answers, the proxy raises; with `answers_failure` it sends
    502. A response that breaks off in the middle always raises.
    """

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "only HTTP is proxied"
        started = False

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await _exchange(origin, scope, receive, send_noting_start)
        except (OSError, h11.RemoteProtocolError):
            if started or not answers_failure:
                raise
            fields = [(b"content-length", b"11")]
            await send({"type": "http.response.start", "status": 502, "headers": fields})
            await send({"type": "http.response.body", "body": b"Bad Gateway"})

    return proxy


async def _exchange(origin: Address, scope: Scope, receive: Receive, send: Send) -> None:
    reader, writer = await asyncio.open_connection(origin.host, origin.port)
    connection = h11.Connection(h11.CLIENT)
    try:
        writer.write(connection.send(_request(scope)) or b"")
        async for body in _request_body(scope, receive):
            writer.write(connection.send(h11.Data(data=body)) or b"")
            await writer.drain()
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await _pass_back(connection, reader, scope, send)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _request(scope: Scope) -> h11.Request:
    target = scope["raw_path"]
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    fields = [*_end_to_end(scope["headers"]), (b"connection", b"close")]
    if _is_chunked(scope):
        fields.append((b"transfer-encoding", b"chunked"))
    return h11.Request(method=scope["method"], target=target, headers=fields)


def _end_to_end(headers: Headers) -> Headers:
    listed = b",".join(value for name, value in headers if name == b"connection")
    dropped = _HOP_BY_HOP | {name.strip().lower() for name in listed.split(b",")}
    return [(name, value) for name, value in headers if name not in dropped]


def _is_chunked(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


async def _request_body(scope: Scope, receive: Receive) -> AsyncIterator[bytes]:
    names = {name for name, _ in scope["headers"]}
    more = bool(names & {b"content-length", b"transfer-encoding"})
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client left while it was sending")
        if body := message.get("body", b""):
            yield body
        more = message.get("more_body", False)


async def _pass_back(
    connection: h11.Connection, reader: asyncio.StreamReader, scope: Scope, send: Send
) -> None:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.EndOfMessage):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        elif isinstance(event, h11.Data):
            await send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
        elif isinstance(event, h11.InformationalResponse):
            if _EARLY_HINT in (scope.get("extensions") or {}):
                links = [value for name, value in event.headers if name == b"link"]
                await send({"type": _EARLY_HINT, "links": links})
        elif isinstance(event, h11.Response):
            fields = [pair for pair in event.headers if pair[0] != b"transfer-encoding"]
            await send(
                {"type": "http.response.start", "status": event.status_code, "headers": fields}
            )
