"""A short tour of a running example app: real requests, and what each one must show."""

import secrets
from collections.abc import Iterator

import httpx

from examples.account_tour import account_stops
from examples.cache_tour import cache_stops
from examples.page_tour import page_stops
from examples.stream_tour import stream_stops
from examples.visit import Stop, Visit, expect, lower_quartile, send, stop, unless

REQUESTS_PER_ROUND = 60
"""Requests to each of the two apps whose JSON is compared, in turns."""

MAX_ROUNDS = 3
CLEARLY_LESS = 0.95
"""A smaller difference may be chance: another round is asked for."""

TIMEOUT_SECONDS = 30


def take_tour(url: str, plain_url: str) -> list[Stop]:
    """Visit the app at `url`; `plain_url` is the same app without chopin_mw."""
    with (
        httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client,
        httpx.Client(base_url=plain_url, timeout=TIMEOUT_SECONDS) as plain,
    ):
        # The first request of all opens the connections; it is not what we show.
        client.get("/airlines")
        return [
            *_conditional_reads(client),
            *_guarded_writes(client),
            *_json(client, plain),
            *cache_stops(client),
            *page_stops(client),
            *account_stops(client),
            *stream_stops(client),
        ]


def _conditional_reads(client: httpx.Client) -> Iterator[Stop]:
    first = send(client, "GET", "/airlines")
    tag = first.response.headers.get("etag", "")
    policy = first.response.headers.get("cache-control", "")
    yield stop(
        first,
        f"ETag {tag or 'none'}\nCache-Control: {policy or 'none'}",
        expect(first, 200),
        unless(tag, "no ETag"),
        unless("max-age=60" in policy, "no Cache-Control with max-age=60"),
    )

    again = send(client, "GET", "/airlines", {"if-none-match": tag})
    before, after = first.bytes_on_wire, again.bytes_on_wire
    yield stop(
        again,
        f"If-None-Match with that ETag: {before:,} bytes on the wire before, {after:,} now",
        expect(again, 304),
        unless(not again.response.content, "a body after 304"),
        unless(again.response.headers.get("etag") == tag, "not the same ETag"),
        unless(after < before, "no fewer bytes"),
    )

    head = send(client, "HEAD", "/airlines")
    length = head.response.headers.get("content-length", "none")
    yield stop(
        head,
        f"the header of GET and no body; Content-Length {length}",
        expect(head, 200),
        unless(head.response.headers.get("etag") == tag, "not the ETag of GET"),
        unless(length == first.response.headers.get("content-length"), "not the length of GET"),
    )


def _guarded_writes(client: httpx.Client) -> Iterator[Stop]:
    first = send(client, "GET", "/flights/1")
    tag = first.response.headers.get("etag", "")
    yield stop(
        first,
        f"ETag {tag or 'none'}, made by @etag from one column",
        expect(first, 200),
        unless(tag, "no ETag"),
    )

    again = send(client, "GET", "/flights/1", {"if-none-match": tag})
    yield stop(again, "If-None-Match with that ETag: the handler does not run", expect(again, 304))

    # A new one for each tour: writing what is there already changes nothing, not even the version.
    note = f"tour {secrets.token_hex(4)}"
    mine = send(client, "PATCH", "/flights/1", {"if-match": tag}, {"note": note})
    yield stop(
        mine, "If-Match with that ETag: nobody wrote since, so it is done", expect(mine, 200)
    )

    stale = send(client, "PATCH", "/flights/1", {"if-match": tag}, {"note": "lost update"})
    found = client.get("/flights/1").json()["note"]
    yield stop(
        stale,
        "the same If-Match, stale now: refused, and the handler does not run",
        expect(stale, 412),
        unless(found == note, f"the note was overwritten with {found!r}"),
    )


def _json(client: httpx.Client, plain: httpx.Client) -> Iterator[Stop]:
    before, after, requests = _compare(plain, client, "/board")
    yield stop(
        before, "100 records from memory, encoded by the framework alone", expect(before, 200)
    )
    yield stop(
        after,
        f"the same with install_json; each the lower quartile of {requests}, in turns",
        expect(after, 200),
        unless(before.response.json() == after.response.json(), "not the same records"),
        unless(after.milliseconds < before.milliseconds, "not faster"),
    )


def _compare(plain: httpx.Client, client: httpx.Client, path: str) -> tuple[Visit, Visit, int]:
    """Return a typical visit to each, after more visits the smaller the difference is."""
    visits: dict[httpx.Client, list[Visit]] = {plain: [], client: []}
    before = after = send(plain, "GET", path)
    for _ in range(MAX_ROUNDS):
        for _ in range(REQUESTS_PER_ROUND):
            for one, seen in visits.items():
                seen.append(send(one, "GET", path))
        before, after = (lower_quartile(seen) for seen in visits.values())
        if after.milliseconds < CLEARLY_LESS * before.milliseconds:
            break
    return before, after, len(visits[client])
