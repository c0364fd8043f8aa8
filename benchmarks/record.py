"""Keep results as JSON: where and with what they were measured, and every figure."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import Effort, Result, Spread

RESULTS = Path(__file__).parent / "results"
_PACKAGES = (
    "blacksheep",
    "chopin_mw",
    "django",
    "falcon",
    "fastapi",
    "fastapi-etag",
    "litestar",
    "msgspec",
    "orjson",
    "pydantic",
    "quart",
    "starlette",
    "xxhash",
)


def write_by_topic(results: Sequence[Result], effort: Effort, folder: Path = RESULTS) -> None:
    """Write one file for each topic."""
    for topic in dict.fromkeys(result.case.topic for result in results):
        own = [result for result in results if result.case.topic == topic]
        write(own, effort, folder / f"{topic.replace(' ', '-').lower()}.json")


def write(results: Sequence[Result], effort: Effort, path: Path) -> None:
    """Write these results, rounded to a nanosecond."""
    document = {
        "unit": "µs of CPU time for one request, in process",
        "date": datetime.now(UTC).date().isoformat(),
        "effort": asdict(effort),
        "machine": _machine(),
        "versions": {package: version(package) for package in _PACKAGES},
        "cases": [_record(result) for result in results],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _machine() -> dict[str, Any]:
    """Describe the machine without saying which one it is."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def _record(result: Result) -> dict[str, Any]:
    budget = result.case.budget
    return {
        "name": result.case.name,
        "topic": result.case.topic,
        "base": result.case.base,
        "us": _rounded(result.us),
        "added": _rounded(result.added),
        "times": _rounded(result.times),
        "budget": None if budget is None else str(budget),
        "holds": result.holds,
    }


def _rounded(spread: Spread | None) -> dict[str, float] | None:
    if spread is None:
        return None
    return {name: round(value, 3) for name, value in asdict(spread).items()}
