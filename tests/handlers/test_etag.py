"""`@etag`: what tag functions may return, what they are called with, and what follows."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chopin_mw import (
    CacheControlMiddleware,
    ChopinMiddleware,
    ETagMiddleware,
    etag,
)
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.rules.entity_tag import EntityTag
from support.calls import Answer, call

CHANGED = datetime(2013, 1, 1, 5, 15, tzinfo=UTC)
CHANGED_TEXT = b"Tue, 01 Jan 2013 05:15:00 GMT"
BEFORE = b"Mon, 31 Dec 2012 23:59:59 GMT"


def resource(calls: list[str]) -> ASGIApp:
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["method"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"text"})

    return handler


def tagged(value: Any, **options: Any) -> ASGIApp:
    return ChopinMiddleware(etag(lambda *_: value, **options)(resource([])))


async def status_of(app: ASGIApp, method: str, *headers: tuple[bytes, bytes]) -> int:
    return (await call(app, method=method, headers=headers)).status


TAGS = [
    (1, b'"1"'),
    ("v1", b'"v1"'),
    (b"v1", b'"v1"'),
    ("", b'""'),
    ("é", '"é"'.encode()),
    ('"v1"', b'"v1"'),
    ('W/"v1"', b'W/"v1"'),
    (b'W/"v1"', b'W/"v1"'),
    (EntityTag(b"v1"), b'"v1"'),
    (EntityTag(b"v1", weak=True), b'W/"v1"'),
]


@pytest.mark.parametrize(("value", "header"), TAGS, ids=str)
async def test_a_tag_is_sent_as_an_entity_tag(value: Any, header: bytes) -> None:
    """Numbers, text and bytes are quoted, tags are sent as they are."""
    app = tagged(value)

    assert (await call(app))[b"etag"] == header
    assert await status_of(app, "GET", (b"if-none-match", header)) == 304


@pytest.mark.parametrize(
    "value", ["a b", 'a"b', '"open', "line\nbreak", "a\x7f", CHANGED], ids=repr
)
async def test_what_may_not_stand_in_a_tag_is_digested(value: Any) -> None:
    """Spaces, quotes and control characters give a tag too, equal for equal values."""
    first, second = [await call(tagged(value)) for _ in "ab"]

    assert re.fullmatch(rb'"[0-9a-f]{32}"', first[b"etag"] or b"")
    assert first[b"etag"] == second[b"etag"]
    assert await status_of(tagged(value), "GET", (b"if-none-match", first[b"etag"] or b"")) == 304


async def test_other_values_have_other_digests() -> None:
    """A digest says as much as the value."""
    tags = {(await call(tagged(value)))[b"etag"] for value in ("a b", "a  b", "a c")}

    assert len(tags) == 3


@pytest.mark.parametrize(("value", "header"), [("v1", b'W/"v1"'), (7, b'W/"7"')])
async def test_weak_tags_are_for_reading(value: Any, header: bytes) -> None:
    """`weak=True` marks the tag: it gives a 304, and never lets a write through."""
    app = tagged(value, weak=True)

    assert (await call(app))[b"etag"] == header
    assert await status_of(app, "GET", (b"if-none-match", header)) == 304
    assert await status_of(app, "PUT", (b"if-match", header)) == 412


async def test_a_weak_digest_is_weak() -> None:
    """`weak=True` speaks of digests too."""
    assert ((await call(tagged("a b", weak=True)))[b"etag"] or b"").startswith(b'W/"')


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"if-none-match", b"*")], 200),
        ([(b"if-none-match", b'"v1"')], 200),
        ([(b"if-match", b"*")], 412),
        ([(b"if-match", b'"v1"')], 412),
        ([], 200),
    ],
)
async def test_a_put_on_nothing(headers: list[tuple[bytes, bytes]], status: int) -> None:
    """None means that the resource does not exist: it may be created, and not changed."""
    assert await status_of(tagged(None), "PUT", *headers) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"if-none-match", b"*")], 412),
        ([(b"if-none-match", b'"other"')], 200),
        ([(b"if-match", b"*")], 200),
        ([(b"if-match", b'"v1"')], 200),
        ([(b"if-match", b'"other", "v1"')], 200),
        ([(b"if-match", b'"other"')], 412),
    ],
)
async def test_a_put_on_something(headers: list[tuple[bytes, bytes]], status: int) -> None:
    """What exists is not created again, and changed by those who know its state."""
    assert await status_of(tagged("v1"), "PUT", *headers) == status


async def test_a_read_of_nothing_goes_to_the_handler() -> None:
    """The handler says 404 itself; no tag is made up."""
    answer = await call(tagged(None), headers=[(b"if-none-match", b"*")])

    assert answer.status == 200
    assert answer[b"etag"] is None


async def test_a_naive_time_counts_as_utc() -> None:
    """As in Django's `condition`, whatever the zone of the machine."""
    naive = tagged("v1", last_modified=lambda *_: CHANGED.replace(tzinfo=None))
    aware = tagged("v1", last_modified=lambda *_: CHANGED)

    assert (await call(naive))[b"last-modified"] == (await call(aware))[b"last-modified"]


async def test_last_modified_is_sent_and_compared() -> None:
    """The time of the last change conditions requests that name no tag."""
    app = tagged("v1", last_modified=lambda *_: CHANGED)

    assert (await call(app))[b"last-modified"] == CHANGED_TEXT
    assert await status_of(app, "GET", (b"if-modified-since", CHANGED_TEXT)) == 304
    assert await status_of(app, "GET", (b"if-modified-since", BEFORE)) == 200
    assert await status_of(app, "PUT", (b"if-unmodified-since", CHANGED_TEXT)) == 200
    assert await status_of(app, "PUT", (b"if-unmodified-since", BEFORE)) == 412


async def test_a_304_by_tag_and_time_names_the_tag() -> None:
    """RFC 9110 §15.4.5: Last-Modified is for those who have no tag."""
    app = tagged("v1", last_modified=lambda *_: CHANGED)

    answer = await call(app, headers=[(b"if-none-match", b'"v1"')])

    assert (answer.status, answer[b"etag"], answer[b"last-modified"]) == (304, b'"v1"', None)


async def test_a_304_by_time_alone_names_the_time() -> None:
    """Where there is no tag to name, Last-Modified guides the client's copy."""
    app = tagged(None, last_modified=lambda *_: CHANGED)

    answer = await call(app, headers=[(b"if-modified-since", CHANGED_TEXT)])

    assert (answer.status, answer[b"etag"], answer[b"last-modified"]) == (304, None, CHANGED_TEXT)


async def test_a_tag_silences_the_time() -> None:
    """If-None-Match that misses decides, whatever If-Modified-Since says (RFC 9110 §13.1.3)."""
    app = tagged("v1", last_modified=lambda *_: CHANGED)
    headers = [(b"if-none-match", b'"v0"'), (b"if-modified-since", CHANGED_TEXT)]

    assert await status_of(app, "GET", *headers) == 200


async def test_an_unknown_time_conditions_nothing() -> None:
    """None from `last_modified` is no time, and no header."""
    app = tagged("v1", last_modified=lambda *_: None)

    answer = await call(app, headers=[(b"if-modified-since", CHANGED_TEXT)])

    assert (answer.status, answer[b"last-modified"]) == (200, None)


async def test_without_middleware_the_handler_runs(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody would see the 412: the handler runs, and one warning says what is missing."""
    calls: list[str] = []
    app = etag(lambda *_: "v1")(resource(calls))

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        for _ in "ab":
            await call(app, method="PUT", headers=[(b"if-match", b'"v0"')])

    (record,) = caplog.records
    assert calls == ["PUT", "PUT"]
    assert re.search(r"@etag on .*handler has no effect: add ChopinMiddleware", record.message)


async def test_cache_control_middleware_alone_does_not_listen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another of our middleware around the app is not the one that is needed."""
    calls: list[str] = []
    app = CacheControlMiddleware(etag(lambda *_: "v1")(resource(calls)))

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        await call(app, headers=[(b"if-none-match", b'"v1"')])

    assert calls == ["GET"]
    assert "add ChopinMiddleware or ETagMiddleware" in caplog.text


@pytest.mark.parametrize("middleware", [ETagMiddleware, ChopinMiddleware])
async def test_the_handler_does_not_run(middleware: Callable[[ASGIApp], ASGIApp]) -> None:
    """304 and 412 are answered in its place."""
    calls: list[str] = []
    app = middleware(etag(lambda *_: "v1")(resource(calls)))

    statuses = [
        await status_of(app, "GET", (b"if-none-match", b'"v1"')),
        await status_of(app, "HEAD", (b"if-none-match", b'"v1"')),
        await status_of(app, "PUT", (b"if-match", b'"v0"')),
        await status_of(app, "GET", (b"if-match", b'"v0"')),
    ]

    assert statuses == [304, 304, 412, 412]
    assert calls == []


async def test_an_answer_of_the_handlers_own_keeps_its_tag() -> None:
    """A handler that sends an ETag itself is not given a second one."""

    @etag(lambda *_: "v1")
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"ETag", b'"own"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"text"})

    answer: Answer = await call(ChopinMiddleware(handler))

    assert [value for name, value in answer.headers if name.lower() == b"etag"] == [b'"own"']
