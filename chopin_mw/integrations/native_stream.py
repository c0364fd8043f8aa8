"""Hand a stream to whichever framework called: as an ASGI app where it takes one, else as bytes."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from chopin_mw.integrations.native import Framework, framework_of_call
from chopin_mw.streaming.stream import ByteStream

_FILES: Mapping[Framework, str] = {
    "fastapi": "starlette_stream",
    "starlette": "starlette_stream",
    "quart": "quart_stream",
    "litestar": "litestar_stream",
    "django": "django_stream",
    "blacksheep": "blacksheep_stream",
}


def native_stream(stream: ByteStream) -> Any:
    """Return what a handler must return to answer with this stream.

    Call it from inside the handler call. In Falcon, and where nobody knows the framework, it is the
    stream itself: an ASGI app, and an async iterable of bytes.
    """
    framework = framework_of_call(())
    if framework is None or framework not in _FILES:
        return stream
    return import_module(f"chopin_mw.integrations.{_FILES[framework]}").respond(stream)
