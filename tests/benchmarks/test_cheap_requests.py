"""The suites of pages, tokens and streams measure what they say they measure."""

from types import ModuleType

import pytest

from benchmarks import flights_table
from benchmarks.case import Case
from benchmarks.connection import check, spend
from benchmarks.fresh_process import forget_peak, peak_bytes, resident_bytes, said_by
from benchmarks.suites import (
    ALL,
    json_others,
    keyset,
    pagination,
    pagination_lists,
    streams,
    streams_memory,
    tokens,
)
from benchmarks.trial import TrialEffort, TrialError

ONCE = TrialEffort(repeats=1, seconds=0)
ROWS = 3_000


def case_named(suite: ModuleType, name: str) -> Case:
    found: Case = next(case for case in suite.cases() if case.name == name)
    return found


@pytest.mark.parametrize("suite", [pagination, pagination_lists, tokens, keyset, streams])
async def test_every_case_answers_right(suite: ModuleType) -> None:
    """Ours and each peer give the same pages, let in the same tokens and send the same rows."""
    for case in suite.cases():
        await check(case)


def test_every_case_has_a_name_of_its_own() -> None:
    """A base is found by its name, in whichever suite it stands."""
    # Django is set up once in a process, and other tests do that in their own way.
    suites = [suite for suite in ALL if suite is not json_others.cases]

    names = [case.name for suite in suites for case in suite()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256"])
async def test_unknown_tokens_stay_unknown(algorithm: str) -> None:
    """However many requests there are, each token is forgotten before it comes again."""
    case = case_named(tokens, f"JWTMiddleware: unknown {algorithm} tokens")

    await spend(case, 200)

    await check(case)


async def test_a_known_token_is_verified_once() -> None:
    """What is called the same token is a hit from the second request on."""
    case = case_named(tokens, "JWTMiddleware: the same HS256 token")

    await spend(case, 200)

    await check(case)


@pytest.mark.parametrize("what", ["other parameters", "in range", "rewrites two"])
def test_queries_that_were_never_seen_are_all_different(what: str) -> None:
    """What remembers queries has never met the next one."""
    case = case_named(pagination, f"PaginationMiddleware: {what}, never seen")

    queries = {case.scope()["query_string"] for _ in range(5_000)}

    assert len(queries) == 5_000


def test_statements_are_counted_page_by_page() -> None:
    """Each way of paging has a figure for the first page and one for a deep one."""
    shares: list[float] = []

    table = keyset.count_statements(ONCE, shares.append)

    assert len(table.figures) == 2 * len(keyset.WAYS)
    assert all(figure.value >= 1 for figure in table.figures)
    assert sum(shares) == pytest.approx(1)


def test_a_way_that_gives_other_rows_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of statements means something only where they find the page."""
    monkeypatch.setitem(keyset.WAYS, "nothing", lambda asked: [])

    with pytest.raises(TrialError, match="nothing, page 1"):
        keyset.count_statements(ONCE, lambda _: None)


def test_the_deep_page_is_deep() -> None:
    """Its first row has as many before it as its name says."""
    asked = flights_table.place(flights_table.DEEP)

    first = flights_table.by_hand(asked)[0]

    assert first.id == flights_table.DEEP + 1


def test_the_memory_of_a_stream_is_measured_in_a_process_of_its_own() -> None:
    """The process says what it took and what it sent, and how far it has come."""
    shares: list[float] = []

    streamed = streams_memory.sent("ndjson_stream", ROWS, shares.append)
    listed = streams_memory.sent("a list, encoded by orjson at once", ROWS, lambda _: None)

    assert streamed["rows"] == listed["rows"] == ROWS
    assert listed["grown"] > listed["bytes"]
    assert streamed["grown"] < listed["grown"]
    assert sum(shares) == pytest.approx(1)


def test_a_process_that_fails_has_no_figure() -> None:
    """A way that there is not ends the run, by name."""
    with pytest.raises(TrialError, match="no such way: its process ended with 2"):
        said_by("benchmarks.resident_streams", "no such way", "1", on_progress=lambda _: None)


def test_the_peak_of_memory_is_forgotten_when_asked() -> None:
    """Where the system knows the peak, it is that since the last time, garbage or not."""
    if not forget_peak():
        return
    before = resident_bytes()

    bytearray(50_000_000)

    assert peak_bytes() > before + 40_000_000
    assert forget_peak()
    assert peak_bytes() < before + 40_000_000
