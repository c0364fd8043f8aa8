"""Serve an example app over 336,776 flights and tour it: `python -m examples.demo fastapi`."""

import argparse
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

from rich.console import Console

from examples.flights.location import ROOT, DatasetError, database_url, sqlite_file, sqlite_is_built
from examples.report import print_report
from examples.server import ServerError, free_port, port_is_free, serving
from examples.tour import take_tour

HIGHEST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when every stop of the tour showed what it should, and after Ctrl-C."""
    options = _parse(arguments)
    # Without a terminal there is no width to ask for, and 80 columns would break the table.
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    # Being told to end is no different from Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(options, console)
    except KeyboardInterrupt:
        return 0
    except (DatasetError, ServerError) as error:
        console.print("[red]error:[/]", str(error), soft_wrap=True)
        return 1


def _run(options: argparse.Namespace, console: Console) -> int:
    if not port_is_free(options.port):
        make = "make demo" if options.framework == "fastapi" else "make demo-quart"
        raise ServerError(f"port {options.port} is taken; choose another one: {make} PORT=8123")
    if status := _load_flights():
        return status
    with serving(options.app or f"examples.{options.framework}.app:app", options.port) as server:
        # Both start at once; the second one is gone before the tour is printed.
        with serving(f"examples.{options.framework}.plain:app", free_port()) as plain:
            server.wait_until_open()
            plain.wait_until_open()
            stops = take_tour(server.url, plain.url)
        print_report(options.framework, stops, console)
        if options.tour == "serve":
            _serve_until_interrupted(server.url, console)
            return 0
    return int(any(stop.problems for stop in stops))


def _load_flights() -> int:
    path = sqlite_file(database_url())
    if path is not None and sqlite_is_built(path):
        return 0
    # In a process of its own: this one starts in half the time without SQLAlchemy.
    command = [sys.executable, "-m", "examples.flights"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command


def _serve_until_interrupted(url: str, console: Console) -> None:
    console.print(f"keeps serving until Ctrl-C: open [link={url}/]{url}/[/]", soft_wrap=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("\nstopped")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument("framework", choices=["fastapi", "quart"])
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--tour", choices=["serve", "only"], default="serve")
    parser.add_argument("--app", help="tour this app instead, as module:name")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"must be 1..{HIGHEST_PORT}, got {port}")
    return port


if __name__ == "__main__":
    sys.exit(main())
