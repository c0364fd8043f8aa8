"""Give one response to GET or HEAD its entity tag, and answer 304 or 412 in its place."""

import time
from collections.abc import Sequence

from chopin_mw.asgi.messages import not_modified, precondition_failed
from chopin_mw.asgi.types import Headers, Message, Scope
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import SCOPE_KEY, PreconditionRecord
from chopin_mw.rules.cache_control import parse_response_directives
from chopin_mw.rules.content_tag import make_entity_tag
from chopin_mw.rules.entity_tag import parse_entity_tag
from chopin_mw.rules.headers import has, select, select_from_request
from chopin_mw.rules.http_date import parse_http_date
from chopin_mw.rules.preconditions import CONDITIONAL_FIELDS, Validators, Verdict, evaluate

_WANTED = frozenset(
    {
        b"cache-control",
        b"cdn-cache-control",
        b"content-encoding",
        b"content-type",
        b"etag",
        b"expires",
        b"last-modified",
    }
)
DEFAULT_LIMIT_BYTES = 1024 * 1024
_UNREAD: dict[bytes, bytes] = {}
_OK = 200
_NOT_MODIFIED = 304


class Tagging:
    """Judge one response for a Capture (RFC 9110 §8.8, §13)."""

    __slots__ = ("_conditions", "_scope", "fields", "known_tag")

    def __init__(self, scope: Scope, request_fields: dict[bytes, bytes] | None = None) -> None:
        self._scope = scope
        # Set by whoever has made the tag of the whole body already.
        self.known_tag: bytes | None = None
        # Set by whoever has read the response's header already, and the request's is given.
        self.fields: dict[bytes, bytes] = _UNREAD
        if request_fields is None:
            self._conditions = select_from_request(scope["headers"], CONDITIONAL_FIELDS)
        else:
            present = CONDITIONAL_FIELDS & request_fields.keys() if request_fields else ()
            self._conditions = {name: request_fields[name] for name in present}

    def at_start(self, start: Message) -> Message | list[Message] | None:
        """Judge by the header what needs no body, and say whether the body is wanted."""
        fields = self.fields
        if fields is _UNREAD:
            fields = self.fields = select(start["headers"], _WANTED)
        exchange = self._scope.get(SCOPE_KEY)
        known = None if exchange is None else exchange.precondition
        if start["status"] != _OK:
            if known is not None and known.answered == start["status"] == _NOT_MODIFIED:
                return not_modified(start["headers"])
            return start
        if b"etag" in fields:
            # The app's own tag wins; a malformed one is passed on and never compared.
            return self._judged(start, fields[b"etag"])
        if known is not None:
            start["headers"] += missing_validators(start["headers"], known)
            return start
        streams = b"event-stream" in fields.get(b"content-type", b"").lower()
        if streams or start.get("trailers") or _is_never_stored(fields):
            return self._judged(start, None)
        return None

    def at_start_of_another(self, start: Message) -> Message | list[Message]:
        """Judge a response that the app passes on: it makes no tags and evaluates no If-Match."""
        for name in (b"if-match", b"if-unmodified-since"):
            self._conditions.pop(name, None)
        return self._judged(start, self.fields.get(b"etag")) if start["status"] == _OK else start

    def when_whole(self, start: Message, chunks: Sequence[bytes]) -> Message | list[Message]:
        """Tag the whole body, and compare."""
        if self._scope["method"] == "HEAD" and not any(chunks):
            return self.when_released(start)
        tag = self.known_tag
        if tag is None:
            gzipped = self.fields.get(b"content-encoding") == b"gzip"
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

    def _judged(self, start: Message, etag: bytes | None) -> Message | list[Message]:
        if not self._conditions:
            return start
        conditions, now = dict(self._conditions), time.time()
        last_modified = self.fields.get(b"last-modified")
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


def missing_validators(headers: Headers, known: PreconditionRecord) -> Headers:
    """Return the validators that `@etag` compared before the handler ran, as far as they lack."""
    validators = ((b"etag", known.etag), (b"last-modified", known.last_modified))
    return [
        (name, value) for name, value in validators if value is not None and not has(headers, name)
    ]


def _is_never_stored(fields: dict[bytes, bytes]) -> bool:
    # What no client stores, no client can ask to validate.
    if b"cache-control" not in fields:
        return False
    return parse_response_directives(fields[b"cache-control"]).no_store


def check_limit_bytes(name: str, value: int) -> int:
    """Return the size of the largest body to tag, or raise ConfigurationError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(
            f"{name} must be a whole number of bytes, 0 or more, got {value!r}"
        )
    return value
