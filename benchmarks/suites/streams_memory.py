"""How much memory a long list takes while it is sent: streamed, and built before."""

from benchmarks.fresh_process import said_by
from benchmarks.resident_streams import WAYS
from benchmarks.stream_apps import OURS
from benchmarks.trial import Advance, Figure, Table, Trial, TrialEffort, TrialError

TOPIC = "streams memory"
ROWS = 336_776
_MIB = 1024 * 1024
_MOST_MIB = 16


def trials() -> list[Trial]:
    """Return the trial."""
    return [Trial(topic=TOPIC, run=run)]


def run(effort: TrialEffort, advance: Advance) -> Table:
    """Send the list in each way once, in a fresh process each: repetitions differ by a tenth."""
    share, figures = 1 / len(WAYS), []
    for way in WAYS:
        found = sent(way, ROWS, lambda done: advance(done * share))
        at_most = _MOST_MIB if way.startswith(tuple(OURS)) else None
        grown = round(found["grown"] / _MIB, 2)
        figures.append(Figure(name=way, value=grown, unit="MiB", at_most=at_most))
    note = (
        f"growth of resident memory at its highest while {ROWS:,} records are made and "
        "sent, each way in a fresh process; as NDJSON they are 53 MiB"
    )
    return Table(TOPIC, note, tuple(figures))


def sent(way: str, rows: int, advance: Advance) -> dict[str, int]:
    """Return what a process of its own says of sending so many rows in this way."""
    found = said_by("benchmarks.resident_streams", way, str(rows), on_progress=advance)
    if found["rows"] != rows:
        raise TrialError(f"{way}: {found['rows']:,} of {rows:,} rows were sent")
    return found
