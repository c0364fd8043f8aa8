"""A sample of the suite over hypercorn and granian, which live by the real clock."""

import time
from collections.abc import Iterator

import pytest

from conformance.case import Case, Step
from conformance.every import CASES
from conformance.runner import run
from conformance.world import Client, FakeClock, World
from support.origin import origin_thread
from support.servers import granian_process, hypercorn_process

ORIGIN_PORT = "CONFORMANCE_ORIGIN_PORT"  # read by conformance.served in its own process
SERVERS = {"granian": granian_process, "hypercorn": hypercorn_process}
_SECTIONS = ("9111 §4.1", "9111 §4.4", "9111 §5.2.2.5", "9110 §13.1.2", "9110 §14.2")
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
# Each server has its own way with these, long before a cache comes into it.
_SERVERS_OWN = ("Age", "Date", "Connection", "Content-Length")


class RealClock(FakeClock):
    """Go by the computer's clock."""

    def time(self) -> float:
        return time.time()


def _is_timeless(step: Step) -> bool:
    lines = (*step.has, *step.lacks)
    own = any(line.startswith(_SERVERS_OWN) for line in lines)
    ascii_only = all(line.isascii() for line in step.send)
    return not (step.after or own) and step.method in _METHODS and ascii_only


SAMPLE = [
    case for case in CASES if case.section in _SECTIONS and all(map(_is_timeless, case.steps))
]


@pytest.fixture(scope="module", params=SERVERS)
def elsewhere(request: pytest.FixtureRequest) -> Iterator[World]:
    clock = RealClock()
    with origin_thread(clock) as origin, pytest.MonkeyPatch.context() as environment:
        environment.setenv(ORIGIN_PORT, str(origin.address.port))
        with SERVERS[request.param]("conformance.served:app") as address, Client(address) as client:
            yield World(client, origin, clock, patience=5)


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.slug)
def test_a_sample_over_another_server(elsewhere: World, case: Case) -> None:
    """What holds over uvicorn holds over others."""
    assert run(case, elsewhere) == []
