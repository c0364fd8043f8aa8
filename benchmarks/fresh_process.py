"""Measure in a process of its own, whose memory nobody has used before."""

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.trial import TrialError

if sys.platform != "win32":
    import resource

_ROOT = Path(__file__).parents[1]
_STATM, _STATUS = Path("/proc/self/statm"), Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_FORGET_THE_PEAK = "5"


def said_by(
    module: str, name: str, *arguments: str, on_progress: Callable[[float], None]
) -> dict[str, Any]:
    """Run a module and return what it said last; it tells its progress by `tell`."""
    command = [sys.executable, "-m", module, name, *arguments]
    said: dict[str, Any] = {}
    done = 0.0
    with subprocess.Popen(  # noqa: S603 - an own command
        command, cwd=_ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            now = said.get("done", 1.0)
            on_progress(now - done)
            done = now
    if process.returncode != 0:
        raise TrialError(f"{name}: its process ended with {process.returncode}")
    return said


def tell(done: float) -> None:
    """Say to whoever started this process which share of the work is done."""
    print(json.dumps({"done": done}), flush=True)


def resident_bytes(*, collect: bool = True) -> int:
    """Return what the process holds in memory now; where only the peak can be known, that."""
    if collect:
        gc.collect()
    if sys.platform == "win32":
        raise NotImplementedError("resident memory is not measured on Windows")
    if _STATM.exists():
        return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> bool:
    """Begin to measure `peak_bytes` anew; False where the system keeps no such figure for us."""
    try:
        _CLEAR.write_text(_FORGET_THE_PEAK, "ascii")
    except OSError:
        return False
    return True


def peak_bytes() -> int:
    """Return the most that the process held in memory since its peak was forgotten."""
    lines = _STATUS.read_text("ascii").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024
