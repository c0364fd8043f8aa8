"""Clamp what a query asks of a list, and leave every other byte of it as it is.

What is rewritten is what the framework's own parser will read: values in plain digits are all that
parsers agree on, and where a parameter comes twice, some take the first and some the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import quote

from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.rules.page_policy import PagePolicy
from chopin_mw.rules.page_query import Given, find, is_canonical, number, with_value

PAGE_KEY = "chopin_mw.page"
"""Under this key a PaginationMiddleware leaves in the scope what it made of the query."""

Style: TypeAlias = Literal["page", "offset"]

_DEFAULT_POLICY = PagePolicy()
_LONGEST_EXCERPT = 40


@dataclass(frozen=True, slots=True)
class Pagination:
    """Hold which rows a request asks for, within what the policy allows.

    `limit_name` and `position_name` are the parameters that links are made of, in the style of the
    client: pages or offsets.
    """

    limit: int
    offset: int = 0
    style: Style = "offset"
    limit_name: str = "limit"
    position_name: str | None = "offset"

    def __post_init__(self) -> None:
        if self.limit < 1 or self.offset < 0:
            raise ConfigurationError(
                f"limit must be at least 1 and offset 0, got {self.limit!r} and {self.offset!r}"
            )

    @property
    def page(self) -> int | None:
        """The number of the page, from 1; None where the offset is between two pages."""
        return None if self.offset % self.limit else self.offset // self.limit + 1

    @property
    def per_page(self) -> int:
        """The limit by its other name."""
        return self.limit

    @classmethod
    def from_scope(cls, scope: Mapping[str, Any], policy: PagePolicy | None = None) -> "Pagination":
        """Return what the request asks for, as PaginationMiddleware left it.

        Without that middleware, or with a policy of the handler's own, the query is clamped here.
        Raises ProblemError (422) for what the policy refuses.
        """
        left = scope.get(PAGE_KEY)
        if left is not None and policy is None:
            of_the_middleware: Pagination = left.pagination
            return of_the_middleware
        verdict = judge(scope.get("query_string", b""), policy or _DEFAULT_POLICY)
        if verdict.faults:
            raise refusal(verdict.faults)
        return verdict.pagination


class Fault(NamedTuple):
    """Say which parameter is refused, what was given, and what is allowed."""

    parameter: str
    value: str
    detail: str
    minimum: int
    maximum: int


class PageVerdict(NamedTuple):
    """Hold what the app is to read, the same object as was given where nothing is to change.

    `changed` names the parameters that the client gets another value of than it asked for.
    """

    query: bytes
    pagination: Pagination
    changed: tuple[tuple[str, int], ...] = ()
    faults: tuple[Fault, ...] = ()


def judge(query: bytes, policy: PagePolicy) -> PageVerdict:
    """Return what is to be made of any bytes that are sent as a query; never raises."""
    segments = query.split(b"&")
    found = find(segments, policy.meanings)
    judging = _Judging(policy, segments)
    for name, given in found.items():
        if policy.meanings[name] == "limit":
            judging.settle(name, given, 1, policy.max_limit, policy.default_limit)
    # Which of several sizes a handler reads is not ours to know: the largest goes for the depth.
    largest = max(judging.settled.values()) if judging.settled else policy.default_limit
    for name, given in found.items():
        meaning = policy.meanings[name]
        if meaning == "offset":
            judging.settle(name, given, 0, policy.max_offset, 0)
        elif meaning == "page":
            judging.settle(name, given, 1, policy.max_offset // largest + 1, 1)
    pagination = _pagination(judging.settled, policy)
    if policy.inject_default and pagination.limit_name not in judging.settled:
        judging.append(pagination.limit_name, pagination.limit)
    rewritten = b"&".join(segments) if judging.is_rewritten else query
    return PageVerdict(rewritten, pagination, tuple(judging.changed), tuple(judging.faults))


def refusal(faults: tuple[Fault, ...]) -> ProblemError:
    """Return the problem that tells a client what is wrong with each parameter."""
    detail = "; ".join(f"{fault.parameter} {fault.detail}" for fault in faults)
    return ProblemError(
        422,
        "Unprocessable Content",
        f"{detail}.",
        code="INVALID_PAGINATION",
        errors=[fault._asdict() for fault in faults],
    )


class _Judging:
    """Settle parameter by parameter, and rewrite their segments in place."""

    __slots__ = ("changed", "faults", "is_rewritten", "policy", "segments", "settled")

    def __init__(self, policy: PagePolicy, segments: list[bytes]) -> None:
        self.policy = policy
        self.segments = segments
        self.settled: dict[str, int] = {}
        self.changed: list[tuple[str, int]] = []
        self.faults: list[Fault] = []
        self.is_rewritten = False

    def settle(self, key: bytes, given: Given, least: int, most: int, fallback: int) -> None:
        """Choose the last value that is a number, bounded, for every occurrence of a parameter."""
        name, wanted = key.decode(), fallback
        numbers = [number(raw) for _, raw in given]
        for value in numbers:
            if value is not None and value >= least:
                wanted = value
        settled = self.settled[name] = min(wanted, most)
        if wanted > most and self._refuses_more(key):
            raw = given[numbers.index(wanted)][1]
            self.faults.append(_fault(name, raw, least, most))
        elif self.policy.mode == "strict":
            self.faults += _strict_faults(name, given, numbers, least, most)
        text = b"%d" % settled
        for at, raw in given:
            if raw != text:
                self.segments[at] = with_value(self.segments[at], text)
                self.is_rewritten = True
        if any(value != settled for value in numbers):
            self.changed.append((name, settled))

    def append(self, name: str, value: int) -> None:
        if not self.segments[-1]:
            self.segments.pop()
        self.segments.append(f"{quote(name, safe='')}={value}".encode())
        self.is_rewritten = True

    def _refuses_more(self, key: bytes) -> bool:
        if self.policy.meanings[key] == "limit":
            return self.policy.mode == "strict"
        return self.policy.on_deep_offset == "refuse"


def _strict_faults(
    name: str, given: Given, numbers: list[int | None], least: int, most: int
) -> list[Fault]:
    for (_, raw), value in zip(given, numbers, strict=True):
        if value is None or value < least or not is_canonical(raw):
            return [_fault(name, raw, least, most)]
    if len(set(numbers)) > 1:
        return [_fault(name, given[-1][1], least, most, "must have one value")]
    return []


def _fault(name: str, raw: bytes, least: int, most: int, detail: str = "") -> Fault:
    # As it was sent, and in ASCII: whoever logs it or shows it is safe.
    excerpt = ascii(raw[:_LONGEST_EXCERPT].decode("latin-1"))[1:-1]
    cut = "..." if len(raw) > _LONGEST_EXCERPT else ""
    allowed = f"must be a whole number, {least}..{most}"
    return Fault(name, excerpt + cut, detail or allowed, least, most)


def _pagination(settled: Mapping[str, int], policy: PagePolicy) -> Pagination:
    given = _first(policy.limit_names, settled)
    name = given or policy.plain_limit_name
    limit = settled[given] if given else policy.default_limit
    if page := _first(policy.page_names, settled):
        skipped = (settled[page] - 1) * limit
        return Pagination(limit, skipped, style="page", limit_name=name, position_name=page)
    if offset := _first(policy.offset_names, settled):
        return Pagination(limit, settled[offset], limit_name=name, position_name=offset)
    style = _style_of(name, policy)
    names = policy.page_names if style == "page" else policy.offset_names
    return Pagination(limit, style=style, limit_name=name, position_name=next(iter(names), None))


def _style_of(limit_name: str, policy: PagePolicy) -> Style:
    """Choose for a client that gives no position: who says `per_page` counts in pages."""
    if policy.page_names and ("page" in limit_name or not policy.offset_names):
        return "page"
    return "offset"


def _first(names: Sequence[str], settled: Mapping[str, int]) -> str | None:
    for name in names:
        if name in settled:
            return name
    return None
