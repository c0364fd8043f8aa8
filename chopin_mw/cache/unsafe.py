"""Requests that may change something: pass them on, and forget what they made invalid."""

from asyncio import CancelledError
from collections.abc import Awaitable
from math import inf, nextafter

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.cache.fill import Fill
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.listening import Listening
from chopin_mw.cache.request import request_of
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.cache_key import normalised_query
from chopin_mw.rules.cache_status import forward_status
from chopin_mw.rules.headers import select
from chopin_mw.rules.invalidation import SAFE_METHODS, invalidated_tags, same_resource
from chopin_mw.rules.stored_response import Tag

_HOST = frozenset({b"host"})
_REFERENCES = frozenset({b"content-location", b"location"})
_OK, _ERRORS_FROM = 200, 400


class Unsafe:
    """Serve what is neither GET nor HEAD (RFC 9111 §4.4)."""

    __slots__ = ("_app", "_cache")

    def __init__(self, app: ASGIApp, cache: HTTPCache) -> None:
        self._app = app
        self._cache = cache

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on.

        What it changed is invalid before the client hears of it, and once more at the end: many
        handlers commit after they have answered (a FastAPI dependency with `yield` does).
        """
        change = _Change(self._cache, scope, send)
        with Listening(scope):
            try:
                await self._app(scope, receive, change.send)
            except CancelledError:
                # Whether it wrote before its client left, nobody knows.
                change.assume()
                raise
            finally:
                if change.tags and not self._is_done_when_answered(scope):
                    await self._cache.keeper.invalidate(change.tags)

    def _is_done_when_answered(self, scope: Scope) -> bool:
        policy = self._cache.policies.of(scope["path"])
        return policy is not None and policy.proxied


class _Change:
    """Stand between the app and the server for one request."""

    __slots__ = ("_cache", "_changes", "_invalidations", "_live_scope", "_scope", "_send",
                 "_started", "tags")  # fmt: skip

    def __init__(self, cache: HTTPCache, scope: Scope, send: Send) -> None:
        self._cache = cache
        # Layers inside may rewrite the path, but the key is that of the path outside.
        self._scope = dict(scope)
        self._live_scope = scope
        self._send = send
        self._invalidations = cache.counters.invalidations
        self._started = False
        self._changes = scope["method"] not in SAFE_METHODS
        self.tags: tuple[Tag, ...] = ()

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message on, a successful start after the invalidation."""
        # Returns the awaitable of whoever sends: a coroutine around it costs 0.1 µs a message.
        if message["type"] != "http.response.start":
            return self._send(message)
        self._started = True
        message = {**message, "headers": list(message.get("headers") or ())}
        status, name = message["status"], self._cache.name
        if name is not None:
            forwarded = forward_status(name, reason="method", fwd_status=status)
            message["headers"].append((b"cache-status", forwarded))
        if status >= _ERRORS_FROM:
            return self._send(message)
        fields = select(message["headers"], _REFERENCES)
        host = self._host()
        self.tags = self._invalid(host, fields)
        if not self.tags:
            return self._send(message)
        invalidated = self._cache.keeper.begin_invalidate(self.tags)
        if not fields and isinstance(invalidated, float):
            return self._send(message)
        return self._send_after(invalidated, message, host, fields)

    def assume(self) -> None:
        """Take the target for changed where no answer says whether it is."""
        if not self._started:
            self.tags = self._invalid(self._host(), {})

    def _host(self) -> bytes:
        return select(self._scope.get("headers") or (), _HOST).get(b"host", b"")

    def _invalid(self, host: bytes, fields: dict[bytes, bytes]) -> tuple[Tag, ...]:
        tags: tuple[Tag, ...] = ()
        if self._changes:
            tags = self._cache.policies.canonical(invalidated_tags(self._scope, host, fields))
        self._scope[SCOPE_KEY] = exchange = self._live_scope.get(SCOPE_KEY)
        if exchange is not None and exchange.cache is not None:
            tags += exchange.cache.invalidates
        return tags

    async def _send_after(
        self,
        invalidated: float | Awaitable[float] | None,
        start: Message,
        host: bytes,
        fields: dict[bytes, bytes],
    ) -> None:
        scope = self._scope
        if invalidated is not None and not isinstance(invalidated, float):
            invalidated = await self._cache.keeper.finish_invalidate(invalidated)
        # What came in between may be newer than this response.
        alone = self._cache.counters.invalidations == self._invalidations + 1
        status = start["status"]
        if invalidated is not None and alone and _may_answer_get(scope, host, status, fields):
            self.tags = ()
            await self._record(start, nextafter(invalidated, inf))
        else:
            await self._send(start)

    async def _record(self, start: Message, fill_start: float) -> None:
        """Keep a POST's response, which is that of a GET to its URL (RFC 9110 §9.3.3)."""
        scope, cache = self._scope, self._cache
        policy = cache.policies.of(scope["path"])
        if policy is not None:
            query = normalised_query(
                scope.get("query_string", b""), policy.ignored_query, policy.sort_query
            )
            if query == scope.get("query_string", b""):
                # Otherwise the app has seen what no GET would show it.
                request = request_of(scope, policy)
                self._send = Fill(cache, request, self._send, fill_start=fill_start).send
        await self._send(start)


def _may_answer_get(scope: Scope, host: bytes, status: int, fields: dict[bytes, bytes]) -> bool:
    if scope["method"] != "POST" or status != _OK or b"content-location" not in fields:
        return False
    return same_resource(scope, host, fields[b"content-location"])
