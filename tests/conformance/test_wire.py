"""Every case of the suite, over sockets: client, uvicorn, cache, proxy, origin."""

from collections.abc import Iterator

import pytest

from conformance import cases_stale
from conformance.caches import proxy_cache
from conformance.case import Case
from conformance.every import CASES
from conformance.runner import run
from conformance.world import World, world


@pytest.fixture(scope="module")
def raising() -> Iterator[World]:
    """Yield a world whose proxy raises where the origin fails."""
    with world(proxy_cache) as made:
        yield made


@pytest.fixture(scope="module")
def answering() -> Iterator[World]:
    """Yield a world whose proxy says 502 where the origin fails."""
    with world(proxy_cache, answers_failure=True) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_the_letter(raising: World, case: Case) -> None:
    """Each answer comes from where the RFC says, as it says."""
    assert run(case, raising) == []


@pytest.mark.parametrize("case", cases_stale.CASES, ids=lambda case: case.slug)
def test_a_proxy_that_answers_for_its_origin(answering: World, case: Case) -> None:
    """It is the same whether the proxy raises or says 502."""
    assert run(case, answering) == []
