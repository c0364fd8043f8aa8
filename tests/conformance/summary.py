"""Count what holds, per section of the RFCs: `python -m conformance.summary` prints the table."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.caches import proxy_cache
from conformance.case import Case
from conformance.every import CASES
from conformance.runner import run
from conformance.world import world


@dataclass(frozen=True, slots=True)
class Score:
    """Count the cases of one section."""

    section: str
    passed: int
    total: int


def count_by_section(results: Iterable[tuple[Case, bool]]) -> list[Score]:
    """Return a score for each section, in the order of documents and sections."""
    counted: dict[str, tuple[int, int]] = {}
    for case, passed in results:
        before = counted.get(case.section, (0, 0))
        counted[case.section] = (before[0] + passed, before[1] + 1)
    ordered = sorted(counted.items(), key=lambda item: _in_order(item[0]))
    return [Score(section, *numbers) for section, numbers in ordered]


def as_markdown(scores: Iterable[Score]) -> str:
    """Return a table for docs/standards.md."""
    rows = [f"| {score.section} | {score.passed} | {score.total} |\n" for score in scores]
    return "| Section | Passed | Cases |\n|---|---|---|\n" + "".join(rows)


def _in_order(section: str) -> list[int]:
    document, _, numbers = section.partition(" §")
    return [int(part) for part in (document, *filter(None, numbers.split(".")))]


def main() -> None:
    """Play all cases, and print the table and what failed."""
    results = []
    with world(proxy_cache) as played:
        for case in CASES:
            wrong = run(case, played)
            results.append((case, not wrong))
            if wrong:
                sys.stderr.write(f"{case.section} [{case.level}] {case.title}: {wrong}\n")
    sys.stdout.write(as_markdown(count_by_section(results)))


if __name__ == "__main__":
    main()
