"""Go on in a forked process: the threads that held locks are not there any more."""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Protocol
from weakref import ref


class Mendable(Protocol):
    """Have something that a fork can break."""

    def mend(self) -> None:
        """Do without the threads that were there."""


def mend_after_fork(subject: Mendable) -> None:
    """Have it mended in every child process, as long as it lives."""
    if sys.platform != "win32":
        os.register_at_fork(after_in_child=partial(_mend, ref(subject)))


def _mend(weak: Callable[[], Mendable | None]) -> None:
    subject = weak()
    if subject is not None:
        subject.mend()
