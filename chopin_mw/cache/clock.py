"""The two clocks of a cache, so that tests can bring their own."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Read the time in seconds.

    `monotonic` measures ages and lifetimes, `time` (since the epoch) only what dates in headers
    are compared with.
    """

    monotonic: Callable[[], float] = time.monotonic
    time: Callable[[], float] = time.time
