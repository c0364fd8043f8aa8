"""The part of the tour that shows streams: what they cost, and how they end."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

from examples.visit import Stop, Visit, expect, stop, unless

ALL_FLIGHTS = 336_776
BATCH = 100
MEBIBYTE = 1024 * 1024
MOST_MEMORY = 16 * MEBIBYTE
LOOKS = 50
"""How often to look at the server's memory while it streams."""

TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.05
STILL = 5
"""Looks in a row without a new row: the server waits for its client."""

EVENTS = 5
PACE = 600
LIVE = f"/flights/live?pace={PACE}"


def stream_stops(client: httpx.Client) -> Iterator[Stop]:
    yield _whole(client)
    yield _left(client)
    yield from _live(client)


def _whole(client: httpx.Client) -> Stop:
    before = _resident(client)
    peak, look_at, rows = before, ALL_FLIGHTS // LOOKS, 0
    started = time.perf_counter()
    first_byte = 0.0
    with client.stream("GET", "/flights/stream") as response:
        for part in response.iter_raw():
            first_byte = first_byte or time.perf_counter() - started
            rows += part.count(b"\n")
            if rows >= look_at:
                peak, look_at = max(peak, _resident(client)), rows + ALL_FLIGHTS // LOOKS
    seconds = time.perf_counter() - started
    # Where the system does not tell, both are 0.
    grown = f"{(peak - before) / MEBIBYTE:.1f} MiB" if before else "an unknown amount"
    visit = Visit(response, seconds * 1000)
    return stop(
        visit,
        f"{rows:,} rows as NDJSON in {seconds:.1f} s, the first byte after "
        f"{first_byte * 1000:.0f} ms; the memory of the server grows by {grown}",
        expect(visit, 200),
        unless(rows == ALL_FLIGHTS, f"not {ALL_FLIGHTS:,}"),
        unless(first_byte < seconds / 10, "the first byte waits for others"),
        unless(peak - before < MOST_MEMORY, "more than 16 MiB"),
    )


def _left(client: httpx.Client) -> Stop:
    before = _streams(client)
    started = time.perf_counter()
    # A small window, so that the server soon has to wait.
    window = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)]
    transport = httpx.HTTPTransport(socket_options=window)
    with (
        httpx.Client(base_url=client.base_url, transport=transport) as other,
        other.stream("GET", "/flights/stream") as response,
    ):
        # Held on to: when nobody does, httpx closes the connection.
        parts = response.iter_raw()
        next(parts)
        waiting = _until_still(client)
    after = _until_ended(client, before["open"])
    made, more = waiting["rows"] - before["rows"], after["rows"] - waiting["rows"]
    visit = Visit(response, (time.perf_counter() - started) * 1000)
    return stop(
        visit,
        f"the client takes one part and no more: {made:,} rows are made, and the server waits; "
        f"it leaves: {more} more, and the cursor is closed",
        expect(visit, 200),
        unless(0 < made < ALL_FLIGHTS / 2, "made more than the client took"),
        unless(more <= BATCH, f"more than a batch of {BATCH}"),
        unless(after["open"] == before["open"], "still open"),
    )


@dataclass(slots=True)
class Heard:
    """What came over an event stream, with the milliseconds after which it came."""

    visit: Visit
    content_type: str
    ids: list[int] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)


def _live(client: httpx.Client) -> Iterator[Stop]:
    first = _listen(client, {})
    gaps = [later - earlier for earlier, later in pairwise(first.at)]
    told = ", ".join(f"{gap:.0f}" for gap in gaps)
    yield stop(
        first.visit,
        f"departures at {', '.join(first.times)}, {told} ms apart: ten hours of "
        "1 January 2013 in a minute",
        expect(first.visit, 200),
        unless(first.content_type.startswith("text/event-stream"), "no event stream"),
        unless(first.ids == list(range(1, EVENTS + 1)), "not the first departures"),
        # From 5:17 to 5:54 it takes 37 minutes; half of them, for the first may come late.
        unless(len(first.at) == EVENTS, "not all came"),
        unless(sum(gaps) > 37 / 2 * 1000 / PACE, "too early"),
    )
    last = str(first.ids[-1]) if first.ids else ""
    again = _listen(client, {"last-event-id": last})
    yield stop(
        again.visit,
        f"back with Last-Event-ID: {last}, and goes on with {', '.join(map(str, again.ids))}",
        expect(again.visit, 200),
        unless(again.ids == list(range(EVENTS + 1, 2 * EVENTS + 1)), "a gap, or twice the same"),
    )


def _listen(client: httpx.Client, headers: dict[str, str]) -> Heard:
    started = time.perf_counter()
    with client.stream("GET", LIVE, headers=headers) as response:
        heard = Heard(Visit(response, 0), response.headers.get("content-type", ""))
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                heard.ids.append(int(value))
            elif name == "data":
                heard.times.append(json.loads(value)["time"])
                heard.at.append((time.perf_counter() - started) * 1000)
            if len(heard.at) == EVENTS:
                break
    heard.visit = Visit(response, (time.perf_counter() - started) * 1000)
    return heard


def _until_still(client: httpx.Client) -> dict[str, Any]:
    deadline, seen, same = time.monotonic() + TIMEOUT_SECONDS, _streams(client), 0
    while same < STILL and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        now = _streams(client)
        same, seen = (same + 1 if now["rows"] == seen["rows"] else 0), now
    return seen


def _until_ended(client: httpx.Client, opened: int) -> dict[str, Any]:
    deadline, seen = time.monotonic() + TIMEOUT_SECONDS, _streams(client)
    while seen["open"] > opened and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        seen = _streams(client)
    return seen


def _streams(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/streams").json())


def _resident(client: httpx.Client) -> int:
    return int(_streams(client)["resident_bytes"] or 0)
