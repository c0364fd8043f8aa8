"""The proxy of the suite hides nothing: what it gets goes on, byte for byte."""

from collections.abc import Iterator
from typing import Any

import h11
import pytest

from chopin_mw.asgi.types import Message, Scope
from conformance.controls import no_cache
from conformance.world import FakeClock, World, world
from support.origin import Origin, Reply, origin_thread
from support.reverse_proxy import reverse_proxy
from support.scopes import http_scope


@pytest.fixture(name="plain", scope="module")
def running_world() -> Iterator[World]:
    with world(no_cache) as made:
        yield made


@pytest.fixture(name="origin")
def running_origin() -> Iterator[Origin]:
    with origin_thread(FakeClock()) as origin:
        yield origin


async def pass_on(origin: Origin, scope: Scope, *body: bytes, **options: Any) -> list[Message]:
    """Send a request through a proxy; return its messages."""
    pieces, messages = list(body), []

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        messages.append(message)

    await reverse_proxy(origin.address, **options)(scope, receive, send)
    return messages


def test_requests_pass_as_they_are(plain: World) -> None:
    """Method, raw path, query, lines of one name and body; but nothing meant for one hop."""
    plain.origin.script("echo", Reply(body=b"seen"))
    sent = ("X-List: a", "X-Other: caf\xe9", "X-List: b,  a", "Connection: x-hop", "X-Hop: 1")

    plain.client.ask("M-SEARCH", "/echo/%41%2F?b=%20&a", sent, b"payload")

    seen = plain.origin.seen("echo")[-1]
    assert (seen.method, seen.target) == ("M-SEARCH", "/echo/%41%2F?b=%20&a")
    assert seen.body == b"payload"
    assert seen.all("x-list") == ["a", "b,  a"]
    assert seen.all("x-other") == ["caf\xe9"]
    assert seen.all("x-hop") == []


@pytest.mark.parametrize("status", [200, 204, 299, 302, 404, 599])
@pytest.mark.parametrize("framing", ["length", "chunked", "until close"])
def test_answers_pass_as_they_are(plain: World, status: int, framing: Any) -> None:
    """Status, lines of one name in order, coded bodies; redirects are not followed."""
    fields = ("X-List: b", "Location: /", "Content-Encoding: gzip", "X-List: a", "Connection: x-a")
    plain.origin.script("odd", Reply(status=status, fields=fields, body=b"\x1f", framing=framing))

    answer = plain.client.ask("GET", "/odd")

    assert answer.status == status
    assert answer.all("x-list") == ["b", "a"]
    assert answer.all("connection") == ["x-a"]
    assert answer.body == (b"" if status == 204 else b"\x1f")


@pytest.mark.parametrize(
    "field",
    [(b"content-length", b"6"), (b"transfer-encoding", b"chunked")],
    ids=["length", "chunks"],
)
async def test_request_bodies_pass_in_pieces(origin: Origin, field: tuple[bytes, bytes]) -> None:
    """A body that comes in pieces arrives whole, however it is framed."""
    origin.script("flights", Reply(body=b"seen"))

    start, *_ = await pass_on(origin, http_scope("POST", [field]), b"abc", b"", b"def")

    assert start["status"] == 200
    assert origin.seen("flights")[0].body == b"abcdef"


async def test_a_failing_origin_raises_or_gives_502(origin: Origin) -> None:
    """As the proxy was told to."""
    origin.script("flights", Reply(ending="no answer"))

    with pytest.raises(h11.RemoteProtocolError):
        await pass_on(origin, http_scope())
    start, _ = await pass_on(origin, http_scope(), answers_failure=True)

    assert start["status"] == 502


@pytest.mark.parametrize("answers_failure", [True, False])
async def test_an_answer_that_breaks_off_raises(origin: Origin, answers_failure: bool) -> None:
    """Nobody must take half of it for the whole."""
    origin.script("flights", Reply(body=b"0123456789", ending="cut short"))

    with pytest.raises(h11.RemoteProtocolError):
        await pass_on(origin, http_scope(), answers_failure=answers_failure)
