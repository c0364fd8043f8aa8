"""What a socket cannot show: the order of ASGI messages, and who waits for whom."""

import asyncio
from collections.abc import Iterator
from contextvars import Context
from email import message_from_bytes
from typing import Any

import pytest

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.cache.clock import Clock
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from conformance.world import FakeClock
from support.origin import Origin, Reply, origin_thread
from support.reverse_proxy import reverse_proxy
from support.scopes import http_scope

_BODY = b"0123456789"
_HOUR = (b"cache-control", b"max-age=3600")
_LENGTH = (b"content-length", b"10")
_SWR = (b"cache-control", b"max-age=100, stale-while-revalidate=60")


class CountedApp:
    """Answer in as many messages as are given, wait for `after` at the end, and count."""

    def __init__(self, fields: list[tuple[bytes, bytes]], *parts: tuple[bytes, bool]) -> None:
        self.calls = 0
        self.answered = asyncio.Event()
        self.after = asyncio.Event()
        self.after.set()
        self._fields = fields
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await send({"type": "http.response.start", "status": 200, "headers": self._fields})
        for body, more in self._parts:
            await send({"type": "http.response.body", "body": body, "more_body": more})
        self.answered.set()
        await self.after.wait()


def cached(app: ASGIApp, clock: FakeClock | None = None) -> HTTPCacheMiddleware:
    time = clock or FakeClock()
    clocks = Clock(monotonic=time.monotonic, time=time.time)
    return HTTPCacheMiddleware(app, policy=CachePolicy.shared_proxy(), clock=clocks)


async def ask(app: ASGIApp, send: Send | None = None, **scope: Any) -> list[Message]:
    """Make a request; return the messages that reached its client."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def note(message: Message) -> None:
        messages.append(message)
        if send is not None:
            await send(message)

    await app(http_scope(**scope), receive, note)
    return messages


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ([_HOUR, _LENGTH], [(_BODY, False)]),
        ([_HOUR, _LENGTH], [(_BODY, True), (b"", False)]),
        ([_HOUR, _LENGTH], [(_BODY[:4], True), (_BODY[4:], False)]),
        ([_HOUR, _LENGTH], [(_BODY[:4], True), (_BODY[4:], True), (b"", False)]),
        ([_HOUR], [(_BODY, False)]),
        ([_HOUR], [(_BODY[:4], True), (_BODY[4:], True), (b"", False)]),
    ],
)
async def test_a_response_is_found_before_its_end_has_reached_the_client(
    fields: list[tuple[bytes, bytes]], parts: list[tuple[bytes, bool]]
) -> None:
    """While the client takes what completes a response for it, the next request is a hit."""
    counted = CountedApp(fields, *parts)
    cache = cached(counted)
    received, found = b"", []

    async def slow_client(message: Message) -> None:
        nonlocal received
        received += message.get("body", b"")
        ended = message["type"] == "http.response.body" and not message["more_body"]
        if ended or (_LENGTH in fields and received == _BODY):
            # The next client has a context of its own, and no patience.
            task = asyncio.create_task(ask(cache), context=Context())
            found.append(await asyncio.wait_for(task, 1))

    await ask(cache, slow_client)

    assert counted.calls == 1
    assert found
    assert all(b"".join(m.get("body", b"") for m in each) == _BODY for each in found)


@pytest.fixture(name="origin")
def running_origin() -> Iterator[Origin]:
    with origin_thread(FakeClock()) as origin:
        yield origin


async def test_early_hints_pass_and_are_not_stored(origin: Origin) -> None:
    """The first client gets the hint before its answer; a hit has the answer alone."""
    hint = ("Link: </style.css>; rel=preload",)
    origin.script("flights", Reply(fields=("Cache-Control: max-age=60",), interim=(hint,)))
    cache = cached(reverse_proxy(origin.address))
    scope: dict[str, Any] = {"extensions": {"http.response.early_hint": {}}}

    first = await ask(cache, **scope)
    second = await ask(cache, **scope)

    assert first[0]["type"] == "http.response.early_hint"
    assert list(first[0]["links"]) == [b"</style.css>; rel=preload"]
    assert [message["type"] for message in second] == ["http.response.start", "http.response.body"]
    assert len(origin.seen("flights")) == 1


async def test_an_early_hint_is_not_the_response(origin: Origin) -> None:
    """The status and fields that are stored are those of the answer after the hint."""
    hint = ("Link: </style.css>; rel=preload", "Cache-Control: no-store")
    origin.script(
        "flights", Reply(fields=("Cache-Control: max-age=60", "X-Final: 1"), interim=(hint, hint))
    )
    cache = cached(reverse_proxy(origin.address))

    await ask(cache)
    start, _ = await ask(cache)

    assert start["status"] == 200
    assert (b"x-final", b"1") in start["headers"]
    assert not any(name == b"link" for name, _ in start["headers"])


async def test_a_response_is_refreshed_while_its_app_works_on() -> None:
    """An app that has answered and goes on in the background keeps no refresh from beginning."""
    clock, counted = FakeClock(), CountedApp([_SWR, _LENGTH], (_BODY, False))
    cache = cached(counted, clock)
    counted.after.clear()
    first = asyncio.create_task(ask(cache))
    await counted.answered.wait()
    clock.advance(150)
    counted.answered.clear()

    await ask(cache)

    try:
        await asyncio.wait_for(counted.answered.wait(), 1)
    finally:
        counted.after.set()
        await first
    assert counted.calls == 2


async def test_several_ranges_come_in_parts() -> None:
    """Each part names its range and has its bytes (RFC 9110 §15.3.7.2)."""
    cache = cached(CountedApp([_HOUR, _LENGTH, (b"content-type", b"text/plain")], (_BODY, False)))
    await ask(cache)

    start, *rest = await ask(cache, headers=[(b"range", b"bytes=0-1, 5-6, -2")])

    body = b"".join(message["body"] for message in rest)
    fields = dict(start["headers"])
    message = message_from_bytes(b"Content-Type: " + fields[b"content-type"] + b"\r\n\r\n" + body)
    _, *walked = message.walk()
    parts = [(part["Content-Range"], part.get_payload()) for part in walked]
    assert start["status"] == 206
    assert message.get_content_type() == "multipart/byteranges"
    assert parts == [("bytes 0-1/10", "01"), ("bytes 5-6/10", "56"), ("bytes 8-9/10", "89")]
    assert fields[b"content-length"] == b"%d" % len(body)
