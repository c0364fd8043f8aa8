"""Middleware with one defect each: what they do to messages."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send

Edit: TypeAlias = Callable[[Message], Message | None]


def editing(edit: Edit, scope_type: str = "http") -> Callable[[ASGIApp], ASGIApp]:
    """Build a middleware that sends what `edit` makes of each message; None is not sent."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_edited(message: Message) -> None:
                edited = edit(message)
                if edited is not None:
                    await send(edited)

            await app(scope, receive, send_edited if scope["type"] == scope_type else send)

        return middleware

    return wrap


def with_fields(message: Message, change: Callable[[list[Any]], list[Any]]) -> Message:
    if message["type"] != "http.response.start":
        return message
    return {**message, "headers": change(list(message.get("headers", ())))}


def adds_a_field_in_place(message: Message) -> Message:
    if message["type"] == "http.response.start" and isinstance(message.get("headers"), list):
        message["headers"].append((b"cache-control", b"no-cache"))
    return message


def edits_the_message(message: Message) -> Message:
    if message["type"] == "http.response.start":
        message["headers"] = list(message.get("headers", ()))
        message.setdefault("trailers", False)
    return message


def shares_one_header_list(message: Message) -> Message:
    if message["type"] == "http.response.start":
        return {**message, "headers": SHARED}
    return message


SHARED: list[Any] = [(b"etag", b'"own"'), (b"x-app", b"1")]


def loses_repeated_fields(message: Message) -> Message:
    return with_fields(message, lambda fields: list(dict(fields).items()))


def lower_cases_names(message: Message) -> Message:
    return with_fields(message, lambda fields: [(name.lower(), value) for name, value in fields])


def sorts_fields(message: Message) -> Message:
    return with_fields(message, sorted)


def decodes_values(message: Message) -> Message:
    def recoded(fields: list[Any]) -> list[Any]:
        return [(name, value.decode("utf-8", "replace").encode()) for name, value in fields]

    return with_fields(message, recoded)


def looks_at_names_in_one_case(message: Message) -> Message:
    def add(fields: list[Any]) -> list[Any]:
        missing = all(name != b"cache-control" for name, _ in fields)
        return [*fields, (b"cache-control", b"no-cache")] if missing else fields

    return with_fields(message, add)


def needs_headers(message: Message) -> Message:
    if message["type"] == "http.response.start":
        return {**message, "headers": list(message["headers"])}
    return message


def consumes_the_headers(message: Message) -> Message:
    if message["type"] == "http.response.start":
        any(name.lower() == b"etag" for name, _ in message.get("headers", ()))
    return message


def drops_trailers(message: Message) -> Message | None:
    return None if message["type"] == "http.response.trailers" else message


def drops_hints(message: Message) -> Message | None:
    return None if message["type"] == "http.response.early_hint" else message


def asserts_known_types(message: Message) -> Message:
    assert message["type"] in ("http.response.start", "http.response.body")
    return message


def turns_files_into_bodies(message: Message) -> Message:
    if message["type"] == "http.response.pathsend":
        return {"type": "http.response.body", "body": b"the file"}
    return message


def builds_messages_anew(message: Message) -> Message:
    if message["type"] != "http.response.body":
        return message
    more = message.get("more_body", False)
    return {"type": message["type"], "body": message.get("body", b""), "more_body": more}


def needs_a_body(message: Message) -> Message:
    if message["type"] == "http.response.body":
        assert message["body"] is not None
    return message


def adds_bodies_as_bytes(message: Message) -> Message:
    if message["type"] == "http.response.body":
        return {**message, "body": message.get("body", b"").replace(b"", b"")}
    return message


def ends_at_an_empty_chunk(message: Message) -> Message:
    if message["type"] == "http.response.body" and not message.get("body"):
        return {**message, "more_body": False}
    return message


def drops_empty_chunks(message: Message) -> Message | None:
    if message["type"] == "http.response.body" and not message.get("body"):
        return message if not message.get("more_body") else None
    return message


def adds_a_length(message: Message) -> Message:
    if message.get("status") in (204, 304):
        return with_fields(message, lambda fields: [*fields, (b"content-length", b"0")])
    return message


def drops_connection_fields(message: Message) -> Message:
    hop = (b"connection", b"transfer-encoding")
    return with_fields(message, lambda fields: [pair for pair in fields if pair[0] not in hop])


def tags_denials(message: Message) -> Message:
    if message["type"] == "websocket.http.response.start":
        return {**message, "headers": [*message["headers"], (b"etag", b'"x"')]}
    return message


def drops_none_fields(message: Message) -> Message:
    return {key: value for key, value in message.items() if value is not None}


async def _ignoring_a_second_start(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    started = False

    async def send_once(message: Message) -> None:
        nonlocal started
        if message["type"] == "http.response.start":
            if started:
                return
            started = True
        await send(message)

    await app(scope, receive, send_once)


Handling: TypeAlias = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]


def handling(handle: Handling, *scope_types: str) -> Callable[[ASGIApp], ASGIApp]:
    """Build a middleware of a function that also takes the app; other scopes pass."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] in (scope_types or ("http",)):
                await handle(app, scope, receive, send)
            else:
                await app(scope, receive, send)

        return middleware

    return wrap


repairs_the_order = handling(_ignoring_a_second_start)
