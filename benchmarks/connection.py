"""The server's side of one request: no parser, no socket, no test client."""

import asyncio
import time

from benchmarks.case import Answer, Case
from chopin_mw.asgi.types import Message


class WrongAnswerError(Exception):
    """A case does not answer what it must, so that its time would mean nothing."""


class Connection:
    """Give an app its request, then keep it waiting as a client does that stays."""

    __slots__ = ("_opening", "_was_asked")

    def __init__(self, opening: Message) -> None:
        self._opening = opening
        self._was_asked = False

    async def receive(self) -> Message:
        """Return the opening message, and the second time nothing, ever."""
        if self._was_asked:
            await asyncio.get_running_loop().create_future()
        self._was_asked = True
        return self._opening

    async def send(self, message: Message) -> None:
        """Take a message and forget it."""


_OPENING: dict[str, Message] = {
    "http": {"type": "http.request", "body": b"", "more_body": False},
    "websocket": {"type": "websocket.connect"},
}


async def spend(case: Case, count: int) -> float:
    """Return the CPU time of one request in µs, all threads counted, over so many requests."""
    app, scope, opening = case.app, case.scope, _OPENING[case.scope()["type"]]
    with case.around():
        begin = time.process_time_ns()
        for _ in range(count):
            connection = Connection(opening)
            await app(scope(), connection.receive, connection.send)
        # What the app left to the loop is part of its cost.
        await asyncio.sleep(0)
        return (time.process_time_ns() - begin) / 1000 / count


async def check(case: Case) -> None:
    """Make one request and look at the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(dict(message))

    with case.around():
        scope = case.scope()
        await case.app(scope, Connection(_OPENING[scope["type"]]).receive, send)
    answer = Answer(tuple(sent))
    if not case.is_right(answer):
        raise WrongAnswerError(f"{case.name!r} answered {sent!r:.500}")
