"""Find the query of the request that a handler was called for, in whichever framework that was."""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from chopin_mw.exchange import current_scope
from chopin_mw.integrations.native import look_up_class

_FRAMEWORKS = frozenset({"fastapi", "starlette", "litestar", "blacksheep"})
_MOST_FRAMES = 40


def query_of_call(arguments: Iterable[Any]) -> bytes | None:
    """Return the query string of the request being handled; None if nobody knows it.

    Call it from inside the handler call, in its task or thread. A request among the handler's
    arguments tells, Quart's context, any middleware of ours around the app, or the caller's frame.
    """
    for argument in arguments:
        query = _query_of(argument)
        if query is not None:
            return query
    quart = sys.modules.get("quart")
    if quart is not None and quart.has_request_context():
        return bytes(quart.request.query_string)
    scope = current_scope()
    return _query_of_callers() if scope is None else bytes(scope.get("query_string", b""))


def _query_of_callers() -> bytes | None:
    # Where a handler takes no request and nothing of ours is around the app, as in a bare FastAPI.
    # Plain handlers run in a thread, which has none of these frames.
    frame = inspect.currentframe()
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return None
        if frame.f_globals.get("__name__", "").partition(".")[0] in _FRAMEWORKS:
            query = _query_of(frame.f_locals.get("request"))
            if query is not None:
                return query
        frame = frame.f_back
    return None


def _query_of(candidate: object) -> bytes | None:
    kind: type = type(candidate)
    read = _reader_of(kind)
    return None if read is None else read(candidate)


def _of_scope(request: Any) -> bytes | None:
    query: bytes = request.scope.get("query_string", b"")
    return query


def _of_asgi(scope: Any) -> bytes | None:
    return scope["query_string"] if "query_string" in scope and "type" in scope else None


def _of_django(request: Any) -> bytes | None:
    return str(request.META.get("QUERY_STRING", "")).encode("latin-1", "replace")


def _of_falcon(request: Any) -> bytes | None:
    return str(request.query_string).encode("utf-8", "replace")


def _of_blacksheep(request: Any) -> bytes | None:
    return bytes(request.url.query or b"")


_READERS: Mapping[tuple[str, str], Callable[[Any], bytes | None]] = {
    ("builtins", "dict"): _of_asgi,
    ("starlette", "HTTPConnection"): _of_scope,
    ("litestar", "ASGIConnection"): _of_scope,
    ("quart", "Request"): _of_scope,
    ("django", "HttpRequest"): _of_django,
    ("falcon", "Request"): _of_falcon,
    ("blacksheep", "Request"): _of_blacksheep,
}


@lru_cache(maxsize=1024)
def _reader_of(kind: type) -> Callable[[Any], bytes | None] | None:
    return look_up_class(kind, _READERS)
