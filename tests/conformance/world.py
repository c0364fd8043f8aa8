"""A client, a cache in front of a proxy through a real server, an origin, and their one clock."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Self

import h11

from chopin_mw.asgi.types import ASGIApp
from support.origin import Origin, origin_thread
from support.reverse_proxy import reverse_proxy
from support.servers import SECONDS_TO_ANSWER, Address, uvicorn_thread

_BEGINNING = 1_700_000_000.0
_BOOT = 1_699_900_000.0


class FakeClock:
    """Stand still until told to go on."""

    def __init__(self) -> None:
        self._now = _BEGINNING

    def time(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - _BOOT

    def advance(self, seconds: float) -> None:
        self._now += seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what the client got; names in lower case. `whole` is false if it broke off."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.fields if given == name.lower()]


class Client:
    """Speak HTTP/1.1 on one connection after another, hiding nothing."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._http = h11.Connection(h11.CLIENT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disconnect()

    @property
    def host(self) -> str:
        return f"{self._address.host}:{self._address.port}"

    def ask(
        self, method: str, target: str, lines: Iterable[str] = (), payload: bytes = b""
    ) -> Answer:
        """Make one request, and read its answer to the end."""
        fields = [(b"Host", self.host.encode("ascii"))]
        if payload:
            fields.append((b"Content-Length", b"%d" % len(payload)))
        for line in lines:
            name, _, value = line.encode("latin-1").partition(b":")
            fields.append((name, value.strip()))
        request = h11.Request(method=method, target=target, headers=fields)
        # A server may have closed a connection that was used before: then a new one is tried.
        answer = self._ask_once(request, payload) or self._ask_once(request, payload)
        assert answer is not None, "the server closed without an answer"
        return answer

    def _ask_once(self, request: h11.Request, payload: bytes) -> Answer | None:
        connected = self._connect()
        message = [request, *([h11.Data(data=payload)] if payload else ()), h11.EndOfMessage()]
        try:
            connected.sendall(b"".join(self._http.send(event) or b"" for event in message))
        except ConnectionError:
            self._disconnect()
            return None
        return self._read(connected)

    def _read(self, connected: socket.socket) -> Answer | None:
        response, body, whole = None, b"", False
        try:
            while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    self._http.receive_data(connected.recv(65536))
                elif isinstance(event, h11.Response):
                    response = event
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
            whole = True
        except (h11.RemoteProtocolError, ConnectionError):
            pass
        if response is None:
            self._disconnect()
            return None
        fields = ((n.decode("latin-1"), v.decode("latin-1")) for n, v in response.headers)
        return Answer(response.status_code, tuple(fields), body, whole)

    def _connect(self) -> socket.socket:
        if self._socket is not None and self._http.our_state is self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return self._socket
        self._disconnect()
        self._http = h11.Connection(h11.CLIENT)
        where = (self._address.host, self._address.port)
        self._socket = socket.create_connection(where, SECONDS_TO_ANSWER)
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@dataclass(frozen=True, slots=True)
class World:
    """All a case needs; `patience` in real seconds, for what happens in the background."""

    client: Client
    origin: Origin
    clock: FakeClock
    patience: float


@contextmanager
def world(
    wrap: Callable[[ASGIApp, FakeClock], ASGIApp],
    *,
    answers_failure: bool = False,
    patience: float = 5,
) -> Iterator[World]:
    """Put `wrap(proxy, clock)` between a client and an origin."""
    clock = FakeClock()
    with origin_thread(clock) as origin:
        proxy = reverse_proxy(origin.address, answers_failure=answers_failure)
        with _silent_uvicorn(wrap(proxy, clock)) as address, Client(address) as client:
            yield World(client, origin, clock, patience)


def _silent_uvicorn(app: ASGIApp) -> AbstractContextManager[Address]:
    """Serve an app that is alone in saying Date, Server and whatever else."""
    return uvicorn_thread(
        app,
        http="h11",  # takes methods that nobody has heard of
        lifespan="off",
        log_level="critical",  # a proxy whose origin fails raises on purpose
        date_header=False,
        server_header=False,
    )
