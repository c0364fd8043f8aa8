"""How much memory a cached response takes, and whether our store keeps its bound."""

from collections.abc import Callable
from typing import Any

from benchmarks.fresh_process import said_by
from benchmarks.resident import BODY_BYTES, BOUND, PEERS
from benchmarks.trial import (
    QUICK_TRIAL,
    Advance,
    Figure,
    Table,
    Trial,
    TrialEffort,
    TrialError,
)

ENTRY = "http_cache memory of an entry"
MANY = "http_cache memory under a million URLs"
_URLS, _FEWER_URLS = 10_000, 2_000
_MILLION = 1_000_000
_UNIT = "bytes an entry over its body"
_MIB = 1024 * 1024
_MOST_MIB = 64 * 1.1
# By research: less than the leanest peer's and headers of its own.
_MOST_OVER_THE_BODY = 600


def trials() -> list[Trial]:
    """Return the trials."""
    return [Trial(topic=ENTRY, run=of_an_entry), Trial(topic=MANY, run=of_many, is_long=True)]


def of_an_entry(effort: TrialEffort, advance: Advance) -> Table:
    """Fill every cache once, each in a fresh process: repetitions differ by a byte or two."""
    urls = _FEWER_URLS if effort is QUICK_TRIAL else _URLS
    share = 1 / len(PEERS)
    figures = []
    for name in PEERS:
        grown = fill(name, urls, lambda done: advance(done * share))["grown"] / urls
        # What the uncached app keeps shows how far resident memory can be trusted.
        over = grown if name.startswith("none") else grown - BODY_BYTES
        at_most = _MOST_OVER_THE_BODY if name.startswith("HTTPCacheMiddleware") else None
        figure = Figure(name=name, value=round(over), unit=_UNIT, at_most=at_most)
        figures.append(figure)
    note = (
        f"growth of resident memory over {urls:,} URLs, "
        f"less the body of {BODY_BYTES:,} bytes, in a fresh process each"
    )
    return Table(ENTRY, note, tuple(figures))


def of_many(effort: TrialEffort, advance: Advance) -> Table:
    """Ask for a million URLs, each once, and watch the process grow."""
    found = fill(BOUND, _MILLION, advance)
    figures = (
        Figure(
            name="resident memory at its highest",
            value=found["highest"] / _MIB,
            unit="MiB",
            at_most=_MOST_MIB,
        ),
        Figure(name="what the store says it holds", value=found["bytes"] / _MIB, unit="MiB"),
        Figure(name="entries at the end", value=found["entries"], unit="responses"),
        Figure(name="evictions", value=found["evictions"], unit="responses"),
    )
    note = f"{_MILLION:,} URLs, bodies of 100 bytes to 8 KB, store bounded to 64 MiB"
    return Table(MANY, note, figures)


def fill(name: str, urls: int, on_progress: Callable[[float], None]) -> dict[str, Any]:
    """Fill a cache in a fresh process; return what it said last."""
    said = said_by("benchmarks.resident", name, str(urls), on_progress=on_progress)
    if not said.get("keeps", True) and not name.startswith("none"):
        raise TrialError(f"{name}: did not keep what it was given")
    return said
