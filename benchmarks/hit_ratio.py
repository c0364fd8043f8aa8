"""Which eviction policy keeps what is asked for: `python -m benchmarks.hit_ratio`.

Requests are drawn with a fixed seed from 20,000 objects; a cache holds 5 % of them. Costs are those
of the caches alone, holding real records under keys as a server makes them.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from cachetools import Cache, FIFOCache, LFUCache, LRUCache
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from benchmarks.suites.stores import STORES, Store, key_of, pair, size_of_entry
from chopin_mw.rules.stored_response import CacheKey
from chopin_mw.stores.sieve import Entry, Sieve

OBJECTS = 20_000
CAPACITY = OBJECTS // 20
REQUESTS = 300_000
SEED = 3
_REPEATS = 9
_ROOMY = 100_000_000
_FULL = 1_000_000

Policy = Callable[[int], "Cache[CacheKey, Entry]"]

POLICIES: dict[str, Policy] = {
    "FIFO": lambda size: FIFOCache(size, size_of_entry),
    "LRU": lambda size: LRUCache(size, size_of_entry),
    "LFU": lambda size: LFUCache(size, size_of_entry),
    "SIEVE": Sieve,
}
TRACES: dict[str, tuple[float, float]] = {
    "Zipf 0.8": (0.8, 0),
    "Zipf 1.0": (1.0, 0),
    "Zipf 1.0, 30 % asked for once": (1.0, 0.3),
}


def main() -> int:
    """Print both tables."""
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    steps = len(TRACES) * len(POLICIES) + len(STORES)
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("measuring", total=steps)

        def on_step() -> None:
            progress.update(task, advance=1, refresh=True)

        ratios = [(name, _ratios(*trace, on_step)) for name, trace in TRACES.items()]
        costs = [(name, _costs(make, on_step)) for name, make in STORES.items()]
    console.print(_table("hit ratio, %", ["trace", *POLICIES], ratios, "{:.1f}"))
    console.print(_table("cost, µs", ["cache", "hit", "miss", "insert + evict"], costs, "{:.2f}"))
    return 0


def trace(exponent: float, once: float, requests: int = REQUESTS) -> Iterator[int]:
    """Yield object numbers by Zipf's law, and in that share of requests one never asked for."""
    draw = random.Random(SEED)  # noqa: S311 - a trace that is the same in every run
    weights = [1 / rank**exponent for rank in range(1, OBJECTS + 1)]
    strangers = count(OBJECTS)
    for number in draw.choices(range(OBJECTS), weights, k=requests):
        yield next(strangers) if draw.random() < once else number


def hit_ratio(policy: Policy, numbers: Sequence[int]) -> float:
    """Return which share of the requests a cache with this policy answers, in percent."""
    cache, hits, record = policy(CAPACITY), 0, pair(0)[1]
    for number in numbers:
        key = (number,)
        entry = cache.get(key)
        if entry is None:
            cache[key] = Entry(key, record, 1, 0)
        else:
            hits += 1
            entry.visited = True
    return 100 * hits / len(numbers)


def _ratios(exponent: float, once: float, on_step: Callable[[], None]) -> list[float]:
    numbers, found = list(trace(exponent, once)), []
    for policy in POLICIES.values():
        found.append(hit_ratio(policy, numbers))
        on_step()
    return found


def _costs(make: Callable[[int], Store], on_step: Callable[[], None]) -> list[float]:
    """Return µs for a hit, a miss, and a set that evicts: the best of some passes."""
    roomy, full = make(_ROOMY), make(_FULL)
    for number in range(CAPACITY):
        roomy.set(*pair(number))
    known = [key_of(number) for number in range(CAPACITY)]
    unknown = [key_of(number) for number in range(CAPACITY, 2 * CAPACITY)]
    hits = min(_pass(roomy.get, known) for _ in range(_REPEATS))
    misses = min(_pass(roomy.get, unknown) for _ in range(_REPEATS))
    evictions = min(_pass_of_sets(full) for _ in range(_REPEATS))
    on_step()
    return [hits, misses, evictions]


def _pass(get: Callable[[CacheKey], object], keys: Sequence[CacheKey]) -> float:
    start = time.perf_counter()
    for key in keys:
        get(key)
    return (time.perf_counter() - start) / len(keys) * 1e6


def _pass_of_sets(store: Store) -> float:
    pairs = [pair(number) for number in range(CAPACITY)]
    start = time.perf_counter()
    for key, record in pairs:
        store.set(key, record)
    return (time.perf_counter() - start) / len(pairs) * 1e6


def _table(
    title: str, head: Sequence[str], rows: Sequence[tuple[str, list[float]]], form: str
) -> Table:
    table = Table(title=title)
    for name in head:
        table.add_column(name, justify="left" if name == head[0] else "right")
    for name, values in rows:
        table.add_row(name, *[form.format(value) for value in values])
    return table


if __name__ == "__main__":
    sys.exit(main())
