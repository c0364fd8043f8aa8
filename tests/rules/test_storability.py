"""What a shared cache stores, and on what terms (RFC 9111 §3, §5.2.2; RFC 5861; RFC 9213)."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cache_control import DELTA_SECONDS_MAX
from chopin_mw.rules.cache_policy import EVERY_STATUS, CachePolicy
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.rules.storability import RESPONSE_FIELDS, Refusal, Storable, decide_storability

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
DEFAULT = CachePolicy()
PROXY = CachePolicy.shared_proxy()
BY_USER = CachePolicy(vary_by=(lambda scope: "alice",))
VALIDATORS = [{"etag": b'"a"'}, {"etag": b'W/"a"'}, {"etag": b"a"},
              {"last_modified": format_http_date(NOW - 1000)}]  # fmt: skip


def named(given: Mapping[str, bytes]) -> dict[bytes, bytes]:
    return {name.replace("_", "-").encode(): value for name, value in given.items()}


def decide(
    cache_control: bytes | None = None,
    policy: CachePolicy = DEFAULT,
    *,
    method: str = "GET",
    request: Mapping[str, bytes] | None = None,
    status: int = 200,
    took: float = 0,
    fields: Mapping[str, bytes] | None = None,
) -> Storable | Refusal:
    given = named(fields or {})
    if cache_control is not None:
        given[b"cache-control"] = cache_control
    return decide_storability(
        policy,
        method,
        named(request or {}),
        status,
        given,
        request_time=NOW - took,
        response_time=NOW,
    )


def terms(
    cache_control: bytes | None = None, policy: CachePolicy = DEFAULT, **more: Any
) -> Storable:
    found = decide(cache_control, policy, **more)
    assert isinstance(found, Storable), found
    return found


class TestMessage:
    """The method and the status (§3)."""

    @pytest.mark.parametrize(
        "method", ["HEAD", "PUT", "DELETE", "OPTIONS", "get", "PURGE", "QUERY"]
    )
    def test_other_methods_are_refused(self, method: str) -> None:
        """A response to HEAD has no body to store; the others are no answers to GET."""
        assert decide(b"public, max-age=60", PROXY, method=method) is Refusal.METHOD

    def test_post_with_explicit_freshness(self) -> None:
        """RFC 9110 §9.3.3; that Content-Location is the target was seen by the caller."""
        assert terms(b"max-age=60", method="POST").lifetime == 60
        expires = {"expires": format_http_date(NOW + 5)}
        assert terms(fields=expires, method="POST").lifetime == 5
        assert terms(fields={"cdn_cache_control": b"max-age=7"}, method="POST").lifetime == 7

    @pytest.mark.parametrize("policy", [PROXY, CachePolicy(ttl=60)])
    def test_post_without_it(self, policy: CachePolicy) -> None:
        """No heuristic and no policy makes up for it."""
        fields = {"last_modified": format_http_date(NOW - 1000)}

        assert decide(b"public", policy, method="POST", fields=fields) is Refusal.NO_LIFETIME
        assert decide(b"max-age=60", policy, method="POST", status=201) is Refusal.METHOD

    @pytest.mark.parametrize("status", sorted(EVERY_STATUS))
    def test_any_final_status_with_explicit_freshness(self, status: int) -> None:
        """A proxy stores what the origin allows, statuses it does not know too."""
        assert terms(b"max-age=60", PROXY, status=status).lifetime == 60

    @pytest.mark.parametrize("status", [100, 101, 103, 199, 304, 428, 429, 431, 511, 600, 999])
    def test_statuses_that_are_never_stored(self, status: int) -> None:
        """Interim and 304 are no responses of their own; RFC 6585 forbids four more."""
        assert decide(b"public, max-age=60", PROXY, status=status) is Refusal.STATUS

    @pytest.mark.parametrize("status", [201, 206, 299, 303, 400, 403, 405, 413, 431, 500, 503])
    def test_errors_are_not_stored_by_default(self, status: int) -> None:
        """An error that somebody provoked is not shown to others (CPDoS)."""
        assert isinstance(decide(b"public, max-age=60", status=status), Refusal)

    def test_parts_are_not_stored_as_the_whole(self) -> None:
        """206, and whatever else names a range (RFC 9110 §14.4)."""
        part = {"content_range": b"bytes 0-1/10"}

        assert decide(b"max-age=60", PROXY, status=206) is Refusal.RANGE
        assert decide(b"max-age=60", PROXY, fields=part) is Refusal.RANGE

    def test_a_whole_response_to_a_range_is_stored(self) -> None:
        """The app may ignore Range, and then has sent everything (RFC 9110 §14.2)."""
        assert terms(b"max-age=60", request={"range": b"bytes=0-1"}).lifetime == 60

    def test_answers_to_what_one_request_asked_are_refused(self) -> None:
        """416 and 412 are about a field that the next request does not have."""
        by_range = decide(b"max-age=60", PROXY, status=416, request={"range": b"bytes=9-"})
        by_match = decide(b"max-age=60", PROXY, status=412, request={"if_match": b'"x"'})
        by_date = decide(b"max-age=60", PROXY, status=412, request={"if_unmodified_since": b"x"})

        assert (by_range, by_match, by_date) == (Refusal.RANGE, Refusal.STATUS, Refusal.STATUS)


class TestForbidden:
    """Directives and fields that forbid storing."""

    @pytest.mark.parametrize(
        "value", [b"no-store", b"NO-STORE, max-age=60", b"no-store=x", b"a;b, no-store"]
    )
    @pytest.mark.parametrize(
        "policy", [DEFAULT, PROXY, CachePolicy(ttl=60, override_freshness=True)]
    )
    def test_no_store(self, value: bytes, policy: CachePolicy) -> None:
        """§5.2.2.5, whatever the policy overrides."""
        assert decide(value, policy) is Refusal.NO_STORE

    @pytest.mark.parametrize("value", [b"no-store", b"max-age=0, No-Store"])
    def test_no_store_of_the_request(self, value: bytes) -> None:
        """Holds in every profile (§5.2.1.5)."""
        request = {"cache_control": value}

        assert decide(b"max-age=60", request=request) is Refusal.REQUEST_NO_STORE
        assert decide(b"max-age=60", PROXY, request=request) is Refusal.REQUEST_NO_STORE

    def test_other_directives_of_the_request_forbid_nothing(self) -> None:
        """A reload brings a newer response into the cache."""
        assert (
            terms(b"max-age=60", request={"cache_control": b"no-cache, max-age=0"}).lifetime == 60
        )

    @pytest.mark.parametrize("status", [200, 203, 301, 404, 451, 503])
    def test_must_understand_replaces_no_store(self, status: int) -> None:
        """A cache that understands the status ignores no-store (§5.2.2.3)."""
        value = b"must-understand, no-store, max-age=60"

        assert terms(value, PROXY, status=status).lifetime == 60

    @pytest.mark.parametrize("status", [226, 299, 306, 402, 418, 499, 599])
    @pytest.mark.parametrize(
        "value", [b"must-understand, max-age=60", b"must-understand, no-store, max-age=60"]
    )
    def test_must_understand_of_an_unknown_status(self, value: bytes, status: int) -> None:
        """Nothing that asks to be understood is stored without understanding (§3, §5.2.2.3)."""
        assert decide(value, PROXY, status=status) is Refusal.MUST_UNDERSTAND

    @pytest.mark.parametrize(
        "value",
        [b"private, max-age=60", b'Private="", max-age=60', b"public, private, s-maxage=60"],
    )
    @pytest.mark.parametrize(
        "policy", [DEFAULT, PROXY, CachePolicy(ttl=60, override_freshness=True)]
    )
    def test_private(self, value: bytes, policy: CachePolicy) -> None:
        """§5.2.2.7, whatever else is said."""
        assert decide(value, policy) is Refusal.PRIVATE

    def test_private_is_stored_for_one_identity(self) -> None:
        """A policy that stores per identity is a private cache of each; it never serves stale."""
        found = terms(b"private, max-age=60, stale-if-error=60, stale-while-revalidate=60", BY_USER)

        assert found.lifetime == 60
        assert (found.stale_if_error, found.stale_while_revalidate) == (0, 0)
        assert found.must_revalidate

    @pytest.mark.parametrize("selector", ["cookie:session", "header:authorization"])
    def test_private_is_not_stored_by_a_field(self, selector: str) -> None:
        """Only a callable says who the user is."""
        assert decide(b"private, max-age=60", CachePolicy(vary_by=(selector,))) is Refusal.PRIVATE

    @pytest.mark.parametrize("vary", [b"*", b"accept, *", b"*, accept", b" * ", b"accept encoding"])
    @pytest.mark.parametrize(
        "policy", [DEFAULT, PROXY, CachePolicy(ttl=60, override_freshness=True)]
    )
    def test_vary_by_anything(self, vary: bytes, policy: CachePolicy) -> None:
        """No request matches `*` (§4.1), nor what cannot be read."""
        assert decide(b"public, max-age=60", policy, fields={"vary": vary}) is Refusal.VARY

    def test_vary_by_fields(self) -> None:
        """Other responses are stored beside each other."""
        assert terms(b"max-age=60", fields={"vary": b"Accept-Encoding, X-A"}).lifetime == 60

    def test_pragma_of_a_response_means_nothing(self) -> None:
        """§5.4."""
        assert terms(b"max-age=60", fields={"pragma": b"no-cache"}).no_cache is False
        assert b"pragma" not in RESPONSE_FIELDS


class TestSecrets:
    """Set-Cookie, Cookie and Authorization (§3.5, §7.3)."""

    COOKIE = {"set_cookie": b"session=1"}  # noqa: RUF012 - a constant

    def test_set_cookie(self) -> None:
        """The policy says what becomes of it; by default it refuses, even `public`."""
        assert decide(b"public, max-age=60", fields=self.COOKIE) is Refusal.SET_COOKIE
        for choice in ("strip", "store"):
            found = terms(b"max-age=60", CachePolicy(set_cookie=choice), fields=self.COOKIE)
            assert found.lifetime == 60

    def test_a_withheld_set_cookie_harms_nobody(self) -> None:
        """The response says itself that others must not get the cookie (§5.2.2.4, §5.2.2.7)."""
        for value in (b'private="set-cookie", max-age=60', b'no-cache="Set-Cookie", max-age=60'):
            assert terms(value, fields=self.COOKIE).without == {b"set-cookie"}

    @pytest.mark.parametrize(
        ("value", "stored"),
        [
            (b"max-age=60", False),
            (b"max-age=60, proxy-revalidate", False),
            (b"max-age=60, immutable", False),
            (b"max-age=60, public", True),
            (b"max-age=60, must-revalidate", True),
            (b"s-maxage=60", True),
        ],
    )
    @pytest.mark.parametrize("choice", ["deny", "ignore"])
    def test_authorization(self, value: bytes, stored: bool, choice: Any) -> None:
        """Three directives allow to store (§3.5), and no policy less than they do."""
        policy = CachePolicy(authorization=choice)

        found = decide(value, policy, request={"authorization": b"Basic x"})

        assert (found is Refusal.AUTHORIZATION) is not stored

    @pytest.mark.parametrize(
        "selector", ["header:authorization", "header:Authorization", lambda _: "a"]
    )
    def test_authorization_that_the_policy_tells_apart(self, selector: Any) -> None:
        """The key holds it, so that nobody else's request finds the response."""
        policy = CachePolicy(vary_by=(selector,))

        found = terms(b"max-age=60", policy, request={"authorization": b"Basic x"})

        assert found.for_authorization

    def test_cookie(self) -> None:
        """Refused by default, unless the response is shared by its own words."""
        request = {"cookie": b"session=1"}

        assert decide(b"max-age=60", request=request) is Refusal.COOKIE
        assert decide(b"max-age=60, must-revalidate", request=request) is Refusal.COOKIE
        assert terms(b"max-age=60, public", request=request).for_cookies
        assert terms(b"s-maxage=60", request=request).for_cookies
        assert terms(b"max-age=60", CachePolicy(cookies="ignore"), request=request).for_cookies
        assert terms(b"max-age=60", PROXY, request=request).for_cookies

    @pytest.mark.parametrize("selector", ["cookie:session", "header:Cookie", lambda _: "a"])
    def test_cookie_that_the_policy_tells_apart(self, selector: Any) -> None:
        """The key holds it, or holds who the user is."""
        policy = CachePolicy(vary_by=("header:accept", selector))

        assert terms(b"max-age=60", policy, request={"cookie": b"session=1"}).for_cookies

    def test_other_selectors_tell_no_users_apart(self) -> None:
        """To vary by language makes nothing shareable."""
        policy = CachePolicy(vary_by=("header:accept-language",))

        assert decide(b"max-age=60", policy, request={"cookie": b"a=1"}) is Refusal.COOKIE
        assert (
            decide(b"max-age=60", policy, request={"authorization": b"x"}) is Refusal.AUTHORIZATION
        )

    @pytest.mark.parametrize(
        ("value", "policy", "cookies", "authorization"),
        [
            (b"max-age=60", DEFAULT, False, False),
            (b"max-age=60, public", DEFAULT, True, True),
            (b"s-maxage=60", DEFAULT, True, True),
            (b"max-age=60, must-revalidate", DEFAULT, False, True),
            (b"max-age=60", PROXY, True, True),
            (b"max-age=60", BY_USER, True, True),
            (b"max-age=60", CachePolicy(cookies="ignore"), True, False),
            (b"max-age=60", CachePolicy(authorization="ignore"), False, True),
        ],
    )
    def test_who_may_be_answered(
        self, value: bytes, policy: CachePolicy, cookies: bool, authorization: bool
    ) -> None:
        """What a stranger's request stored answers users only where that is allowed."""
        found = terms(value, policy)

        assert (found.for_cookies, found.for_authorization) == (cookies, authorization)


class TestLifetime:
    """What must be there for a response to be worth storing."""

    @pytest.mark.parametrize("fields", [{}, *VALIDATORS])
    @pytest.mark.parametrize(
        "value", [None, b"", b"public", b"no-cache", b"x=1", b"must-revalidate"]
    )
    def test_no_lifetime(self, value: bytes | None, fields: dict[str, bytes]) -> None:
        """By default nothing is stored that names no lifetime, validators or not."""
        assert decide(value, fields=fields) is Refusal.NO_LIFETIME

    def test_the_policy_gives_one(self) -> None:
        """`ttl`, and only for what is not an answer of "nothing here"."""
        policy = CachePolicy(ttl=30)

        assert terms(None, policy).lifetime == 30
        assert decide(None, policy, status=404) is Refusal.NO_LIFETIME
        assert terms(None, CachePolicy(negative_ttl=5), status=404).lifetime == 5

    def test_a_ttl_of_zero_has_expired(self) -> None:
        """It is a lifetime, and over."""
        assert decide(None, CachePolicy(ttl=0)) is Refusal.EXPIRED

    def test_a_proxy_guesses(self) -> None:
        """A share of the time since Last-Modified (§4.2.2)."""
        fields = {"last_modified": format_http_date(NOW - 1000)}

        assert terms(None, PROXY, fields=fields).lifetime == pytest.approx(100)

    @pytest.mark.parametrize("fields", VALIDATORS[:3])
    def test_a_proxy_keeps_what_it_can_validate(self, fields: dict[str, bytes]) -> None:
        """A cacheable response without a lifetime answers once it has been validated (§3)."""
        found = terms(None, PROXY, fields=fields)

        assert (found.lifetime, found.no_cache) == (0, False)
        assert terms(b"public", PROXY, fields=fields, status=302).lifetime == 0

    def test_a_proxy_keeps_nothing_that_it_cannot(self) -> None:
        """Neither a lifetime nor a validator, or a status that is not cacheable by itself."""
        assert decide(None, PROXY) is Refusal.NO_LIFETIME
        assert decide(None, PROXY, fields=VALIDATORS[0], status=302) is Refusal.NO_LIFETIME
        assert decide(None, PROXY, fields={"last_modified": b"junk"}) is Refusal.NO_LIFETIME
        assert decide(None, PROXY, fields={"etag": b""}) is Refusal.NO_LIFETIME

    @pytest.mark.parametrize("policy", [DEFAULT, PROXY])
    @pytest.mark.parametrize("fields", VALIDATORS)
    @pytest.mark.parametrize("value", [b"max-age=0", b"s-maxage=0, max-age=60", b"max-age=junk"])
    def test_stale_on_arrival_with_a_validator(
        self, value: bytes, fields: dict[str, bytes], policy: CachePolicy
    ) -> None:
        """It is kept, because the app may say that it still holds."""
        assert terms(value, policy, fields=fields).lifetime == 0

    def test_stale_on_arrival_without_one(self) -> None:
        """There is no use for it."""
        assert decide(b"max-age=0") is Refusal.EXPIRED
        assert decide(b"max-age=60", fields={"age": b"60"}) is Refusal.EXPIRED
        assert decide(b"max-age=60", took=60) is Refusal.EXPIRED
        assert decide(fields={"expires": b"0"}) is Refusal.EXPIRED
        assert decide(b"s-maxage=0", PROXY) is Refusal.EXPIRED

    def test_the_age_on_arrival(self) -> None:
        """Counts against the lifetime (§4.2.3)."""
        found = terms(b"max-age=60", fields={"age": b"50"}, took=2)

        assert (found.lifetime, found.initial_age) == (60, 52)

    def test_stale_on_arrival_within_a_window(self) -> None:
        """It may still be served stale, for a while (RFC 5861)."""
        swr = terms(b"max-age=60, stale-while-revalidate=30", fields={"age": b"70"})
        sie = terms(b"max-age=0, stale-if-error=30")
        late = decide(b"max-age=60, stale-while-revalidate=10", fields={"age": b"70"})

        assert (swr.stale_while_revalidate, sie.stale_if_error) == (30, 30)
        assert late is Refusal.EXPIRED

    @pytest.mark.parametrize(
        "changes", [{"stale_on_failure": True}, {"honour_request_directives": True}]
    )
    def test_stale_on_arrival_for_those_who_accept_it(self, changes: dict[str, Any]) -> None:
        """An outage, or a request's max-stale, makes a use for any stale response (§4.2.4)."""
        policy = CachePolicy(**changes)

        assert terms(b"max-age=0", policy).lifetime == 0
        assert decide(b"max-age=0, must-revalidate", policy) is Refusal.EXPIRED

    def test_no_response_lives_longer_than_a_number_can_say(self) -> None:
        """2**31 seconds stand for ever (§1.2.2)."""
        policy = CachePolicy(ttl=inf, stale_if_error=inf, stale_while_revalidate=inf)

        found = terms(None, policy)

        assert found.lifetime == DELTA_SECONDS_MAX
        assert found.stale_if_error == found.stale_while_revalidate == DELTA_SECONDS_MAX

    def test_what_is_not_there_is_kept_for_a_short_time(self) -> None:
        """404 and 410 are capped by the policy."""
        assert terms(b"max-age=6000", status=404).lifetime == 300
        assert terms(b"max-age=6000", PROXY, status=410).lifetime == 6000


class TestTerms:
    """What is promised to those who are served (§5.2.2)."""

    @pytest.mark.parametrize(
        "value",
        [
            b"max-age=60, must-revalidate",
            b"max-age=60, proxy-revalidate",
            b"s-maxage=60",
            b"max-age=60, s-maxage=60",
        ],
    )
    def test_never_served_stale(self, value: bytes) -> None:
        """§5.2.2.2, §5.2.2.8 and §5.2.2.10 forbid it, and the windows with it."""
        policy = CachePolicy(stale_if_error=60, stale_while_revalidate=60)

        found = terms(value + b", stale-while-revalidate=5, stale-if-error=5", policy)

        assert found.must_revalidate
        assert (found.stale_while_revalidate, found.stale_if_error) == (0, 0)
        assert found.no_cache is False

    def test_windows(self) -> None:
        """The response's own, else the policy's (RFC 5861)."""
        policy = CachePolicy(stale_if_error=60, stale_while_revalidate=50)

        own = terms(b"max-age=1, stale-while-revalidate=0, stale-if-error=7", policy)
        others = terms(b"max-age=1", policy)

        assert (own.stale_while_revalidate, own.stale_if_error) == (0, 7)
        assert (others.stale_while_revalidate, others.stale_if_error) == (50, 60)
        assert not others.must_revalidate

    @pytest.mark.parametrize("policy", [DEFAULT, PROXY])
    def test_no_cache(self, policy: CachePolicy) -> None:
        """Validated at each use, so useless without a validator (§5.2.2.4)."""
        value = b"no-cache, max-age=60, stale-if-error=60"

        found = terms(value, policy, fields=VALIDATORS[0])

        assert (found.no_cache, found.must_revalidate, found.stale_if_error) == (True, True, 0)
        assert decide(value, policy) is Refusal.NO_CACHE

    def test_a_proxy_validates_no_cache_without_a_lifetime(self) -> None:
        """The status allows storing, and no-cache says how to use it."""
        assert terms(b"no-cache", PROXY, fields=VALIDATORS[0]).no_cache

    def test_an_overriding_policy(self) -> None:
        """It replaces no-cache and s-maxage, and what they forbid."""
        policy = CachePolicy(ttl=30, override_freshness=True, stale_if_error=5)

        for value in (b"no-cache", b"no-cache, max-age=0", b"s-maxage=0"):
            found = terms(value, policy)
            assert (found.lifetime, found.no_cache, found.must_revalidate) == (30, False, False)
            assert found.stale_if_error == 5
        assert terms(b"must-revalidate, no-cache", policy).must_revalidate

    def test_qualified_forms(self) -> None:
        """Only the named fields are withheld, in any case and from both (§5.2.2.4, §5.2.2.7)."""
        found = terms(b'private="X-User, x-b", no-cache="Set-Cookie", max-age=60')

        assert found.without == {b"x-user", b"x-b", b"set-cookie"}
        assert (found.no_cache, found.must_revalidate) == (False, False)
        assert terms(b"max-age=60").without == frozenset()


class TestTargeted:
    """CDN-Cache-Control instead of Cache-Control and Expires (RFC 9213 §2.2)."""

    @pytest.mark.parametrize(
        "others", [b"no-store", b"private", b"max-age=1", b"no-cache", b"s-maxage=1"]
    )
    def test_it_replaces_cache_control(self, others: bytes) -> None:
        """All of it, what forbids too."""
        found = terms(others, fields={"cdn_cache_control": b"max-age=60", "expires": b"0"})

        assert (found.lifetime, found.no_cache, found.must_revalidate) == (60, False, False)

    def test_it_forbids_as_well(self) -> None:
        """What it forbids, Cache-Control cannot allow."""
        for value, refusal in [
            (b"no-store", Refusal.NO_STORE),
            (b"private", Refusal.PRIVATE),
            (b"max-age=0", Refusal.EXPIRED),
            (b"must-revalidate", Refusal.NO_LIFETIME),
        ]:
            fields = {"cdn_cache_control": value, "expires": format_http_date(NOW + 60)}
            assert decide(b"public, max-age=60", fields=fields) is refusal

    @pytest.mark.parametrize(
        "value", [b"", b"no-store,", b'max-age="0"', b"max-age=-1", b"no-store=1"]
    )
    def test_an_invalid_one_is_ignored(self, value: bytes) -> None:
        """As if it were not there (§2.1)."""
        assert terms(b"max-age=60", fields={"cdn_cache_control": value}).lifetime == 60

    def test_the_rest_of_the_rules_read_it_too(self) -> None:
        """Whether a user's response is shared is a matter of the same directives."""
        request = {"authorization": b"Basic x"}
        fields = {"cdn_cache_control": b"max-age=60"}

        assert decide(b"public", request=request, fields=fields) is Refusal.AUTHORIZATION
        fields = {"cdn_cache_control": b"max-age=60, public"}
        assert terms(b"private", request=request, fields=fields).for_authorization


def test_every_reason_is_short_and_its_own() -> None:
    """Reasons name counters and stand in Cache-Status."""
    values = [reason.value for reason in Refusal]

    assert len(set(values)) == len(values)
    assert all(value.replace("-", "").isalpha() and value.islower() for value in values)


def test_long_fields_take_little_time() -> None:
    """As much junk in each field as a server takes in all is read once."""
    junk = b'private="a, ' + b"x, " * 20_000
    fields = dict.fromkeys(RESPONSE_FIELDS - {b"content-range", b"vary"}, junk)
    start = time.process_time()

    for policy in (DEFAULT, PROXY):
        decide_storability(
            policy,
            "GET",
            {b"cache-control": junk},
            200,
            fields,
            request_time=NOW,
            response_time=NOW,
        )

    assert time.process_time() - start < 1


@given(
    st.dictionaries(st.sampled_from(sorted(RESPONSE_FIELDS)), st.binary(max_size=40)),
    st.dictionaries(st.sampled_from([b"cookie", b"cache-control", b"range"]), st.binary()),
    st.sampled_from([DEFAULT, PROXY, BY_USER, CachePolicy(ttl=9, override_freshness=True)]),
    st.integers(100, 700),
)
def test_never_raises(
    fields: dict[bytes, bytes], request: dict[bytes, bytes], policy: CachePolicy, status: int
) -> None:
    """Whatever is sent, there is a verdict."""
    found = decide_storability(
        policy, "GET", request, status, fields, request_time=NOW - 1, response_time=NOW
    )

    assert isinstance(found, Storable | Refusal)


DIRECTIVES = ["no-store", "private", "no-cache", "public", "max-age=60", "max-age=0", "s-maxage=5",
              "must-revalidate", "stale-while-revalidate=9", "stale-if-error=9"]  # fmt: skip


@given(
    st.sets(st.sampled_from(DIRECTIVES)),
    st.sets(st.sampled_from(["cookie", "authorization"])),
    st.booleans(),
    st.sampled_from([DEFAULT, CachePolicy(ttl=9), CachePolicy(ttl=9, override_freshness=True)]),
)
def test_what_may_be_personal_is_never_stored(
    directives: set[str], secrets: set[str], sets_cookie: bool, policy: CachePolicy
) -> None:
    """The invariant of the default profile, in one sentence each."""
    found = decide(
        ", ".join(sorted(directives)).encode(),
        policy,
        request=dict.fromkeys(secrets, b"x"),
        fields={"set_cookie": b"a=b"} if sets_cookie else {},
    )

    if isinstance(found, Storable):
        assert not directives & {"no-store", "private"}
        assert not sets_cookie
        shared = bool(directives & {"public", "s-maxage=5"})
        assert "cookie" not in secrets or shared
        assert "authorization" not in secrets or shared or "must-revalidate" in directives
        assert not found.must_revalidate or not (
            found.stale_if_error or found.stale_while_revalidate
        )
