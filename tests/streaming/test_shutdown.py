"""What an app learns of SIGTERM, and what its clients see, on real servers."""

import asyncio
import signal
import threading
from collections.abc import Callable, Sequence

import pytest

from chopin_mw.streaming.shutdown import stop_signal
from support.servers import Address, RawConnection, server_process

TARGET = "streaming.shutdown_app:app"
FAREWELL = b"event: shutdown\ndata: back soon\n\n"


def uvicorn(address: Address) -> Sequence[str]:
    return ("uvicorn", "--host", address.host, "--port", str(address.port), TARGET)


def uvicorn_h11(address: Address) -> Sequence[str]:
    return (*uvicorn(address), "--http", "h11", "--loop", "asyncio")


def hypercorn(address: Address) -> Sequence[str]:
    # Only without worker processes does the app's own process get the signal.
    return ("hypercorn", "--workers", "0", "--bind", f"{address.host}:{address.port}", TARGET)


def granian(address: Address) -> Sequence[str]:
    return (
        *("granian", "--interface", "asgi", "--no-ws", "--host", address.host),
        *("--port", str(address.port), TARGET),
    )


@pytest.mark.parametrize("command", [uvicorn, uvicorn_h11, hypercorn, granian])
def test_open_streams_end_in_order_at_sigterm(
    command: Callable[[Address], Sequence[str]],
) -> None:
    """The client gets the farewell and a whole answer, and the server exits without being killed.

    None of these servers would end the stream by itself before its grace period, which uvicorn and
    granian do not have unless told.
    """
    with server_process(command) as address:
        connection = RawConnection(address)
        connection.send(b"GET", b"/")
        connection.read_until(b"data: live\n\n")

    with connection:
        whole = connection.read_all()

    assert FAREWELL in whole
    assert whole.endswith(b"0\r\n\r\n")


async def test_handlers_are_called_after_ours_and_put_back() -> None:
    """The server's own handler runs, and is there again at the end."""
    called = []

    def handler(number: int, frame: object) -> None:
        called.append(number)

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with stop_signal() as stopping:
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(stopping.wait(), 10)
        after = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert called == [signal.SIGTERM]
    assert after is handler


async def test_what_the_system_does_stays_as_it_is() -> None:
    """Where nobody handles the signal, it ends the process as ever."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with stop_signal():
            during = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert during is signal.SIG_DFL


async def test_a_handler_set_later_stays() -> None:
    """Whoever came after us knows better."""

    def first(number: int, frame: object) -> None: ...

    def second(number: int, frame: object) -> None: ...

    before = signal.signal(signal.SIGTERM, first)
    try:
        with stop_signal():
            signal.signal(signal.SIGTERM, second)
        after = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert after is second


def test_a_signal_after_the_loop_is_closed_reaches_the_server() -> None:
    """A lifespan that was never left does not break the process's own handler."""
    called = []
    held = []

    def handler(number: int, frame: object) -> None:
        called.append(number)

    async def begin() -> None:
        held.append(stop_signal())
        held[0].__enter__()

    before = signal.signal(signal.SIGTERM, handler)
    try:
        asyncio.run(begin())
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert called == [signal.SIGTERM]


def test_outside_the_main_thread_the_event_is_the_apps_own() -> None:
    """Signals can be handled in the main thread alone: there is an event, and no error."""
    events = []

    async def use() -> None:
        with stop_signal() as stopping:
            events.append(stopping.is_set())

    thread = threading.Thread(target=lambda: asyncio.run(use()))
    thread.start()
    thread.join(10)

    assert events == [False]
