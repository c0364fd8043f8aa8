"""What holds for every test: handlers are decorated somewhere, so exchanges are opened."""

from collections.abc import Iterator

import pytest

from chopin_mw.exchange import writers


@pytest.fixture(autouse=True)
def decorated_process() -> Iterator[None]:
    """Do not let the order of imports decide whether exchanges are opened."""
    before, writers.expected = writers.expected, True
    yield
    writers.expected = before
