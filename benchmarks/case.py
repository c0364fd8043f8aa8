"""What is measured: one app, one kind of request, and what its answer must be."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from chopin_mw.asgi.types import Message, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Bound what a case may add to its base, in µs, or how many times its base it may take."""

    added: float | None = None
    times: float | None = None

    def __str__(self) -> str:
        if self.added is not None:
            return f"≤ +{self.added:g} µs"
        return f"≤ {self.times:g} x"

    def holds(self, added: float, times: float) -> bool:
        """Say whether a measured median keeps the budget."""
        if self.added is not None:
            return added <= self.added
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


def chosen(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """Return the cases whose topic or name holds one of the names, with the bases they need."""
    by_name = {case.name: case for case in cases}
    wanted: set[str] = set()
    for case in cases:
        if not names or any(name.lower() in f"{case.topic}: {case.name}".lower() for name in names):
            each: Case | None = case
            while each is not None:
                wanted.add(each.name)
                each = by_name[each.base] if each.base else None
    return [case for case in cases if case.name in wanted]
