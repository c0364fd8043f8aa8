"""No framework's handler reads more than the policy allows, however a client spells it."""

import json
from ast import literal_eval
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.handlers.pagination import Page, Pagination
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.middleware.pagination import PageRule, PaginationMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.page_policy import PagePolicy
from frameworks.apps.paged_apps import APPS, ROWS
from support.asgi_call import Answer, call
from support.scopes import http_scope

# research 05 §2.2 and cases 151-157: what frameworks make of these differs, or is a 500.
VALUES = [
    b"1_000_000", b"%EF%BC%91%EF%BC%90%EF%BC%90%EF%BC%90", b"%2B100000", b"+100000", b"0100000",
    b"%20100000%20", b"100000.0", b"1e6", b"1e9", b"-1", b"1" + b"0" * 30, b"", b"0", b"0x10",
    b"+5", b"%205", b"5.0", b"NaN", b"%D9%A3", b"%EF%BC%95", b"%C2%B2", b"9;limit=9999", b"%00",
    b"5%00", b"5%0A", b"%FF", b"abc", b"9" * 5000, b"true", b"1,100000",
]  # fmt: skip
QUERIES = [
    *[name + b"=" + value for value in VALUES for name in (b"limit", b"a=%20&per_page")],
    b"limit",
    b"limit=10&limit=100000",
    b"limit=100000&limit=10",
    b"%6cimit=100000",
    b"page=0&limit=7",
    b"page=-1",
    b"page=x&offset=-1",
    b"offset=%EF%BC%95&offset=3",
    b"limit=abc&offset=40",
    b"page",
    b"offset",
]


@pytest.fixture(scope="module", params=APPS)
def app(request: pytest.FixtureRequest) -> ASGIApp:
    return APPS[request.param]()


async def ask(app: ASGIApp, path: str, query: bytes) -> Answer:
    async def with_query(scope: Scope, receive: Receive, send: Send) -> None:
        scope["query_string"] = query
        await app(scope, receive, send)

    return await call(with_query, path)


async def test_a_handler_reads_nothing_out_of_range(app: ASGIApp) -> None:
    """In its framework's typed way and raw, for every spelling, and never with an error."""
    wrapped = PaginationMiddleware(app)

    for query in QUERIES:
        typed, raw = await ask(wrapped, "/typed", query), await ask(wrapped, "/raw", query)
        assert (typed.status, raw.status) == (200, 200), query
        seen = json.loads(typed.body)
        assert 1 <= seen["limit"] <= 100, query
        assert 0 <= seen["offset"] <= 10_000, query
        assert 1 <= seen["page"] <= 10_001, query
        for name, value in (map(literal_eval, pair) for pair in json.loads(raw.body)):
            if name in ("limit", "per_page", "page_size"):
                assert 1 <= int(value) <= 100, query


async def test_a_strict_policy_answers_all_of_them_itself_or_lets_them_through(
    app: ASGIApp,
) -> None:
    """422 with the parameters at fault, else what the handler reads is in range."""
    wrapped = PaginationMiddleware(app, policy=PagePolicy(mode="strict"))

    for query in [*QUERIES, b"limit=5", b"limit=%35&offset=7", b"page=3&per_page=100"]:
        answer = await ask(wrapped, "/typed", query)
        if answer.status == 422:
            assert answer.json()["errors"], query
        else:
            assert 1 <= json.loads(answer.body)["limit"] <= 100, query


@pytest.mark.parametrize(
    "query", [b"offset=10001", b"page=1" + b"0" * 30, b"offset=" + b"9" * 5000], ids=len
)
async def test_what_a_database_could_not_take_is_refused(app: ASGIApp, query: bytes) -> None:
    """As 422; or clamped, where the policy says so."""
    refused = await ask(PaginationMiddleware(app), "/typed", query)
    clamping = PaginationMiddleware(app, policy=PagePolicy(on_deep_offset="clamp"))
    clamped = await ask(clamping, "/typed", query)

    assert (refused.status, refused.json()["code"]) == (422, "INVALID_PAGINATION")
    seen = json.loads(clamped.body)
    assert max(seen["offset"], (seen["page"] - 1) * seen["limit"]) <= 10_000


@pytest.mark.parametrize(
    "path", ["/typed/", "//typed", "/typed//", "/TYPED", "/typed\n", "/Typed/\n"], ids=ascii
)
async def test_a_rule_binds_however_the_path_is_spelt(app: ASGIApp, path: str) -> None:
    """A framework that takes another spelling for the same route has the same bound."""
    rules = [PageRule(path="/typed", policy=PagePolicy())]

    answer = await ask(PaginationMiddleware(app, policy=None, rules=rules), path, b"limit=5000")

    assert answer.status != 200 or json.loads(answer.body)["limit"] == 100


async def test_other_parameters_are_read_as_without_us(app: ASGIApp) -> None:
    """Order, duplicates, blanks and encodings, beside a limit that is rewritten."""
    others = b"tags=a&tags=b&q=a+b%20c%2f&e=&%C3%A9=%e2%82%ac&LIMIT=9999&limit[]=9&s=1;limit=7"

    bare = await ask(app, "/raw", others + b"&limit=100")
    ours = await ask(PaginationMiddleware(app), "/raw", others + b"&limit=999")

    assert ours.body == bare.body


async def test_a_page_is_encoded_by_every_framework_and_carries_links(app: ASGIApp) -> None:
    """As the members of the guide, with the effective limit in links and metadata."""
    answer = await ask(PaginationMiddleware(app), "/page", b"per_page=500&page=2&q=%20")

    page = json.loads(answer.body)
    assert answer.status == 200
    assert page == {
        "items": ROWS[100:200],
        "total": 300,
        "page": 2,
        "per_page": 100,
        "total_pages": 3,
        "has_next": True,
    }
    (link,) = answer.all(b"link")
    assert link == (
        b'</page?per_page=100&page=1&q=%20>; rel="first", '
        b'</page?per_page=100&page=1&q=%20>; rel="prev", '
        b'</page?per_page=100&page=3&q=%20>; rel="next", '
        b'</page?per_page=100&page=3&q=%20>; rel="last"'
    )
    assert (answer.all(b"x-total-count"), answer.all(b"x-pagination-clamped")) == (
        [b"300"],
        [b"per_page=100"],
    )


async def test_a_cache_inside_keeps_one_page_and_its_links(app: ASGIApp) -> None:
    """For every size over the most."""
    asked: list[bytes] = []

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["query_string"])
        await app(scope, receive, send)

    cached = PaginationMiddleware(HTTPCacheMiddleware(counting, policy=CachePolicy(ttl=60)))

    answers = [await ask(cached, "/page", b"limit=%d" % size) for size in range(101, 1000, 100)]

    assert asked == [b"limit=100"]
    assert len({(answer.body, *answer.all(b"link")) for answer in answers}) == 1
    assert len(answers[-1].all(b"link")) == 1


async def test_links_end_where_deeper_pages_are_clamped(app: ASGIApp) -> None:
    """Whoever follows them would be given the last page for ever."""
    policy = PagePolicy(max_offset=150, on_deep_offset="clamp")

    answer = await ask(PaginationMiddleware(app, policy=policy), "/page", b"limit=60&offset=120")

    (link,) = answer.all(b"link")
    assert link == (
        b'</page?limit=60&offset=0>; rel="first", </page?limit=60&offset=60>; rel="prev"'
    )
    assert json.loads(answer.body)["has_next"] is True


async def test_without_the_middleware_a_handler_clamps_by_itself(app: ASGIApp) -> None:
    """`Pagination.from_scope` is enough, but for the links."""
    answer = await ask(app, "/page", b"limit=500&offset=40")

    page = json.loads(answer.body)
    assert (len(page["items"]), page["per_page"], page["page"]) == (100, 100, None)
    assert answer.all(b"link") == []


async def test_outer_layers_see_the_route_and_the_query_as_it_was_sent() -> None:
    """What the router writes into the scope is there, for telemetry."""
    app = FastAPI()

    @app.get("/flights/{number}")
    async def flight(number: int, limit: int) -> int:
        return limit

    scope = http_scope(path="/flights/7", query_string=b"limit=500")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await PaginationMiddleware(app)(scope, None, send)  # type: ignore[arg-type] # has no body to read

    assert sent[1]["body"] == b"100"
    assert scope["route"].path == "/flights/{number}"
    assert scope["query_string"] == b"limit=500"


async def test_a_stream_that_reads_the_query_late_reads_it_clamped() -> None:
    """After the response has started, and from a request object made then."""

    async def rows(scope: Any) -> AsyncIterator[str]:
        for _ in range(3):
            yield Request(scope).query_params["limit"] + ","

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(rows(request.scope))

    app = PaginationMiddleware(Starlette(routes=[Route("/", stream)]))

    assert (await ask(app, "/", b"limit=500")).body == b"100,100,100,"


async def test_links_name_the_whole_path_of_a_mounted_app() -> None:
    """Whether the middleware is outside of the mount or inside."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        Page.of(range(30), Pagination.from_scope(scope))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    outside = PaginationMiddleware(Starlette(routes=[Mount("/api", app=page)]))
    inside = Starlette(routes=[Mount("/api", app=PaginationMiddleware(page))])

    for app in (outside, inside):
        (link,) = (await ask(app, "/api/flights", b"")).all(b"link")
        assert link.startswith(b"</api/flights?limit=20&offset=0>")
