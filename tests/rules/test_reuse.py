"""Whether a stored response answers a request (RFC 9111 §4, §5.2.1, §5.4; RFC 5861)."""

import dataclasses
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cache_control import RequestDirectives
from chopin_mw.rules.reuse import Reuse, decide_reuse, may_answer_failure, request_directives
from chopin_mw.rules.stored_response import StoredResponse

SERVE, REFRESH, REVALIDATE, MISS, TIMEOUT = Reuse


def stored(**changes: Any) -> StoredResponse:
    """Return a response that is fresh up to age 60, and may be served stale up to 70 or 80."""
    fields = dict.fromkeys(field.name for field in dataclasses.fields(StoredResponse))
    windows = {"stale_while_revalidate_until": 70, "stale_if_error_until": 80}
    return StoredResponse(
        **{**fields, "born": 0, "fresh_until": 60, **windows, "must_revalidate": False, **changes}
    )


WINDOWS = stored()
PLAIN = stored(stale_while_revalidate_until=60, stale_if_error_until=60)
STRICT = stored(must_revalidate=True)
NO_CACHE = stored(fresh_until=-inf, must_revalidate=True)


def request(value: bytes) -> RequestDirectives:
    return request_directives({b"cache-control": value})


@pytest.mark.parametrize("directives", [None, request_directives({}), RequestDirectives()])
@pytest.mark.parametrize(
    ("response", "now", "expected"),
    [
        (None, 0, MISS),
        (PLAIN, 0, SERVE),
        (PLAIN, 59.9, SERVE),
        (PLAIN, 60, REVALIDATE),
        (WINDOWS, 60, REFRESH),
        (WINDOWS, 69.9, REFRESH),
        (WINDOWS, 70, REVALIDATE),
        (STRICT, 59, SERVE),
        (STRICT, 60, REVALIDATE),
        (NO_CACHE, 0, REVALIDATE),
    ],
)
def test_without_a_wish_of_the_request(
    directives: RequestDirectives | None,
    response: StoredResponse | None,
    now: float,
    expected: Reuse,
) -> None:
    """Fresh is served, stale validated, and in between both (§4.2, RFC 5861 §3)."""
    assert decide_reuse(response, directives, now) is expected


@pytest.mark.parametrize(
    ("value", "response", "now", "expected"),
    [
        # no-cache (§5.2.1.4)
        (b"no-cache", PLAIN, 0, REVALIDATE),
        (b"no-cache, max-stale", WINDOWS, 65, REVALIDATE),
        (b"no-cache", None, 0, MISS),
        # no-store does not forbid reuse (§5.2.1.5)
        (b"no-store", PLAIN, 0, SERVE),
        (b"no-store", PLAIN, 60, REVALIDATE),
        # max-age (§5.2.1.1)
        (b"max-age=10", PLAIN, 10, SERVE),
        (b"max-age=10", PLAIN, 10.1, REVALIDATE),
        (b"max-age=0", PLAIN, 0.001, REVALIDATE),
        (b"max-age=junk", PLAIN, 1, REVALIDATE),
        (b"max-age=1000", WINDOWS, 65, REVALIDATE),
        (b"max-age=1000, max-stale=5", WINDOWS, 65, REFRESH),
        (b"max-age=10, max-stale=1000", PLAIN, 20, REVALIDATE),
        # min-fresh (§5.2.1.3)
        (b"min-fresh=10", PLAIN, 50, SERVE),
        (b"min-fresh=10", PLAIN, 50.1, REVALIDATE),
        (b"min-fresh=junk", PLAIN, 1, REVALIDATE),
        (b"min-fresh=0", WINDOWS, 65, REVALIDATE),
        (b"min-fresh=1, max-stale=1000", WINDOWS, 65, REVALIDATE),
        # max-stale (§5.2.1.2)
        (b"max-stale", PLAIN, 1000, SERVE),
        (b"max-stale=10", PLAIN, 70, SERVE),
        (b"max-stale=10", PLAIN, 70.1, REVALIDATE),
        (b"max-stale=junk", PLAIN, 61, REVALIDATE),
        (b"max-stale=10", WINDOWS, 65, REFRESH),
        (b"max-stale=1", WINDOWS, 65, REVALIDATE),
        (b"max-stale=100", WINDOWS, 75, SERVE),
        (b"max-stale", STRICT, 60, REVALIDATE),
        (b"max-stale", NO_CACHE, 0, REVALIDATE),
        # only-if-cached (§5.2.1.7)
        (b"only-if-cached", PLAIN, 0, SERVE),
        (b"only-if-cached", PLAIN, 60, TIMEOUT),
        (b"only-if-cached", None, 0, TIMEOUT),
        (b"only-if-cached, no-cache", PLAIN, 0, TIMEOUT),
        (b"only-if-cached, max-stale", PLAIN, 60, SERVE),
        (b"only-if-cached", WINDOWS, 65, SERVE),
        # others
        (b"no-transform, stale-if-error=9, x=y", PLAIN, 0, SERVE),
        (b"x", WINDOWS, 65, REFRESH),
        (b"x", STRICT, 65, REVALIDATE),
    ],
)
def test_directives_of_the_request(
    value: bytes, response: StoredResponse | None, now: float, expected: Reuse
) -> None:
    """Each narrows what is served, but max-stale, which never beats the origin (§5.2.1)."""
    assert decide_reuse(response, request(value), now) is expected


def test_the_age_counts_what_came_before_us() -> None:
    """`born` lies before arrival if the response was old by then (§4.2.3)."""
    response = stored(born=-100, fresh_until=60)

    assert decide_reuse(response, request(b"max-age=100"), 0) is SERVE
    assert decide_reuse(response, request(b"max-age=99"), 0) is REVALIDATE


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, RequestDirectives()),
        ({b"cache-control": b"max-age=1"}, RequestDirectives(max_age=1)),
        ({b"pragma": b"no-cache"}, RequestDirectives(no_cache=True)),
        ({b"pragma": b"x=y, No-Cache"}, RequestDirectives(no_cache=True)),
        ({b"pragma": b"max-age=1, only-if-cached"}, RequestDirectives()),
        (
            {b"pragma": b"no-cache", b"cache-control": b"max-age=1"},
            RequestDirectives(max_age=1),
        ),
        ({b"pragma": b"no-cache", b"cache-control": b""}, RequestDirectives()),
    ],
)
def test_pragma_stands_in_for_cache_control(
    fields: dict[bytes, bytes], expected: RequestDirectives
) -> None:
    """Only where there is none, and only `no-cache` (§5.4)."""
    assert request_directives(fields) == expected


@pytest.mark.parametrize(
    ("response", "value", "now", "expected"),
    [
        # The response's own window, or the policy's in its place (RFC 5861 §4).
        (WINDOWS, None, 79.9, True),
        (WINDOWS, None, 80, False),
        (PLAIN, None, 60, False),
        # The request's window.
        (PLAIN, b"stale-if-error=10", 70, True),
        (PLAIN, b"stale-if-error=10", 70.1, False),
        (PLAIN, b"max-age=0", 70, False),
        (WINDOWS, b"max-age=0", 70, True),
        # The client asks for validation, and for nothing without it (§5.2.1.4).
        (WINDOWS, b"no-cache", 10, False),
        (WINDOWS, b"no-cache, stale-if-error=100", 65, False),
        # The origin forbids (§5.2.2.2).
        (STRICT, None, 65, False),
        (STRICT, b"stale-if-error=100", 65, False),
        (NO_CACHE, None, 0, False),
        # Fresh, and validated only because the client wished for something younger.
        (PLAIN, b"max-age=0", 10, True),
        (STRICT, b"min-fresh=1000", 10, True),
    ],
)
def test_who_answers_for_an_app_that_failed(
    response: StoredResponse, value: bytes | None, now: float, expected: bool
) -> None:
    """A stored response does, where somebody allows it and nobody forbids it."""
    directives = None if value is None else request(value)

    assert may_answer_failure(response, directives, now) is expected


ANY_SECONDS = st.none() | st.integers(0, 100)


@given(
    st.builds(
        RequestDirectives,
        no_cache=st.booleans(),
        only_if_cached=st.booleans(),
        max_age=ANY_SECONDS,
        max_stale=ANY_SECONDS,
        min_fresh=ANY_SECONDS,
    ),
    st.booleans(),
    st.floats(0, 200),
)
def test_nothing_is_served_that_somebody_forbids(
    directives: RequestDirectives, must_revalidate: bool, now: float
) -> None:
    """Both sides have a say, whatever the combination."""
    found = decide_reuse(stored(must_revalidate=must_revalidate), directives, now)

    if found in (SERVE, REFRESH):
        assert now < 60 or not must_revalidate
        assert now < 70 or directives.max_stale is not None
        assert not directives.no_cache
        assert directives.max_age is None or now <= directives.max_age
        assert directives.min_fresh is None or 60 - now >= directives.min_fresh
    assert (found is TIMEOUT) <= directives.only_if_cached
    assert found is not MISS
