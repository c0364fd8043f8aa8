"""Show results as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.measure import Result, Spread
from benchmarks.trial import Figure
from benchmarks.trial import Table as FigureTable


def print_results(results: Sequence[Result], console: Console) -> None:
    """Print one table for each topic; a case stands indented below what it is compared with."""
    for topic in dict.fromkeys(result.case.topic for result in results):
        table = Table(title=topic, title_justify="left", caption_justify="left")
        table.add_column("case")
        for heading in ("µs of CPU", "quartiles", "added", "x base"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("budget", no_wrap=True)
        for result in (each for each in results if each.case.topic == topic):
            table.add_row(*_cells(result, results))
        console.print(table)


def print_figures(found: FigureTable, console: Console) -> None:
    """Print the table of one trial."""
    table = Table(title=found.topic, title_justify="left", caption_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("unit")
    table.add_column("quartiles", justify="right", no_wrap=True)
    table.add_column("wanted", no_wrap=True)
    for figure in found.figures:
        table.add_row(*_figure_cells(figure))
    table.caption = escape(found.note)
    console.print(table)


def print_budgets(
    results: Sequence[Result], tables: Sequence[FigureTable], console: Console
) -> None:
    """Print how many of the budgets and bounds were kept."""
    holds = [result.holds for result in results]
    holds += [figure.holds for table in tables for figure in table.figures]
    kept = [each for each in holds if each is not None]
    console.print(f"budgets kept: {sum(kept)} of {len(kept)}")


def _figure_cells(figure: Figure) -> tuple[str, ...]:
    wanted = "" if figure.holds is None else f"{_MARK[figure.holds]} {figure.wanted}"
    quartiles = ""
    if figure.q1 is not None and figure.q3 is not None:
        quartiles = f"{_number(figure.q1)} .. {_number(figure.q3)}"
    return escape(figure.name), _number(figure.value), figure.unit, quartiles, wanted


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _cells(result: Result, results: Sequence[Result]) -> tuple[str, ...]:
    name = "  " * _depth(result, results) + escape(result.case.name)
    spread = f"{_figure(result.us.q1)} .. {_figure(result.us.q3)}"
    budget = "" if result.case.budget is None else f"{_MARK[result.holds]} {result.case.budget}"
    if result.cheaper is not None:
        budget += f": {_figure(result.cheaper)}"
    return name, _figure(result.us.median), spread, _added(result.added), _times(result), budget


_MARK = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: ""}


def _depth(result: Result, results: Sequence[Result]) -> int:
    bases = {each.case.name: each.case.base for each in results}
    depth, base = 0, result.case.base
    while base is not None:
        depth, base = depth + 1, bases[base]
    return depth


def _figure(us: float) -> str:
    return f"{us:.0f}" if us >= 100 else f"{us:.3g}"


def _added(added: Spread | None) -> str:
    return "" if added is None else f"{added.median:+.2f}"


def _times(result: Result) -> str:
    return "" if result.times is None else f"{result.times.median:.3g}"
