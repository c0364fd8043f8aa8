"""Cache policies: their defaults, the proxy's, and the check of every option."""

import dataclasses
from math import inf, nan
from typing import Any

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_policy import (
    DEFAULT_STATUSES,
    EVERY_STATUS,
    PER_REQUEST_FIELDS,
    CachePolicy,
)


async def identify(scope: Any) -> str:
    return str(scope)


class Identify:
    async def __call__(self, scope: Any) -> str:
        return str(scope)


def test_the_default_keeps_what_is_allowed_explicitly() -> None:
    """Nothing personal, nothing without a lifetime, no error, and no request rules the cache."""
    policy = CachePolicy()

    assert policy.ttl is policy.negative_ttl is None
    assert (policy.cookies, policy.authorization, policy.set_cookie) == ("deny", "deny", "refuse")
    assert policy.statuses == DEFAULT_STATUSES
    assert not any(status >= 400 for status in DEFAULT_STATUSES - {404, 410})
    assert not policy.honour_request_directives
    assert not policy.heuristic_fraction
    assert not policy.stale_on_failure
    assert policy.unstored_fields == frozenset(PER_REQUEST_FIELDS)


def test_the_proxy_keeps_all_that_is_allowed() -> None:
    """RFC 9111 decides alone, but for the statuses that RFC 6585 keeps out of every cache."""
    policy = CachePolicy.shared_proxy()

    assert policy.statuses == EVERY_STATUS
    assert {206, 304, 428, 429, 431, 511}.isdisjoint(EVERY_STATUS)
    assert {200, 299, 499, 599} <= EVERY_STATUS
    assert (policy.cookies, policy.authorization, policy.set_cookie) == (
        "ignore",
        "ignore",
        "store",
    )
    assert policy.honour_request_directives
    assert policy.heuristic_fraction == 0.1
    assert policy.stale_on_failure
    assert policy.max_negative_ttl == inf
    assert policy.unstored_fields == frozenset()
    assert policy.ttl is None


def test_the_proxy_is_a_start() -> None:
    """Each of its options can be another."""
    policy = CachePolicy.shared_proxy(heuristic_fraction=0, ttl=5, namespace="a")

    assert (policy.heuristic_fraction, policy.ttl, policy.namespace) == (0, 5, "a")


@pytest.mark.parametrize(
    "options",
    [
        {"ttl": 0},
        {"ttl": 1.5},
        {"ttl": inf},
        {"negative_ttl": 10, "max_negative_ttl": 20},
        {"vary_by": ("header:Accept-Language", "cookie:session", str)},
        {"tags": ("a", "b")},
        {"statuses": [200, 599]},
        {"statuses": range(200, 204)},
        {"max_body_bytes": 0},
        {"ignored_query": ("utm_*",), "sort_query": True},
        {"ttl_jitter": 1, "early_refresh": 1.5, "wait_limit": 0},
        {"unstored_fields": {b"x-a"}},
        {"unstored_fields": ()},
    ],
)
def test_what_makes_sense_is_taken(options: dict[str, Any]) -> None:
    """Numbers may be whole or not, collections of any kind."""
    policy = CachePolicy(**options)

    assert all(getattr(policy, name) == value or name in ("statuses", "unstored_fields")
               for name, value in options.items())  # fmt: skip
    assert isinstance(policy.statuses, frozenset)
    assert isinstance(policy.unstored_fields, frozenset)


SECONDS = [-1, -0.5, nan, True, "60", b"60", [60]]
FLAG = [None, 0, 1, "yes"]
NAMES = ["utm_*", ["a"], ("a", 1), ("",), (b"a",), None, {"a"}]
WRONG: dict[str, list[Any]] = {
    "ttl": SECONDS,
    "override_freshness": FLAG,
    "vary_by": [
        "header:a",
        ["header:a"],
        ("header:",),
        ("header",),
        ("query:a",),
        ("header:a b",),
        ("header:ä",),
        ("cookie:a;b",),
        (b"header:a",),
        (None,),
        (identify,),
        (Identify(),),
        None,
    ],
    "tags": NAMES,
    "statuses": [
        200,
        "200",
        [199],
        [600],
        [206],
        [304],
        [429],
        ["200"],
        [True],
        [200.5],
        [[200]],
        None,
    ],
    "negative_ttl": SECONDS,
    "max_negative_ttl": [*SECONDS, None],
    "max_body_bytes": [-1, 1.5, True, "1", None, inf],
    "stale_while_revalidate": [*SECONDS, None],
    "stale_if_error": [*SECONDS, None],
    "cookies": ["allow", None, True, ["deny"]],
    "authorization": ["allow", "strip", b"deny"],
    "set_cookie": ["deny", "ignore", None],
    "ignored_query": NAMES,
    "sort_query": FLAG,
    "namespace": [None, b"a", 1],
    "ttl_jitter": [-0.1, 1.1, nan, True, "0.1", None],
    "early_refresh": [-1, nan, inf, True, "1", None],
    "wait_limit": [*SECONDS, None],
    "honour_request_directives": FLAG,
    "heuristic_fraction": [-0.1, 1.1, nan, True, "0.1", None],
    "stale_on_failure": FLAG,
    "unstored_fields": [b"x-a", "x-a", [b"X-A"], ["x-a"], [b""], [b"x a"], [1], [[]], 7, None],
    "proxied": FLAG,
}


@pytest.mark.parametrize(
    ("option", "value"), [(option, value) for option, values in WRONG.items() for value in values]
)
def test_what_cannot_work_is_refused(option: str, value: Any) -> None:
    """The error names the option and says what it must be and what was given."""
    with pytest.raises(ConfigurationError, match=rf"^{option} must ") as refused:
        CachePolicy(**{option: value})

    culprits = [value, *value] if isinstance(value, list | tuple) else [value]
    assert any(str(refused.value).endswith(f"got {culprit!r}") for culprit in culprits)


def test_every_option_is_checked() -> None:
    """A new option needs a check, and a test of it."""
    assert set(WRONG) == {field.name for field in dataclasses.fields(CachePolicy)}


def test_a_changed_policy_is_checked_too() -> None:
    """Decorators change policies, and are told as early."""
    with pytest.raises(ConfigurationError, match="ttl must"):
        dataclasses.replace(CachePolicy(), ttl=-1)


def test_a_policy_never_changes() -> None:
    """It is shared by all requests."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        CachePolicy().ttl = 5  # type: ignore[misc]  # what is tested


def test_it_is_shown_by_what_differs_from_the_default() -> None:
    """Nobody wants to read two dozen defaults in an error."""
    policy = CachePolicy(ttl=60, statuses={404, 200})

    assert repr(CachePolicy()) == "CachePolicy()"
    assert repr(policy) == "CachePolicy(ttl=60, statuses=(200, 404))"
