"""ETagMiddleware: tags, 304 and 412 for answers to GET and HEAD."""

import asyncio
import gzip
import time
from typing import Any

import pytest

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.middleware.etag import ETagMiddleware
from support.calls import answering, body, call, sending, start

LENGTH_5 = (b"content-length", b"5")
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


async def tag_of(app: ASGIApp) -> bytes:
    tag = (await call(app))[b"etag"]
    assert tag is not None
    return tag


async def test_a_whole_body_gets_a_weak_tag() -> None:
    """One message, no declared length: tagged, and otherwise as it was."""
    answer = await call(ETagMiddleware(answering(headers=[(b"X-A", b"1")])))

    assert (answer.status, answer.body) == (200, b"hello")
    assert answer[b"etag"] == b'W/"b5e9c1ad071b3e7fc779cfaa5e523818"'
    assert answer[b"x-a"] == b"1"


async def test_the_tag_again_gives_304() -> None:
    """The second request costs no body."""
    app = ETagMiddleware(answering(headers=[LENGTH_5, (b"content-type", b"text/plain")]))

    answer = await call(app, headers=[(b"if-none-match", await tag_of(app))])

    assert (answer.status, answer.body) == (304, b"")
    assert answer[b"content-length"] is None
    assert answer[b"content-type"] is None


@pytest.mark.parametrize("form", [b"%b", b'"x", %b', b'"x" ,%b, "y"', b"*", b"  %b "])
async def test_every_form_of_if_none_match(form: bytes) -> None:
    """Lists, spaces and `*` are the client's right."""
    app = ETagMiddleware(answering())
    tag = await tag_of(app)
    value = form.replace(b"%b", tag)

    assert (await call(app, headers=[(b"if-none-match", value)])).status == 304


async def test_the_strong_form_and_several_lines_match_too() -> None:
    """If-None-Match compares weakly, and lines combine."""
    app = ETagMiddleware(answering())
    strong = (await tag_of(app)).removeprefix(b"W/")

    answer = await call(app, headers=[(b"if-none-match", b'"x"'), (b"if-none-match", strong)])

    assert answer.status == 304


@pytest.mark.parametrize("form", [b"%b x", b"x%b", b'"*"', b"**", b"w/%b", b"", b"%b%b"])
async def test_what_is_no_tag_never_gives_304(form: bytes) -> None:
    """A prefix, a substring, junk beside it: send the body."""
    app = ETagMiddleware(answering())
    strong = (await tag_of(app)).removeprefix(b"W/")

    answer = await call(app, headers=[(b"if-none-match", form.replace(b"%b", strong))])

    assert (answer.status, answer.body) == (200, b"hello")


async def test_a_megabyte_of_junk_in_under_a_second() -> None:
    """Hostile conditions cost their own length, not more."""
    app = ETagMiddleware(answering())
    started = time.process_time()

    answer = await call(app, headers=[(b"if-none-match", b'"a",' * 250_000 + b"x")])

    assert answer.status == 200
    assert time.process_time() - started < 1


async def test_304_keeps_what_the_rfc_names_plus_cookies_and_cors() -> None:
    """RFC 9110 §15.4.5, and what a browser needs before it shows the answer."""
    kept = [
        (b"Cache-Control", b"max-age=1"),
        (b"Content-Location", b"/x"),
        (b"Date", DATE),
        (b"Expires", DATE),
        (b"Vary", b"accept"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"Access-Control-Allow-Origin", b"*"),
        (b"Access-Control-Expose-Headers", b"etag"),
    ]
    dropped = [LENGTH_5, (b"content-type", b"a/b"), (b"last-modified", DATE), (b"x-a", b"1")]
    app = ETagMiddleware(answering(headers=[*kept, *dropped]))
    tag = await tag_of(app)

    answer = await call(app, headers=[(b"if-none-match", tag)])

    assert answer.headers == [*kept, (b"etag", tag)]


async def test_last_modified_stays_on_a_304_without_a_tag() -> None:
    """It then guides the update of a cache."""
    app = ETagMiddleware(
        sending(start(200, (b"last-modified", DATE), (b"content-length", b"9")), body(b"x" * 9)),
        limit_bytes=8,
    )

    answer = await call(app, headers=[(b"if-modified-since", DATE)])

    assert answer.headers == [(b"last-modified", DATE)]
    assert answer.status == 304


async def test_the_apps_own_tag_wins() -> None:
    """It is compared, and never replaced; the body is not needed for that."""
    app = ETagMiddleware(answering(headers=[(b"ETag", b'"own"')]))

    assert await tag_of(app) == b'"own"'
    assert (await call(app, headers=[(b"if-none-match", b'W/"own"')])).status == 304
    assert (await call(app, headers=[(b"if-none-match", b'"other"')])).status == 200


async def test_a_malformed_tag_of_the_app_is_passed_on_and_not_used() -> None:
    """Not compared, even where the client sends the same bytes back."""
    app = ETagMiddleware(answering(headers=[(b"etag", b"own")]))

    answer = await call(app, headers=[(b"if-none-match", b"own")])

    assert (answer.status, answer[b"etag"]) == (200, b"own")


async def test_the_apps_last_modified_is_compared() -> None:
    """If-Modified-Since counts where the client sends no If-None-Match."""
    app = ETagMiddleware(answering(headers=[(b"Last-Modified", DATE)]))

    assert (await call(app, headers=[(b"if-modified-since", DATE)])).status == 304
    both = [(b"if-modified-since", DATE), (b"if-none-match", b'"x"')]
    assert (await call(app, headers=both)).status == 200
    for junk in (b"0", b"Sun, 06 Nov 0000 08:49:37 GMT", DATE + b"; length=5"):
        assert (await call(app, headers=[(b"if-modified-since", junk)])).status == 200


async def test_if_match_on_a_read_is_answered_with_412() -> None:
    """The tag made is weak, and If-Match compares strongly."""
    app = ETagMiddleware(answering(headers=[(b"cache-control", b"max-age=9"), (b"vary", b"a")]))

    answer = await call(app, headers=[(b"if-match", b'"x"')])

    assert answer.status == 412
    assert answer[b"content-type"] == b"application/problem+json"
    assert answer[b"content-length"] == b"%d" % len(answer.body)
    assert answer[b"cache-control"] is None
    assert answer[b"vary"] == b"a"


async def test_if_match_cannot_be_judged_without_a_tag() -> None:
    """A stream has none, so nothing is refused; its date still counts."""
    stream = start(200, (b"last-modified", DATE), (b"content-type", b"text/event-stream"))
    app = ETagMiddleware(sending(stream, body(b"x")))

    assert (await call(app, headers=[(b"if-match", b'"x"')])).status == 200
    early = (b"if-unmodified-since", b"Sun, 06 Nov 1994 08:49:36 GMT")
    assert (await call(app, headers=[early])).status == 412


@pytest.mark.parametrize("status", [201, 204, 206, 301, 304, 401, 404, 500])
async def test_other_statuses_stay(status: int) -> None:
    """Only a 200 is tagged, and only a 200 becomes a 304."""
    app = ETagMiddleware(answering(b"", status=status))

    answer = await call(app, headers=[(b"if-none-match", b"*")])

    assert (answer.status, answer.headers) == (status, [])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
async def test_other_methods_stay(method: str) -> None:
    """What ran is never reported as 304 or 412."""
    app = ETagMiddleware(answering())
    conditions = [(b"if-none-match", b"*"), (b"if-match", b'"x"')]

    answer = await call(app, method=method, headers=conditions)

    assert (answer.status, answer.headers) == (200, [])


async def test_head_gets_the_tag_of_the_body_the_app_still_sends() -> None:
    """Frameworks run the GET handler and leave the cutting to the server."""
    app = ETagMiddleware(answering(headers=[LENGTH_5]))

    assert (await call(app, method="HEAD"))[b"etag"] == await tag_of(app)


@pytest.mark.parametrize("headers", [[], [LENGTH_5], [(b"content-length", b"0")]])
async def test_head_without_a_body_gets_no_tag(headers: list[tuple[bytes, bytes]]) -> None:
    """A tag of nothing would be a wrong one."""
    answer = await call(ETagMiddleware(answering(b"", headers=headers)), method="HEAD")

    assert (answer.status, answer.headers) == (200, headers)


async def test_a_declared_body_in_several_messages_gets_a_tag() -> None:
    """What an app sends in one go is one body, however it is cut."""
    app = ETagMiddleware(sending(start(200, LENGTH_5), body(b"he", more=True), body(b"llo")))

    assert await tag_of(app) == await tag_of(ETagMiddleware(answering()))
    answer = await call(app)
    assert [m.get("body") for m in answer.messages[1:]] == [b"he", b"llo"]


async def test_the_way_quart_sends_gets_a_tag() -> None:
    """One whole message that says more_body, then an empty last one."""
    app = ETagMiddleware(sending(start(200, LENGTH_5), body(b"hello", more=True), body()))
    tag = await tag_of(app)

    answer = await call(app, headers=[(b"if-none-match", tag)])

    assert answer.status == 304
    assert answer.messages[1:] == [body()]


@pytest.mark.parametrize(
    ("first", "chunks"),
    [
        (start(200, (b"content-type", b"text/event-stream; charset=utf-8")), [body(b"hello")]),
        (start(200, (b"cache-control", b"private, NO-STORE")), [body(b"hello")]),
        (start(200, trailers=True), [body(b"hello")]),
        (start(200, (b"content-length", b"9")), [body(b"123456789")]),
        (start(200), [body(b"12345", more=True), body(b"6789")]),
        (start(200), [body(b"123456789")]),
        (start(200, (b"content-length", b"junk")), [body(b"12345", more=True), body(b"6789")]),
        (start(200, LENGTH_5), [body(b"1234", more=True), body(b"56")]),
        (start(200), [{"type": "http.response.pathsend", "path": "x"}]),
    ],
)
async def test_what_is_not_tagged_is_sent_as_it_came(first: Message, chunks: list[Message]) -> None:
    """Event streams, no-store, trailers, large or mis-declared bodies, files sent by path."""
    app = ETagMiddleware(sending(first, *chunks), limit_bytes=8)

    answer = await call(app, headers=[(b"if-none-match", b"*")])

    assert answer.messages == [first, *chunks]


async def test_a_304_before_the_body_drops_the_body_only() -> None:
    """Messages of other types still reach the server, and so does a protocol error."""
    debug: Message = {"type": "http.response.debug", "info": {}}
    late = body(b"late")
    app = ETagMiddleware(
        sending(start(200, (b"etag", b'"a"')), body(b"1", more=True), debug, body(b"2"), late)
    )

    answer = await call(app, headers=[(b"if-none-match", b'"a"')])

    assert answer.messages[1:] == [body(), debug, late]


async def test_a_304_drops_trailers_too() -> None:
    """They belong to the body that is not sent."""
    trailers: Message = {"type": "http.response.trailers", "headers": [], "more_trailers": False}
    app = ETagMiddleware(
        sending(start(200, (b"etag", b'"a"'), trailers=True), body(b"1"), trailers)
    )

    answer = await call(app, headers=[(b"if-none-match", b'"a"')])

    assert answer.messages[1:] == [body()]


async def test_compression_inside_gives_one_tag_for_one_body() -> None:
    """The time in the gzip header does not change the tag; another coding does."""

    def zipped(mtime: int) -> ASGIApp:
        data = gzip.compress(b"hello" * 100, mtime=mtime)
        return ETagMiddleware(answering(data, headers=[(b"Content-Encoding", b"gzip")]))

    assert await tag_of(zipped(1)) == await tag_of(zipped(2))
    assert await tag_of(zipped(1)) != await tag_of(ETagMiddleware(answering(b"hello" * 100)))


async def test_the_apps_messages_are_not_edited() -> None:
    """A module-level response is the same object for every request."""
    fields = [LENGTH_5]
    first: Message = {"type": "http.response.start", "status": 200, "headers": fields}
    app = ETagMiddleware(sending(first, body(b"hello")))

    await call(app)
    await call(app)

    assert fields == [LENGTH_5]
    assert first["headers"] is fields


@pytest.mark.parametrize("container", [tuple, iter, lambda h: dict(h).items(), list])
async def test_odd_header_containers_are_read_once(container: Any) -> None:
    """Any iterable is allowed, in the scope and in the start message."""
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(scope["headers"])
        fields = container([LENGTH_5, (b"x-a", b"1")])
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"hello"})

    tag = await tag_of(ETagMiddleware(answering()))
    request = [(b"if-none-match", tag), (b"host", b"x")]
    answer = await call(ETagMiddleware(app))
    seen.clear()
    again = await call(_with_headers(ETagMiddleware(app), container(request)))

    assert answer[b"x-a"] == b"1"
    assert answer[b"etag"] == tag
    assert again.status == 304
    assert seen == request


def _with_headers(app: ASGIApp, headers: Any) -> ASGIApp:
    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "headers": headers}, receive, send)

    return outer


async def test_a_scope_without_headers_is_served() -> None:
    """The key comes and goes again."""
    scopes: list[Scope] = []

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append({k: v for k, v in scope.items() if k != "headers"})
        await ETagMiddleware(answering())(scopes[0], receive, send)

    answer = await call(outer)

    assert answer[b"etag"] is not None
    assert "headers" not in scopes[0]


async def test_a_start_without_headers_is_tagged() -> None:
    """The key is optional."""
    app = ETagMiddleware(sending({"type": "http.response.start", "status": 200}, body(b"hello")))

    assert (await call(app))[b"etag"] is not None


async def test_nothing_is_held_while_the_app_waits() -> None:
    """An app that waits for its client to see a chunk is not kept waiting by us."""
    seen: list[str] = []
    arrived = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, (b"content-length", b"10")))
        await send(body(b"12345", more=True))
        await asyncio.wait_for(arrived.wait(), 5)
        await send(body(b"67890"))

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            seen.append(message["type"])
            if message["type"] == "http.response.body":
                arrived.set()
            await send(message)

        await ETagMiddleware(app)(scope, receive, tell)

    answer = await call(watched)

    assert answer.body == b"1234567890"
    assert answer[b"etag"] is None


async def test_other_connection_types_pass() -> None:
    """Lifespan and websockets are not ours."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await call(ETagMiddleware(app), type="websocket")

    assert seen == ["websocket"]


@pytest.mark.parametrize("value", [-1, 1.5, "1", True, None])
def test_a_limit_that_cannot_work_is_refused(value: Any) -> None:
    """At construction, by name, with the value."""
    with pytest.raises(ConfigurationError, match=r"limit_bytes must be .* got"):
        ETagMiddleware(answering(), limit_bytes=value)


@pytest.mark.parametrize("kind", ["http.response.pathsend", "http.response.zerocopysend"])
async def test_a_304_by_date_drops_a_file_sent_by_path(kind: str) -> None:
    """Nothing follows a finished answer."""
    file: Message = {"type": kind, "path": "x", "file": 0}
    app = ETagMiddleware(sending(start(200, (b"last-modified", DATE)), file))

    answer = await call(app, headers=[(b"if-modified-since", DATE)])

    assert answer.status == 304
    assert answer.messages[1:] == [body()]


async def test_a_dropped_stream_leaves_the_loop_to_others() -> None:
    """An app that never waits can still be cancelled once its client has its 304."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, (b"etag", b'"a"')))
        while True:
            await send(body(b"x", more=True))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await call(ETagMiddleware(app), headers=[(b"if-none-match", b'"a"')])
