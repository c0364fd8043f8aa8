"""The words in which the tables of this suite are written.

A case is a row of requests on one time axis: `{+10}` in a field is the HTTP date ten seconds
after the case began, `{-10:rfc850}` and `{-10:asctime}` are the obsolete formats. Each step says
what the client sends, what the origin would reply, and from where the answer must have come.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from time import gmtime, strftime
from typing import Any
from zlib import crc32

from chopin_mw.rules.http_date import format_http_date
from support.origin import Reply

_DATE = re.compile(r"\{([+-][0-9]+)(?::(rfc850|asctime))?\}")
_OBSOLETE = {"rfc850": "%A, %d-%b-%y %H:%M:%S GMT", "asctime": "%a %b %e %H:%M:%S %Y"}


class Level(StrEnum):
    """What the RFC asks; MAY marks what a good cache does because it is allowed to."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"


MUST, MUST_NOT, SHOULD, SHOULD_NOT, MAY = Level


class Source(Enum):
    """Where an answer must have come from."""

    CACHE = "the cache, without asking the origin"
    ORIGIN = "the origin, as it replied"
    VALIDATED = "the cache, after the origin was asked with a condition"
    STALE = "the cache, after the origin was asked and failed"
    REFRESHED = "the cache, while the origin was asked in the background"
    CACHE_ITSELF = "the cache, as a message of its own making"
    FAILURE = "nobody: the origin was asked and failed, and the client is told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request, the replies it may meet, and what must come of it.

    `path` is added to the case's own; `of` counts steps from 1 and names the one whose answer is
    in the cache (the last that came from the origin, if not given); `has` and `asks` compare all
    lines of a name, `*` stands for any value; `cache_status` holds parameters of our member,
    and as `before us` the name of the first. `{path}` and `{host}` in fields are the case's own.
    """

    source: Source
    method: str = "GET"
    path: str = ""
    send: tuple[str, ...] = ()
    payload: bytes = b""
    after: float = 0
    replies: tuple[Reply, ...] = (Reply(),)
    status: int | range | None = None
    body: bytes | None = None
    of: int | None = None
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    asks_not: tuple[str, ...] = ()
    cache_status: Mapping[str, Any] = field(default_factory=dict)
    eventually: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One requirement, by section and level, and the steps that show it."""

    section: str
    level: Level
    title: str
    steps: tuple[Step, ...]

    @property
    def slug(self) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", f"{self.section} {self.title}".lower())
        # Titles that differ only in signs need different paths.
        return f"{words.strip('-')[:60]}-{crc32(self.title.encode()):08x}"

    @property
    def needs_cache(self) -> bool:
        """Say whether a proxy without a cache must fail this case."""
        told = (Source.ORIGIN, Source.FAILURE)
        return any(step.source not in told or step.cache_status for step in self.steps)


def case(section: str, level: Level, title: str, *steps: Step) -> Case:
    return Case(section, level, title, steps)


def reply(*fields: str, **more: Any) -> Reply:
    return Reply(fields=fields, **more)


def no_answer() -> Reply:
    return Reply(ending="no answer")


def fill(*fields: str, sends: tuple[str, ...] = (), **more: Any) -> Step:
    """Ask for what the cache does not have; the origin replies with these fields."""
    own = {name: more.pop(name) for name in _REPLY_OPTIONS & more.keys()}
    return Step(source=Source.ORIGIN, send=sends, replies=(Reply(fields=fields, **own),), **more)


def hit(*send: str, **more: Any) -> Step:
    return Step(source=Source.CACHE, send=send, **more)


def miss(*send: str, **more: Any) -> Step:
    return Step(source=Source.ORIGIN, send=send, **_with_replies(more))


def validated(*send: str, **more: Any) -> Step:
    """Expect a condition towards the origin; it replies 304 unless `reply` says otherwise."""
    more.setdefault("reply", Reply(status=304))
    return Step(source=Source.VALIDATED, send=send, **_with_replies(more))


def stale(*send: str, **more: Any) -> Step:
    more.setdefault("reply", no_answer())
    return Step(source=Source.STALE, send=send, **_with_replies(more))


def refreshed(*send: str, **more: Any) -> Step:
    return Step(source=Source.REFRESHED, send=send, **_with_replies(more))


def made(status: int | range, *send: str, **more: Any) -> Step:
    """Expect an answer of the cache's own making (304, 412, 416, 504)."""
    return Step(source=Source.CACHE_ITSELF, send=send, status=status, **more)


def failed(*send: str, **more: Any) -> Step:
    more.setdefault("reply", no_answer())
    more.setdefault("status", range(500, 600))
    return Step(source=Source.FAILURE, send=send, **_with_replies(more))


def reused(section: str, title: str, *fields: str, after: float = 0, **more: Any) -> Case:
    """A response with these fields answers the next request too."""
    level = more.pop("level", MAY)
    return case(section, level, title, fill(*fields, **more), hit(after=after))


def not_reused(section: str, title: str, *fields: str, after: float = 0, **more: Any) -> Case:
    """A response with these fields does not answer the next request."""
    level = more.pop("level", MUST_NOT)
    return case(section, level, title, fill(*fields, **more), miss(after=after))


def at(start: float, lines: Iterable[str]) -> tuple[str, ...]:
    """Put dates in the place of `{+10}`, for a case that began at `start`."""

    def date(match: re.Match[str]) -> str:
        moment = start + int(match[1])
        if match[2] is None:
            return format_http_date(moment).decode("ascii")
        return strftime(_OBSOLETE[match[2]], gmtime(moment))

    return tuple(_DATE.sub(date, line) for line in lines)


def _with_replies(more: dict[str, Any]) -> dict[str, Any]:
    if (given := more.pop("reply", None)) is not None:
        more["replies"] = given if isinstance(given, tuple) else (given,)
    return more


_REPLY_OPTIONS = {"status", "body", "dated", "framing", "ending", "delay", "interim"}
