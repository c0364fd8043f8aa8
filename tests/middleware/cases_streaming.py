"""Streams reach the client as they are made, in constant memory and linear time."""

import asyncio
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from support.apps import chunk, start
from support.differential import Citizen, compare, play
from support.scopes import http_scope
from support.scripted import REQUEST, ScriptedServer, peer_of

MIB = 1024 * 1024
SSE = start(200, ((b"content-type", b"text/event-stream"),))
JSON = (b"content-type", b"application/json")
PUBLIC = (b"cache-control", b"public, max-age=60")


def sized(length: int, *fields: tuple[bytes, bytes]) -> Message:
    return start(200, ((b"content-length", b"%d" % length), *fields))


async def chunk_after_chunk(wrap: Citizen) -> None:
    """The app waits for the client to see part n before it makes part n+1."""
    heads = (
        start(),
        start(200, (JSON,)),
        start(200, (PUBLIC,)),
        SSE,
        sized(3),
        sized(3, JSON, PUBLIC),
    )
    for head in heads:
        for method in ("GET", "HEAD", "POST"):

            async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
                peer = peer_of(scope)
                await send(head)
                for number, part in enumerate((b"a", b"b", b"c")):
                    await send(chunk(part, more_body=part != b"c"))
                    await peer.sees(number + 2)

            outcome = await compare(wrap, app, partial(http_scope, method), may_tag=False)
            assert outcome.error is None, f"{head}: {outcome.error}"


async def start_before_the_first_part(wrap: Citizen) -> None:
    """Without a declared length the client sees the start while the app still thinks."""
    for head in (start(), SSE, start(404), start(200, (JSON,))):

        async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
            await send(head)
            await peer_of(scope).sees(1)
            await send(chunk(b"late", more_body=False))

        outcome = await compare(wrap, app, may_tag=False)
        assert outcome.error is None, f"{head}: {outcome.error}"


async def first_byte_at_once(wrap: Citizen) -> None:
    """Every send() of a stream is back only when the client has it, though the app never waits."""
    for head in (SSE, start(), start(200, (JSON, PUBLIC))):

        async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
            peer = peer_of(scope)
            await send(head)
            for number in range(100):
                await send(chunk(b"data: x\n\n"))
                peer.notes.append(len(peer.sent))
                assert len(peer.sent) == number + 2, "an event was held back"

        outcome = await compare(wrap, app, may_tag=False)
        assert outcome.error is None, repr(outcome.error)


async def three_endless_streams(wrap: Citizen) -> None:
    """Streams of one URL run side by side: none waits for another to end."""
    progress = [0, 0, 0]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        number = scope["state"]["number"]
        await send(start(200, (PUBLIC,)))
        while min(progress) < 5:
            await send(chunk(b"tick"))
            progress[number] += 1
            assert progress[number] < 100, f"one ran alone: {progress}"
            await asyncio.sleep(0)

    wrapped = wrap(app)
    outcomes = await asyncio.gather(
        *(play(wrapped, http_scope(state={"number": number}), (REQUEST,)) for number in range(3))
    )
    assert [outcome.error for outcome in outcomes] == [None] * 3


async def big_stream(wrap: Citizen) -> None:
    """48 MiB go through with at most 2 MiB in flight and 16 MiB at the peak."""
    for head in (start(), start(200, (PUBLIC,)), sized(48 * MIB), sized(48 * MIB, PUBLIC)):
        most_in_flight = 0

        async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
            nonlocal most_in_flight
            peer = peer_of(scope)
            await send(head)
            for number in range(1, 97):
                await send(chunk(bytes(MIB // 2), more_body=number < 96))
                most_in_flight = max(most_in_flight, number * MIB // 2 - peer.body_bytes)

        server = ScriptedServer(http_scope(), keeps_bodies=False)
        peak = await peak_memory(wrap(app), server)
        assert server.body_bytes == 48 * MIB
        assert most_in_flight <= 2 * MIB, f"{most_in_flight} bytes were held back"
        assert peak <= 16 * MIB, f"{peak} bytes at the peak"


async def tiny_chunks_in_a_rush(wrap: Citizen) -> None:
    """Twelve thousand chunks of three bytes, sent without a pause, take no 2 MiB to hold."""
    for head in (start(), sized(36_000)):

        async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
            await send(head)
            for number in range(12_000):
                await send(chunk(b"%03d" % (number % 1000), more_body=number < 11_999))

        server = ScriptedServer(http_scope(), keeps_bodies=False)
        peak = await peak_memory(wrap(app), server)
        assert server.body_bytes == 36_000
        assert peak <= 2 * MIB, f"{peak} bytes at the peak"


async def peak_memory(app: ASGIApp, server: ScriptedServer) -> int:
    tracemalloc.start()
    try:
        await app(server.scope, server.receive, server.send)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def slow_reader(wrap: Citizen) -> None:
    """A client that does not read holds the app back: at most 2 MiB pile up in between."""
    for head, suspends, limit in (
        (SSE, False, 0),
        (SSE, True, 0),
        (start(), True, 0),
        (start(), False, 0),
        (sized(10 * MIB), False, 2 * MIB),
    ):
        ahead = await bytes_ahead_of_the_reader(wrap, head, suspends=suspends)
        assert ahead <= limit, f"{head}: {ahead} bytes ahead of the client"


async def bytes_ahead_of_the_reader(wrap: Citizen, head: Message, *, suspends: bool) -> int:
    """Send 10 MiB to a client that does not read the first of it; say how much was taken."""
    part, gate, taken = bytes(MIB // 4), asyncio.Event(), [0]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(head)
        for number in range(40):
            if suspends:
                await asyncio.sleep(0)
            await send(chunk(part, more_body=number < 39))
            taken[0] += len(part)

    async def blocked(message: Message) -> None:
        if message["type"] == "http.response.body":
            await gate.wait()

    server = ScriptedServer(http_scope(), on_send=blocked)
    call = asyncio.ensure_future(wrap(app)(server.scope, server.receive, server.send))
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(server.sent) == 2, "the start and the one body message that is being read"
    ahead = taken[0]
    gate.set()
    await call
    assert server.body_bytes == 10 * MIB
    return ahead


async def huge_single_body(wrap: Citizen) -> None:
    """192 MiB in one message cost the loop's thread at most 40 ms."""
    body = bytes(192 * MIB)
    for head in (start(), sized(192 * MIB)):

        async def app(scope: Scope, receive: Receive, send: Send, head: Message = head) -> None:
            await send(head)
            await send(chunk(body, more_body=False))

        server = ScriptedServer(http_scope(), keeps_bodies=False)
        began = time.thread_time()
        await wrap(app)(server.scope, server.receive, server.send)
        spent = time.thread_time() - began
        assert server.body_bytes == len(body)
        assert spent <= 0.040, f"{spent * 1000:.0f} ms"


async def many_small_chunks(wrap: Citizen) -> None:
    """20,000 chunks cost four times what 5,000 cost, not sixteen times."""

    async def seconds(count: int, head: Message) -> float:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(head)
            for number in range(1, count + 1):
                await send(chunk(b"x", more_body=number < count))

        server = ScriptedServer(http_scope(), keeps_bodies=False)
        began = time.thread_time()
        await wrap(app)(server.scope, server.receive, server.send)
        assert server.body_bytes == count
        return time.thread_time() - began

    for make in (lambda count: start(), sized):
        await assert_linear(make, seconds)


async def assert_linear(
    make: Callable[[int], Message], seconds: Callable[[int, Message], Any]
) -> None:
    few = min([await seconds(5_000, make(5_000)) for _ in range(2)])
    many = await seconds(20_000, make(20_000))
    if many > 8 * few:
        many = min(many, await seconds(20_000, make(20_000)))
    assert many <= 8 * few, f"5,000 took {few:.3f} s, 20,000 took {many:.3f} s"
