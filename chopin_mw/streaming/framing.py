"""Three forms of a stream: lines of JSON, one JSON array, server-sent events."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from chopin_mw.errors import ProblemError
from chopin_mw.json import Codec, dumps, get_codec
from chopin_mw.rules.envelope import success_envelope
from chopin_mw.rules.problem import answer_to
from chopin_mw.rules.server_sent_event import (
    EVENT_STREAM_MEDIA_TYPE,
    ServerSentEvent,
    encode_event,
)

Encode: TypeAlias = Callable[[list[Any], int], bytes]
"""Takes a batch that is not empty, and how many items came before it; returns its bytes."""

KEEP_ALIVE = b":\n\n"
"""The comment that keeps proxies from ending a quiet event stream."""

_ALL_DICTS = {dict}
_SHUTTING_DOWN = b'{"error":{"title":"Service Unavailable","status":503}}\n'
_SECRET_PROBLEM = b'{"title":"Internal Server Error","status":500}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """Hold what is written before, between and after the items of a stream.

    `opens_at_once` sends the header before there is an item. `closing` gets the number of items;
    `failure`, what to say of an error to a client that has had some of the stream.
    """

    media_type: bytes
    encode: Encode
    opening: bytes = b""
    opens_at_once: bool = False
    closing: Callable[[int], bytes] = lambda _: b""
    failure: Callable[[BaseException], bytes] = lambda _: b""
    farewell: bytes = b""


def json_lines(*, trailer: bool = False) -> Framing:
    """Return the form of NDJSON: one value on each line, an error on a last line of its own."""
    return Framing(
        media_type=b"application/x-ndjson",
        encode=_encode_lines,
        closing=_count_line if trailer else lambda _: b"",
        failure=lambda error: b'{"error":%b}\n' % problem_of(error),
        # Lines that end in good order would pass for all there are.
        farewell=_SHUTTING_DOWN,
    )


def json_array(*, envelope: bool = False) -> Framing:
    """Return the form of one array. If it is cut short it stays open: no parser takes it for whole.

    With `envelope` it is the `data` of `{"success": true, "data": […]}`.
    """
    opening, closing = success_envelope(b"[]").split(b"[]") if envelope else (b"", b"")
    return Framing(
        media_type=b"application/json",
        encode=_encode_members,
        opening=opening + b"[",
        closing=lambda _: b"]" + closing,
    )


def event_stream(*, retry: int | None, farewell: ServerSentEvent | None) -> Framing:
    """Return the form of server-sent events; the header and a comment go out at once."""
    opening = KEEP_ALIVE if retry is None else ServerSentEvent(retry=retry).encode(dumps)
    return Framing(
        media_type=EVENT_STREAM_MEDIA_TYPE,
        encode=_encode_events,
        opening=opening,
        opens_at_once=True,
        failure=lambda error: b"event: error\ndata: %b\n\n" % problem_of(error),
        farewell=b"" if farewell is None else farewell.encode(dumps),
    )


def problem_of(error: BaseException) -> bytes:
    """Return what a client may know of an error: a ProblemError was made for it, others are not."""
    return answer_to(error).body if isinstance(error, ProblemError) else _SECRET_PROBLEM


def _encode_lines(items: list[Any], _: int) -> bytes:
    return _joined(items, b"\n") + b"\n"


def _encode_members(items: list[Any], before: int) -> bytes:
    # The brackets of the batch go, and what is between them was written in one go.
    members = dumps(items)[1:-1]
    return b"," + members if before else members


def _encode_events(items: list[Any], _: int) -> bytes:
    if set(map(type, items)) == _ALL_DICTS:
        return b"data: %b\n\n" % _joined(items, b"\n\ndata: ")
    encode = get_codec().dumps
    return b"".join([encode_event(item, encode) for item in items])


def _joined(items: list[Any], separator: bytes) -> bytes:
    """Return the values as JSON with this between them."""
    codec = get_codec()
    # One call for all of them costs a third of one for each. Two objects that follow each other
    # meet in `},{`: where that occurs no more often than objects meet, it is nowhere else.
    if set(map(type, items)) == _ALL_DICTS and isinstance(codec, Codec):
        body = codec.dumps(items)
        if body.count(b"},{") == len(items) - 1:
            return body[1:-1].replace(b"},{", b"}%b{" % separator)
    return separator.join(map(codec.dumps, items))


def _count_line(count: int) -> bytes:
    return b'{"end":true,"count":%d}\n' % count
