"""Middleware with one defect each: what they do to the scope and to the request.

Each is a function that gets the app and its three arguments.
"""

import asyncio
from email.utils import parsedate_to_datetime

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.exchange import exchange_of, preconditions_scope

LAST_BODY: Message = {"type": "http.response.body", "body": b"", "more_body": False}


async def reads_first(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    first: list[Message] = [await receive()]

    async def receive_again() -> Message:
        return first.pop() if first else await receive()

    await app(scope, receive_again, send)


async def reads_ahead(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    ready: list[Message] = []

    async def read_all() -> Message:
        while not ready or ready[-1].get("more_body", False):
            ready.append(await receive())
        return ready.pop(0)

    await app(scope, read_all, send)


async def drops_disconnects(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def receive_requests() -> Message:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            await asyncio.Event().wait()
        return message

    await app(scope, receive_requests, send)


async def writes_into_the_scope(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    scope["request_id"] = "1"
    await app(scope, receive, send)


async def hands_on_a_copy(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app({**scope, "state": dict(scope.get("state") or {})}, receive, send)


async def needs_request_headers(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    dict(scope["headers"])
    await app(scope, receive, send)


async def consumes_request_headers(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    any(name == b"if-none-match" for name, _ in scope.get("headers", ()))
    await app(scope, receive, send)


async def decodes_the_query(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    scope.get("query_string", b"").decode()
    await app(scope, receive, send)


async def mounts_metrics(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/metrics":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(LAST_BODY)
        return
    await app(scope, receive, send)


async def honours_method_override(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    override = dict(scope.get("headers", ())).get(b"x-http-method-override")
    method = override.decode() if override else scope["method"]
    await app({**scope, "method": method}, receive, send)


async def ends_lifespan_itself(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})


async def refuses_the_unknown(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] in ("http", "websocket", "lifespan")
    await app(scope, receive, send)


async def hides_extensions(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app({key: scope[key] for key in scope if key != "extensions"}, receive, send)


async def accepts_by_itself(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    await app(scope, receive, send)


async def raises_on_junk(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    for name, value in scope.get("headers", ()):
        if name == b"if-modified-since":
            parsedate_to_datetime(value.decode("latin-1"))
    await app(scope, receive, send)


async def leaves_its_exchange(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    preconditions_scope.set(scope)
    exchange_of(scope)
    await app(scope, receive, send)
