"""Update a stored response by what the app says of it later (RFC 9111 §3.2, §4.3.4, §4.3.5)."""

from collections.abc import Mapping
from dataclasses import replace

from chopin_mw.cache.app_response import AppResponse
from chopin_mw.cache.clock import Clock
from chopin_mw.cache.making import make_stored_response
from chopin_mw.cache.request import CacheRequest
from chopin_mw.rules.headers import Field, select
from chopin_mw.rules.storability import RESPONSE_FIELDS, Refusal, Storable, decide_storability
from chopin_mw.rules.stored_fields import matches_head, selects, updated_fields
from chopin_mw.rules.stored_response import StoredResponse

_LAST_MODIFIED = frozenset({b"last-modified"})
# For a response that was validated and may not be kept: it answers one request.
_ONCE = Storable(
    lifetime=0,
    initial_age=0,
    stale_while_revalidate=0,
    stale_if_error=0,
    no_cache=True,
    must_revalidate=True,
    for_cookies=False,
    for_authorization=False,
    without=frozenset(),
)


def is_selected(stored: StoredResponse, received: Mapping[bytes, bytes]) -> bool:
    """Say whether a 304 with these fields speaks of the stored response (RFC 9111 §4.3.4)."""
    return selects(_tag_of_the_app(stored), _last_modified(stored), received)


def is_same(stored: StoredResponse, received: Mapping[bytes, bytes]) -> bool:
    """Say whether a HEAD's 200 with these fields speaks of the stored response (§4.3.5)."""
    proxied = stored.policy is not None and stored.policy.proxied
    if not (proxied or b"etag" in received or b"last-modified" in received):
        # By the letter it matches, but nothing says so; only to a proxy is that enough.
        return False
    length = len(stored.body)
    return matches_head(_tag_of_the_app(stored), _last_modified(stored), length, received)


def updated(
    stored: StoredResponse, request: CacheRequest, response: AppResponse, clock: Clock
) -> tuple[StoredResponse, Refusal | None]:
    """Return the response with newer fields, and why it may not be kept, if it may not."""
    # A 304 may come from a decorator that stands before the one that chose the policy.
    policy = stored.policy or request.policy
    merged = updated_fields(
        _headers_of_the_app(stored), response.headers, policy.unstored_fields, frozenset()
    )
    fields = select(merged, RESPONSE_FIELDS)
    if b"age" in response.fields:
        fields[b"age"] = response.fields[b"age"]
    now = clock.time()
    verdict = decide_storability(
        policy,
        "GET",
        request.fields,
        stored.status,
        fields,
        request_time=now - (response.received - response.fill_start),
        response_time=now,
    )
    refusal, terms = (verdict, _ONCE) if isinstance(verdict, Refusal) else (None, verdict)
    whole = replace(response, status=stored.status, headers=merged, fields=fields)
    newer = make_stored_response(policy, terms, whole, stored.body, clock=clock)
    # Whoever says that it still holds need not repeat by which names it is known.
    newer.tags = tuple(dict.fromkeys((*stored.tags, *newer.tags)))
    return newer, refusal


def _tag_of_the_app(stored: StoredResponse) -> bytes | None:
    return dict(stored.validators).get(b"if-none-match")


def _headers_of_the_app(stored: StoredResponse) -> tuple[Field, ...]:
    if _tag_of_the_app(stored) is not None:
        return stored.headers
    # The tag is ours, and is made again from the same bytes.
    return tuple(field for field in stored.headers if field[0].lower() != b"etag")


def _last_modified(stored: StoredResponse) -> bytes | None:
    return select(stored.headers, _LAST_MODIFIED).get(b"last-modified")
