"""Make the record of a response that may be kept."""

import random
from math import inf

from chopin_mw.asgi.messages import not_modified_fields
from chopin_mw.cache.app_response import AppResponse
from chopin_mw.cache.clock import Clock
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.content_tag import make_entity_tag
from chopin_mw.rules.entity_tag import parse_entity_tag
from chopin_mw.rules.headers import Field, select
from chopin_mw.rules.http_date import format_http_date, parse_http_date
from chopin_mw.rules.storability import Storable
from chopin_mw.rules.stored_fields import stored_fields
from chopin_mw.rules.stored_response import StoredResponse

_KNOWN = frozenset({b"content-encoding", b"content-length", b"date", b"etag", b"last-modified"})
_SET_COOKIE = frozenset({b"set-cookie"})
_OK = 200
_WITHOUT_CONTENT = (204, 205)
# A stale response that the app can validate is worth keeping for a while.
_KEPT_FOR_VALIDATION = 24 * 3600.0


def make_stored_response(
    policy: CachePolicy,
    verdict: Storable,
    response: AppResponse,
    body: bytes,
    *,
    clock: Clock,
) -> StoredResponse:
    """Return the record of a whole response, with its length and, if it has none, our tag."""
    status, received = response.status, response.received
    without = verdict.without | _SET_COOKIE if policy.set_cookie == "strip" else verdict.without
    kept = stored_fields(response.headers, policy.unstored_fields, without)
    known = select(kept, _KNOWN)
    now = clock.time()
    validators = _validators(known)
    etag = known.get(b"etag")
    if etag is not None:
        # A malformed one is passed on, and never compared.
        etag = etag if parse_entity_tag(etag) is not None else None
    elif status == _OK and not policy.proxied:
        etag = make_entity_tag((body,), gzipped=known.get(b"content-encoding") == b"gzip")
        kept = (*kept, (b"etag", etag))
    if policy.proxied and b"date" not in known:
        kept = (*kept, (b"date", format_http_date(now)))
    if b"content-length" not in known and status not in _WITHOUT_CONTENT:
        kept = (*kept, (b"content-length", b"%d" % len(body)))
    born = received - verdict.initial_age
    fresh_until = born + verdict.lifetime
    if policy.ttl_jitter:
        fresh_until -= verdict.lifetime * policy.ttl_jitter * random.random()  # noqa: S311 - to spread load
    windows = max(verdict.stale_while_revalidate, verdict.stale_if_error)
    keep_for = _KEPT_FOR_VALIDATION if validators else 0.0
    fill_seconds = received - response.fill_start
    return StoredResponse(
        status=status,
        headers=kept,
        not_modified_headers=tuple(not_modified_fields(kept)) if status == _OK else (),
        body=body,
        etag=etag,
        last_modified=_date(known.get(b"last-modified"), now),
        date=_date(known.get(b"date"), now) or now - (clock.monotonic() - received),
        born=born,
        fresh_until=-inf if verdict.no_cache else fresh_until,
        stale_while_revalidate_until=fresh_until + verdict.stale_while_revalidate,
        stale_if_error_until=fresh_until + verdict.stale_if_error,
        dies_at=max(fresh_until, received) + max(windows, keep_for),
        fill_start=response.fill_start,
        fill_seconds=fill_seconds,
        must_revalidate=verdict.must_revalidate,
        for_cookies=verdict.for_cookies,
        for_authorization=verdict.for_authorization,
        validators=validators,
        tags=policy.tags if response.choice is None else (*policy.tags, *response.choice.tags),
        policy=policy,
        early_refresh=policy.early_refresh * fill_seconds,
    )


def _validators(known: dict[bytes, bytes]) -> tuple[Field, ...]:
    # As the app sent them, malformed ones too: only the app can say what they mean to it.
    found: list[Field] = []
    if b"etag" in known:
        found.append((b"if-none-match", known[b"etag"]))
    if b"last-modified" in known:
        found.append((b"if-modified-since", known[b"last-modified"]))
    return tuple(found)


def _date(value: bytes | None, now: float) -> int | None:
    return None if value is None else parse_http_date(value, now=now)
