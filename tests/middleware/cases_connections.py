"""Websockets and lifespan pass through untouched."""

from typing import Any

from chopin_mw.asgi.types import Message, Receive, Scope, Send
from support.apps import BODY, PAIRS, start
from support.differential import Citizen, compare
from support.scopes import http_scope, lifespan_scope, websocket_scope
from support.scripted import ScriptedServer, peer_of

CONNECT: Message = {"type": "websocket.connect"}
TAGGED = ((b"if-none-match", b"*"), (b"cache-control", b"no-cache"))


def conversation(*messages: Message, reads: int) -> Any:
    """Build an app that notes what it reads, then says its messages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(reads):
            peer_of(scope).notes.append(await receive())
        for message in messages:
            await send(dict(message))

    return app


async def websocket_frames(wrap: Citizen) -> None:
    """Frames, codes, reasons, subprotocols and fields that are None are identical."""
    script = (
        CONNECT,
        {"type": "websocket.receive", "text": None, "bytes": b"\x00\xff"},
        {"type": "websocket.receive", "text": "é" * 1_000_000, "bytes": None},
        {"type": "websocket.disconnect", "code": 1001, "reason": None},
    )
    app = conversation(
        {
            "type": "websocket.accept",
            "subprotocol": "v1",
            "headers": [(b"x-a", b"1"), (b"x-a", b"2")],
        },
        {"type": "websocket.send", "text": "x" * 1_000_000},
        {"type": "websocket.send", "bytes": b"", "text": None},
        {"type": "websocket.close", "code": 4000, "reason": "done"},
        reads=4,
    )
    await compare(wrap, app, lambda: websocket_scope(TAGGED), script)


async def websocket_refused(wrap: Citizen) -> None:
    """A close before the accept stays a close; wrong orders get the server's complaint."""
    await compare(
        wrap, conversation({"type": "websocket.close"}, reads=1), websocket_scope, (CONNECT,)
    )
    early = conversation({"type": "websocket.send", "text": "x"}, reads=1)
    outcome = await compare(wrap, early, websocket_scope, (CONNECT,))
    assert isinstance(outcome.error, RuntimeError)


async def websocket_denied(wrap: Citizen) -> None:
    """A denial response is not ours to tag, to cache or to answer with 304."""
    prefix = "websocket."
    for status in (200, 403):
        messages = [
            {
                **start(status, (*PAIRS, (b"content-length", b"5"))),
                "type": f"{prefix}http.response.start",
            },
            {**BODY, "type": f"{prefix}http.response.body"},
        ]
        app = conversation(*messages, reads=1)
        for scope in (websocket_scope, lambda: websocket_scope(TAGGED, method="GET")):
            outcome = await compare(wrap, app, scope, (CONNECT,))
            assert outcome.server.sent == messages


async def websocket_errors(wrap: Citizen) -> None:
    """An exception leaves a websocket as it is."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise LookupError("gone")

    await compare(wrap, app, websocket_scope, (CONNECT,))


STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


async def living_app(scope: Scope, receive: Receive, send: Send) -> None:
    notes = peer_of(scope).notes
    notes.append(await receive())
    scope["state"]["pool"] = "open"
    await send({"type": "lifespan.startup.complete"})
    notes.append(await receive())
    await send({"type": "lifespan.shutdown.complete"})


async def lifespan_runs(wrap: Citizen) -> None:
    """Startup and shutdown pass, and the server sees the state that the app has set up."""
    outcome = await compare(wrap, living_app, lifespan_scope, (STARTUP, SHUTDOWN))

    assert outcome.scope_after["state"] == {"pool": "open"}


async def lifespan_failures(wrap: Citizen) -> None:
    """A failed start with its message, and an app that does not know lifespan at all."""

    async def unsupported(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

    for kind in ("startup", "shutdown"):
        failed = {"type": f"lifespan.{kind}.failed", "message": "no database"}
        await compare(wrap, conversation(failed, reads=1), lifespan_scope, (STARTUP,))
    await compare(wrap, unsupported, lifespan_scope, (STARTUP,))
    await compare(
        wrap, living_app, lambda: {"type": "lifespan", "asgi": {"version": "3.0"}}, (STARTUP,)
    )


async def lifespans_in_a_row(wrap: Citizen) -> None:
    """One object is started three times, with requests before, between and after."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await living_app(scope, receive, send)
            return
        await send(start())
        await send(BODY)

    wrapped = wrap(app)
    for scope in (http_scope(), *(make() for make in (lifespan_scope, http_scope) * 3)):
        server = ScriptedServer(scope, (STARTUP, SHUTDOWN))
        await wrapped(scope, server.receive, server.send)
        assert len(server.sent) == 2
