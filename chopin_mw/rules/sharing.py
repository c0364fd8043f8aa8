"""Decide whose requests a shared cache may bring together: cookies, Authorization, identities."""

from chopin_mw.rules.cache_control import ResponseDirectives
from chopin_mw.rules.cache_policy import CachePolicy

# No standard names them, but what comes with one is as personal as what comes with Authorization.
API_KEY_FIELDS = frozenset({b"api-key", b"x-access-token", b"x-api-key", b"x-auth-token"})
IDENTIFYING_SELECTORS = frozenset(
    {"header:authorization", *[f"header:{name.decode()}" for name in API_KEY_FIELDS]}
)


def varies_by_identity(policy: CachePolicy) -> bool:
    """Say whether responses are stored for one identity each, so that `private` may be stored."""
    return any(callable(each) for each in policy.vary_by)


def is_for_cookies(policy: CachePolicy, directives: ResponseDirectives) -> bool:
    """Say whether a response may be stored from, and answer, requests with Cookie.

    RFC 9111 has no such rule, so what grants it here is our own choice: the words of §3.5 that
    make a response shared, or a policy that tells the requests apart.
    """
    if policy.cookies == "ignore" or directives.public or directives.s_maxage is not None:
        return True
    return any(
        callable(each) or each.startswith("cookie:") or each.lower() == "header:cookie"
        for each in policy.vary_by
    )


def is_from_authorization(policy: CachePolicy, directives: ResponseDirectives) -> bool:
    """Say whether the response to a request with Authorization may be stored (RFC 9111 §3.5)."""
    if directives.public or directives.s_maxage is not None or directives.must_revalidate:
        return True
    return any(callable(each) or each.lower() in IDENTIFYING_SELECTORS for each in policy.vary_by)


def is_for_authorization(policy: CachePolicy, directives: ResponseDirectives) -> bool:
    """Say whether a response, stored from anybody's request, may answer one with Authorization.

    RFC 9111 lets every stored response do so, and `authorization="ignore"` with it.
    """
    return policy.authorization == "ignore" or is_from_authorization(policy, directives)
