"""Let the headers of a scope be read more than once: ASGI allows any iterable, a generator too."""

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send

_ABSENT = object()


async def with_header_list(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Call the app with a list in their place, and give them back as they were."""
    given = scope.get("headers", _ABSENT)
    scope["headers"] = list(scope.get("headers") or ())
    try:
        await app(scope, receive, send)
    finally:
        scope["headers"] = given
        if given is _ABSENT:
            del scope["headers"]
