"""A client that leaves stops its stream within one batch, on uvicorn, hypercorn and granian."""

import json
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from frameworks.apps.streamed_apps import BUILDERS
from support.servers import (
    Address,
    RawConnection,
    granian_process,
    hypercorn_process,
    server_process,
)

TARGET = "frameworks.apps.streamed_served:app"
# The others send by themselves, and take a few turns of the loop to hear of it.
BATCHES = {"django": 2, "quart": 2}
BATCH = 100


def uvicorn_process(target: str) -> AbstractContextManager[Address]:
    return server_process(
        lambda address: ("uvicorn", "--host", address.host, "--port", str(address.port), target)
    )


SERVERS = {
    "granian": granian_process,
    "hypercorn": hypercorn_process,
    "uvicorn": uvicorn_process,
}
of_each_app = pytest.mark.parametrize("app", BUILDERS)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    with SERVERS[request.param](TARGET) as address:
        yield address


@pytest.fixture(scope="module")
def client(server: Address) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


class SlowConnection(RawConnection):
    """Take little, so that the server is soon full of what was not taken."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)


def state(client: httpx.Client, app: str, path: str = "state") -> dict[str, int]:
    found: dict[str, int] = json.loads(client.get(f"/{app}/{path}").content)
    return found


def state_at_rest(client: httpx.Client, app: str) -> dict[str, int]:
    """Return the state once it has been the same for a while: nobody takes, nobody makes."""
    seen = state(client, app)
    same = 0
    for _ in range(5000):
        now = state(client, app)
        same = same + 1 if now == seen else 0
        seen = now
        if same == 20:
            return seen
    raise AssertionError("the source is never held back")


@of_each_app
@pytest.mark.parametrize("path", ["endless", "sync-endless"])
def test_a_source_is_held_back_and_stops_within_one_batch(
    server: Address, client: httpx.Client, app: str, path: str
) -> None:
    """Rows of 1 KB fill the buffers of the sockets, and no more; then the client leaves.

    Counted from when the server says so: granian takes some milliseconds, and messages, before.
    """
    before = state(client, app, "over")
    with SlowConnection(server) as connection:
        connection.send(b"GET", f"/{app}/{path}".encode())
        connection.read_until(b'"padding"')
        held_back = state_at_rest(client, app)

    after = state(client, app, "over")

    assert after["closed"] == after["opened"] == before["opened"] + 1
    assert after["made"] - after["made_when_told"] <= BATCHES.get(app, 1) * BATCH
    # What the kernel buffers of both sides hold, and never what the source could make meanwhile.
    assert held_back["made"] - before["made"] < 16_000


@of_each_app
def test_a_source_that_waits_is_closed(server: Address, client: httpx.Client, app: str) -> None:
    """Nothing is sent that could fail: the server's word is enough."""
    with RawConnection(server) as connection:
        connection.send(b"GET", f"/{app}/live".encode())
        connection.read_until(b"data: live\n\n")

    after = state(client, app, "over")

    assert after["closed"] == after["opened"]


@of_each_app
def test_a_failed_stream_has_no_end(server: Address, app: str) -> None:
    """The client can tell in two ways, and learns no secret."""
    with RawConnection(server) as connection:
        connection.send(b"GET", f"/{app}/breaks".encode())
        whole = connection.read_all()

    assert b'{"error":{"title":"Internal Server Error","status":500}}' in whole
    assert b"secret" not in whole
    assert not whole.endswith(b"0\r\n\r\n")
