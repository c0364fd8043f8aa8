"""Whose requests a shared cache may bring together (RFC 9111 §3.5); more in test_storability."""

from typing import Any

import pytest

from chopin_mw.rules.cache_control import ResponseDirectives
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.sharing import (
    is_for_authorization,
    is_for_cookies,
    is_from_authorization,
    varies_by_identity,
)

PLAIN = ResponseDirectives(max_age=60)


@pytest.mark.parametrize(
    ("selector", "identity", "cookies", "authorization"),
    [
        ("header:accept", False, False, False),
        ("cookie:session", False, True, False),
        ("header:cookie", False, True, False),
        ("header:authorization", False, False, True),
        (lambda scope: "alice", True, True, True),
    ],
)
def test_what_a_selector_tells_apart(
    selector: Any, identity: bool, cookies: bool, authorization: bool
) -> None:
    """A field tells its own values apart; a callable says whose response it is."""
    policy = CachePolicy(vary_by=(selector,))

    assert varies_by_identity(policy) is identity
    assert is_for_cookies(policy, PLAIN) is cookies
    assert is_from_authorization(policy, PLAIN) is authorization


def test_ignoring_authorization_is_about_answers() -> None:
    """RFC 9111 lets what a stranger stored answer a user, and not the other way round."""
    policy = CachePolicy(authorization="ignore")

    assert is_for_authorization(policy, PLAIN)
    assert not is_from_authorization(policy, PLAIN)
