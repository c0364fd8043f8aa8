"""Two of the small apps as one target of a server's command line."""

from chopin_mw.asgi.types import Receive, Scope, Send
from frameworks.apps import bare_app, fastapi_app

_APPS = {"bare": bare_app.build(), "fastapi": fastapi_app.build()}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand `/bare/flight` to the bare app as `/flight`; lifespan has nothing to start."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    name, path = scope["path"].lstrip("/").split("/", 1)
    inner = {**scope, "path": f"/{path}", "raw_path": f"/{path}".encode()}
    await _APPS[name](inner, receive, send)
