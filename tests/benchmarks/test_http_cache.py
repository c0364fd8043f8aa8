"""The cache suites measure hits where they say hits, and count what they say they count."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import cached_apps, load, served
from benchmarks.apps import bare
from benchmarks.connection import check
from benchmarks.resident import BODY_BYTES
from benchmarks.suites import TRIALS, http_cache, http_cache_hits, http_cache_stampede
from benchmarks.suites.http_cache_memory import fill
from benchmarks.trial import TrialEffort, TrialError
from support.servers import uvicorn_thread

ROOT = Path(__file__).parents[2]
CLIENTS = 20
WRK = """Running 1s test @ http://127.0.0.1:8000/
  1 threads and 64 connections
  38000 requests in 1.00s, 5.11MB read
Requests/sec:  38000.25
Transfer/sec:      5.11MB
"""


@pytest.mark.parametrize("suite", [http_cache, http_cache_hits])
async def test_what_is_called_a_hit_is_one(suite: ModuleType) -> None:
    """Every case answers right when the cache is empty, and when it is not."""
    for case in suite.cases():
        await check(case)
        await check(case)


@pytest.mark.parametrize(
    ("make", "calls"),
    [
        (cached_apps.ours_on_fastapi, 1),
        (cached_apps.ours_on_litestar, 1),
        (cached_apps.by_cashews, 1),
        (cached_apps.by_litestar, CLIENTS),
    ],
)
async def test_a_stampede_is_counted(make: cached_apps.Maker, calls: int) -> None:
    """A cache with single flight calls the handler once, another one for every client."""
    counted = await http_cache_stampede.handler_calls("test", make, CLIENTS, 0.1)

    assert counted == calls


async def test_a_failing_app_is_no_stampede() -> None:
    """Calls are counted only where all clients were answered."""
    with pytest.raises(TrialError, match="answered"):
        await http_cache_stampede.handler_calls(
            "test", lambda path, handler: bare(b"", status=500), CLIENTS, 0
        )


def test_memory_is_measured_in_a_process_of_its_own() -> None:
    """The process that was filled says what it took, and how far it has come."""
    shares: list[float] = []

    found = fill("HTTPCacheMiddleware on FastAPI", 500, shares.append)

    assert found["keeps"]
    assert found["grown"] > 100 * BODY_BYTES
    assert sum(shares) == pytest.approx(1)


def test_a_process_that_fails_is_an_error() -> None:
    """A cache that could not be filled has no figure."""
    with pytest.raises(TrialError, match="ended with 2"):
        fill("no such cache", 1, lambda _: None)


def test_our_load_generator_counts_answers() -> None:
    """Requests are counted when they are answered."""
    with uvicorn_thread(bare(b"hello")) as address:
        pressed = load.press_ourselves(address.port, 0.2)

    assert pressed.answered > load.CONNECTIONS
    assert pressed.per_second == pytest.approx(pressed.answered / 0.2, rel=0.5)


def test_our_load_generator_measures_no_failures() -> None:
    """A server that answers with an error was not measured."""
    with (
        uvicorn_thread(bare(b"hello", status=503)) as address,
        pytest.raises(TrialError, match="answered 503"),
    ):
        load.press_ourselves(address.port, 0.1)


def test_the_report_of_wrk_is_read() -> None:
    """The rate is the one that wrk prints."""
    assert load.rate_of(WRK) == 38000.25


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 12", "  Socket errors: connect 1"])
def test_failures_that_wrk_saw_are_errors(line: str) -> None:
    """A run with failed requests has no rate."""
    with pytest.raises(TrialError, match="wrk"):
        load.rate_of(f"{WRK}{line}\n")


def test_apps_are_served_and_compared() -> None:
    """Each app has its rate and, but the anchor, its ratio; the load generator is named."""
    shares: list[float] = []

    table = served.run("granian", TrialEffort(repeats=1, seconds=0.1), shares.append)

    names = [figure.name for figure in table.figures]
    assert "FastAPI in HTTPCacheMiddleware: of the same bytes bare" in names
    assert all(figure.value > 0 for figure in table.figures if figure.unit != "µs a request")
    assert load.generator() in table.note
    assert sum(shares) == pytest.approx(1)


def test_a_server_that_does_not_start_is_an_error() -> None:
    """Nothing is waited for when the process has ended."""
    with pytest.raises(TrialError, match="no server came up"), served.serving("uvicorn", "none"):
        pass


def test_every_topic_is_chosen_by_its_suite() -> None:
    """`--only http_cache` takes the trials along."""
    topics = [trial.topic for suite in TRIALS for trial in suite()]

    assert len(set(topics)) == len(topics)
    assert all(topic.startswith(("http_cache", "keyset", "streams")) for topic in topics)


def test_the_command_runs_a_trial_and_writes_it(tmp_path: Path) -> None:
    """A trial's table is printed, and stands in the file."""
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "by uvicorn", "--out"]

    run = subprocess.run(
        [*command, str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "requests a second" in run.stdout
    assert '"requests a second"' in out.read_text("utf-8")
