"""The part of the tour that shows the HTTP cache: what it saves, and what it never confuses."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import httpx

from examples.visit import Stop, Visit, expect, lower_quartile, send, stop, unless

MONTHS = [f"/routes?month={month}" for month in range(1, 9)]
ROUNDS = 8
CLEARLY_FASTER = 3

CROWD = 200
CROWDED = "/routes?origin=JFK"
"""A third of all flights: long enough for the whole crowd to arrive meanwhile."""

TIMEOUT_SECONDS = 30
PART = 100


def cache_stops(client: httpx.Client) -> Iterator[Stop]:
    first = [send(client, "GET", path) for path in MONTHS]
    before = _questions(client, "routes")
    again = _again(client)
    asked = _questions(client, "routes") - before
    yield from _slow_and_fast(first, again, asked)
    if not all(map(_is_kept, again)):
        # There is nothing more to see, and the crowd below would keep the app busy for a minute.
        return
    yield from _stored_answer(client, again[0])
    yield _crowd(client)
    yield from _write(client, again[0])
    yield from _by_units(client)
    yield _personal(client)
    yield _by_rule(client)


def _again(client: httpx.Client) -> list[Visit]:
    visits: list[Visit] = []
    for _ in range(ROUNDS):
        visits += [send(client, "GET", path) for path in MONTHS]
        if not all(map(_is_kept, visits)):
            break
    return visits


def _slow_and_fast(first: Sequence[Visit], again: Sequence[Visit], asked: int) -> Iterator[Stop]:
    slow, fast = lower_quartile(first), lower_quartile(again)
    times = slow.milliseconds / fast.milliseconds
    yield stop(
        slow,
        f"each route's delays in a month; lower quartile of {len(first)} months",
        expect(slow, 200),
        unless(not any(map(_is_kept, first)), "an Age: it was kept already"),
    )
    yield stop(
        fast,
        f"by @cache_response: Age {_age(fast)}, {times:.0f} times as fast, {asked} queries",
        expect(fast, 200),
        unless(all(map(_is_kept, again)), "no Age: not from the cache"),
        unless(times > CLEARLY_FASTER, "not clearly faster"),
        unless(asked == 0, "the handler ran"),
        unless(_bodies(first) == _bodies(again[: len(first)]), "not the same answers"),
    )


def _stored_answer(client: httpx.Client, kept: Visit) -> Iterator[Stop]:
    path, before = MONTHS[0], _questions(client, "routes")
    tag = kept.response.headers.get("etag", "")
    unchanged = send(client, "GET", path, {"if-none-match": tag})
    head = send(client, "HEAD", path)
    part = send(client, "GET", path, {"range": f"bytes=0-{PART - 1}"})
    asleep = unless(_questions(client, "routes") == before, "the handler ran")
    yield stop(
        unchanged,
        f"304 from the cache: {kept.bytes_on_wire:,} bytes before, {unchanged.bytes_on_wire:,} now",
        expect(unchanged, 304),
        _unless_kept(unchanged),
        asleep,
    )
    length = head.response.headers.get("content-length", "none")
    yield stop(
        head,
        f"from the answer to GET: Content-Length {length} and no body",
        expect(head, 200),
        _unless_kept(head),
        unless(length == kept.response.headers.get("content-length"), "not the length of GET"),
        unless(not head.response.content, "a body"),
        asleep,
    )
    content_range = part.response.headers.get("content-range", "none")
    yield stop(
        part,
        f"a part of it: Content-Range {content_range}",
        expect(part, 206),
        _unless_kept(part),
        unless(part.response.content == kept.response.content[:PART], "not the bytes asked for"),
        asleep,
    )


def _crowd(client: httpx.Client) -> Stop:
    questions, answers = _questions(client, "routes"), _answers(client)
    visits = asyncio.run(_all_at_once(str(client.base_url)))
    questions = _questions(client, "routes") - questions
    waited = _answers(client) - answers
    slowest = max(visits, key=lambda visit: visit.milliseconds)
    bodies = {visit.response.content for visit in visits}
    return stop(
        slowest,
        f"{CROWD} at once, cold: {questions} query, {waited['collapsed']} waited for it, "
        f"{waited['hit']} came later",
        unless(all(visit.response.status_code == 200 for visit in visits), "not all 200"),  # noqa: PLR2004 - OK
        unless(len(bodies) == 1, "not all the same"),
        unless(questions == 1, f"the handler ran {questions} times"),
    )


async def _all_at_once(url: str) -> list[Visit]:
    limits = httpx.Limits(max_connections=CROWD, max_keepalive_connections=0)
    timeout = httpx.Timeout(TIMEOUT_SECONDS)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=timeout) as client:

        async def visit() -> Visit:
            started = time.perf_counter()
            response = await client.get(CROWDED)
            return Visit(response, (time.perf_counter() - started) * 1_000)

        return await asyncio.gather(*[visit() for _ in range(CROWD)])


def _write(client: httpx.Client, kept: Visit) -> Iterator[Stop]:
    path, old = "/airports/BOS", client.get("/airports/BOS").json()["name"]
    # A name nobody has seen: what shows it was made after the write.
    new = f"Boston {secrets.token_hex(4)}"
    try:
        write = send(client, "PATCH", path, body={"name": new})
        after = send(client, "GET", MONTHS[0])
        detail = client.get(path).json()["name"]
    finally:
        client.patch(path, json={"name": old})
    restored = client.get(MONTHS[0])
    yield stop(
        write,
        "@invalidates drops what shows the old name before it answers",
        expect(write, 200),
        unless(detail == new, f"{path} still says {detail!r}"),
    )
    yield stop(
        after,
        f"says {new!r} at once; the old name is put back",
        expect(after, 200),
        unless(new in after.response.text, "still the old name"),
        unless(not _is_kept(after), "an Age: from the cache"),
        unless(restored.content == kept.response.content, "the old name is not back"),
    )


def _by_units(client: httpx.Client) -> Iterator[Stop]:
    wanted = {"us": "fahrenheit", "metric": "celsius"}
    cookies = {units: {"cookie": f"units={units}; theme=dark"} for units in wanted}
    for cookie in cookies.values():
        client.get("/weather", headers=cookie)
    for units, name in wanted.items():
        visit = send(client, "GET", "/weather", cookies[units])
        yield stop(
            visit,
            f"cookie units={units}, by vary_by: {name}, kept apart, Age {_age(visit)}",
            expect(visit, 200),
            _unless_kept(visit),
            unless(name in visit.response.text, f"not in {name}"),
        )


def _personal(client: httpx.Client) -> Stop:
    path = "/flights/1/pass"
    first, again = client.get(path), send(client, "GET", path)
    policy = again.response.headers.get("cache-control", "none")
    return stop(
        again,
        f"@no_store: another code each time, Cache-Control: {policy}",
        expect(again, 200),
        unless(again.response.json()["code"] != first.json()["code"], "somebody else's code"),
        unless(policy == "no-store", "other caches are not told"),
    )


def _by_rule(client: httpx.Client) -> Stop:
    client.get("/delays")
    again = send(client, "GET", "/delays")
    return stop(
        again,
        f"a CacheRule for its path keeps it, no decorator: Age {_age(again)}",
        expect(again, 200),
        _unless_kept(again),
    )


def _questions(client: httpx.Client, name: str) -> int:
    """Return how often the app has asked its database; without a cache it does not say."""
    answer = client.get("/cache")
    return int(answer.json()["questions"].get(name, 0)) if answer.is_success else 0


def _answers(client: httpx.Client) -> Counter[str]:
    return Counter(client.get("/cache").json()["answers"])


def _is_kept(visit: Visit) -> bool:
    # Only a cache sends an Age (RFC 9111 §5.1).
    return "age" in visit.response.headers


def _unless_kept(visit: Visit) -> str | None:
    return unless(_is_kept(visit), "no Age: not from the cache")


def _age(visit: Visit) -> str:
    return str(visit.response.headers.get("age", "none"))


def _bodies(visits: Sequence[Visit]) -> list[bytes]:
    return [visit.response.content for visit in visits]
