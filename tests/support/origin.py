"""An origin server that answers by its script, byte for byte, and notes what it is asked."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Condition, Thread
from typing import Literal, Protocol, TypeAlias

import h11

from chopin_mw.rules.http_date import format_http_date
from support.servers import SECONDS_TO_STOP, Address

_LOOPBACK = "127.0.0.1"
_BODILESS = frozenset({204, 304})

Framing: TypeAlias = Literal["length", "chunked", "until close"]
Ending: TypeAlias = Literal["whole", "cut short", "no answer"]


class OriginClock(Protocol):
    """What the origin knows of time: the wall clock, and how to let it go on."""

    def time(self) -> float: ...

    def advance(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Say what the origin answers; `fields` are lines of text, `Name: value`.

    Date is added unless `dated` is false or it is given; Content-Length by `framing`, unless it
    is given. `delay` passes on the clock before the answer. With `ending="cut short"` half of the
    body is sent, with `"no answer"` the connection is closed at once.
    """

    status: int = 200
    fields: tuple[str, ...] = ()
    body: bytes = b""
    dated: bool = True
    framing: Framing = "length"
    ending: Ending = "whole"
    delay: float = 0
    interim: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """Hold one request as the origin got it; names in lower case."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.fields if given == name.lower()]


class Origin:
    """Answer requests under `/NAME` by the script of that name; its last reply is repeated."""

    def __init__(self, clock: OriginClock) -> None:
        self._clock = clock
        self._scripts: dict[str, list[Reply]] = {}
        self._seen: dict[str, list[SeenRequest]] = {}
        self._arrival = Condition()
        self.address = Address(0)

    def script(self, name: str, *replies: Reply) -> None:
        """Say what the next requests under a name are answered with."""
        self._scripts[name] = list(replies)

    def seen(self, name: str) -> list[SeenRequest]:
        with self._arrival:
            return list(self._seen.get(name, ()))

    def wait_for(self, name: str, count: int, seconds: float) -> bool:
        """Wait until so many requests have come under a name; say whether they have."""
        with self._arrival:
            return self._arrival.wait_for(lambda: len(self._seen.get(name, ())) >= count, seconds)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader)
            reply = self._note(request)
            self._clock.advance(reply.delay)
            if reply.ending != "no answer":
                writer.write(_encode(reply, request.method, self._clock.time()))
                await writer.drain()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _note(self, request: SeenRequest) -> Reply:
        name = request.target.split("?")[0].split("/")[1]
        with self._arrival:
            self._seen.setdefault(name, []).append(request)
            self._arrival.notify_all()
            script = self._scripts.get(name) or [Reply(status=500)]
            return script.pop(0) if len(script) > 1 else script[0]


@contextmanager
def origin_thread(clock: OriginClock) -> Iterator[Origin]:
    """Run an origin in a thread of this process."""
    origin, loop = Origin(clock), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(origin._serve, _LOOPBACK, 0))
    origin.address = Address(server.sockets[0].getsockname()[1])
    thread = Thread(target=loop.run_forever, name="origin")
    thread.start()
    try:
        yield origin
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(SECONDS_TO_STOP)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS_TO_STOP)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader) -> SeenRequest:
    connection, body = h11.Connection(h11.SERVER), b""
    request = h11.Request(method=b"GET", target=b"/", headers=[(b"host", b"none")])
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        else:
            break
    fields = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
    return SeenRequest(
        request.method.decode("ascii"), request.target.decode("latin-1"), tuple(fields), body
    )


def _encode(reply: Reply, method: str, now: float) -> bytes:
    lines = [f"HTTP/1.1 103 Early Hints\r\n{_lines(fields)}" for fields in reply.interim]
    given = {line.split(":")[0].lower() for line in reply.fields}
    fields = list(reply.fields)
    if reply.dated and "date" not in given:
        fields.append(f"Date: {format_http_date(now).decode()}")
    has_body = reply.status not in _BODILESS
    if has_body and reply.framing == "length" and "content-length" not in given:
        fields.append(f"Content-Length: {len(reply.body)}")
    if has_body and reply.framing == "chunked":
        fields.append("Transfer-Encoding: chunked")
    lines.append(f"HTTP/1.1 {reply.status} {_reason(reply.status)}\r\n{_lines(tuple(fields))}")
    head = "".join(lines).encode("latin-1")
    return head if method == "HEAD" or not has_body else head + _encode_body(reply)


def _encode_body(reply: Reply) -> bytes:
    body, whole = reply.body, reply.ending == "whole"
    sent = body if whole else body[: len(body) // 2]
    if reply.framing != "chunked":
        return sent
    return b"%x\r\n%b\r\n%b" % (len(sent), sent, b"0\r\n\r\n" if whole else b"")


def _lines(fields: tuple[str, ...]) -> str:
    return "".join(f"{line}\r\n" for line in fields) + "\r\n"


def _reason(status: int) -> str:
    known = status in HTTPStatus._value2member_map_
    return HTTPStatus(status).phrase if known else "Unassigned"
