"""What is measured: one app, one kind of request, and what its answer must be."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from chopin_mw.asgi.types import Message, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Bound what a case may add to its base, in µs, or how many times its base it may take.

    Or ask that it adds so many times less than the best of `than`, cases with a base like its own.
    """

    added: float | None = None
    times: float | None = None
    cheaper: float | None = None
    than: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.added is not None:
            return f"≤ +{self.added:g} µs"
        if self.cheaper is not None:
            return f"≥ {self.cheaper:g} x cheaper"
        return f"≤ {self.times:g} x"

    def holds(self, added: float, times: float, cheaper: float | None = None) -> bool:
        """Say whether a measured median keeps the budget."""
        if self.added is not None:
            return added <= self.added
        if self.cheaper is not None:
            return cheaper is not None and cheaper >= self.cheaper
        return self.times is not None and times <= self.times


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold the messages that an app sent."""

    messages: tuple[Message, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types of the messages, in order."""
        return tuple(message["type"] for message in self.messages)

    @property
    def status(self) -> int:
        """The status of the response."""
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The header fields by lower-case name."""
        return {name.lower(): value for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(message.get("body", b"") for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Name a thing to measure; `base` names the case that its figures are compared with.

    `app` is an ASGI app; frameworks type their messages each in their own way. `around` makes
    settings of the whole process, for as long as this case is measured.
    """

    name: str
    topic: str
    app: Any
    scope: Callable[[], Scope]
    is_right: Callable[[Answer], bool]
    base: str | None = None
    budget: Budget | None = None
    around: Callable[[], AbstractContextManager[Any]] = nullcontext


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    """Say whether the name holds one of those that are wanted; none wanted means all."""
    return not wanted or any(each.lower() in name.lower() for each in wanted)


def chosen(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """Return the cases whose topic or name holds one of the names, with what they need."""
    by_name = {case.name: case for case in cases}
    waiting = [case for case in cases if is_wanted(f"{case.topic}: {case.name}", names)]
    wanted: set[str] = set()
    while waiting:
        case = waiting.pop()
        if case.name not in wanted:
            wanted.add(case.name)
            waiting += [by_name[name] for name in _needs(case)]
    return [case for case in cases if case.name in wanted]


def _needs(case: Case) -> list[str]:
    compared = [] if case.budget is None else [*case.budget.than]
    return compared if case.base is None else [*compared, case.base]
