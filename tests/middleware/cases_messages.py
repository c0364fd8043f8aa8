"""Response messages arrive as the app sent them: every field, every byte, every odd type."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from chopin_mw.asgi.types import Message, Receive, Scope, Send
from support.apps import BODY, PAIRS, answering, chunk, sending, start
from support.differential import Citizen, compare
from support.scopes import scope_of
from support.scripted import peer_of


async def headers_in_odd_containers(wrap: Citizen) -> None:
    """Tuples, one-shot generators, dict views and pairs that are lists are forwarded intact."""
    containers: tuple[Callable[[], Any], ...] = (
        lambda: PAIRS,
        lambda: (pair for pair in PAIRS),
        lambda: iter(PAIRS),
        lambda: dict(PAIRS).items(),
        lambda: [list(pair) for pair in PAIRS],
        list,
    )
    for container in containers:

        def messages(container: Callable[[], Any] = container) -> Iterable[Message]:
            yield {"type": "http.response.start", "status": 200, "headers": container()}
            yield BODY

        await compare(wrap, answering(messages))


async def start_without_headers(wrap: Citizen) -> None:
    """A start message need not have `headers`."""
    await compare(wrap, sending({"type": "http.response.start", "status": 200}, BODY))


async def objects_of_the_app_are_never_edited(wrap: Citizen) -> None:
    """One message sent for every request stays what it was."""
    messages = (start(), dict(BODY))
    copies = deepcopy(messages)
    for _ in range(3):
        await compare(wrap, answering(lambda: messages))
        assert messages == copies, f"the app's own messages became {messages}"


async def one_dict_for_all_messages(wrap: Citizen) -> None:
    """The client gets the bytes of the moment of send(), whatever the app does with them later."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = list(PAIRS) + list(scope["headers"][1:])
        message, buffer = start(200, headers), bytearray(b"one.")
        await send(message)
        headers.clear()
        message.clear()
        message.update(type="http.response.body", body=buffer, more_body=True)
        await send(message)
        buffer[:] = b"two."
        message["more_body"] = False
        await send(message)
        buffer[:] = b"xxxx"

    await compare(wrap, app, may_tag=False)
    await compare(wrap, app, scope_of("GET", (b"content-length", b"8")))


async def a_view_released_after_send(wrap: Citizen) -> None:
    """A memoryview is the app's to release as soon as send() is back."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, scope["headers"]))
        for number, more in ((b"one.", True), (b"two.", False)):
            with memoryview(bytearray(number)) as view:
                await send({"type": "http.response.body", "body": view, "more_body": more})

    await compare(wrap, app, may_tag=False)
    await compare(wrap, app, scope_of("GET", (b"content-length", b"8")))


async def names_in_mixed_case(wrap: Citizen) -> None:
    """Fields are found in any case, so none is added a second time."""
    fields = ((b"ETag", b'"v1"'), (b"CACHE-Control", b"no-cache"), (b"Vary", b"Accept"))
    sized = (
        *fields,
        (b"Content-Length", b"5"),
        (b"Last-Modified", b"Mon, 06 Jul 2026 10:00:00 GMT"),
    )

    outcome = await compare(wrap, sending(start(200, sized), BODY))

    assert tuple(outcome.server.starts[0]["headers"]) == sized


async def odd_header_values(wrap: Citizen) -> None:
    """Bytes from 0x80, empty and huge values, a thousand fields: all byte for byte."""
    fields = [
        (b"x-bytes", bytes(range(0x80, 0x100))),
        (b"x-empty", b""),
        (b"x-huge", b"v" * 200_000),
        (b"", b"nameless"),
        (b"x-\xff\x00", b"\x00"),
        (b"content-length", b"not a number"),
        (b"content-type", b"\xff/\xfe;;="),
        *((b"x-%d" % number, b"%d" % number) for number in range(1000)),
    ]
    await compare(wrap, sending(start(200, fields), BODY))


async def repeated_headers(wrap: Citizen) -> None:
    """Number, order and bytes of repeated fields are kept."""
    fields = (
        (b"set-cookie", b"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT"),
        (b"www-authenticate", b"Basic realm=x"),
        (b"Set-Cookie", b"a=2"),
        (b"www-authenticate", b"Bearer"),
        (b"set-cookie", b"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT"),
        (b"cache-control", b"private"),
        (b"cache-control", b"max-age=1"),
        (b"etag", b'"a"'),
        (b"etag", b'"b"'),
    )
    await compare(wrap, sending(start(200, fields), BODY), may_tag=False)


async def body_messages_without_keys(wrap: Citizen) -> None:
    """A body message without `body` or `more_body` is empty and the last one."""
    bare_body = {"type": "http.response.body"}
    await compare(wrap, sending(start(), bare_body))
    await compare(wrap, sending(start(), {**bare_body, "body": b"x"}))
    await compare(wrap, sending(start(), {**bare_body, "more_body": True}, bare_body))


async def empty_chunks(wrap: Citizen) -> None:
    """An empty chunk ends nothing and holds nothing back, wherever it stands."""
    bodies = ((b"", b"a", b"b"), (b"a", b"", b"b"), (b"a", b"b", b""), (b"", b"", b""))
    for length in ((), ((b"content-length", b"2"),)):
        for first, second, last in bodies:
            messages = (
                start(200, length),
                chunk(first),
                chunk(second),
                chunk(last, more_body=False),
            )
            outcome = await compare(wrap, sending(*messages))
            assert outcome.error is None


async def bodies_of_any_buffer_type(wrap: Citizen) -> None:
    """A bytearray and a memoryview are bodies too."""
    for kind in (bytes, bytearray, memoryview):
        for length in ((), ((b"content-length", b"5"),)):
            messages = (start(200, length), {"type": "http.response.body", "body": kind(b"hello")})
            await compare(wrap, sending(*messages))
            parts = (
                start(200, length),
                {"type": "http.response.body", "body": kind(b"hel"), "more_body": True},
                {"type": "http.response.body", "body": kind(b"lo")},
            )
            await compare(wrap, sending(*parts))


async def statuses_without_a_body(wrap: Citizen) -> None:
    """204, 205 and 304 get no body, no length and no tag."""
    for status in (204, 205, 304):
        for length in ((), ((b"content-length", b"7"),)):
            messages = (start(status, length), chunk(more_body=False))
            await compare(wrap, sending(*messages), may_tag=False)


async def head_without_a_body(wrap: Citizen) -> None:
    """A HEAD answered with a declared length and no bytes gets no tag of the empty string."""
    for length in ((), ((b"content-length", b"5"),), ((b"content-length", b"0"),)):
        messages = (start(200, length), chunk(more_body=False))
        await compare(wrap, sending(*messages), scope_of("HEAD"), may_tag=False)


async def head_with_a_body(wrap: Citizen) -> None:
    """A HEAD whose app sends the body after all has the tag of the GET or none."""
    app = sending(start(), BODY)

    head = await compare(wrap, app, scope_of("HEAD"))

    get = await compare(wrap, app)
    assert head.server.header(b"etag") in (None, get.server.header(b"etag"))


async def codings_and_hop_by_hop_fields(wrap: Citizen) -> None:
    """Transfer-Encoding, Connection and Content-Encoding are the app's business."""
    fields = (
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
        (b"content-encoding", b"gzip"),
    )
    await compare(wrap, sending(start(200, fields), BODY))


async def trailers(wrap: Citizen) -> None:
    """Announced trailers follow the body, in as many parts as the app sends."""
    part = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": True}
    for length in ((), ((b"content-length", b"5"),)):

        def messages(length: Any = length) -> Iterable[Message]:
            yield start(200, length, trailers=True)
            yield BODY
            yield part
            yield {**part, "headers": iter(PAIRS)}
            yield {"type": "http.response.trailers"}

        await compare(wrap, answering(messages), may_tag=False)


async def hints_pushes_and_debug(wrap: Citizen) -> None:
    """Early hints, pushes and debug information keep their places."""
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}
    push = {"type": "http.response.push", "path": "/a.css", "headers": [(b"accept", b"*/*")]}
    debug = {"type": "http.response.debug", "info": {"template": object()}}
    await compare(wrap, sending(debug, hint, hint, start(), BODY))
    await compare(wrap, sending(start(), hint, BODY))
    sized = start(200, ((b"content-length", b"5"),))
    await compare(
        wrap,
        sending(hint, sized, hint, chunk(b"he"), push, chunk(b"llo", more_body=False)),
    )
    await compare(wrap, sending(start(), chunk(b"x"), push, chunk(more_body=False)))


async def files_sent_by_the_server(wrap: Citizen) -> None:
    """Files sent by path or descriptor are forwarded natively, alone and between bodies."""
    path = {"type": "http.response.pathsend", "path": "/srv/big.bin"}
    zero = {
        "type": "http.response.zerocopysend",
        "file": 7,
        "offset": 1,
        "count": 5,
        "more_body": True,
    }
    for length in ((), ((b"content-length", b"5"),)):
        head = start(200, length)
        await compare(wrap, sending(head, path), may_tag=False)
        await compare(
            wrap,
            sending(head, zero, {**zero, "more_body": False}),
            may_tag=False,
        )
        mixed = (head, chunk(b"a"), zero, chunk(b"b", more_body=False))
        await compare(wrap, sending(*mixed), may_tag=False)


async def unknown_message_types(wrap: Citizen) -> None:
    """A message type of tomorrow is forwarded in its place, not asserted on."""
    flush, odd = {"type": "http.fullflush"}, {"type": "x.y", "value": object(), "body": b"?"}
    sized = start(200, ((b"content-length", b"2"),))
    for head in (start(), sized):
        messages = (odd, head, flush, chunk(b"a"), flush, odd, chunk(b"b", more_body=False))
        await compare(wrap, sending(*messages))
    await compare(wrap, sending(sized, flush, {**BODY, "body": b"ab"}))


async def extra_keys_in_messages(wrap: Citizen) -> None:
    """Keys that no specification names travel along."""
    await compare(wrap, sending(start(x=1), {**BODY, "y": [2]}))


async def wrong_order_is_not_repaired(wrap: Citizen) -> None:
    """The server's complaint reaches the app's own await."""
    last = chunk(b"x", more_body=False)
    late_trailers = {"type": "http.response.trailers", "headers": []}
    orders: tuple[tuple[Message, ...], ...] = (
        (last,),
        (chunk(b"x"), last),
        (start(), start(404), last),
        (start(200, ((b"content-length", b"1"),)), start(404), last),
        (start(), last, last),
        (start(), last, start(), last),
        (start(), last, chunk(b"more")),
        (start(), late_trailers, last),
        (start(), last, late_trailers),
    )
    for order in orders:

        async def app(
            scope: Scope, receive: Receive, send: Send, order: tuple[Message, ...] = order
        ) -> None:
            for message in order:
                try:
                    await send(dict(message))
                except RuntimeError as complaint:
                    peer_of(scope).notes.append((message["type"], complaint.args))

        await compare(wrap, app)
