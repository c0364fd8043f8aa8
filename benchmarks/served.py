"""Requests per second over a socket: a cached endpoint beside a bare app that sends the same."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import fmean

from benchmarks import served_apps
from benchmarks.load import CONNECTIONS, generator, press
from benchmarks.measure import Spread
from benchmarks.trial import Advance, Figure, Table, Trial, TrialEffort, TrialError

TOPIC = "http_cache served by"
_ROOT = Path(__file__).parents[1]
_SECONDS_TO_START = 20
_SECONDS_TO_STOP = 10
_WARMING_SECONDS = 0.2
# Many short rounds: a busy second of the machine spoils one of them, not a third of all.
_ROUNDS = 3
_ANCHOR, _HELLO = "same_bytes", "hello"
_LABELS = {
    _ANCHOR: "bare ASGI, the same bytes as cached",
    _HELLO: "bare ASGI hello",
    "uncached": "FastAPI, not cached",
    "cached": "FastAPI in HTTPCacheMiddleware",
}
# The anchor comes first and last (A B C D A): each ratio is that of neighbours in time.
_ORDER = (*_LABELS, _ANCHOR)
_WANTED = 0.9

Command = Callable[[str, int], Sequence[str]]


def _uvicorn(app: str, port: int) -> Sequence[str]:
    options = ("--http", "httptools", "--lifespan", "off", "--no-access-log")
    return ("uvicorn", *options, *_QUIET, "--port", str(port), f"benchmarks.served_apps:{app}")


def _granian(app: str, port: int) -> Sequence[str]:
    options = ("--interface", "asginl", "--no-ws", "--workers", "1")
    return ("granian", *options, *_QUIET, "--port", str(port), f"benchmarks.served_apps:{app}")


_QUIET = ("--log-level", "warning")


SERVERS: dict[str, Command] = {"uvicorn": _uvicorn, "granian": _granian}


def trials() -> list[Trial]:
    """Return one trial for each server."""
    return [Trial(topic=f"{TOPIC} {server}", run=partial(run, server)) for server in SERVERS]


@dataclass(frozen=True, slots=True)
class _Sample:
    """Hold requests a second, and the server's CPU time for one in µs where it can be known."""

    per_second: float
    cpu_us: float | None


def run(server: str, effort: TrialEffort, advance: Advance) -> Table:
    """Press on all apps in turn, round by round."""
    with ExitStack() as stack:
        served = {app: stack.enter_context(serving(server, app)) for app in _LABELS}
        _check({app: each.port for app, each in served.items()})
        for each in served.values():
            press(each.port, _WARMING_SECONDS)
        count = _ROUNDS * effort.repeats
        rounds: list[list[_Sample]] = []
        for _ in range(count):
            rounds.append([])
            for app in _ORDER:
                rounds[-1].append(_sample(served[app], effort.seconds))
                advance(1 / (count * len(_ORDER)))
    note = (
        f"load: {generator()}, {CONNECTIONS} connections, {count} rounds of "
        f"{effort.seconds:g} s each; ratios to the bare app before and after in the same round"
    )
    return Table(f"{TOPIC} {server}", note, tuple(_figures(rounds)))


def _figures(rounds: Sequence[Sequence[_Sample]]) -> Iterator[Figure]:
    for place, (app, label) in enumerate(_LABELS.items()):
        rates = [samples[place].per_second for samples in rounds]
        yield _figure(label, rates, "requests a second")
        if app != _ANCHOR:
            anchors = [fmean((each[0].per_second, each[-1].per_second)) for each in rounds]
            ratios = [rate / anchor for rate, anchor in zip(rates, anchors, strict=True)]
            at_least = _WANTED if app == "cached" else None
            yield _figure(f"{label}: of the same bytes bare", ratios, "x", at_least)
    hello, cached = (list(_LABELS).index(app) for app in (_HELLO, "cached"))
    ratios = [each[cached].per_second / each[hello].per_second for each in rounds]
    yield _figure("cached: of the bare hello", ratios, "x")
    if any(sample.cpu_us is None for samples in rounds for sample in samples):
        return
    # Steadier than rates: neighbours on the machine take time, and little CPU, from the server.
    spent = [[sample.cpu_us or 0 for sample in samples] for samples in rounds]
    for place, label in enumerate(_LABELS.values()):
        yield _figure(
            f"{label}: CPU of the server", [each[place] for each in spent], "µs a request"
        )
    ratios = [each[cached] / fmean((each[0], each[-1])) for each in spent]
    yield _figure("cached: CPU of the server, of the same bytes bare", ratios, "x")


def _figure(
    name: str, samples: Sequence[float], unit: str, at_least: float | None = None
) -> Figure:
    spread = Spread.of(samples)
    return Figure(
        name=name,
        value=round(spread.median, 3),
        unit=unit,
        q1=round(spread.q1, 3),
        q3=round(spread.q3, 3),
        at_least=at_least,
    )


@dataclass(frozen=True, slots=True)
class _Served:
    pid: int
    port: int


def _sample(served: _Served, seconds: float) -> _Sample:
    before = _cpu_seconds(served.pid)
    load = press(served.port, seconds)
    after = _cpu_seconds(served.pid)
    if before is None or after is None or not load.answered:
        return _Sample(load.per_second, None)
    return _Sample(load.per_second, (after - before) * 1e6 / load.answered)


@contextmanager
def serving(server: str, app: str) -> Iterator[_Served]:
    """Serve an app on the first core, and leave the others to whoever asks."""
    port = _free_port()
    with _on_cores(first=True):
        process = subprocess.Popen(  # noqa: S603 - an own command
            [sys.executable, "-m", *SERVERS[server](app, port)], cwd=_ROOT
        )
    try:
        _wait_for(process, port)
        with _on_cores(first=False):
            yield _Served(process.pid, port)
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _on_cores(*, first: bool) -> Iterator[None]:
    """Run, and let processes that are started now run, on the first core or on all others."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    chosen = {min(_CORES)} if first else _CORES - {min(_CORES)}
    os.sched_setaffinity(0, chosen or _CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


_CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TrialError(f"no server came up on port {port}")


def _check(ports: Mapping[str, int]) -> None:
    """Look at the answers, after one that fills the cache."""
    _answer(ports["cached"])
    answers = {app: _answer(port) for app, port in ports.items()}
    for app, (_, body) in answers.items():
        if body != served_apps.BODY:
            raise TrialError(f"{app}: answered {body!r}")
    # A field more is up to 1 µs more: only equals are compared.
    names, expected = (sorted(answers[app][0]) for app in ("cached", _ANCHOR))
    if names != expected:
        raise TrialError(f"cached: sends {names}, bare {expected}")


def _answer(port: int) -> tuple[list[str], bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS_TO_STOP)
    connection.request("GET", "/")
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return [name.lower() for name, _ in response.getheaders()], body


def _cpu_seconds(pid: int) -> float | None:
    """Return the CPU time of a process and its children, which is where granian works."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        fields = stat.read_text("utf-8").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return None
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_cpu_seconds(int(child)) or 0 for child in children)
