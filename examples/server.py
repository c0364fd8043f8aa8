"""Runs an app under uvicorn in a process of its own, for as long as a `with` block lasts."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from examples.flights.location import ROOT

HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 10
POLL_SECONDS = 0.02


class ServerError(Exception):
    """Say why there is no server."""


@dataclass(frozen=True, slots=True)
class Server:
    """A uvicorn process that serves `app` ("module:name")."""

    app: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def wait_until_open(self) -> None:
        """Return once it takes connections. Raises ServerError if it ends before, or is late."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if (status := self.process.poll()) is not None:
                raise ServerError(f"{self.app} did not start: uvicorn ended with status {status}")
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(POLL_SECONDS)
        raise ServerError(f"{self.app} does not answer on port {self.port} yet, giving up")


@contextmanager
def serving(app: str, port: int) -> Iterator[Server]:
    """Start to serve `app` on `port`, and stop at the end of the block."""
    command = [sys.executable, "-m", "uvicorn", app, "--host", HOST, "--port", str(port)]
    # A session of its own: Ctrl-C reaches us alone, and we stop the server in order.
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--log-level", "warning"], cwd=ROOT, start_new_session=True
    )
    try:
        yield Server(app, port, process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As uvicorn does it: what lingers of an earlier server's connections does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
