"""What a page of 336,776 rows costs at the front and deep inside: by cursor, OFFSET, and peers."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import flights_table as flights
from benchmarks.apps import http_scope
from benchmarks.case import Answer, Budget, Case
from benchmarks.trial import Advance, Figure, Table, Trial, TrialEffort, TrialError
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send

TOPIC = "keyset"
STATEMENTS = "keyset statements"
_FIRST, _DEEP = "page 1", f"at row {flights.DEEP:,}"
_OURS = "keyset_page"
_FLAT = Budget(times=1.5)

WAYS: dict[str, flights.Page] = {
    "SELECT by hand": flights.by_hand,
    _OURS: flights.by_keyset_page,
    "peer: sqlakeyset": flights.by_sqlakeyset,
    "OFFSET": flights.by_offset,
}


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    by_hand = f"SELECT by hand, {_FIRST}"
    for way, page in WAYS.items():
        first = f"{way}, {_FIRST}"
        yield _case(first, page, 0, base=None if first == by_hand else by_hand)
        budget = _FLAT if way == _OURS else None
        yield _case(f"{way}, {_DEEP}", page, flights.DEEP, base=first, budget=budget)


def _case(
    name: str,
    page: flights.Page,
    offset: int,
    *,
    base: str | None,
    budget: Budget | None = None,
) -> Case:
    return Case(
        name=name,
        topic=TOPIC,
        app=_answering(lambda: page(flights.place(offset))),
        scope=http_scope("GET"),
        is_right=partial(_is_page_at, offset),
        base=base,
        budget=budget,
    )


def _answering(page: Callable[[], flights.Rows]) -> ASGIApp:
    """Return an app that reads a page for each request, and answers with the numbers of its rows.

    In the loop's own thread: another one, or an async driver, would cost more than the page.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b" ".join([b"%d" % row.id for row in page()])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def _is_page_at(offset: int, answer: Answer) -> bool:
    return answer.body.split() == [b"%d" % (offset + n) for n in range(1, flights.LIMIT + 1)]


def trials() -> list[Trial]:
    """Return the trial."""
    return [Trial(topic=STATEMENTS, run=count_statements)]


def count_statements(effort: TrialEffort, advance: Advance) -> Table:
    """Ask for each page once; a count needs no repetition."""
    figures = []
    for way, page in WAYS.items():
        for where, offset in ((_FIRST, 0), (_DEEP, flights.DEEP)):
            asked = flights.place(offset)
            with flights.statements_counted() as sent:
                rows = page(asked)
            if [row.id for row in rows] != list(range(offset + 1, offset + 1 + flights.LIMIT)):
                raise TrialError(f"{way}, {where}: these are not the rows of the page")
            at_most = 1 if way == _OURS else None
            name = f"{way}, {where}"
            figures.append(Figure(name=name, value=len(sent), unit="statements", at_most=at_most))
            advance(1 / (2 * len(WAYS)))
    note = f"{flights.ROWS:,} rows in SQLite, pages of {flights.LIMIT}; no page counts the rows"
    return Table(STATEMENTS, note, tuple(figures))
