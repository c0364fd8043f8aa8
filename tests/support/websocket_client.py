"""Open a websocket as a client does, and give what came back: frames, or the refusal."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from support.servers import SECONDS_TO_ANSWER, Address


@dataclass(frozen=True, slots=True)
class Refusal:
    """Hold the HTTP answer to a handshake that failed; names in lower case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class WebSocketClient:
    """Hold one connection; `refusal` is None where the server accepted it."""

    def __init__(
        self, address: Address, path: str, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self._socket = socket.create_connection((address.host, address.port), SECONDS_TO_ANSWER)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        host = f"{address.host}:{address.port}"
        request = Request(host=host, target=path, extra_headers=list(headers))
        self._socket.sendall(self._protocol.send(request))
        self.refusal = self._handshake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, text: str) -> None:
        self._socket.sendall(self._protocol.send(TextMessage(text)))

    def hear(self) -> str | int:
        """Return the next text, or the code with which the server closes."""
        event = self._next()
        if isinstance(event, CloseConnection):
            return event.code
        assert isinstance(event, TextMessage)
        return event.data

    def _handshake(self) -> Refusal | None:
        first = self._next()
        if isinstance(first, AcceptConnection):
            return None
        assert isinstance(first, RejectConnection)
        body = b""
        while first.has_body:
            data = self._next()
            assert isinstance(data, RejectData)
            body += data.data
            if data.body_finished:
                break
        headers = tuple((bytes(name), bytes(value)) for name, value in first.headers)
        return Refusal(first.status_code, headers, body)

    def _next(self) -> Event:
        while not self._events:
            self._protocol.receive_data(self._socket.recv(65536) or None)
            self._events.extend(self._protocol.events())
        return self._events.pop(0)
