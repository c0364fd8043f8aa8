"""The part of the tour that shows lists: clamped, by pages and by cursors, and trimmed."""

from collections.abc import Iterator
from typing import Any

import httpx

from examples.visit import Stop, Visit, expect, lower_quartile, send, stop, unless

DEEP = 300_000
ROWS = 20
"""On a page, where a client does not say how many."""

REQUESTS_PER_ROUND = 12
MAX_ROUNDS = 5

FLAT = 1.5
"""A page at row 300,000 costs at most this many times the first one."""


def page_stops(client: httpx.Client) -> Iterator[Stop]:
    yield from _pages(client)
    yield from _cursors(client)
    yield from _fields(client)


def _pages(client: httpx.Client) -> Iterator[Stop]:
    greedy = send(client, "GET", "/flights?limit=1000000")
    told = greedy.response.headers.get("x-pagination-clamped", "nothing")
    yield stop(
        greedy,
        f"clamped by PagePolicy to {len(_items(greedy))} flights; X-Pagination-Clamped: {told}",
        expect(greedy, 200),
        unless(len(_items(greedy)) == 100, "not 100 flights"),  # noqa: PLR2004 - the policy's
        unless(told == "limit=100", "the client is not told"),
    )

    page = send(client, "GET", "/flights?page=3&per_page=5")
    links = [str(relation) for relation in page.response.links]
    after = _followed(client, page, "next")
    yield stop(
        page,
        f"Link: {', '.join(links) or 'none'}; no COUNT, one row more tells that there is a next",
        expect(page, 200),
        unless(_ids(page) == [11, 12, 13, 14, 15], "not the third five"),
        unless(links == ["first", "prev", "next"], "not first, prev and next"),
        unless(_ids(after) == [16, 17, 18, 19, 20], "next does not lead to the fourth five"),
    )

    deep = send(client, "GET", "/flights?offset=99999999999")
    yield stop(
        deep,
        "deeper than the policy lets: refused, or a client that counts on would never end",
        expect(deep, 422),
        unless("1000000" in deep.response.text, "the limit is not told"),
    )


def _cursors(client: httpx.Client) -> Iterator[Stop]:
    # No number leads to row 300,000 of a list by cursors; a page that begins before it does.
    before = send(client, "GET", f"/departures?from_id={DEEP - ROWS + 1}")
    cursor = str(before.response.json()["next_cursor"] if _is_ok(before) else None)
    first, deep, skipped, requests = _compare(
        client,
        "/departures",
        f"/departures?cursor={cursor}",
        f"/flights?offset={DEEP}",
    )
    yield stop(
        first,
        f"the first page by keyset_page; each the lower quartile of {requests}, in turns",
        expect(first, 200),
        unless(_ids(first) == list(range(1, ROWS + 1)), "not the first flights"),
        unless("next" in first.response.links, "no Link to the next page"),
    )
    back = _followed(client, deep, "prev")
    times = deep.milliseconds / first.milliseconds
    yield stop(
        deep,
        f"the page at row {DEEP:,} by cursor: {times:.2f} times the first",
        expect(deep, 200),
        unless(_ids(deep)[:1] == [DEEP + 1], f"does not begin after row {DEEP:,}"),
        unless(times <= FLAT, f"more than {FLAT} times"),
        unless(_ids(back) == _ids(before), "prev does not lead back"),
    )
    yield stop(
        skipped,
        f"the same flights by OFFSET {DEEP:,}: {skipped.milliseconds / deep.milliseconds:.0f} "
        "times as long, for the database reads all that it skips",
        expect(skipped, 200),
        unless(_ids(skipped) == _ids(deep), "not the same flights"),
        unless(skipped.milliseconds > deep.milliseconds, "not slower"),
    )
    yield _tampered(client, cursor)


def _tampered(client: httpx.Client, cursor: str) -> Stop:
    forged = ("X" if cursor[0] != "X" else "Y") + cursor[1:]
    refused = send(client, "GET", f"/departures?cursor={forged}")
    code = _problem(refused).get("code", "none")
    return stop(
        refused,
        f"one character of that cursor changed: signed, so it is refused, {code}",
        expect(refused, 400),
        unless(code == "INVALID_CURSOR", "no problem details that say so"),
    )


def _fields(client: httpx.Client) -> Iterator[Stop]:
    whole = send(client, "GET", "/departures")
    few = send(client, "GET", "/departures?fields=id,airline.name")
    yield stop(
        few,
        f"a sparse fieldset: {whole.bytes_on_wire:,} bytes on the wire before, "
        f"{few.bytes_on_wire:,} now",
        expect(few, 200),
        unless(_ids(few) == _ids(whole), "not the same flights"),
        unless(
            _items(few)[:1] == [{"id": 1, "airline": {"name": "United Air Lines Inc."}}],
            "not these fields",
        ),
        unless(few.bytes_on_wire < whole.bytes_on_wire / 2, "not half the bytes"),
    )
    wrong = send(client, "GET", "/departures?fields=id,wings")
    yield stop(
        wrong,
        str(_problem(wrong).get("detail", "no detail")),
        expect(wrong, 400),
        unless("wings" in _problem(wrong).get("detail", ""), "the field is not named"),
    )


def _compare(client: httpx.Client, *paths: str) -> tuple[Visit, Visit, Visit, int]:
    """Return a typical visit to each, after more visits the less flat the second one is."""
    visits: list[list[Visit]] = [[], [], []]
    first = deep = skipped = send(client, "GET", paths[0])
    for _ in range(MAX_ROUNDS):
        for _ in range(REQUESTS_PER_ROUND):
            for path, seen in zip(paths, visits, strict=True):
                seen.append(send(client, "GET", path))
        first, deep, skipped = map(lower_quartile, visits)
        if deep.milliseconds <= FLAT * first.milliseconds < FLAT * skipped.milliseconds:
            break
    return first, deep, skipped, len(visits[0])


def _followed(client: httpx.Client, page: Visit, relation: str) -> Visit:
    link = page.response.links.get(relation, {})
    return send(client, "GET", link.get("url", "/no-such-link"))


def _items(page: Visit) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = page.response.json()["items"] if _is_ok(page) else []
    return items


def _ids(page: Visit) -> list[int]:
    return [item["id"] for item in _items(page)]


def _problem(visit: Visit) -> dict[str, Any]:
    is_problem = visit.response.headers.get("content-type") == "application/problem+json"
    return dict(visit.response.json()) if is_problem else {}


def _is_ok(visit: Visit) -> bool:
    return visit.response.is_success
