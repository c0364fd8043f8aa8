"""Learn of the shutdown while answers are open: lifespan says so when all of them have ended."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """Give an event that is set when the process is told to stop, by SIGTERM or SIGINT.

    Use it in the app's lifespan, and hand the event to `event_stream(shutdown=...)`. The server's
    own handlers are called after ours and put back at the end. Signals that it leaves to the system
    stay there; outside the main thread the event is set by nobody but you. Hypercorn's worker
    processes get no signal: with `--workers 0` they do, else it cancels streams after its grace
    period.
    """
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    if current_thread() is not main_thread():
        yield event
        return
    # None is a handler that was not set in Python: it cannot be called, nor put back.
    previous = {each: handler for each in _SIGNALS if callable(handler := signal.getsignal(each))}
    ours = {each: _handler(handler, event, loop) for each, handler in previous.items()}
    for each, handler in ours.items():
        signal.signal(each, handler)
    try:
        yield event
    finally:
        for each, handler in previous.items():
            # Whoever set another one after us knows better.
            if signal.getsignal(each) is ours[each]:
                signal.signal(each, handler)


def _handler(
    inner: Callable[[int, FrameType | None], Any],
    event: asyncio.Event,
    loop: asyncio.AbstractEventLoop,
) -> Callable[[int, FrameType | None], None]:
    def set_event(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            # From a signal handler, only this wakes a loop that waits.
            loop.call_soon_threadsafe(event.set)
        inner(number, frame)

    return set_event
