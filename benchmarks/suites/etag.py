"""What an entity tag costs, by size of the body, and what a 304 does."""

from collections.abc import Iterator
from typing import Any, cast

from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse
from fastapi_etag.dependency import Etag, add_exception_handler
from quart import Quart, request
from quart.wrappers import Response as QuartResponse
from xxhash import xxh3_128_hexdigest

from benchmarks.apps import bare, body_of, http_scope
from benchmarks.case import Answer, Budget, Case
from chopin_mw import ETagMiddleware
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.rules.content_tag import make_entity_tag

TOPIC = "etag"
_SIZES = (1, 10, 100)
_BODY = body_of(10)
_BUDGETS = {10: Budget(added=4)}


class HandWritten:
    """Do by hand the least that an ETag takes: no streams, no comparison, no manners."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: Message = {}

        async def send_with_etag(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                held = message
                return
            tag = b'W/"%b"' % xxh3_128_hexdigest(message["body"]).encode("ascii")
            await send({**held, "headers": [*held["headers"], (b"etag", tag)]})
            await send(message)

        await self.app(scope, receive, send_with_etag)


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    for size in _SIZES:
        yield from _of_size(size)
    yield from _on_fastapi()
    yield from _on_quart()


def _of_size(size: int) -> Iterator[Case]:
    body, base, budget = body_of(size), f"bare {size} KB", _BUDGETS.get(size)
    app, tag = bare(body), make_entity_tag([body])
    ours = ETagMiddleware(app)
    yield _case(base, app, body)
    yield _case(f"hand-written floor, {size} KB", HandWritten(app), body, base=base, tagged=True)
    name = f"ETagMiddleware, {size} KB"
    yield _case(f"{name}, 200", ours, body, base=base, budget=budget, tagged=True)
    yield _case(f"{name}, 304", ours, b"", base=base, budget=budget, asks_for=tag)
    yield _case(f"{name}, HEAD", ours, body, method="HEAD", base=base, budget=budget, tagged=True)


def _on_fastapi() -> Iterator[Case]:
    tag = make_entity_tag([_BODY])
    base, given = "FastAPI, 10 KB", b'W/"given"'
    yield _case(base, _fastapi(), _BODY)
    ours = _fastapi()
    ours.add_middleware(ETagMiddleware)
    yield _case("FastAPI, ETagMiddleware, 200", ours, _BODY, base=base, tagged=True)
    yield _case("FastAPI, ETagMiddleware, 304", ours, b"", base=base, asks_for=tag)
    peer = _fastapi(Depends(Etag(_given_tag)))
    add_exception_handler(peer)
    yield _case(
        "peer: fastapi-etag, tag given and not hashed, 200", peer, _BODY, base=base, tagged=True
    )
    yield _case(
        "peer: fastapi-etag, tag given and not hashed, 304", peer, b"", base=base, asks_for=given
    )


async def _given_tag(_: object) -> str:
    return "given"


def _fastapi(*dependencies: Any) -> FastAPI:
    app, text = FastAPI(), _BODY.decode()

    # fastapi-etag does not reach a response that the handler makes itself.
    @app.get("/", dependencies=dependencies, response_class=PlainTextResponse, response_model=None)
    async def whole() -> str:
        return text

    return app


def _on_quart() -> Iterator[Case]:
    base, plain, ours, peer = "Quart, 10 KB", Quart("plain"), Quart("ours"), Quart("peer")
    for app in (plain, ours):
        app.add_url_rule("/", view_func=_quart_view)
    peer.add_url_rule("/", view_func=_quart_view_with_etag)
    tagged = ETagMiddleware(cast("ASGIApp", ours))
    yield _case(base, plain, _BODY)
    yield _case("Quart, ETagMiddleware, 200", tagged, _BODY, base=base, tagged=True)
    tag = make_entity_tag([_BODY])
    yield _case("Quart, ETagMiddleware, 304", tagged, b"", base=base, asks_for=tag)
    yield _case(
        "peer: Quart's add_etag and make_conditional, 200", peer, _BODY, base=base, tagged=True
    )


async def _quart_view() -> QuartResponse:
    return QuartResponse(_BODY, content_type="application/json")


async def _quart_view_with_etag() -> QuartResponse:
    response = await _quart_view()
    await response.add_etag()
    return await response.make_conditional(request)


def _case(
    name: str,
    app: Any,
    body: bytes,
    *,
    method: str = "GET",
    base: str | None = None,
    budget: Budget | None = None,
    tagged: bool = False,
    asks_for: bytes | None = None,
) -> Case:
    conditions = () if asks_for is None else ((b"if-none-match", asks_for),)

    def is_right(answer: Answer) -> bool:
        status = 200 if asks_for is None else 304
        has_tag = b"etag" in answer.headers
        return (
            answer.status == status
            and answer.body == body
            and has_tag is (tagged or asks_for is not None)
        )

    return Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=http_scope(method, *conditions),
        is_right=is_right,
        base=base,
        budget=budget,
    )
