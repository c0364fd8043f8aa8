"""What a cache has done so far."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chopin_mw.asgi.types import Scope
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.storability import Refusal


class Outcome(StrEnum):
    """How one request to GET or HEAD was answered."""

    HIT = "hit"
    HIT_STALE = "hit-stale"
    HIT_AFTER_FAILURE = "hit-after-failure"
    COLLAPSED = "collapsed"
    REVALIDATED = "revalidated"
    MISS = "miss"
    GATEWAY_TIMEOUT = "gateway-timeout"
    BYPASS = "bypass"


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """Count requests by outcome, what was kept, and why the rest was not.

    `bypasses` are requests that did not ask the cache, `refusals` responses that were not kept,
    both by reason; `store` is what the store says of itself.
    """

    outcomes: Mapping[Outcome, int]
    bypasses: Mapping[str, int]
    refusals: Mapping[str, int]
    stored: int
    refreshes: int
    invalidations: int
    failures: int
    store: object


class Counters:
    """Count in place; threads may lose a count, never a request."""

    __slots__ = ("bypasses", "failures", "hits", "invalidations", "outcomes", "passed",
                 "refreshes", "refusals", "stored")  # fmt: skip

    def __init__(self) -> None:
        # Apart from the rest, because a hit counts itself in 0.03 µs this way.
        self.hits = self.passed = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.bypasses: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.stored = self.refreshes = self.invalidations = self.failures = 0

    def note(self, scope: Scope, outcome: Outcome) -> None:
        """Count the outcome, and tell whoever listens to this request."""
        self.outcomes[outcome] += 1
        tell(scope, outcome)

    def snapshot(self, store: object) -> CacheStatistics:
        """Return the counts as they are now."""
        outcomes = self.outcomes.copy()
        outcomes[Outcome.HIT] += self.hits
        # Those that went straight to the app, because their responses name no lifetime.
        outcomes[Outcome.MISS] += self.passed
        refusals = self.refusals.copy()
        refusals[Refusal.NO_LIFETIME] += self.passed
        return CacheStatistics(
            outcomes={each: outcomes[each] for each in Outcome},
            bypasses=dict(self.bypasses),
            refusals=dict(+refusals),
            stored=self.stored,
            refreshes=self.refreshes,
            invalidations=self.invalidations,
            failures=self.failures,
            store=store,
        )


def tell(scope: Scope, outcome: Outcome) -> None:
    """Leave the outcome in the Exchange, if a layer outside has made one."""
    exchange = scope.get(SCOPE_KEY)
    if exchange is not None:
        exchange.cache_outcome = outcome
