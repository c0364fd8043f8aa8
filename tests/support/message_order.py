"""The order of ASGI messages, as strict as a server that trusts nobody."""

from typing import Protocol

from chopin_mw.asgi.types import Message


class OrderError(RuntimeError):
    """What the server raises into the app's `await send(...)`."""


class MessageOrder(Protocol):
    complete: bool

    def accept(self, message: Message) -> None: ...


class HTTPOrder:
    """One response: start, bodies, and trailers where the start announced them."""

    def __init__(self) -> None:
        self.complete = False
        self._started = False
        self._body_ended = False
        self._announced_trailers = False

    def accept(self, message: Message) -> None:
        kind = message["type"]
        if self.complete:
            raise OrderError(f"{kind} after the end of the response")
        if kind == "http.response.start":
            self._start(message)
        elif kind in ("http.response.body", "http.response.zerocopysend", "http.response.pathsend"):
            self._body(message)
        elif kind == "http.response.trailers":
            self._trailers(message)

    def _start(self, message: Message) -> None:
        if self._started:
            raise OrderError("a second http.response.start")
        if not isinstance(message["status"], int):
            raise OrderError("a status that is no number")
        self._started = True
        self._announced_trailers = message.get("trailers", False)

    def _body(self, message: Message) -> None:
        if not self._started:
            raise OrderError(f"{message['type']} before http.response.start")
        if self._body_ended:
            raise OrderError(f"{message['type']} after the last body message")
        self._body_ended = not message.get("more_body", False)
        self.complete = self._body_ended and not self._announced_trailers

    def _trailers(self, message: Message) -> None:
        if not self._body_ended:
            raise OrderError("http.response.trailers before the end of the body")
        self.complete = not message.get("more_trailers", False)


class WebSocketOrder:
    """One websocket: accept, frames, close; or a denial in the form of an HTTP response."""

    def __init__(self) -> None:
        self.complete = False
        self._accepted = False
        self._denial: HTTPOrder | None = None

    def accept(self, message: Message) -> None:
        kind = message["type"]
        if self.complete:
            raise OrderError(f"{kind} after the end of the websocket")
        if kind.startswith("websocket.http.response"):
            self._deny(message)
        elif kind == "websocket.accept":
            if self._accepted:
                raise OrderError("a second websocket.accept")
            self._accepted = True
        elif kind == "websocket.send" and not self._accepted:
            raise OrderError("websocket.send before websocket.accept")
        elif kind == "websocket.close":
            self.complete = True

    def _deny(self, message: Message) -> None:
        if self._accepted:
            raise OrderError("a denial after websocket.accept")
        self._denial = self._denial or HTTPOrder()
        self._denial.accept({**message, "type": message["type"].removeprefix("websocket.")})
        self.complete = self._denial.complete


class AnyOrder:
    """Lifespan, and scope types that nobody knows yet."""

    def __init__(self) -> None:
        self.complete = False

    def accept(self, message: Message) -> None:
        self.complete = message["type"].startswith("lifespan.shutdown")


def order_for(scope_type: str) -> MessageOrder:
    if scope_type == "http":
        return HTTPOrder()
    if scope_type == "websocket":
        return WebSocketOrder()
    return AnyOrder()
