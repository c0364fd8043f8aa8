"""Entity tags and 304: never wrong, whoever makes them.

A citizen that makes no tags and answers no conditions passes as well: every claim here is about
what must not happen, or is asked only of those that make tags.
"""

import gzip
from collections.abc import Iterable

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from support.apps import chunk, sending, start
from support.differential import Citizen, compare
from support.scopes import http_scope, scope_of
from support.scripted import ScriptedServer, request

Fields = Iterable[tuple[bytes, bytes]]
DATE = b"Mon, 06 Jul 2026 10:00:00 GMT"
OWN_TAG = (b"etag", b'"own"')
KEPT = (
    (b"cache-control", b"max-age=60"),
    (b"content-location", b"/flights/1"),
    (b"date", DATE),
    (b"expires", DATE),
    (b"vary", b"accept-encoding"),
    (b"vary", b"origin"),
    (b"set-cookie", b"a=1"),
    (b"set-cookie", b"b=2"),
    (b"access-control-allow-origin", b"https://example.org"),
    (b"access-control-expose-headers", b"etag"),
)


def page(body: bytes = b"hello", fields: Fields = (), status: int = 200) -> ASGIApp:
    return sending(start(status, fields), chunk(body, more_body=False))


async def asked(
    wrap: Citizen, app: ASGIApp, *fields: tuple[bytes, bytes], method: str = "GET"
) -> ScriptedServer:
    return await request(wrap(app), http_scope(method, fields))


async def tag_of(wrap: Citizen, app: ASGIApp) -> bytes | None:
    server = await asked(wrap, app)
    assert server.status == 200
    tag = server.header(b"etag")
    assert tag or not wrap.makes_tags, "a plain 200 got no tag"
    return tag


async def unchanged_gives_304(wrap: Citizen) -> None:
    """Who makes a tag answers with 304 when it comes back, without a body or a wrong length."""
    app = page(b"hello", (*KEPT, (b"content-length", b"5"), (b"content-type", b"text/plain")))
    if not wrap.makes_tags:
        return
    tag = await tag_of(wrap, app) or b""

    for method in ("GET", "HEAD"):
        server = await asked(wrap, app, (b"if-none-match", tag), method=method)

        assert server.status == 304
        assert server.body == b""
        assert [message["type"] for message in server.sent] == [
            "http.response.start",
            "http.response.body",
        ]
        assert server.header(b"etag") == tag
        assert server.headers(b"content-length") in ([], [b"5"])
        kept = [pair for pair in server.starts[0]["headers"] if pair in KEPT]
        assert kept == list(KEPT)


async def changed_gives_200(wrap: Citizen) -> None:
    """Other content, even by one byte or one coding, is never 304."""
    tag = await tag_of(wrap, page(b"hello")) or b'"none"'
    for body in (b"hellp", b"hello ", b"", b"Hello", b"hello" * 1000):
        for method in ("GET", "HEAD"):
            server = await asked(wrap, page(body), (b"if-none-match", tag), method=method)
            assert server.status == 200
            assert server.body == body


async def tags_are_of_the_bytes(wrap: Citizen) -> None:
    """Equal bytes have equal, quoted tags, in every instance; other bytes have other tags."""
    tags = [await tag_of(wrap, page(body)) for body in (b"a", b"a", b"b", b"", b"a" * 100)]
    assert tags[0] == tags[1]
    if wrap.makes_tags:
        assert len(set(tags)) == 4
        for tag in tags:
            assert tag is not None
            assert tag.removeprefix(b"W/")[:1] == tag[-1:] == b'"'
            assert all(0x21 <= byte < 0x7F for byte in tag)


async def conditions_that_do_not_match(wrap: Citizen) -> None:
    """Prefixes, parts, other case, missing quotes and a quoted star match nothing."""
    tag = await tag_of(wrap, page()) or b'W/"0123456789abcdef"'
    opaque = tag.removeprefix(b"W/").strip(b'"')
    misses = (
        b"", b" ", b",", b'""', b'"*"', b"W/*", b"*x", opaque, b'"' + opaque, opaque + b'"',
        b'"' + opaque[:-1] + b'"', b'"' + opaque + b'x"', b'"' + opaque.swapcase() + b'X"',
        b'"' + opaque + b"," + opaque + b'"', b"'" + opaque + b"'", b"W/" + opaque,
        b'"a", "b", W/"c"', b"\xff\xfe", b'"\0"',
    )  # fmt: skip
    for value in misses:
        server = await asked(wrap, page(), (b"if-none-match", value))
        assert server.status == 200, value
        assert server.body == b"hello"


async def conditions_that_match(wrap: Citizen) -> None:
    """Lists, weak and strong forms, white space, several fields and the star are understood."""
    if not wrap.makes_tags:
        return
    tag = await tag_of(wrap, page()) or b""
    strong = tag.removeprefix(b"W/")
    hits: tuple[tuple[bytes, ...], ...] = (
        (tag,), (strong,), (b"W/" + strong,), (b'"a", ' + tag,), (tag + b' , "z"',), (b"*",),
        (b" * ",), (b"\t" + tag + b"\t",), (b'"a",,' + strong,), (b'"a"', tag), (b'"a,b", ' + tag,),
    )  # fmt: skip
    for values in hits:
        server = await asked(wrap, page(), *((b"if-none-match", value) for value in values))
        assert server.status == 304, values


async def only_a_200_becomes_304(wrap: Citizen) -> None:
    """Errors, redirects, parts and created things stay what they are, and get no tag."""
    for status in (201, 202, 203, 206, 301, 302, 400, 401, 403, 404, 410, 412, 416, 500, 503):
        for condition in (b"*", b'"own"'):
            for fields in ((), (OWN_TAG,)):
                await compare(
                    wrap,
                    page(b"no", fields, status),
                    scope_of("GET", (b"if-none-match", condition), (b"if-modified-since", DATE)),
                    may_tag=False,
                )


async def a_write_that_ran_is_reported(wrap: Citizen) -> None:
    """POST, PUT, PATCH and DELETE are never answered with 304 or 412 after the fact."""
    conditions = (
        ((b"if-none-match", b"*"),),
        ((b"if-none-match", b'"own"'),),
        ((b"if-match", b'"other"'),),
        ((b"if-unmodified-since", b"Mon, 06 Jul 2020 10:00:00 GMT"),),
        ((b"if-none-match", b"*"), (b"x-http-method-override", b"GET")),
    )
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "x"):
        for condition in conditions:
            for fields in ((), (OWN_TAG, (b"last-modified", DATE))):
                app = page(b"done", fields)
                await compare(wrap, app, scope_of(method, *condition), may_tag=False)


async def own_validators_win(wrap: Citizen) -> None:
    """An app's ETag or Last-Modified is used, and no other is put beside it."""
    dated = page(fields=((b"Last-Modified", DATE),))
    assert (await compare(wrap, dated)).server.header(b"last-modified") == DATE
    for name, tag in ((b"ETag", b'"own"'), (b"etag", b'W/"own"')):
        app = page(fields=((name, tag),))
        await compare(wrap, app, may_tag=False)
        server = await asked(wrap, app, (b"if-none-match", b'"own"'))
        assert server.status == (304 if wrap.makes_tags else 200)


async def malformed_own_tags(wrap: Citizen) -> None:
    """A tag of the app that is none is passed on and matches nothing."""
    for tag in (b"own", b"", b'"', b'own"', b"W/own", b'w/"own"', b"*", b'"a" "b"', b"\xff"):
        app = page(fields=((b"etag", tag),))
        await compare(wrap, app, may_tag=False)
        for condition in (tag, b'"own"', b'"' + tag + b'"'):
            scope = scope_of("GET", (b"if-none-match", condition))
            await compare(wrap, app, scope, may_tag=False)


async def parts_have_no_tag(wrap: Citizen) -> None:
    """A 206 is forwarded as the app made it, whatever If-Range says."""
    fields = ((b"content-range", b"bytes 0-1/5"), (b"content-length", b"2"))
    for condition in ((b"range", b"bytes=0-1"), (b"if-range", b'"x"'), (b"if-none-match", b'"x"')):
        app = page(b"he", fields, 206)
        await compare(wrap, app, scope_of("GET", condition), may_tag=False)


async def codings_have_their_own_tags(wrap: Citizen) -> None:
    """Compressed and plain bytes differ in their tags, or the tags are weak."""
    plain = await tag_of(wrap, page(b"hello"))
    packed = await tag_of(wrap, page(gzip.compress(b"hello"), ((b"content-encoding", b"gzip"),)))
    assert plain is None or plain != packed or plain.startswith(b"W/")


async def dates_decide_only_alone(wrap: Citizen) -> None:
    """If-None-Match silences If-Modified-Since, and junk dates decide nothing."""
    app = page(fields=(OWN_TAG, (b"last-modified", DATE)))
    fresh = (b"if-modified-since", DATE)
    await compare(wrap, app, scope_of("GET", (b"if-none-match", b'"other"'), fresh), may_tag=False)
    junk = (
        b"", b"now", b"0", b"Mon, 06 Jul 0000 10:00:00 GMT", b"Mon, 06 Jul 2026 25:61:61 GMT",
        b"Mon, 06 Jul 99999 10:00:00 GMT", b"Mon, 31 Feb 2026 10:00:00 GMT", b"\xff", b"-1",
        b"Mon, 06 Jul 2020 10:00:00 GMT", b"Thu, 01 Jan 1970 00:00:00 GMT",
    )  # fmt: skip
    for date in junk:
        await compare(wrap, app, scope_of("GET", (b"if-modified-since", date)), may_tag=False)
        odd = page(fields=(OWN_TAG, (b"last-modified", date)))
        await compare(wrap, odd, scope_of("GET", (b"if-none-match", b'"x"')), may_tag=False)


async def private_answers_stay_private(wrap: Citizen) -> None:
    """A tag changes nothing in what the app said about caching, not on a 304 either."""
    for secret in (b"private", b"private, no-store", b"no-store"):
        app = page(b"for ann", ((b"cache-control", secret),))
        plain = await compare(wrap, app)
        tag = plain.server.header(b"etag") or b'"x"'
        server = await asked(wrap, app, (b"if-none-match", tag))
        assert server.headers(b"cache-control") == [secret]


async def answers_are_fresh_objects(wrap: Citizen) -> None:
    """What an outer layer edits in one answer is not found in the next."""
    app = page(b"hello", ((b"etag", b'"own"'), (b"x-app", b"1")))

    async def outer(message: Message) -> None:
        if message["type"] == "http.response.start" and isinstance(message["headers"], list):
            message["headers"].append((b"x-outer", b"1"))
        message["edited"] = True

    wrapped = wrap(app)
    for condition in (b'"other"', b'"own"'):
        for _ in range(3):
            scope = http_scope(headers=[(b"if-none-match", condition)])
            server = await request(wrapped, scope, on_send=outer)
            assert server.headers(b"x-outer") == []
            assert all("edited" not in message for message in server.sent)


async def streams_are_not_tagged(wrap: Citizen) -> None:
    """Several parts without a declared length get no tag, conditions or not."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, ((b"content-type", b"text/event-stream"),)))
        await send(chunk(b"data: 1\n\n"))
        await send(chunk(b"data: 2\n\n", more_body=False))

    for condition in (b"*", b'"x"', b""):
        scope = scope_of("GET", (b"if-none-match", condition))
        if condition != b"*":
            await compare(wrap, app, scope, may_tag=False)
        server = await request(wrap(app), scope())
        assert (server.status, server.body) in ((200, b"data: 1\n\ndata: 2\n\n"), (304, b""))


async def answers_that_were_replaced_stay_replaced(wrap: Citizen) -> None:
    """After a 304 nothing of the 200 follows it: no chunk, no file, no trailers."""
    head = start(200, (OWN_TAG,), trailers=True)
    ends: tuple[tuple[Message, ...], ...] = (
        (chunk(b"a"), chunk(b"b", more_body=False), {"type": "http.response.trailers"}),
        ({"type": "http.response.pathsend", "path": "/srv/x"}, {"type": "http.response.trailers"}),
        (chunk(b"", more_body=False), {"type": "http.response.trailers", "headers": []}),
    )
    for end in ends:
        server = await asked(wrap, sending(head, *end), (b"if-none-match", b'"own"'))
        if server.status == 304:
            assert server.body == b""
            assert len(server.sent) == 2
        else:
            assert len(server.sent) == 1 + len(end)
