"""What is measured but is no time of one request: how many calls, how many bytes, how often."""

from collections.abc import Callable
from dataclasses import dataclass

Advance = Callable[[float], None]
"""Takes how much of a trial was done just now; the whole of it is 1."""


@dataclass(frozen=True, slots=True)
class TrialEffort:
    """Say how often to measure, and for how many seconds where time is spent."""

    repeats: int
    seconds: float


THOROUGH_TRIAL = TrialEffort(repeats=3, seconds=1)
QUICK_TRIAL = TrialEffort(repeats=1, seconds=0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Hold one number, what it counts, and what it should be at most or at least."""

    name: str
    value: float
    unit: str
    q1: float | None = None
    q3: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def wanted(self) -> str:
        """The bound as it is printed."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least


@dataclass(frozen=True, slots=True)
class Table:
    """Hold the figures of one topic, and what to know when reading them."""

    topic: str
    note: str
    figures: tuple[Figure, ...]


class TrialError(Exception):
    """What was to be measured did not work, so that its figures would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Name a thing to measure, outside of any event loop; `is_long` leaves it to thorough runs."""

    topic: str
    run: Callable[[TrialEffort, Advance], Table]
    is_long: bool = False
