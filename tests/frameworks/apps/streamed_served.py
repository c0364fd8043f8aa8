"""The streaming apps of each framework as one target of a server's command line."""

from chopin_mw.asgi.types import Message, Receive, Scope, Send
from frameworks.apps.streamed_apps import BUILDERS
from frameworks.apps.streamed_desk import Desk

_DESKS = {name: Desk() for name in BUILDERS}
_APPS = {name: build(_DESKS[name]) for name, build in BUILDERS.items()}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand `/bare/lines` to the bare app as `/lines`; lifespan has nothing to start."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    name, path = scope["path"].lstrip("/").split("/", 1)
    inner = {**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}
    desk = _DESKS[name]

    async def receive_and_note() -> Message:
        message: Message = await receive()
        if message["type"] == "http.disconnect" and "endless" in path:
            desk.made_when_told = desk.made
        return message

    await _APPS[name](inner, receive_and_note, send)
