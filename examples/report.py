"""Prints what a tour has seen, and the lines of the example that did it."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.flights.location import ROOT
from examples.visit import Stop

LINES_TO_SEE = (
    "ChopinMiddleware(",
    "(ChopinMiddleware",
    "install_json(",
    "@cache_control",
    "@etag",
    "CacheRule(",
    "HTTPCache(",
    "@cache_response",
    "@invalidates",
    "@no_store",
    "PagePolicy(",
    "page_parameters(",
    "Pagination.from_scope(",
    "Page.of(",
    "keyset_page(",
    "CursorSigner(",
    "@json_response",
    "TokenPolicy(",
    "TokenVerifier(",
    "@require_token",
    "event_stream(",
    "ndjson_stream(",
)


def print_report(framework: str, stops: Sequence[Stop], console: Console) -> None:
    table = Table(title=f"{framework} with chopin_mw, over 336,776 flights", title_justify="left")
    table.add_column("")
    table.add_column("request", no_wrap=True)
    table.add_column("answer")
    table.add_column("ms", justify="right")
    table.add_column("bytes", justify="right")
    table.add_column("what it shows")
    for stop in stops:
        table.add_row(*_cells(stop))
    console.print(table)
    console.print("the lines that do it:", highlight=False)
    for line in lines_to_see(ROOT / "examples" / framework, ROOT / "examples" / "flights"):
        console.print(Text(f"  {line}"), soft_wrap=True)


def lines_to_see(*folders: Path) -> Iterator[str]:
    """Yield `file:line  code` for each line where an example uses chopin_mw."""
    for path in chain.from_iterable(sorted(folder.glob("*.py")) for folder in folders):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            code = line.partition("  # ")[0].strip()
            # What begins with a quote is text about it.
            if any(mark in code for mark in LINES_TO_SEE) and not code.startswith('"'):
                place = f"{path.relative_to(ROOT).as_posix()}:{number}"
                yield f"{place:<34} {code}"


def _cells(stop: Stop) -> tuple[Text, Text, Text, Text, Text, Text]:
    shows = Text(stop.shows)
    for problem in stop.problems:
        shows.append(f"\n{problem}", style="red")
    return (
        Text("✗", style="bold red") if stop.problems else Text("✓", style="green"),
        Text(stop.request),
        Text(stop.answer),
        Text(f"{stop.milliseconds:.1f}"),
        Text(f"{stop.bytes_on_wire:,}"),
        shows,
    )
