"""Send a stream to an ASGI server, which tells in one of three ways that the client has gone."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chopin_mw.asgi.messages import reply
from chopin_mw.asgi.types import Headers, Message, Receive, Send
from chopin_mw.streaming.alarm import Alarm
from chopin_mw.streaming.production import Production

logger = logging.getLogger("chopin_mw")


class ClientGoneError(Exception):
    """Leave the loop that sends."""


async def send_head(send: Send, headers: Headers) -> None:
    """Send the header alone."""
    for message in reply(200, list(headers)):
        await send(message)


async def send_chunks(
    chunks: AsyncGenerator[bytes, None],
    production: Production,
    headers: Headers,
    receive: Receive,
    send: Send,
    *,
    timeout: float | None,  # noqa: ASYNC109 - a limit for each message, not for the call
) -> None:
    """Send the header with the first chunk, the others, and the end; stop when the client leaves.

    A client that takes nothing for `timeout` seconds has left as well: a peer that vanished is
    reported by nobody. Then, as after an error, the answer stays without an end.
    """
    watcher = asyncio.create_task(_until_left(receive, production))
    delivery = _Delivery(send, timeout)
    try:
        async with aclosing(chunks):
            await _send(chunks, production, headers, delivery)
    except ClientGoneError:
        pass
    finally:
        delivery.end()
        watcher.cancel()
        await asyncio.wait({watcher})
    if not watcher.cancelled():
        watcher.result()


async def _send(
    chunks: AsyncGenerator[bytes, None],
    production: Production,
    headers: Headers,
    delivery: "_Delivery",
) -> None:
    start: Message | None = {
        "type": "http.response.start",
        "status": 200,
        "headers": list(headers),
    }
    async for chunk in chunks:
        if start is not None:
            await delivery.send(start)
            start = None
        await delivery.send({"type": "http.response.body", "body": chunk, "more_body": True})
    if not production.left:
        await delivery.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive, production: Production) -> None:
    ends = 0
    # A server that repeats the end of the request for ever says nothing of the client.
    while ends <= 1:
        message = await receive()
        if message["type"] == "http.disconnect":
            production.leave()
            return
        ends += not message.get("more_body", False)


class _Delivery:
    """Send messages, each within a time; raise ClientGoneError when there is nobody to send to."""

    __slots__ = ("_alarm", "_cancellations", "_rang", "_send", "_task", "_timeout")

    def __init__(self, send: Send, seconds: float | None) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - says to mypy what every coroutine on asyncio knows
        self._send = send
        self._timeout = seconds
        self._task = task
        self._cancellations = task.cancelling()
        self._rang = False
        self._alarm = Alarm(seconds, self._give_up)

    async def send(self, message: Message) -> None:
        self._alarm.set()
        try:
            await self._send(message)
        except OSError:
            # Servers of ASGI 2.4 raise it; older ones take what nobody reads.
            raise ClientGoneError from None
        except asyncio.CancelledError:
            # Ours alone, or somebody else's as well.
            if self._rang and self._task.uncancel() <= self._cancellations:
                raise ClientGoneError from None
            raise
        finally:
            self._alarm.unset()

    def end(self) -> None:
        self._alarm.end()

    def _give_up(self) -> None:
        logger.info("a client took nothing for %s s: its stream is ended", self._timeout)
        self._rang = True
        self._alarm.end()
        self._task.cancel()
