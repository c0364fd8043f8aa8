import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import cast

import httpx
import pytest

from examples.flights.location import ROOT
from examples.report import lines_to_see
from examples.server import ServerError, free_port, port_is_free, serving

TIMEOUT_SECONDS = 120
STOPS = 46


def demo_process(database_url: str, *arguments: str) -> subprocess.Popen[str]:
    # Its servers are timed against each other: a tracer in one's code would not be fair.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "examples.demo", *arguments],
        cwd=ROOT,
        env=environment | {"DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run_demo(database_url: str, *arguments: str) -> tuple[int, str]:
    """Run the demo to its end; return its exit status and what it printed."""
    with demo_process(database_url, *arguments) as process:
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert "Traceback" not in output + errors
    return process.returncode, output + errors


def test_the_first_start_builds_the_data_and_tours_it(tmp_path: Path) -> None:
    """Without data, `--tour only` loads it, shows every stop as it should be and ends with 0."""
    port = free_port()

    status, output = run_demo(
        f"sqlite:///{tmp_path}/new/flights.db", "fastapi", "--port", str(port), "--tour", "only"
    )

    assert status == 0, output
    assert "367687/367687 rows" in output
    assert "✗" not in output
    assert output.count("✓") == STOPS
    assert "examples/fastapi/app.py:" in output
    assert port_is_free(port)


def test_a_stop_that_shows_too_little_fails_the_tour(sqlite_url: str) -> None:
    """Pointed at the app without the middleware, each failing stop says why; the status is 1."""
    status, output = run_demo(
        sqlite_url,
        *("fastapi", "--port", str(free_port()), "--tour", "only"),
        *("--app", "examples.fastapi.plain:app"),
    )

    assert status == 1
    for reason in (
        *("no ETag", "expected 304, got 200", "expected 412, got 200", "no Cache-Control"),
        *("no Age: not from the cache", "not clearly faster"),
        *("the client is not told", "not first, prev and next", "prev does not lead back"),
        *("expected 401, got 404", "no challenge"),
    ):
        assert reason in output


def test_a_taken_port_is_said_before_anything_slow(tmp_path: Path) -> None:
    """The message names PORT=, the status is 1, and no data has been built."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        status, output = run_demo(
            f"sqlite:///{tmp_path}/flights.db", "quart", "--port", str(port), "--tour", "only"
        )

    assert status == 1
    assert f"port {port} is taken" in output
    assert "make demo-quart PORT=" in output
    assert list(tmp_path.iterdir()) == []


def test_it_serves_until_ctrl_c(sqlite_url: str) -> None:
    """Quart gives the same tour; Ctrl-C afterwards stops the server too, in order, with 0."""
    port = free_port()
    with demo_process(sqlite_url, "quart", "--port", str(port)) as process:
        lines = cast("Iterable[str]", process.stdout)
        tour = "".join(takewhile(lambda line: "keeps serving" not in line, lines))
        page = httpx.get(f"http://127.0.0.1:{port}/")

        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=TIMEOUT_SECONDS)

    assert tour.count("✓") == STOPS
    assert page.status_code == 200
    assert (process.returncode, rest, errors) == (0, "\nstopped\n", "")
    assert port_is_free(port)


def test_an_unusable_database_is_said_in_one_line() -> None:
    """A URL of another kind is an error message that does not repeat the URL's password."""
    status, output = run_demo(
        "mysql://me:secret@host/db", "fastapi", "--port", str(free_port()), "--tour", "only"
    )

    assert status == 1
    assert "got mysql" in output
    assert "secret" not in output


def test_an_app_that_does_not_start_is_an_error() -> None:
    """The exit status of uvicorn is reported instead of waiting for it."""
    with (
        serving("examples.no_such_app:app", free_port()) as server,
        pytest.raises(ServerError, match="did not start: uvicorn ended with status 3"),
    ):
        server.wait_until_open()


@pytest.mark.parametrize("framework", ["fastapi", "quart"])
def test_the_report_names_the_lines_of_chopin_mw(framework: str) -> None:
    """Each line is one of the example, under the number it has there."""
    lines = list(lines_to_see(ROOT / "examples" / framework))

    codes = [line.split(maxsplit=1)[1] for line in lines]
    assert any("ChopinMiddleware" in code for code in codes)
    assert "install_json(app)" in codes
    for decorator in (
        "@cache_control(",
        "@cache_response(",
        "@etag(",
        "@invalidates(",
        "@json_response(",
        "@no_store",
        "@require_token",
    ):
        assert any(code.startswith(decorator) for code in codes)
    for line in lines:
        place, code = line.split(maxsplit=1)
        path, number = place.split(":")
        assert code in (ROOT / path).read_text("utf-8").splitlines()[int(number) - 1]
