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
from benchmarks.trial import Table

RESULTS = Path(__file__).parent / "results"
_PACKAGES = (
    "aiocache",
    "blacksheep",
    "cachetools",
    "cashews",
    "chopin_mw",
    "cryptography",
    "django",
    "falcon",
    "fastapi",
    "fastapi-cache2",
    "fastapi-etag",
    "fastapi-pagination",
    "granian",
    "hishel",
    "httptools",
    "itsdangerous",
    "litestar",
    "msgspec",
    "orjson",
    "pydantic",
    "pyjwt",
    "quart",
    "sqlakeyset",
    "sqlalchemy",
    "sse-starlette",
    "starlette",
    "uvicorn",
    "xxhash",
)


def write_by_topic(results: Sequence[Result], effort: Effort, folder: Path = RESULTS) -> None:
    """Write one file for each topic."""
    for topic in dict.fromkeys(result.case.topic for result in results):
        own = [result for result in results if result.case.topic == topic]
        write(own, effort, folder / _file_name(topic))


def write(
    results: Sequence[Result], effort: Effort, path: Path, tables: Sequence[Table] = ()
) -> None:
    """Write these results, rounded to a nanosecond."""
    document: dict[str, Any] = {
        "unit": "µs of CPU time for one request, in process",
        "effort": asdict(effort),
        **_circumstances(),
        "cases": [_record(result) for result in results],
    }
    if tables:
        document["tables"] = [_table(table) for table in tables]
    _write(path, document)


def write_figures(tables: Sequence[Table], folder: Path = RESULTS) -> None:
    """Write one file for each topic of what is no time."""
    for table in tables:
        _write(folder / _file_name(table.topic), {**_circumstances(), **_table(table)})


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _file_name(topic: str) -> str:
    return f"{topic.replace(' ', '-').lower()}.json"


def _circumstances() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine(),
        "versions": {package: version(package) for package in _PACKAGES},
    }


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
        "cheaper": None if result.cheaper is None else round(result.cheaper, 1),
        "holds": result.holds,
    }


def _rounded(spread: Spread | None) -> dict[str, float] | None:
    if spread is None:
        return None
    return {name: round(value, 3) for name, value in asdict(spread).items()}


def _table(table: Table) -> dict[str, Any]:
    figures = [{**asdict(each), "holds": each.holds} for each in table.figures]
    return {"topic": table.topic, "note": table.note, "figures": figures}
