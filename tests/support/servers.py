"""Real servers on free ports of the loopback, and a client that hides nothing of the wire."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any, Self

import httpx
import uvicorn

from chopin_mw.asgi.types import ASGIApp

SECONDS_TO_START = 20
SECONDS_TO_STOP = 10
SECONDS_TO_ANSWER = 10
_LOOPBACK = "127.0.0.1"
_TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Address:
    """Say where a server listens."""

    port: int
    host: str = _LOOPBACK

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def client(self) -> httpx.Client:
        """Open a client; close it after use. Proxies of the environment are not asked."""
        return httpx.Client(base_url=self.url, timeout=SECONDS_TO_ANSWER, trust_env=False)


@contextmanager
def uvicorn_thread(app: ASGIApp, **options: Any) -> Iterator[Address]:
    """Serve an app with uvicorn in a thread of this process; the options are uvicorn's."""
    listener = socket.create_server((_LOOPBACK, 0))
    quiet = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 2}
    server = uvicorn.Server(uvicorn.Config(app, **(quiet | options)))
    thread = Thread(target=server.run, args=([listener],), name="uvicorn")
    thread.start()
    try:
        _wait_until(lambda: server.started, alive=thread.is_alive, told=lambda: "")
        yield Address(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_STOP)
        listener.close()
    assert not thread.is_alive(), "uvicorn did not stop"


@contextmanager
def server_process(command: Callable[[Address], Sequence[str]]) -> Iterator[Address]:
    """Run a server with this command line in a process of its own."""
    address = Address(_free_port())
    path = os.pathsep.join((str(_TESTS), str(_TESTS.parent)))
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command(address)],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
        )
        try:
            _wait_until(
                lambda: _is_listening(address),
                alive=lambda: process.poll() is None,
                told=lambda: _contents(log),
            )
            yield address
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


@contextmanager
def hypercorn_process(target: str) -> Iterator[Address]:
    """Serve `module:app` with hypercorn."""
    with server_process(
        lambda address: ("hypercorn", "--bind", f"{address.host}:{address.port}", target)
    ) as address:
        yield address


@contextmanager
def granian_process(target: str) -> Iterator[Address]:
    """Serve `module:app` with granian."""
    with server_process(
        lambda address: (
            *("granian", "--interface", "asgi", "--host", address.host),
            *("--port", str(address.port), "--no-ws", target),
        )
    ) as address:
        yield address


class RawConnection:
    """Speak HTTP/1.1 by hand: what is sent is what the test wrote, what is read is what came."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection((address.host, address.port), SECONDS_TO_ANSWER)
        self._host = f"{address.host}:{address.port}".encode("ascii")
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, method: bytes, path: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Send a request without a body that ends the connection."""
        fields = [(b"Host", self._host), (b"Connection", b"close"), *headers]
        lines = [b"%b: %b\r\n" % field for field in fields]
        self._socket.sendall(b"%b %b HTTP/1.1\r\n%b\r\n" % (method, path, b"".join(lines)))

    def read_until(self, awaited: bytes) -> bytes:
        """Read on until these bytes have come; fail if the server keeps them back."""
        while awaited not in self.received:
            chunk = self._socket.recv(65536)
            assert chunk, f"the connection ended before {awaited!r}: {self.received!r}"
            self.received += chunk
        return self.received

    def read_all(self) -> bytes:
        """Read on until the server ends the connection."""
        while chunk := self._socket.recv(65536):
            self.received += chunk
        return self.received


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Hold one answer as it came over the wire; names in lower case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        return next((value for given, value in self.headers if given == name), None)


def ask(address: Address, method: bytes, path: bytes, *headers: tuple[bytes, bytes]) -> RawAnswer:
    """Make one request on a connection of its own, and read until the server ends it."""
    with RawConnection(address) as connection:
        connection.send(method, path, headers)
        head, _, body = connection.read_all().partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    fields = (line.split(b":", 1) for line in lines)
    return RawAnswer(
        int(first.split()[1]), tuple((name.lower(), value.strip()) for name, value in fields), body
    )


def _wait_until(
    ready: Callable[[], bool], *, alive: Callable[[], bool], told: Callable[[], str]
) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not ready():
        assert alive(), f"the server ended while starting: {told()}"
        assert time.monotonic() < deadline, f"the server did not start: {told()}"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _is_listening(address: Address) -> bool:
    try:
        socket.create_connection((address.host, address.port), 1).close()
    except OSError:
        return False
    return True


def _contents(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")
