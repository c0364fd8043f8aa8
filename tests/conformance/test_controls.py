"""The suite can fail: every case does, without a cache or with a bad one."""

from collections import Counter
from pathlib import Path

import pytest

from conformance.case import Case, Level
from conformance.controls import naive_cache, no_cache
from conformance.every import CASES
from conformance.runner import run
from conformance.summary import Score, as_markdown, count_by_section
from conformance.world import World, world

# What does not happen in the background of these need not be waited for.
_PATIENCE = 0.01


def _passes(case: Case, world: World) -> bool:
    # With a bad cache in it, a server may give up in the middle.
    try:
        return run(case, world) == []
    except (AssertionError, OSError):
        return False


def test_what_needs_a_cache_fails_without_one() -> None:
    """A plain proxy fails each case in which something must come from a cache."""
    with world(no_cache, patience=_PATIENCE) as plain:
        passed = [case.slug for case in CASES if case.needs_cache and _passes(case, plain)]

    assert passed == []


def test_a_plain_proxy_passes_the_rest() -> None:
    """What needs no cache is no fault of the proxy, the servers or the runner."""
    with world(no_cache, patience=_PATIENCE) as plain:
        wrong = {case.slug: run(case, plain) for case in CASES if not case.needs_cache}

    assert {slug: each for slug, each in wrong.items() if each} == {}


def test_what_must_not_be_reused_fails_with_a_naive_cache() -> None:
    """A cache that keeps everything for ever fails each case that needs no cache."""
    with world(naive_cache, patience=_PATIENCE) as naive:
        passed = [case.slug for case in CASES if not case.needs_cache and _passes(case, naive)]

    assert passed == []


def test_cases_do_not_meet() -> None:
    """Each case has a path of its own."""
    assert [slug for slug, count in Counter(c.slug for c in CASES).items() if count > 1] == []


@pytest.mark.parametrize("level", Level)
def test_every_level_is_there(level: Level) -> None:
    """There are cases of each level, and enough of all."""
    assert any(case.level is level for case in CASES)
    assert len(CASES) >= 250


def test_the_summary_counts_by_section() -> None:
    """Sections come in the order of the documents, with what passed and how many there are."""
    first, *_, last = sorted(CASES, key=lambda case: case.section)

    scores = count_by_section([(last, True), (first, False), (first, True)])

    assert scores == [Score(first.section, 1, 2), Score(last.section, 1, 1)]
    assert as_markdown(scores).splitlines()[2] == f"| {first.section} | 1 | 2 |"


def test_no_table_is_forgotten() -> None:
    """`every` knows each file of cases."""
    tables = sorted(path.stem for path in Path(__file__).parent.glob("cases_*.py"))

    listed = (Path(__file__).parent / "every.py").read_text()

    assert [name for name in tables if f"        {name}," not in listed] == []
