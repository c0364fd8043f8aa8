"""A short tour of a running example app: real requests, and what each one must show."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter

import httpx

REQUESTS_PER_ROUND = 60
"""Requests to each of the two apps whose JSON is compared, in turns."""

MAX_ROUNDS = 3
CLEARLY_LESS = 0.95
"""A smaller difference may be chance: another round is asked for."""

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop of the tour; no problems means that it showed what it should."""

    request: str
    answer: str
    milliseconds: float
    bytes_on_wire: int
    shows: str
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timed:
    response: httpx.Response
    milliseconds: float


def take_tour(url: str, plain_url: str) -> list[Stop]:
    """Visit the app at `url`; `plain_url` is the same app without chopin_mw."""
    with (
        httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client,
        httpx.Client(base_url=plain_url, timeout=TIMEOUT_SECONDS) as plain,
    ):
        # The first request of all opens the connections; it is not what we show.
        client.get("/airlines")
        return [*_conditional_reads(client), *_guarded_writes(client), *_json(client, plain)]


def _conditional_reads(client: httpx.Client) -> Iterator[Stop]:
    first = _send(client, "GET", "/airlines")
    tag = first.response.headers.get("etag", "")
    policy = first.response.headers.get("cache-control", "")
    yield _stop(
        first,
        f"ETag {tag or 'none'}\nCache-Control: {policy or 'none'}",
        _expect(first, 200),
        _unless(tag, "no ETag"),
        _unless("max-age=60" in policy, "no Cache-Control with max-age=60"),
    )

    again = _send(client, "GET", "/airlines", {"if-none-match": tag})
    before, after = _bytes_on_wire(first.response), _bytes_on_wire(again.response)
    yield _stop(
        again,
        f"If-None-Match with that ETag: {before:,} bytes on the wire before, {after:,} now",
        _expect(again, 304),
        _unless(not again.response.content, "a body after 304"),
        _unless(again.response.headers.get("etag") == tag, "not the same ETag"),
        _unless(after < before, "no fewer bytes"),
    )

    head = _send(client, "HEAD", "/airlines")
    length = head.response.headers.get("content-length", "none")
    yield _stop(
        head,
        f"the header of GET and no body; Content-Length {length}",
        _expect(head, 200),
        _unless(head.response.headers.get("etag") == tag, "not the ETag of GET"),
        _unless(length == first.response.headers.get("content-length"), "not the length of GET"),
    )


def _guarded_writes(client: httpx.Client) -> Iterator[Stop]:
    first = _send(client, "GET", "/flights/1")
    tag = first.response.headers.get("etag", "")
    yield _stop(
        first,
        f"ETag {tag or 'none'}, made by @etag from one column",
        _expect(first, 200),
        _unless(tag, "no ETag"),
    )

    again = _send(client, "GET", "/flights/1", {"if-none-match": tag})
    yield _stop(
        again, "If-None-Match with that ETag: the handler does not run", _expect(again, 304)
    )

    # A new one for each tour: writing what is there already changes nothing, not even the version.
    note = f"tour {secrets.token_hex(4)}"
    mine = _send(client, "PATCH", "/flights/1", {"if-match": tag}, {"note": note})
    yield _stop(
        mine, "If-Match with that ETag: nobody wrote since, so it is done", _expect(mine, 200)
    )

    stale = _send(client, "PATCH", "/flights/1", {"if-match": tag}, {"note": "lost update"})
    found = client.get("/flights/1").json()["note"]
    yield _stop(
        stale,
        "the same If-Match, stale now: refused, and the handler does not run",
        _expect(stale, 412),
        _unless(found == note, f"the note was overwritten with {found!r}"),
    )


def _json(client: httpx.Client, plain: httpx.Client) -> Iterator[Stop]:
    before, after, requests = _compare(plain, client, "/board")
    yield _stop(
        before, "100 records from memory, encoded by the framework alone", _expect(before, 200)
    )
    yield _stop(
        after,
        f"the same with install_json; each the lower quartile of {requests}, in turns",
        _expect(after, 200),
        _unless(before.response.json() == after.response.json(), "not the same records"),
        _unless(after.milliseconds < before.milliseconds, "not faster"),
    )


def _compare(plain: httpx.Client, client: httpx.Client, path: str) -> tuple[Timed, Timed, int]:
    """Return a typical visit to each, after more visits the smaller the difference is."""
    visits: dict[httpx.Client, list[Timed]] = {plain: [], client: []}
    before = after = _send(plain, "GET", path)
    for _ in range(MAX_ROUNDS):
        for _ in range(REQUESTS_PER_ROUND):
            for one, seen in visits.items():
                seen.append(_send(one, "GET", path))
        before, after = (_lower_quartile(seen) for seen in visits.values())
        if after.milliseconds < CLEARLY_LESS * before.milliseconds:
            break
    return before, after, len(visits[client])


def _send(
    client: httpx.Client,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: dict[str, str] | None = None,
) -> Timed:
    started = time.perf_counter()
    response = client.request(method, path, headers=headers, json=body)
    return Timed(response, (time.perf_counter() - started) * 1_000)


def _stop(visit: Timed, shows: str, *problems: str | None) -> Stop:
    request = visit.response.request
    return Stop(
        request=f"{request.method} {request.url.raw_path.decode()}",
        answer=str(visit.response.status_code),
        milliseconds=visit.milliseconds,
        bytes_on_wire=_bytes_on_wire(visit.response),
        shows=shows,
        problems=[problem for problem in problems if problem],
    )


def _expect(visit: Timed, status: int) -> str | None:
    got = visit.response.status_code
    return _unless(got == status, f"expected {status}, got {got}")


def _unless(condition: object, problem: str) -> str | None:
    return None if condition else problem


def _lower_quartile(visits: list[Timed]) -> Timed:
    # Not the median: whatever else the machine does only ever makes a request slower.
    return sorted(visits, key=attrgetter("milliseconds"))[len(visits) // 4]


def _bytes_on_wire(response: httpx.Response) -> int:
    """Count status line, header fields and body as HTTP/1.1 sends them."""
    status_line = len(f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n")
    fields = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
    return status_line + fields + 2 + response.num_bytes_downloaded
