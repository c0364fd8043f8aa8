"""Walk through a case and say what went otherwise than it must."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import http_sf

from conformance.case import Case, Source, Step, at
from conformance.world import Answer, World
from support.origin import Reply, SeenRequest

CACHE_NAME = "test"

_ASKS_ORIGIN = frozenset(
    {Source.ORIGIN, Source.VALIDATED, Source.STALE, Source.REFRESHED, Source.FAILURE}
)
_CONDITIONS = ("if-none-match", "if-modified-since")


@dataclass(frozen=True, slots=True)
class _Played:
    """Hold what one step has to be judged by."""

    answer: Answer
    asked: list[SeenRequest]
    # The reply whose status and body the client must have got.
    expected: Reply


def run(case: Case, world: World) -> list[str]:
    """Play a case; return what was wrong with its first step that was wrong, if any."""
    start = world.clock.time()
    from_origin: dict[int, Reply] = {}
    last = 0
    for number, written in enumerate(case.steps, 1):
        step = _filled_in(written, start, {"path": case.slug, "host": world.client.host}, number)
        world.clock.advance(step.after)
        if step.source is Source.ORIGIN:
            # The last is what the client must have got, if the cache had to ask twice.
            from_origin[number], last = step.replies[-1], number
        expected = from_origin.get(step.of or last, step.replies[-1])
        if wrong := _play(step, case.slug, expected, world):
            return [f"step {number}, {step.method}: {each}" for each in wrong]
    return []


def _filled_in(step: Step, start: float, names: dict[str, str], number: int) -> Step:
    """Fill in dates and names, and bodies that tell replies apart."""

    def filled_in(lines: tuple[str, ...]) -> tuple[str, ...]:
        for name, value in names.items():
            lines = tuple(line.replace(f"{{{name}}}", value) for line in lines)
        return at(start, lines)

    replies = tuple(
        replace(
            reply,
            fields=filled_in(reply.fields),
            body=reply.body or f"{names['path']} {number}.{index} ".encode() * 4,
        )
        for index, reply in enumerate(step.replies)
    )
    return replace(
        step,
        replies=replies,
        send=filled_in(step.send),
        has=filled_in(step.has),
        asks=filled_in(step.asks),
    )


def _play(step: Step, slug: str, expected: Reply, world: World) -> list[str]:
    deadline = monotonic() + (world.patience if step.eventually else 0)
    while True:
        before = len(world.origin.seen(slug))
        world.origin.script(slug, *step.replies)
        answer = world.client.ask(step.method, f"/{slug}{step.path}", step.send, step.payload)
        if step.source is Source.REFRESHED:
            world.origin.wait_for(slug, before + 1, world.patience)
        asked = world.origin.seen(slug)[before:]
        wrong = list(_judge(step, _Played(answer, asked, expected)))
        if not wrong or monotonic() > deadline:
            return wrong


def _judge(step: Step, played: _Played) -> Iterator[str]:
    yield from _judge_source(step, played)
    yield from _judge_status(step, played)
    yield from _judge_body(step, played)
    yield from _judge_fields("answer has", step.has, step.lacks, played.answer)
    if played.asked:
        # With several requests in a step, the first is the one that the conditions are about.
        yield from _judge_fields("origin saw", step.asks, step.asks_not, played.asked[0])
    if step.cache_status:
        yield from _judge_cache_status(step, played.answer)


def _judge_source(step: Step, played: _Played) -> Iterator[str]:
    asked = played.asked
    if bool(asked) is not (step.source in _ASKS_ORIGIN):
        yield f"must come from {step.source.value}; the origin saw {len(asked)} requests"
    elif step.source is Source.VALIDATED and not any(map(asked[0].all, _CONDITIONS)):
        yield "the origin was asked without a condition"
    elif asked and len(asked) > len(step.replies):
        yield f"the origin was asked {len(asked)} times"


def _judge_status(step: Step, played: _Played) -> Iterator[str]:
    status = played.answer.status
    wanted = played.expected.status if step.status is None else step.status
    if status not in (wanted if isinstance(wanted, range) else (wanted,)):
        yield f"status {status} instead of {wanted}"


def _judge_body(step: Step, played: _Played) -> Iterator[str]:
    answer, reply = played.answer, played.expected
    if step.source is Source.FAILURE:
        if answer.whole and answer.status < 500:
            yield f"a whole answer of {answer.body!r} where the origin failed"
        return
    if not answer.whole:
        yield f"the answer broke off after {answer.body!r}"
    bodiless = step.method == "HEAD" or answer.status in (204, 304)
    if step.body is None and step.source is Source.CACHE_ITSELF and not bodiless:
        return
    wanted = b"" if bodiless else reply.body if step.body is None else step.body
    if answer.body != wanted:
        yield f"body {answer.body!r} instead of {wanted!r}"


def _judge_fields(
    what: str, has: tuple[str, ...], lacks: tuple[str, ...], message: Answer | SeenRequest
) -> Iterator[str]:
    wanted: dict[str, list[str]] = {}
    for line in has:
        name, _, value = line.partition(":")
        wanted.setdefault(name, []).append(value.strip())
    for name, values in wanted.items():
        found = message.all(name)
        if found != values and not (found and values == ["*"]):
            yield f"{what} {name} {found} instead of {values}"
    for name in lacks:
        if found := message.all(name):
            yield f"{what} {name} {found}, which must not be there"


def _judge_cache_status(step: Step, answer: Answer) -> Iterator[str]:
    raw = ", ".join(answer.all("cache-status"))
    try:
        # Typed as whatever a structured field may be; a list has members.
        members: Any = http_sf.parse(raw.encode("latin-1"), tltype="list")
    except http_sf.StructuredFieldError:
        members = []
    if not members:
        yield f"no Cache-Status to be read in {raw!r}"
        return
    identity, parameters = members[-1]
    if str(identity) != CACHE_NAME:
        yield f"the last member of Cache-Status is of {identity!r}"
    before = str(members[0][0]) if len(members) > 1 else None
    for name, value in step.cache_status.items():
        found = before if name == "before us" else parameters.get(name)
        if (None if found is None else _plain(found)) != value:
            yield f"Cache-Status {raw!r}: {name} is {found!r} instead of {value!r}"


def _plain(found: object) -> object:
    return found if isinstance(found, bool | int) else str(found)
