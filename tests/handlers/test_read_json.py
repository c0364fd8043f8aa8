"""read_json takes a JSON body within limits, and says precisely why it does not take another."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from blacksheep import Request as BlackSheepRequest
from falcon.testing import create_req
from litestar import Request as LitestarRequest
from quart import request
from starlette.requests import Request

from chopin_mw.errors import ConfigurationError, RequestBodyError
from chopin_mw.handlers.json_response import JSONResponse as PlainJSONResponse
from chopin_mw.handlers.problem_response import problem_response
from chopin_mw.handlers.read_json import read_json
from chopin_mw.integrations.django import JSONResponse
from chopin_mw.integrations.django import problem_response as django_problem
from chopin_mw.integrations.install import install_json
from chopin_mw.json import set_codec
from support.asgi_call import JSON, Answer, call
from support.frameworks import (
    DjangoApp,
    blacksheep_app,
    falcon_app,
    fastapi_app,
    litestar_app,
    quart_app,
    starlette_app,
)
from support.scopes import http_scope


def receiving(*pieces: bytes, leaves: bool = False) -> Any:
    messages = [
        {"type": "http.request", "body": piece, "more_body": leaves or at < len(pieces) - 1}
        for at, piece in enumerate(pieces)
    ]
    messages.append({"type": "http.disconnect"})

    async def receive() -> Any:
        return messages.pop(0)

    return receive


async def refusal(source: Any, **options: Any) -> RequestBodyError:
    with pytest.raises(RequestBodyError) as raised:
        await read_json(source, **options)
    return raised.value


async def test_a_bare_receive() -> None:
    """The pieces of a body are put together; integers stay exact."""
    assert await read_json(receiving(b'{"id":184467440', b"73709551616}")) == {"id": 2**64}


async def test_messages_without_keys_and_of_other_types() -> None:
    """Defaults of ASGI apply, and unknown messages are passed over."""
    messages: list[dict[str, Any]] = [
        {"type": "http.unknown"},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"[1]"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    assert await read_json(receive) == [1]


JSON_TYPES = [
    "application/json",
    "Application/JSON ; charset=UTF-8",
    'application/json; charset="utf-8"',
    "application/json;charset=us-ascii",
    "application/vnd.api+json",
    "application/problem+json; profile=a",
]
OTHER_TYPES = [
    "text/json",
    "application/jsonp",
    "application/+json",
    "application/json, text/plain",
    "application/json; charset=utf-16",
    "application/json; charset*1; charset*",
    f"application/json; charset*{'9' * 5000}*=x",
    "application/json; charset*0*=a%00b''x",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "json",
    "",
    '\xff\x00;;="',
]  # fmt: skip


@pytest.mark.parametrize("media_type", JSON_TYPES)
async def test_json_types_are_taken(media_type: str) -> None:
    """application/json and application/*+json in UTF-8, in any spelling."""
    headers = [(b"Content-Type", media_type.encode())]

    assert await read_json(receiving(b"1"), headers=headers) == 1


@pytest.mark.parametrize("media_type", OTHER_TYPES)
async def test_other_types_are_not(media_type: str) -> None:
    """Anything else is 415, whatever the bytes are."""
    headers = [(b"content-type", media_type.encode("latin-1"))]

    assert (await refusal(receiving(b"1"), headers=headers)).status == 415


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [JSON, JSON],
        [JSON, (b"content-type", b"text/plain")],
        [JSON, (b"content-encoding", b"gzip")],
    ],
)
async def test_missing_doubled_and_encoded_types(headers: Any) -> None:
    """No type, two of them, or a compressed body are 415 too."""
    assert (await refusal(receiving(b"1"), headers=headers)).status == 415


async def test_the_identity_encoding_is_none() -> None:
    """A body said to be not encoded is not."""
    headers = [JSON, (b"content-encoding", b"identity")]

    assert await read_json(receiving(b"1"), headers=headers) == 1


async def test_the_scope_can_be_given() -> None:
    """The header fields may come with the scope."""
    scope = http_scope("POST", [JSON])

    assert await read_json(receiving(b"1"), scope=scope) == 1
    assert (await refusal(receiving(b"1"), scope=http_scope("POST"))).status == 415


@pytest.mark.parametrize("length", ["11", "0011", "9" * 19, "9" * 100_000])
async def test_a_declared_length_over_the_limit(length: str) -> None:
    """413 before anything is read."""
    headers = [JSON, (b"content-length", length.encode())]

    async def receive() -> Any:
        raise AssertionError("read")

    error = await refusal(receive, headers=headers, max_bytes=10)

    assert (error.status, error.detail) == (413, "The body must not be larger than 10 bytes.")


async def test_more_than_the_limit() -> None:
    """413 as soon as the count is over, without reading on."""
    reads = 0

    async def receive() -> Any:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": b" " * 6, "more_body": True}

    assert (await refusal(receive, max_bytes=10)).status == 413
    assert reads == 2


async def test_exactly_the_limit() -> None:
    """The limit itself is allowed."""
    headers = [JSON, (b"content-length", b"10")]

    assert await read_json(receiving(b"[1,2,3,45]"), headers=headers, max_bytes=10) == [1, 2, 3, 45]


@pytest.mark.parametrize("length", [b"abc", b"-1", b"", b"1e3", b"\xb2"])
async def test_a_length_that_is_no_number_is_passed_over(length: bytes) -> None:
    """Judging it is the server's business; the count decides."""
    headers = [JSON, (b"content-length", length)]

    assert await read_json(receiving(b"[1]"), headers=headers) == [1]


async def test_contradicting_lengths_are_passed_over() -> None:
    """Two lengths say nothing."""
    headers = [JSON, (b"content-length", b"3"), (b"content-length", b"9")]

    assert await read_json(receiving(b"[1]"), headers=headers) == [1]


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        (receiving(b""), [JSON]),
        (receiving(b""), []),
        (receiving(b"[1", leaves=True), [JSON]),
        (receiving(leaves=True), None),
        (receiving(b"[1]"), [JSON, (b"content-length", b"9")]),
    ],
    ids=[
        "empty",
        "empty without a type",
        "disconnect",
        "disconnect at once",
        "shorter than declared",
    ],
)
async def test_broken_bodies(source: Any, headers: Any) -> None:
    """A body that is absent or ends early is 400."""
    assert (await refusal(source, headers=headers)).status == 400


BAD = [b"{", b" ", b"NaN", b"[Infinity]", b"\xef\xbb\xbf1", b'"\xff"', b'"\\ud800"', b"1e999"]


@pytest.mark.parametrize("body", [*BAD, b"1" * 5000])
async def test_bad_json(body: bytes) -> None:
    """What is not JSON by RFC 8259 is 422, with a place and a reason, and without the text."""
    error = await refusal(receiving(body))

    assert error.status == 422
    assert error.detail.startswith("The body is not JSON: ")
    assert len(error.detail) < 200


@pytest.mark.parametrize("body", [b"[" * 300, b"[" * 1_000_000, b'{"a":' * 201 + b"1" + b"}" * 201])
async def test_depth(body: bytes) -> None:
    """Deeper than 200 levels is 422 before a parser sees it."""
    error = await refusal(receiving(body), max_bytes=2_000_000)

    assert (error.status, error.detail) == (422, "The JSON nests deeper than 200 levels.")


async def test_depth_can_be_set() -> None:
    """The limit counts levels, and brackets in strings are none."""
    assert await read_json(receiving(b'[["[[["]]'), max_depth=2) == [["[[["]]
    assert (await refusal(receiving(b"[[[]]]"), max_depth=2)).status == 422


class Strange:
    def dumps(self, value: Any, /) -> bytes:
        return b""

    def loads(self, document: str | bytes, /) -> Any:
        raise ValueError("strange")


async def test_a_codec_with_errors_of_its_own() -> None:
    """Any ValueError of a codec is bad JSON."""
    set_codec(Strange())
    try:
        error = await refusal(receiving(b"1"))
    finally:
        set_codec(None)

    assert (error.status, error.detail) == (422, "The body is not JSON.")


@pytest.mark.parametrize(
    "options", [{"max_bytes": 0}, {"max_depth": -1}, {"max_bytes": 1.5}, {"max_depth": True}]
)
async def test_limits_that_cannot_work(options: Any) -> None:
    """A limit is an integer from one on."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        await read_json(receiving(b"1"), **options)


@pytest.mark.parametrize("source", [None, {}, b"{}"])
async def test_what_is_no_request(source: Any) -> None:
    """The error says what is taken."""
    with pytest.raises(ConfigurationError, match="takes a request or an ASGI receive"):
        await read_json(source)


async def test_a_wsgi_request() -> None:
    """There is nothing to await in one."""
    with pytest.raises(ConfigurationError, match="needs an ASGI request"):
        await read_json(create_req())


async def test_the_problem_as_an_asgi_answer() -> None:
    """A bare ASGI app answers with what problem_response gives."""
    answer = await call(problem_response(RequestBodyError(413, "Content Too Large", "too much")))

    assert answer.status == 413
    assert answer.json() == {"title": "Content Too Large", "status": 413, "detail": "too much"}
    assert answer.all(b"content-length") == [str(len(answer.body)).encode()]


async def echo_starlette(request: Request) -> Any:
    from_body = await read_json(request, max_bytes=40)
    return responding(from_body)


def responding(value: Any) -> Any:
    return PlainJSONResponse({"got": value})


async def starlette_echo() -> Any:
    return starlette_app(echo_starlette)


async def fastapi_echo() -> Any:
    async def handler(request: Request):
        return {"got": await read_json(request, max_bytes=40)}

    return fastapi_app(handler)


async def quart_echo() -> Any:
    async def handler() -> Any:
        return {"got": await read_json(request, max_bytes=40)}

    return quart_app(handler)


async def litestar_echo() -> Any:
    async def handler(request: LitestarRequest[Any, Any, Any]) -> Any:
        return {"got": await read_json(request, max_bytes=40)}

    return litestar_app(handler)


async def django_echo() -> Any:
    async def view(request: Any) -> Any:
        try:
            return JSONResponse({"got": await read_json(request, max_bytes=40)})
        except RequestBodyError as error:
            return django_problem(error)

    return DjangoApp(view)


async def falcon_echo() -> Any:
    async def responder(req: Any, resp: Any) -> None:
        resp.media = {"got": await read_json(req, max_bytes=40)}

    return falcon_app(responder)


async def blacksheep_echo() -> Any:
    async def handler(request: BlackSheepRequest) -> Any:
        return {"got": await read_json(request, max_bytes=40)}

    return await blacksheep_app(handler)


STREAMING = [starlette_echo, fastapi_echo, litestar_echo, falcon_echo, blacksheep_echo]
ECHOES = [*STREAMING, quart_echo, django_echo]


async def post(
    build: Any, body: bytes | Iterable[bytes], *headers: Any, leaves: bool = False
) -> Answer:
    app = await build()
    install_json(app)
    return await call(app, method="POST", headers=headers, body=body, leaves=leaves)


@pytest.mark.parametrize("build", ECHOES)
class TestEveryFramework:
    """One request object after the other."""

    async def test_a_good_body(self, build: Any) -> None:
        """In one piece, in several, with and without a declared length."""
        length = (b"content-length", b"9")
        for body, headers in (
            (b'{"a":[1]}', [JSON, length]),
            ([b'{"a"', b":[1", b"]}"], [JSON]),
            ([b'{"a":[1]}', b""], [JSON]),
        ):
            answer = await post(build, body, *headers)
            assert answer.status in (200, 201)
            assert json.loads(answer.body) == {"got": {"a": [1]}}

    @pytest.mark.parametrize(
        ("status", "body", "headers"),
        [
            (400, b"", [JSON]),
            (413, b"[" + b" " * 50 + b"]", [JSON]),
            (413, b"[]", [JSON, (b"content-length", b"41")]),
            (413, [b"[" + b" " * 30, b" " * 30 + b"]"], [JSON]),
            (415, b"{}", [(b"content-type", b"text/plain")]),
            (415, b"{}", []),
            (422, b"{", [JSON]),
            (422, b"NaN", [JSON]),
        ],
    )
    async def test_a_refused_body(self, build: Any, status: int, body: Any, headers: Any) -> None:
        """The answer is problem details with the same members everywhere."""
        answer = await post(build, body, *headers)

        assert answer.status == status
        assert answer.all(b"content-type") == [b"application/problem+json"]
        problem = json.loads(answer.body)
        assert problem["status"] == status
        assert problem.keys() == {"title", "status", "detail"}


@pytest.mark.parametrize("build", STREAMING)
async def test_a_client_that_leaves(build: Any) -> None:
    """A body that breaks off is 400, whatever the framework raises for it."""
    answer = await post(build, b'{"a":', JSON, (b"content-length", b"20"), leaves=True)

    assert (answer.status, json.loads(answer.body)["status"]) == (400, 400)


async def test_limits_of_the_frameworks_own() -> None:
    """What the framework refuses for its size is 413 in our form."""
    litestar, quart = await litestar_echo(), await quart_echo()
    litestar.request_max_body_size = quart.config["MAX_CONTENT_LENGTH"] = 3
    for app in (litestar, quart):
        install_json(app)

        headers = [JSON, (b"content-length", b"5")]
        answer = await call(app, method="POST", headers=headers, body=b"[1,2]")

        assert answer.status == 413
        assert answer.json()["detail"] == "The body is larger than the framework allows."


async def test_a_body_that_does_not_come_in_quart() -> None:
    """Quart's time limit for bodies holds, and is 400."""
    app = await quart_echo()
    app.config["BODY_TIMEOUT"] = 0.01
    install_json(app)
    messages = [{"type": "http.request", "body": b"[", "more_body": True}]
    answered: asyncio.Queue[Any] = asyncio.Queue()
    forever = asyncio.Event()

    async def receive() -> Any:
        if not messages:
            await forever.wait()
        return messages.pop()

    task = asyncio.create_task(app(http_scope("POST", [JSON], path="/"), receive, answered.put))
    start = await answered.get()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert start["status"] == 400


async def test_a_body_that_quart_has_read_before() -> None:
    """What was read whole can be read again."""

    async def twice() -> Any:
        return [await request.get_json(), await read_json(request)]

    answer = await call(quart_app(twice), method="POST", headers=[JSON], body=b"[1]")

    assert answer.json() == [[1], [1]]


async def test_a_body_that_was_read_before() -> None:
    """Starlette keeps a body that was read whole; a consumed stream is the programmer's error."""

    async def twice(request: Request) -> Any:
        await request.body()
        return responding(await read_json(request))

    async def consumed(request: Request) -> Any:
        async for _ in request.stream():
            pass
        return await read_json(request)

    again = await call(starlette_app(twice), method="POST", headers=[JSON], body=b"[1]")
    assert again.json() == {"got": [1]}
    with pytest.raises(RuntimeError, match="Stream consumed"):
        await call(starlette_app(consumed), method="POST", headers=[JSON], body=b"[1]")
