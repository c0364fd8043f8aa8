"""The study behind the choice of SIEVE runs, and says what the docs say."""

from benchmarks.hit_ratio import POLICIES, TRACES, hit_ratio, trace


def test_a_trace_is_the_same_in_every_run() -> None:
    """And a share of its requests is for what nobody asks for again."""
    once = list(trace(1.0, 0.3, requests=1000))

    assert once == list(trace(1.0, 0.3, requests=1000))
    assert 250 < sum(number >= 20_000 for number in once) < 350


def test_sieve_keeps_more_of_what_is_asked_for_than_lru() -> None:
    """On every trace, and by several points."""
    for exponent, once in TRACES.values():
        numbers = list(trace(exponent, once, requests=20_000))

        sieve, lru = (hit_ratio(POLICIES[name], numbers) for name in ("SIEVE", "LRU"))
        assert sieve > lru + 3
