"""All 336,776 flights out of a database: how much memory, and what becomes of the connection."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.flights import sqlite
from streaming.flights_app import Flights
from streaming.streams import leaving_after, serve
from support.scripted import Leaving

FLIGHTS = 336_776
MIB = 1024 * 1024
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def flights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flights") / "flights.db"
    sqlite.build(path, lambda _rows: None)
    return path


@pytest.fixture
def flights(flights_file: Path) -> Iterator[Flights]:
    flights = Flights(str(flights_file))
    yield flights
    flights.sync_engine.dispose()


@pytest.mark.parametrize("form", ["parts", "sync"])
def test_all_flights_take_a_few_mebibytes(flights_file: Path, form: str) -> None:
    """The process grows by less than 16 MiB over what 2,000 flights took, and lets go of all."""
    program = [sys.executable, str(HERE / "flights_app.py"), str(flights_file), form]
    shown = subprocess.run(
        program, capture_output=True, check=True, cwd=HERE.parent.parent, env={"PYTHONPATH": "."}
    )

    took = json.loads(shown.stdout)
    assert took["lines"] == FLIGHTS
    assert took["grown"] < 16 * MIB
    assert took["largest"] < 65_536
    assert took["checked_out"] == 0


@pytest.mark.parametrize("form", ["async", "parts", "sync"])
@pytest.mark.parametrize("style", Leaving, ids=lambda style: style.name.lower())
async def test_a_client_that_leaves_gives_the_connection_back(
    flights: Flights, form: str, style: Leaving
) -> None:
    """The session is closed by its own generator, and the pool has its connection again."""
    peer = await serve(flights.answer(form), leaving_after(5, style))

    assert flights.checked_out == 0
    assert len(peer.body.splitlines()) <= flights.made < len(peer.body.splitlines()) + 200
    await flights.async_engine.dispose()


async def test_ten_streams_share_the_pool_and_leave_it_empty(flights: Flights) -> None:
    """Each has the rows it asked for."""
    peers = await asyncio.gather(*(serve(flights.answer("parts", 500)) for _ in range(10)))

    assert [ids_of(peer.body) for peer in peers] == [list(range(1, 501))] * 10
    assert flights.checked_out == 0
    await flights.async_engine.dispose()


def ids_of(body: bytes) -> list[int]:
    return [json.loads(line)["id"] for line in body.splitlines()]
