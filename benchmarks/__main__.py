"""Measure ours beside the peers: `python -m benchmarks`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.case import Case, chosen
from benchmarks.connection import WrongAnswerError
from benchmarks.measure import QUICK, THOROUGH, Effort, Result, measure
from benchmarks.record import write, write_by_topic
from benchmarks.report import print_results
from benchmarks.suites import ALL


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when every answer was right, whatever the budgets say."""
    options = _parse(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    cases = chosen([case for suite in ALL for case in suite()], options.only)
    if not cases:
        console.print("[red]error:[/] no case has such a name")
        return 1
    effort = QUICK if options.quick else THOROUGH
    try:
        results = asyncio.run(_measure(cases, effort, console))
    except WrongAnswerError as error:
        console.print("[red]error:[/]", str(error), soft_wrap=True, markup=False)
        return 1
    print_results(results, console)
    if options.out:
        write(results, effort, options.out)
    elif not (options.quick or options.only):
        # Only a whole and thorough run is worth keeping.
        write_by_topic(results, effort)
    return 0


async def _measure(cases: Sequence[Case], effort: Effort, console: Console) -> list[Result]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("samples"),
        TimeRemainingColumn(),
    )
    # Drawn between samples and never beside them: a thread of its own would be measured too.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("measuring", total=effort.rounds * len(cases))

        def on_sample(_: Case) -> None:
            progress.update(task, advance=1, refresh=True)

        return await measure(cases, effort, on_sample)


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
