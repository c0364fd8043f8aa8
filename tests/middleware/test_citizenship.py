"""Every middleware, alone and composed, behaves as if it were not there."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import uvloop

from middleware import cases_cancellation, cases_disconnect, cases_receive
from middleware.cases import CASES, Case, cases_of, run
from middleware.citizens import CITIZENS
from support.differential import Citizen

TESTS = Path(__file__).parents[1]
WAITING_CASES = tuple(
    case
    for theme in (cases_receive, cases_cancellation, cases_disconnect)
    for case in cases_of(theme)
)

every_citizen = pytest.mark.parametrize("citizen", CITIZENS, ids=lambda citizen: citizen.name)


@every_citizen
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_is_a_good_citizen(case: Case, citizen: Citizen) -> None:
    """One rule of conduct holds for one middleware."""
    await run(case, citizen)


@pytest.mark.parametrize("citizen", CITIZENS[-2:], ids=lambda citizen: citizen.name)
@pytest.mark.parametrize("case", WAITING_CASES, ids=lambda case: case.__name__)
def test_is_a_good_citizen_on_uvloop(case: Case, citizen: Citizen) -> None:
    """What waits, waits on uvloop as it does on asyncio."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(case, citizen))


def test_works_after_a_fork_and_exits_silently() -> None:
    """Children of a process that has served requests serve them too; nobody prints or hangs."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-m", "middleware.after_fork"],
        cwd=TESTS,
        env={"PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
