"""Hold one response back until it is whole, and never longer than the app runs without waiting.

A middleware that needs the whole body before it can send the first header (to make an ETag, say)
would hold up streams, and an app that waits for its client to see one chunk before it makes the
next would wait for ever. So we step the app's coroutine ourselves: the moment it suspends,
everything held goes out, in the same task and in order. What an app sends in one go is captured;
what it sends over time is not delayed.
"""

from asyncio import CancelledError, Event, get_running_loop, sleep
from collections.abc import Awaitable, Generator, Iterable, Sequence
from contextlib import suppress
from enum import Enum
from sys import modules
from types import CoroutineType, coroutine
from typing import Any, Protocol

from chopin_mw.asgi.types import Headers, Message, Send
from chopin_mw.rules.headers import has, select

_LENGTH = frozenset({b"content-length"})
_NOTHING: Message = {}
_ENDED = object()
_NO_ERROR = Exception()
_RESPONSE_PARTS = frozenset(
    {
        "http.response.body",
        "http.response.pathsend",
        "http.response.zerocopysend",
        "http.response.trailers",
    }
)


class Judge(Protocol):
    """Decide about one response; the capture carries it out.

    Each answer is a start message to send before the app's own body, or a list: the messages of
    another answer to send instead.
    """

    def at_start(self, start: Message) -> Message | list[Message] | None:
        """Answer at once, or return None to have the response held until it is whole."""

    def when_whole(self, start: Message, chunks: Sequence[bytes]) -> Message | list[Message]:
        """Answer for a response of which all bytes are here."""

    def when_released(self, start: Message) -> Message | list[Message]:
        """Answer for a response that has to go out before it is whole."""


class _State(Enum):
    AWAITING_START = "the app has not answered yet"
    HOLDING = "the start is held, and perhaps some of the body"
    RELEASING = "the app waits, and what was held is on its way out"
    FORWARDING = "everything passes"
    DROPPING = "another answer was sent, so the app's body is dropped"
    INTERRUPTED = "the app's wait was cancelled while some of it was still here"
    BROKEN = "the server failed while the app waited: its next send is told"


_AWAITING_START, _HOLDING, _RELEASING, _FORWARDING, _DROPPING, _INTERRUPTED, _BROKEN = _State
# A rush of tiny chunks would take a hundred times its bytes to hold.
_MOST_HELD = 256


class Capture:
    """Stand between an app and the server for one response, holding at most `limit` body bytes.

    Use as `await capture.run(app(scope, receive, capture.send))`.
    """

    __slots__ = (
        "_after",
        "_app_runs",
        "_error",
        "_held",
        "_judge",
        "_limit",
        "_released",
        "_send",
        "_start",
        "_state",
        "_steps_app",
    )

    # These are set when they are first needed, which is in few requests.
    _after: _State
    _error: Exception
    _released: Event | None

    def __init__(self, send: Send, judge: Judge, limit: int) -> None:
        self._send = send
        self._judge = judge
        self._limit = limit
        self._state = _AWAITING_START
        self._start: Message = _NOTHING
        self._held: tuple[Message, ...] = ()
        # Only while we step the app's coroutine do we hear of it before anybody waits. A send
        # from another task (Quart's, BaseHTTPMiddleware's) finds this False: no chunk is held.
        self._app_runs = self._steps_app = True

    async def send(self, message: Message) -> None:
        """Take a message from the app, and send on what may go out now."""
        state, kind = self._state, message["type"]
        if state is _HOLDING and kind == "http.response.body":
            ready = self._take_body(message)
        elif state is _AWAITING_START and kind == "http.response.start":
            ready = self._take_start(message)
        elif state is _FORWARDING:
            await self._send(message)
            return
        else:
            if state is _RELEASING:
                await self._until_released()
            ready = self._take_other(message)
            if self._state is _DROPPING and not ready and self._steps_app:
                # An app that never waits must not keep the event loop from everybody else.
                await sleep(0)
        for each in ready:
            await self._send(each)

    def _take_start(self, message: Message) -> Iterable[Message]:
        # A copy, because apps send the same dict or list object for every request.
        self._start = start = dict(message)
        start["headers"] = list(start.get("headers") or ())
        self._state = _HOLDING
        answer = self._judge.at_start(start)
        if answer is not None:
            return self._deliver(answer)
        if self._app_runs or has(start["headers"], b"content-length"):
            return ()
        return self._release()

    def _take_body(self, message: Message) -> Iterable[Message]:
        body = message.get("body", b"")
        more = message.get("more_body", False)
        if not (more or self._held) and type(body) is bytes and len(body) <= self._limit:
            # What nearly every response is: whole in one message, sent on as it came.
            answer = self._judge.when_whole(self._start, (body,))
            if isinstance(answer, list):
                return self._deliver(answer, ended=True)
            self._state = _FORWARDING
            return (answer, message)
        # A copy, because apps reuse one dict or bytearray for all chunks.
        self._held = (*self._held, {**message, "body": bytes(body)})
        chunks = [held["body"] for held in self._held]
        size = sum(map(len, chunks))
        declared = _declared_length(self._start["headers"], size if not more else None)
        if declared is None or max(declared, size) > self._limit:
            return self._release()
        if size == declared:
            return self._deliver(self._judge.when_whole(self._start, chunks), ended=not more)
        return () if more and self._app_runs and len(chunks) < _MOST_HELD else self._release()

    def _take_other(self, message: Message) -> Sequence[Message]:
        state = self._state
        if state is _BROKEN:
            raise self._told_error()
        if state is _HOLDING:
            return (*self._release(), *self._take_other(message))
        if state is _INTERRUPTED:
            rest, self._held, self._state = self._held, (), self._after
            return (*rest, *self._take_other(message))
        if state is not _DROPPING or message["type"] not in _RESPONSE_PARTS:
            return (message,)
        # The body of a response that was replaced; all else is the server's to judge.
        if not message.get("more_body", False) and not self._start.get("trailers"):
            self._state = _FORWARDING
        return ()

    def _told_error(self) -> Exception:
        # Not kept: its traceback holds this object, and so itself, alive.
        error, self._error, self._state = self._error, _NO_ERROR, _FORWARDING
        return error

    def _release(self) -> Iterable[Message]:
        """Let go of what is held; the response is not whole, and now never will be."""
        return self._deliver(self._judge.when_released(self._start))

    def _deliver(self, answer: Message | list[Message], *, ended: bool = False) -> list[Message]:
        held, self._held = self._held, ()
        if isinstance(answer, list):
            self._state = _FORWARDING if ended else _DROPPING
            return answer
        self._state = _FORWARDING
        return [answer, *held]

    @coroutine
    def run(self, app_call: Awaitable[None]) -> Generator[Any, Any, None]:
        """Await the app, letting go of what is held when it suspends.

        What it raises leaves unchanged, after what it has sent; a cancellation, at once.
        """
        call = app_call if isinstance(app_call, CoroutineType) else _as_coroutine(app_call)
        steps = call.__await__()
        if "trio" in modules and not _is_on_asyncio():
            # trio counts on what is awaited next: nothing may come in between.
            self._steps_app = self._app_runs = False
        try:
            # Most apps end without having waited; next() learns that without an exception.
            waits_for = next(steps, _ENDED)
            if waits_for is not _ENDED:
                yield from self._step(steps, waits_for)
        except Exception:
            with suppress(Exception):
                yield from self._send_held().__await__()
            raise
        if self._state is _HOLDING or self._state is _INTERRUPTED:
            # Half an answer: nothing is invented, and nothing kept.
            yield from self._send_held().__await__()
        if self._state is _BROKEN:
            raise self._told_error()

    def _step(self, steps: Generator[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
        """Do what `yield from` does (PEP 380), and let go before each wait."""
        while True:
            self._app_runs = False
            try:
                if self._state is _HOLDING and self._steps_app and self._may_not_wait():
                    yield from self._let_go(waits_for).__await__()
                value, resume = (yield waits_for), steps.send
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 - cancellations are the app's to see
                value, resume = error, steps.throw
            self._app_runs = self._steps_app
            try:
                waits_for = resume(value)
            except StopIteration:
                return
            finally:
                # An exception kept here would keep its own traceback, and so itself, alive.
                value = None

    def _may_not_wait(self) -> bool:
        """Say whether a waiting app would make its client wait for something it has sent.

        A response that declares its length may keep its start back until its first bytes come:
        nobody has seen any of it, and the whole body often comes with them.
        """
        return bool(self._held) or not has(self._start["headers"], b"content-length")

    async def _let_go(self, waits_for: Any) -> None:
        """Send what is held while the app waits, in order before all that its tasks send."""
        self._held, self._after = tuple(self._release()), self._state
        self._state, self._released = _RELEASING, None
        try:
            while self._held:
                # Servers take a message before they make its sender wait, so once is enough.
                message, self._held = self._held[0], self._held[1:]
                await self._send(message)
            self._state = self._after
        except Exception as error:  # noqa: BLE001 - raised where the app expects it: from its next send
            self._error, self._state, self._held = error, _BROKEN, ()
        except CancelledError:
            # What the app waits for is cancelled with it, as its task would have done.
            self._state = _INTERRUPTED
            if hasattr(waits_for, "cancel"):
                waits_for.cancel()
            raise
        finally:
            if self._released is not None:
                self._released.set()

    async def _until_released(self) -> None:
        """Wait in a task of the app's own, for the server's sake: it gets one message at a time."""
        if self._released is None:
            self._released = Event()
        await self._released.wait()

    async def _send_held(self) -> None:
        messages: Iterable[Message] = ()
        if self._state is _HOLDING:
            messages = self._release()
        elif self._state is _INTERRUPTED:
            messages, self._held, self._state = self._held, (), self._after
        for message in messages:
            await self._send(message)


def _is_on_asyncio() -> bool:
    # Asked only where it may be otherwise: before Python 3.12 it is a system call.
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True


async def _as_coroutine(awaitable: Awaitable[None]) -> None:
    await awaitable


def _declared_length(headers: Headers, otherwise: int | None) -> int | None:
    try:
        return int(select(headers, _LENGTH)[b"content-length"])
    except (KeyError, ValueError):
        return otherwise
