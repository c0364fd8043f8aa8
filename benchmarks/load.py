"""Ask a server for one URL as fast as it answers: by wrk, or by a small client of our own."""

import asyncio
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import httptools

from benchmarks.trial import TrialError

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

CONNECTIONS = 64
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_FAILURES = re.compile(r"(Non-2xx or 3xx responses|Socket errors): *(.*)")
_OK = 200


@dataclass(frozen=True, slots=True)
class Load:
    """Say how many requests were answered, and how many a second."""

    answered: int
    per_second: float


def generator() -> str:
    """Name the load generator that `press` uses."""
    return "wrk" if shutil.which("wrk") else "our own client (asyncio, httptools); wrk is not here"


def press(port: int, seconds: float) -> Load:
    """Keep some connections busy for so long."""
    wrk = shutil.which("wrk")
    return press_ourselves(port, seconds) if wrk is None else _press_by_wrk(wrk, port, seconds)


def press_ourselves(port: int, seconds: float) -> Load:
    """Keep some connections busy without wrk."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_press(port, seconds))


def _press_by_wrk(wrk: str, port: int, seconds: float) -> Load:
    # It knows whole seconds only.
    whole = max(1, round(seconds))
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{whole}s"]
    command = [wrk, *options, f"http://127.0.0.1:{port}/"]
    run = subprocess.run(  # noqa: S603 - an own command
        command, capture_output=True, text=True, check=True
    )
    per_second = rate_of(run.stdout)
    return Load(round(per_second * whole), per_second)


def rate_of(report: str) -> float:
    """Return the requests a second that wrk reports, if all were answered."""
    rate = _RATE.search(report)
    if rate is None or _FAILURES.search(report):
        raise TrialError(f"wrk: {report}")
    return float(rate[1])


async def _press(port: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    make = partial(_Client, b"127.0.0.1:%d" % port)
    opened = [await loop.create_connection(make, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    clients = [client for _, client in opened]
    begin = loop.time()
    for client in clients:
        client.ask()
    await asyncio.sleep(seconds)
    answered = sum(client.answered for client in clients)
    taken = loop.time() - begin
    for client in clients:
        client.close()
    failures = [client.failure for client in clients if client.failure]
    if failures:
        raise TrialError(f"our own client: {failures[0]}")
    return Load(answered, answered / taken)


class _Client(asyncio.Protocol):
    """Ask again as soon as it is answered."""

    def __init__(self, host: bytes) -> None:
        self.answered = 0
        self.failure = ""
        self._request = b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host
        self._parser = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._is_closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_closing:
            self.failure = f"the server ended the connection: {exc}"

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() != _OK:
            self.failure = f"answered {self._parser.get_status_code()}"
        self.answered += 1
        self.ask()

    def ask(self) -> None:
        self._transport.write(self._request)

    def close(self) -> None:
        self._is_closing = True
        self._transport.close()
