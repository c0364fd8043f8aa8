"""Measure cases side by side, so that a busy minute of the machine falls on all of them alike."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import SystemRandom
from statistics import median, quantiles

from benchmarks.case import Case
from benchmarks.connection import check, spend

_PROBE_US = 2_000


@dataclass(frozen=True, slots=True)
class Effort:
    """Say how long to measure: rounds over all cases, and CPU time for each sample."""

    rounds: int
    sample_ms: float


THOROUGH = Effort(rounds=11, sample_ms=40)
QUICK = Effort(rounds=3, sample_ms=8)


@dataclass(frozen=True, slots=True)
class Spread:
    """Hold the median of several samples and the quartiles around it."""

    median: float
    q1: float
    q3: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """Return the spread; a single sample has none."""
        if len(samples) < 2:
            return cls(samples[0], samples[0], samples[0])
        q1, _, q3 = quantiles(samples, n=4, method="inclusive")
        return cls(median(samples), q1, q3)


@dataclass(frozen=True, slots=True)
class Result:
    """Hold what a case took, in µs; and beside its base, what it added and how many times it took.

    Difference and ratio are those of neighbours in time, not of the medians. `cheaper` is how many
    times more the best of the cases adds that the budget compares with: a ratio of medians.
    """

    case: Case
    us: Spread
    added: Spread | None
    times: Spread | None
    cheaper: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the budget is kept; None without one."""
        if self.case.budget is None or self.added is None or self.times is None:
            return None
        return self.case.budget.holds(self.added.median, self.times.median, self.cheaper)


async def measure(
    cases: Sequence[Case], effort: Effort, on_sample: Callable[[Case], None]
) -> list[Result]:
    """Return a result for each case, after checking its answers before and after."""
    for case in cases:
        await check(case)
    counts = {case.name: await _requests_in(case, effort.sample_ms) for case in cases}
    by_name = {case.name: case for case in cases}
    samples: dict[str, list[tuple[float, float]]] = {case.name: [] for case in cases}
    # What the apps are made of is not garbage, and looking through it is nobody's request.
    gc.collect()
    gc.freeze()
    for _ in range(effort.rounds):
        for case in SystemRandom().sample(cases, len(cases)):
            base = by_name[case.base] if case.base else None
            samples[case.name].append(await _sample(case, base, counts))
            on_sample(case)
    gc.unfreeze()
    for case in cases:
        await check(case)
    return _compared([_result(case, samples[case.name]) for case in cases])


async def _requests_in(case: Case, sample_ms: float) -> int:
    count, spent = 1, 0.0
    while spent * count < _PROBE_US:
        count *= 2
        spent = await spend(case, count)
    return max(1, round(sample_ms * 1000 / spent))


async def _sample(case: Case, base: Case | None, counts: dict[str, int]) -> tuple[float, float]:
    """Time the case once, and its base right before and right after (A B A)."""
    gc.collect()
    if base is None:
        return await spend(case, counts[case.name]), 0.0
    half = max(1, counts[base.name] // 2)
    before = await spend(base, half)
    own = await spend(case, counts[case.name])
    after = await spend(base, half)
    return own, (before + after) / 2


def _result(case: Case, samples: Sequence[tuple[float, float]]) -> Result:
    own = Spread.of([us for us, _ in samples])
    if case.base is None:
        return Result(case, own, None, None)
    added = Spread.of([us - base for us, base in samples])
    return Result(case, own, added, Spread.of([us / base for us, base in samples]))


def _compared(results: Sequence[Result]) -> list[Result]:
    added = {each.case.name: each.added.median for each in results if each.added is not None}
    return [replace(each, cheaper=_cheaper(each, added)) for each in results]


def _cheaper(result: Result, added: dict[str, float]) -> float | None:
    if result.case.budget is None or not result.case.budget.than:
        return None
    # What adds nothing is as much cheaper as anybody may ask.
    own = max(added[result.case.name], 0.001)
    return min(added[name] for name in result.case.budget.than) / own
