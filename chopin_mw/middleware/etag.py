"""Entity tags for responses, and 304 or 412 for conditional requests (RFC 9110 §8.8, §13)."""

import time
from collections.abc import Sequence

from chopin_mw.asgi.capture import Capture
from chopin_mw.asgi.messages import not_modified, precondition_failed
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import (
    SCOPE_KEY,
    PreconditionRecord,
    preconditions_scope,
)
from chopin_mw.rules.cache_control import parse_response_directives
from chopin_mw.rules.content_tag import make_entity_tag
from chopin_mw.rules.entity_tag import parse_entity_tag
from chopin_mw.rules.headers import select, select_from_request
from chopin_mw.rules.http_date import parse_http_date
from chopin_mw.rules.preconditions import CONDITIONAL_FIELDS, Validators, Verdict, evaluate

_WANTED = frozenset(
    {
        b"cache-control",
        b"content-encoding",
        b"content-type",
        b"etag",
        b"last-modified",
    }
)
_ABSENT = object()
_OK = 200
_NOT_MODIFIED = 304
DEFAULT_LIMIT_BYTES = 1024 * 1024


class ETagMiddleware:
    """Add an ETag to answers and reply 304 where the client already has them.

    Tags responses of 200 to GET and HEAD whose body is sent in one go, up to `limit_bytes`. The
    app's own ETag and Last-Modified win; streams, event streams, files sent by path and responses
    with trailers pass untouched. Write handlers get their 412 through `@etag`.

        app.add_middleware(ETagMiddleware)
    """

    def __init__(self, app: ASGIApp, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        if isinstance(limit_bytes, bool) or not isinstance(limit_bytes, int) or limit_bytes < 0:
            raise ConfigurationError(
                f"limit_bytes must be a whole number of bytes, 0 or more, got {limit_bytes!r}"
            )
        self.app = app
        self._limit = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if type(scope.get("headers")) is not list:
            await self._with_header_list(scope, receive, send)
            return
        token = preconditions_scope.set(scope)
        try:
            if scope["method"] in ("GET", "HEAD"):
                capture = Capture(send, _Tagging(scope), self._limit)
                await capture.run(self.app(scope, receive, capture.send))
            else:
                # Only `@etag` can answer here, before a write runs; it needs no help from us.
                await self.app(scope, receive, send)
        finally:
            if SCOPE_KEY in scope:
                del scope[SCOPE_KEY]
            try:  # noqa: SIM105 - suppress() costs 0.15 µs
                preconditions_scope.reset(token)
            except ValueError:
                # A request that was dropped, not ended: the garbage collector closes it in
                # whatever context that runs in, where there is nothing of ours to reset.
                pass

    async def _with_header_list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the headers be read more than once: ASGI allows any iterable, a generator too."""
        given = scope.get("headers", _ABSENT)
        scope["headers"] = list(scope.get("headers") or ())
        try:
            await self(scope, receive, send)
        finally:
            scope["headers"] = given
            if given is _ABSENT:
                del scope["headers"]


class _Tagging:
    """Decide about one response to GET or HEAD."""

    __slots__ = ("_conditions", "_fields", "_scope")

    _fields: dict[bytes, bytes]

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._conditions = select_from_request(scope["headers"], CONDITIONAL_FIELDS)

    def at_start(self, start: Message) -> Message | list[Message] | None:
        """Judge by the header what needs no body, and say whether the body is wanted."""
        exchange = self._scope.get(SCOPE_KEY)
        known = None if exchange is None else exchange.precondition
        if start["status"] != _OK:
            if known is not None and known.answered == start["status"] == _NOT_MODIFIED:
                return not_modified(start["headers"])
            return start
        fields = self._fields = select(start["headers"], _WANTED)
        if b"etag" in fields:
            # The app's own tag wins; a malformed one is passed on and never compared.
            return self._judged(start, fields[b"etag"])
        if known is not None:
            return self._with_known_validators(start, known)
        streams = b"event-stream" in fields.get(b"content-type", b"").lower()
        if streams or start.get("trailers") or _is_never_stored(fields):
            return self._judged(start, None)
        return None

    def when_whole(self, start: Message, chunks: Sequence[bytes]) -> Message | list[Message]:
        """Tag the whole body, and compare."""
        if self._scope["method"] == "HEAD" and not any(chunks):
            return self.when_released(start)
        gzipped = self._fields.get(b"content-encoding") == b"gzip"
        tag = make_entity_tag(chunks, gzipped=True) if gzipped else make_entity_tag(chunks)
        conditions = self._conditions
        if conditions and conditions.get(b"if-none-match") == tag and len(conditions) == 1:
            # What nearly every 304 looks like: the whole evaluation takes 3 µs more.
            return not_modified(start["headers"], etag=tag)
        start["headers"].append((b"etag", tag))
        return self._judged(start, tag) if conditions else start

    def when_released(self, start: Message) -> Message | list[Message]:
        """Compare by Last-Modified alone, if the app sent one."""
        return self._judged(start, None)

    def _with_known_validators(self, start: Message, known: PreconditionRecord) -> Message:
        """Name the validators that `@etag` compared before the handler ran."""
        if known.etag is not None:
            start["headers"].append((b"etag", known.etag))
        if known.last_modified is not None and b"last-modified" not in self._fields:
            start["headers"].append((b"last-modified", known.last_modified))
        return start

    def _judged(self, start: Message, etag: bytes | None) -> Message | list[Message]:
        if not self._conditions:
            return start
        conditions, now = dict(self._conditions), time.time()
        last_modified = self._fields.get(b"last-modified")
        modified = None if last_modified is None else parse_http_date(last_modified, now=now)
        tag = None if etag is None else parse_entity_tag(etag)
        if tag is None:
            if modified is None:
                return start
            # Without a tag to compare, If-Match can be neither true nor false.
            conditions.pop(b"if-match", None)
        method = self._scope["method"]
        verdict = evaluate(method, Validators(tag, modified), conditions, now=now)
        if verdict is Verdict.NOT_MODIFIED:
            return not_modified(start["headers"])
        if verdict is Verdict.PRECONDITION_FAILED:
            return precondition_failed(start["headers"])
        return start


def _is_never_stored(fields: dict[bytes, bytes]) -> bool:
    # What no client stores, no client can ask to validate.
    if b"cache-control" not in fields:
        return False
    return parse_response_directives(fields[b"cache-control"]).no_store
