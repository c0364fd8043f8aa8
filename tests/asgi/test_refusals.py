"""Refusals: their exact fields, and websockets that are denied in whatever state they are."""

import json
from typing import Any

import pytest

from chopin_mw.asgi.refusals import (
    Refused,
    WebSocketDenial,
    insufficient,
    unauthorized,
    unavailable,
)
from chopin_mw.asgi.types import Message
from support.scopes import websocket_scope

FORBIDDEN = insufficient("api", frozenset({"b", "a"}))
ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close", "code": 1000}
FRAME: Message = {"type": "websocket.send", "text": "x"}


@pytest.mark.parametrize(
    ("refused", "status", "field"),
    [
        (unauthorized("api"), 401, (b"www-authenticate", b'Bearer realm="api"')),
        (
            unauthorized('a "b"', "invalid_token"),
            401,
            (b"www-authenticate", rb'Bearer realm="a \"b\"", error="invalid_token"'),
        ),
        (
            FORBIDDEN,
            403,
            (b"www-authenticate", b'Bearer realm="api", error="insufficient_scope", scope="a b"'),
        ),
        (
            insufficient("api", frozenset()),
            403,
            (b"www-authenticate", b'Bearer realm="api", error="insufficient_scope"'),
        ),
        (unavailable(), 503, (b"retry-after", b"5")),
    ],
)
def test_the_fields_are_exact(refused: Refused, status: int, field: tuple[bytes, bytes]) -> None:
    """One challenge, nothing to store, problem details and their length."""
    start, body = refused.messages("GET")

    assert start["status"] == status
    assert start["headers"] == [
        field,
        (b"cache-control", b"no-store"),
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body["body"])),
    ]
    assert json.loads(body["body"])["status"] == status


def test_head_gets_the_header_alone() -> None:
    """With the length that GET would get."""
    head, get = FORBIDDEN.messages("HEAD"), FORBIDDEN.messages("GET")

    assert head[0] == get[0]
    assert head[1]["body"] == b""


def test_messages_are_fresh() -> None:
    """Outer layers edit what they are given."""
    first = FORBIDDEN.messages("GET")
    first[0]["headers"].clear()

    assert FORBIDDEN.messages("GET")[0]["headers"]


async def played(*steps: Message | Refused, **scope: Any) -> list[Message]:
    """Return what the server gets when an app sends, and somebody denies in between."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    denial = WebSocketDenial(websocket_scope(**scope), send)
    for step in steps:
        await (denial.deny(step) if isinstance(step, Refused) else denial.send(step))
    return sent


async def test_before_the_accept_it_is_a_response() -> None:
    """If the server offers the extension."""
    start, body = await played(FORBIDDEN)

    assert start["type"] == "websocket.http.response.start"
    assert body["type"] == "websocket.http.response.body"
    assert (start["status"], start["headers"]) == (403, list(FORBIDDEN.headers))
    assert body["body"] == FORBIDDEN.body


@pytest.mark.parametrize("extensions", [None, {}])
async def test_without_the_extension_it_is_a_close(extensions: object) -> None:
    """1008, a violation of policy, which servers turn into a 403."""
    assert await played(FORBIDDEN, extensions=extensions) == [
        {"type": "websocket.close", "code": 1008}
    ]


async def test_after_the_accept_it_is_a_close() -> None:
    """With the same code."""
    assert await played(ACCEPT, FRAME, FORBIDDEN) == [
        ACCEPT,
        FRAME,
        {"type": "websocket.close", "code": 1008},
    ]


async def test_after_a_denial_the_app_is_not_heard() -> None:
    """Nor is a second denial."""
    assert len(await played(FORBIDDEN, ACCEPT, FRAME, FORBIDDEN, CLOSE)) == 2


async def test_what_is_over_is_not_denied() -> None:
    """The app has closed, or answers with a denial of its own."""
    assert await played(ACCEPT, CLOSE, FORBIDDEN) == [ACCEPT, CLOSE]


async def test_without_a_denial_all_is_passed_on() -> None:
    """The same objects."""
    messages = (ACCEPT, FRAME, FRAME, CLOSE)

    sent = await played(*messages)

    assert all(one is other for one, other in zip(sent, messages, strict=True))
