"""The benchmark harness measures right answers only, and writes what it measured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.apps import bare, http_scope
from benchmarks.case import Budget, Case, chosen
from benchmarks.connection import WrongAnswerError
from benchmarks.measure import Effort, measure
from benchmarks.record import write, write_by_topic, write_figures
from benchmarks.trial import Figure, Table

ROOT = Path(__file__).parents[2]
_OURS = "ETagMiddleware, POST"
ONE_SAMPLE = Effort(rounds=2, sample_ms=0.1)


def hello(name: str, body: bytes = b"hello", **options: Any) -> Case:
    return Case(
        name=name,
        topic=options.pop("topic", "hellos"),
        app=bare(body),
        scope=http_scope("GET"),
        is_right=lambda answer: answer.body == b"hello",
        **options,
    )


async def test_a_case_is_measured_beside_its_base() -> None:
    """A result has its own time, the difference from its base and the ratio to it."""
    samples: list[str] = []

    alone, beside = await measure(
        [hello("alone"), hello("beside", base="alone")],
        ONE_SAMPLE,
        lambda case: samples.append(case.name),
    )

    assert sorted(samples) == ["alone", "alone", "beside", "beside"]
    assert alone.us.q1 <= alone.us.median <= alone.us.q3
    assert alone.times is None
    assert beside.times is not None
    assert beside.times.median > 0


async def test_a_wrong_answer_is_not_measured() -> None:
    """A case that does not answer what it must ends the run, by name."""
    with pytest.raises(WrongAnswerError, match="liar"):
        await measure([hello("liar", b"bye")], ONE_SAMPLE, lambda _: None)


async def test_results_are_written_as_json(tmp_path: Path) -> None:
    """The file says what was measured, with what, and whether the budget was kept."""
    cases = [hello("base"), hello("ours", base="base", budget=Budget(times=1e9))]
    results = await measure(cases, ONE_SAMPLE, lambda _: None)

    write(results, ONE_SAMPLE, tmp_path / "out.json")

    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    base, ours = written["cases"]
    assert (base["name"], base["added"], base["holds"]) == ("base", None, None)
    assert (ours["base"], ours["budget"], ours["holds"]) == ("base", "≤ 1e+09 x", True)
    assert written["versions"]["chopin_mw"]
    assert str(ROOT) not in json.dumps(written)


async def test_every_topic_gets_its_file(tmp_path: Path) -> None:
    """Results of two topics go to two files."""
    cases = [hello("one", topic="first"), hello("two", topic="second")]
    results = await measure(cases, ONE_SAMPLE, lambda _: None)

    write_by_topic(results, ONE_SAMPLE, tmp_path)

    assert {
        json.loads((tmp_path / f"{topic}.json").read_text("utf-8"))["cases"][0]["topic"]
        for topic in ("first", "second")
    } == {"first", "second"}


def test_a_chosen_case_brings_its_base() -> None:
    """Choosing by a part of the name takes along what the case is compared with."""
    cases = [hello("other"), hello("base"), hello("ours", base="base")]

    assert [case.name for case in chosen(cases, ["OUR"])] == ["base", "ours"]
    assert chosen(cases, []) == cases


@pytest.mark.parametrize(
    ("budget", "added", "times", "holds"),
    [
        (Budget(added=1), 1.0, 5.0, True),
        (Budget(added=1), 1.1, 1.0, False),
        (Budget(times=0.1), 9.0, 0.1, True),
        (Budget(times=0.1), -9.0, 0.2, False),
        (Budget(cheaper=20, than=("peer",)), 1.0, 1.0, False),
    ],
)
def test_a_budget_bounds_what_it_names(
    budget: Budget, added: float, times: float, holds: bool
) -> None:
    """A budget looks at the difference or at the ratio, whichever it gives."""
    assert budget.holds(added, times) is holds


async def test_a_case_is_compared_with_the_best_of_others() -> None:
    """How much cheaper it is, is a ratio of what each adds to its base."""
    than = ("slow", "slower")
    cases = [
        hello("base"),
        hello("ours", base="base", budget=Budget(cheaper=1e9, than=than)),
        *(hello(name, base="base") for name in than),
    ]

    _, ours, slow, slower = await measure(cases, ONE_SAMPLE, lambda _: None)

    assert ours.added and slow.added and slower.added  # noqa: PT018 - none of them is to be None
    best = min(slow.added.median, slower.added.median)
    assert ours.cheaper == best / max(ours.added.median, 0.001)
    assert ours.holds is False


def test_a_chosen_case_brings_what_it_is_compared_with() -> None:
    """Peers that a budget names are measured too, and what those need."""
    cases = [
        hello("other"),
        hello("base"),
        hello("peer", base="base"),
        hello("ours", budget=Budget(cheaper=2, than=("peer",))),
    ]

    assert [case.name for case in chosen(cases, ["ours"])] == ["base", "peer", "ours"]


def test_a_table_is_written_to_a_file_of_its_topic(tmp_path: Path) -> None:
    """Figures that are no times say what they count and whether their bound is kept."""
    calls = Figure(name="calls", value=2, unit="handler calls", at_most=1)
    rate = Figure(name="rate", value=9, unit="a second", at_least=8)
    plain = Figure(name="plain", value=1, unit="B")

    write_figures([Table("a topic", "a note", (calls, rate, plain))], tmp_path)

    written = json.loads((tmp_path / "a-topic.json").read_text("utf-8"))
    assert [figure["holds"] for figure in written["figures"]] == [False, True, None]
    assert (calls.wanted, rate.wanted, plain.wanted) == ("≤ 1", "≥ 8", "")
    assert (written["topic"], written["note"]) == ("a topic", "a note")


def test_the_command_runs_a_case_and_prints_a_table(tmp_path: Path) -> None:
    """`python -m benchmarks` ends well and leaves the kept results alone."""
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", _OURS, "--out", str(out)]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert _OURS in run.stdout
    assert {case["topic"] for case in json.loads(out.read_text("utf-8"))["cases"]} == {"middleware"}


def test_an_unknown_name_is_an_error() -> None:
    """A typing error in --only does not pass for a run."""
    command = [sys.executable, "-m", "benchmarks", "--only", "no such case"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert "no case has such a name" in run.stdout
