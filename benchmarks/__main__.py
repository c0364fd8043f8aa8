"""Measure ours beside the peers: `python -m benchmarks`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from benchmarks.case import Case, chosen, is_wanted
from benchmarks.connection import WrongAnswerError
from benchmarks.measure import QUICK, THOROUGH, Effort, Result, measure
from benchmarks.record import write, write_by_topic, write_figures
from benchmarks.report import print_budgets, print_figures, print_results
from benchmarks.suites import ALL, TRIALS
from benchmarks.trial import QUICK_TRIAL, THOROUGH_TRIAL, Table, Trial, TrialEffort, TrialError

_BAR = (TextColumn("{task.description}"), BarColumn())


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when every answer was right, whatever the budgets say."""
    options = _parse(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    cases = chosen([case for suite in ALL for case in suite()], options.only)
    trials = _chosen_trials(options.only, is_quick=options.quick)
    if not cases and not trials:
        console.print("[red]error:[/] no case has such a name")
        return 1
    effort = QUICK if options.quick else THOROUGH
    try:
        results = asyncio.run(_measure(cases, effort, console)) if cases else []
        print_results(results, console)
        tables = _run(trials, QUICK_TRIAL if options.quick else THOROUGH_TRIAL, console)
    except (WrongAnswerError, TrialError) as error:
        console.print("[red]error:[/]", str(error), soft_wrap=True, markup=False)
        return 1
    print_budgets(results, tables, console)
    if options.out:
        write(results, effort, options.out, tables)
    elif not (options.quick or options.only):
        # Only a whole and thorough run is worth keeping.
        write_by_topic(results, effort)
        write_figures(tables)
    return 0


def _chosen_trials(names: Sequence[str], *, is_quick: bool) -> list[Trial]:
    every = [trial for suite in TRIALS for trial in suite()]
    return [
        each for each in every if is_wanted(each.topic, names) and not (is_quick and each.is_long)
    ]


async def _measure(cases: Sequence[Case], effort: Effort, console: Console) -> list[Result]:
    # Drawn between samples and never beside them: a thread of its own would be measured too.
    columns = (*_BAR, MofNCompleteColumn(), TextColumn("samples"), TimeRemainingColumn())
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("measuring", total=effort.rounds * len(cases))

        def on_sample(_: Case) -> None:
            progress.update(task, advance=1, refresh=True)

        return await measure(cases, effort, on_sample)


def _run(trials: Sequence[Trial], effort: TrialEffort, console: Console) -> list[Table]:
    """Run one trial after the other, and print what each found."""
    tables = []
    for trial in trials:
        columns = (*_BAR, TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, auto_refresh=False) as progress:
            task = progress.add_task(trial.topic, total=1)

            def advance(share: float, progress: Progress = progress, task: TaskID = task) -> None:
                progress.update(task, advance=share, refresh=True)

            found = trial.run(effort, advance)
        print_figures(found, console)
        tables.append(found)
    return tables


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and short samples; keeps none")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="cases with this in their name"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures here, as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
