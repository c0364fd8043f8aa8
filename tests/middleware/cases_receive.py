"""The request is the app's to read, when and as far as it wants."""

import asyncio

from chopin_mw.asgi.types import Message, Receive, Scope, Send
from support.apps import BODY, chunk, start
from support.differential import Citizen, compare
from support.scopes import scope_of
from support.scripted import ScriptedServer, peer_of

UPLOAD: tuple[Message, ...] = (
    {"type": "http.request", "body": b"one", "more_body": True},
    {"type": "http.request", "more_body": True},
    {"type": "http.request", "body": b"", "more_body": True, "extra": 1},
    {"type": "http.request", "body": b"two"},
)


async def answers_before_reading(wrap: Citizen) -> None:
    """An app that answers at once has had nothing read on its behalf."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(BODY)

    for method in ("GET", "HEAD", "POST"):
        outcome = await compare(wrap, app, scope_of(method, (b"expect", b"100-continue")), UPLOAD)
        assert outcome.server.receive_calls == 0


async def reads_the_upload_as_sent(wrap: Citizen) -> None:
    """Every request message arrives, one for each call and none ahead of it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        more, peer = True, peer_of(scope)
        while more:
            message = await receive()
            peer.notes.append((dict(message), peer.receive_calls))
            more = message.get("more_body", False)
        await send(start())
        await send(BODY)

    for method in ("GET", "POST"):
        outcome = await compare(wrap, app, scope_of(method), UPLOAD)
        assert [message for message, _ in outcome.server.notes] == list(UPLOAD)
        assert [calls for _, calls in outcome.server.notes] == [1, 2, 3, 4]


async def talks_while_it_listens(wrap: Citizen) -> None:
    """Full duplex: the client sends its next part only when it has seen the echo of the last."""

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send(chunk(message.get("body", b""), more_body=more))

    async def sees_the_echo(server: ScriptedServer) -> None:
        await server.sees(2)

    async def sees_the_start(server: ScriptedServer) -> None:
        await server.sees(1)

    script = (sees_the_start, UPLOAD[0], sees_the_echo, UPLOAD[-1])
    for method in ("GET", "POST"):
        await compare(wrap, echo, scope_of(method), script, may_tag=False)


async def disconnect_is_told_again_and_again(wrap: Citizen) -> None:
    """After the end receive() says http.disconnect, at once, however often it is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes = peer_of(scope).notes
        notes.append(await receive())
        await send(start())
        await send(BODY)
        for _ in range(3):
            async with asyncio.timeout(0.1):
                notes.append(await receive())

    outcome = await compare(wrap, app)

    assert outcome.server.notes[1:] == [{"type": "http.disconnect"}] * 3


async def client_leaves_while_it_uploads(wrap: Citizen) -> None:
    """An app that polls hears of it, before the upload and in its middle."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            peer_of(scope).notes.append(dict(message))
            if message["type"] == "http.disconnect":
                return

    async def leaves(server: ScriptedServer) -> None:
        server.leave()

    for script in ((leaves,), (UPLOAD[0], leaves, UPLOAD[-1])):
        outcome = await compare(wrap, app, scope_of("POST"), script)
        assert outcome.server.sent == []


async def an_upload_that_trickles(wrap: Citizen) -> None:
    """The app waits for the next part itself; nobody reads ahead to make it ready."""
    gates = [asyncio.Event() for _ in range(3)]
    script = tuple(step for pair in zip(gates, UPLOAD, strict=False) for step in pair)
    seen: list[tuple[Message, int]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in gates:
            message = await receive()
            seen.append((message, peer_of(scope).receive_calls))
        await send(start())
        await send(BODY)

    server = ScriptedServer(scope_of("POST")(), script)
    call = asyncio.ensure_future(wrap(app)(server.scope, server.receive, server.send))
    for number, gate in enumerate(gates):
        await asyncio.sleep(0)
        assert len(seen) == number
        gate.set()
        await asyncio.sleep(0)
    await call

    assert [calls for _, calls in seen] == [1, 2, 3]
