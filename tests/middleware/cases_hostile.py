"""A megabyte of hostile header costs linear time and changes nothing."""

import time
from collections.abc import Iterable

from chopin_mw.asgi.types import Scope
from support.apps import BODY, sending, start
from support.differential import Citizen, play
from support.scopes import http_scope
from support.scripted import REQUEST

MEGABYTE = 1_000_000
# It takes well under a second; tracing for coverage, twice wrapped, makes three or four of it.
SECONDS = 5.0
DATED = (b"last-modified", b"Mon, 06 Jul 2026 10:00:00 GMT")
JUNK: tuple[bytes, ...] = (
    b'"', b",", b" ", b"\t,", b"W/", b'W/"', b'"a",', b'"a" ', b"\\", b'"\\', b'=\\"', b"a=",
    b"a=,", b"max-age=", b"max-age=1,", b"9", b"0", b"-", b";", b"; ", b"*", b"*,", b"\xff", b"\0",
    b"a", b"0-0,", b"bytes=0-,", b"00-", b"%", b"a=b;c=d,", b"(", b"Mon, ",
    b"Mon, 06 Jul 2026 10:00:00 GMT,",
)  # fmt: skip
CONDITIONS = (b"if-none-match", b"if-modified-since", b"if-unmodified-since")
REQUEST_FIELDS = (
    b"if-range", b"range", b"cache-control", b"pragma", b"cookie", b"traceparent", b"tracestate",
    b"baggage", b"accept", b"authorization", b"content-length", b"content-type", b"connection",
)  # fmt: skip
RESPONSE_FIELDS = (
    b"etag", b"last-modified", b"cache-control", b"vary", b"content-length", b"content-type",
    b"content-encoding", b"expires", b"date", b"content-range", b"set-cookie", b"location",
)  # fmt: skip


def repeated(piece: bytes) -> bytes:
    return (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]


async def answered_in_time(
    wrap: Citizen, scope: Scope, fields: Iterable[tuple[bytes, bytes]], may_refuse: bool = False
) -> None:
    """Assert the app's own answer, or 412 where it may be refused, within seconds of CPU."""
    app = wrap(sending(start(200, fields), BODY))
    began = time.thread_time()
    outcome = await play(app, scope, (REQUEST,))
    spent = time.thread_time() - began
    assert outcome.error is None, repr(outcome.error)
    if not (may_refuse and outcome.server.status == 412):
        assert outcome.server.status == 200
        assert outcome.server.body == b"hello"
    assert spent <= SECONDS, f"{spent:.2f} s for {[name for name, _ in scope['headers']]}"


async def hostile_conditions(wrap: Citizen) -> None:
    """All junk in the request fields that decide between 200, 304 and 412."""
    for piece in JUNK:
        value = repeated(piece)
        for name in CONDITIONS:
            if name == b"if-none-match" and b"*" in piece:
                continue  # A star may match: cases_conditional has its shapes.
            await answered_in_time(wrap, http_scope(headers=[(name, value)]), [DATED])
        # Junk in If-Match names no tag that we have: RFC 9110 §13.1.1 asks for 412.
        scope = http_scope(headers=[(b"if-match", value[: MEGABYTE // 10])])
        await answered_in_time(wrap, scope, [DATED], may_refuse=True)


async def hostile_request_fields(wrap: Citizen) -> None:
    """Some junk in every other request field that caches, tracers and parsers look at."""
    for piece in (b'=\\"', b"a=,", b"bytes=0-,", b"\xff"):
        value = repeated(piece)
        for name in REQUEST_FIELDS:
            await answered_in_time(wrap, http_scope(headers=[(name, value)]), [DATED])


async def hostile_response_fields(wrap: Citizen) -> None:
    """All junk in every response field, with a request that makes them matter."""
    conditions = [(b"if-none-match", b'"x"'), (b"if-modified-since", DATED[1])]
    for piece in JUNK:
        value = repeated(piece)[: MEGABYTE // 20]
        for name in RESPONSE_FIELDS:
            await answered_in_time(wrap, http_scope(headers=conditions), [(name, value)])


async def thirty_thousand_fields(wrap: Citizen) -> None:
    """The same field over and over is scanned once for each, not once for every pair."""
    for name in (b"if-none-match", b"cookie", b"if-modified-since", b"x"):
        scope = http_scope(headers=[(name, b'"a"')] * 30_000)
        await answered_in_time(wrap, scope, [(b"etag", b'"b"')])
    for name in (b"vary", b"set-cookie", b"x"):
        await answered_in_time(wrap, http_scope(), [(name, b"a")] * 30_000)
