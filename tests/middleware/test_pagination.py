"""PaginationMiddleware: clamps the query for the app, and gives it back to everybody else."""

import asyncio
from typing import Any

import pytest

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import SCOPE_KEY, Exchange, exchange_of, page_scope
from chopin_mw.handlers.pagination import Page, Pagination
from chopin_mw.middleware import pagination as module
from chopin_mw.middleware.cache_control import CacheControlMiddleware
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.middleware.pagination import PageRule, PaginationMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.page_policy import PagePolicy
from chopin_mw.rules.pagination import PAGE_KEY
from support.asgi_call import Answer as WholeAnswer
from support.calls import answering, body, call, start
from support.scopes import http_scope, lifespan_scope, websocket_scope


class Seen:
    """Be an app that notes the queries it sees, and answers with a page."""

    def __init__(self, total: int | None = None) -> None:
        self.queries: list[bytes] = []
        self.total = total

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.queries.append(scope["query_string"])
        asked = Pagination.from_scope(scope)
        Page.of(range(asked.limit + 1), asked, total=self.total)
        await answering(b"rows", headers=[(b"content-length", b"4")])(scope, receive, send)


# --- the query ----------------------------------------------------------------------------------


async def test_the_app_sees_the_clamped_query_and_the_client_is_told() -> None:
    """With all that changed in one field."""
    app = Seen()

    answer = await call(PaginationMiddleware(app), query_string=b"a=%20&limit=500&page=0")

    assert app.queries == [b"a=%20&limit=100&page=1"]
    assert answer[b"x-pagination-clamped"] == b"limit=100, page=1"


@pytest.mark.parametrize("query", [b"", b"a=1&b", b"limit=20&offset=40"])
async def test_a_query_that_is_fine_is_the_same_object_and_nothing_is_told(query: bytes) -> None:
    """Nor where nothing is asked."""
    app = Seen()
    given = bytes(bytearray(query))

    for _ in range(2):
        answer = await call(PaginationMiddleware(app), query_string=given)
        assert answer[b"x-pagination-clamped"] is None

    assert app.queries[0] is given


async def test_everybody_outside_sees_the_query_as_it_was_sent() -> None:
    """Servers as an answer starts and ends, and outer layers afterwards; all else stays."""
    at_send: list[bytes] = []
    at_app: list[bytes] = []

    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = "/flights"
        for message in (start(), body(b"a", more=True), body(b"b")):
            at_app.append(scope["query_string"])
            await send(message)

    async def send(message: Message) -> None:
        at_send.append(scope["query_string"])

    scope = http_scope(query_string=b"limit=500")
    await PaginationMiddleware(streaming)(scope, None, send)  # type: ignore[arg-type] # never called

    assert at_app == [b"limit=100"] * 3
    assert at_send == [b"limit=500", b"limit=100", b"limit=500"]
    assert scope == {**http_scope(query_string=b"limit=500"), "route": "/flights"}


async def test_a_slow_client_does_not_show_the_query_as_it_was_sent() -> None:
    """To another task of the handler, while a part of the answer is held up."""
    taken = asyncio.Event()

    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        sending = asyncio.ensure_future(send(body(b"a", more=True)))
        await asyncio.sleep(0)
        read.append(scope["query_string"])
        taken.set()
        await sending
        await send(body(b"b"))

    async def send(message: Message) -> None:
        if message.get("more_body"):
            await taken.wait()

    read: list[bytes] = []
    scope = http_scope(query_string=b"limit=500")
    await PaginationMiddleware(streaming)(scope, None, send)  # type: ignore[arg-type] # never called

    assert read == [b"limit=100"]


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_the_query_is_given_back_where_the_app_raises(error: type[BaseException]) -> None:
    """And nothing of ours stays in scope or context."""

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    scope = http_scope(query_string=b"limit=500")
    with pytest.raises(error):
        await PaginationMiddleware(failing)(scope, None, None)  # type: ignore[arg-type] # never called

    assert scope == http_scope(query_string=b"limit=500")
    assert page_scope.get() is None


async def test_other_connections_are_not_ours() -> None:
    """Websockets and lifespans pass untouched."""
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((dict(scope), receive, send))

    for scope in (websocket_scope(query_string=b"limit=500"), lifespan_scope()):
        await PaginationMiddleware(app)(scope, "receive", "send")  # type: ignore[arg-type] # passed on
        assert seen.pop() == (scope, "receive", "send")


async def test_a_default_is_injected_where_the_policy_says_so() -> None:
    """Also where the server left the query out."""
    app = Seen()
    injecting = PaginationMiddleware(app, policy=PagePolicy(inject_default=True))

    await call(injecting, query_string=b"a=1")
    scope = http_scope()
    del scope["query_string"]
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await injecting(scope, None, send)  # type: ignore[arg-type] # never called

    assert app.queries == [b"a=1&limit=20", b"limit=20"]
    assert scope["query_string"] == b""
    assert len(sent) == 2


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "query", "parameters"),
    [
        (PagePolicy(), b"offset=10001", ["offset"]),
        (PagePolicy(), b"limit=500&page=9999999999999999999999", ["page"]),
        (PagePolicy(mode="strict"), b"limit=500&page=x&a=1", ["limit", "page"]),
    ],
)
async def test_what_is_refused_does_not_reach_the_app(
    policy: PagePolicy, query: bytes, parameters: list[str]
) -> None:
    """422, as problem details with each parameter at fault."""
    app = Seen()
    answer = await call(PaginationMiddleware(app, policy=policy), query_string=query)

    assert app.queries == []
    assert answer.status == 422
    problem = WholeAnswer(answer.status, answer.headers, answer.body).json()
    assert (problem["title"], problem["status"]) == ("Unprocessable Content", 422)
    assert [error["parameter"] for error in problem["errors"]] == parameters
    assert problem["errors"][0].keys() == {"parameter", "value", "detail", "minimum", "maximum"}


async def test_a_refused_head_has_the_header_of_the_answer_and_no_body() -> None:
    """Content-Length is that of the GET."""
    app = PaginationMiddleware(Seen())

    get = await call(app, query_string=b"offset=10001")
    head = await call(app, method="HEAD", query_string=b"offset=10001")

    assert (head.status, head.headers, head.body) == (422, get.headers, b"")


# --- which policy -------------------------------------------------------------------------------


async def test_the_first_rule_that_matches_wins() -> None:
    """Of whole paths; a policy of None leaves the query alone."""
    app = Seen()
    wrapped = PaginationMiddleware(
        app,
        rules=[
            PageRule(path="/export*", policy=None),
            PageRule(path="/big/*", policy=PagePolicy(max_limit=1000)),
            PageRule(path="/big/list", policy=PagePolicy(max_limit=7, default_limit=7)),
        ],
    )

    for path in ("/export/all", "/big/list", "/big", "/EXPORT", "/big/list"):
        await call(wrapped, path=path, query_string=b"limit=5000")

    assert [query[6:] for query in app.queries] == [b"5000", b"1000", b"100", b"100", b"1000"]


async def test_without_a_general_policy_only_rules_count() -> None:
    """What no rule names is left alone, to the object."""
    rules = [PageRule(path="/flights", policy=PagePolicy())]
    app = Seen()
    wrapped = PaginationMiddleware(app, policy=None, rules=rules)

    await call(wrapped, path="/other", query_string=b"limit=500")
    await call(wrapped, path="/flights", query_string=b"limit=500")

    assert app.queries == [b"limit=500", b"limit=100"]


async def test_neither_paths_nor_queries_are_remembered_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client may invent both for ever, and long ones are not remembered at all."""
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 10)
    rules = [PageRule(path="/f*", policy=PagePolicy())]
    app = Seen()
    wrapped = PaginationMiddleware(app, rules=rules)

    for number in range(25):
        await call(wrapped, path=f"/f{number}", query_string=b"limit=500&a=%d" % number)
        await call(wrapped, path="/f" * 200, query_string=b"limit=500&a=" + b"x" * 300)

    assert all(query.startswith(b"limit=100&a=") for query in app.queries)
    table = wrapped._by_path
    assert table is not None
    decisions = table.of("/f1")
    assert decisions is not None
    assert 0 < len(decisions.known) <= 10
    assert 0 < len(table._by_path) <= 10


# --- fields -------------------------------------------------------------------------------------


async def test_a_path_is_left_alone_only_as_it_is_spelt() -> None:
    """What another spelling leads to is bounded as everything else."""
    app = Seen()
    wrapped = PaginationMiddleware(app, rules=[PageRule(path="/exports", policy=None)])

    for path in ("/exports", "/Exports", "/exports/", "//exports"):
        await call(wrapped, path=path, query_string=b"limit=500")

    assert app.queries == [b"limit=500", b"limit=100", b"limit=100", b"limit=100"]


async def test_a_page_sends_links_and_the_total() -> None:
    """Relative to the URL that was asked for, with the effective limit."""
    app = PaginationMiddleware(Seen(total=300))

    answer = await call(app, path="/f", query_string=b"limit=500&a=%20")

    assert answer[b"link"] == (
        b'</f?limit=100&a=%20&offset=0>; rel="first", </f?limit=100&a=%20&offset=100>; rel="next", '
        b'</f?limit=100&a=%20&offset=200>; rel="last"'
    )
    assert answer[b"x-total-count"] == b"300"


async def test_base_and_name_of_the_total_are_configured() -> None:
    """The Host of the request is never used."""
    app = PaginationMiddleware(
        Seen(total=1), base_url="https://api.example/v1", total_count_header="Total"
    )
    silent = PaginationMiddleware(Seen(total=1), total_count_header=None)

    answer = await call(app, path="/f", headers=[(b"host", b"evil.example")])

    link = answer[b"link"]
    assert link is not None
    assert link.startswith(b"<https://api.example/v1/f?")
    assert answer[b"total"] == b"1"
    assert {name for name, _ in (await call(silent)).headers} == {b"content-length", b"link"}


async def test_fields_left_by_others_are_added_to_the_answer() -> None:
    """And the app's own list is not touched."""
    own = [(b"x-own", b"1")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        listening = page_scope.get()
        assert listening is scope
        exchange_of(listening).fields = [(b"x-left", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send(body(b""))

    answer = await call(PaginationMiddleware(app))

    assert answer.headers == [(b"x-own", b"1"), (b"x-left", b"2")]
    assert own == [(b"x-own", b"1")]


async def test_a_start_without_headers_can_be_told_too() -> None:
    """ASGI lets them be missing."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    answer = await call(PaginationMiddleware(app), query_string=b"limit=500")

    assert answer.headers == [(b"x-pagination-clamped", b"limit=100")]


async def test_inner_layers_take_the_fields_first() -> None:
    """Once, wherever they are."""
    for wrapped in (
        PaginationMiddleware(CacheControlMiddleware(Seen())),
        CacheControlMiddleware(PaginationMiddleware(Seen())),
        PaginationMiddleware(PaginationMiddleware(Seen())),
    ):
        answer = await call(wrapped)
        assert [name for name, _ in answer.headers].count(b"link") == 1


async def test_a_layer_inside_can_have_the_adding_of_fields_alone() -> None:
    """What was clamped is told all the same, and nobody listens for pages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert page_scope.get() is None
        await Seen(total=300)(scope, receive, send)

    inside = CacheControlMiddleware(app)
    wrapped = PaginationMiddleware(inside, adds_fields=False)

    for query, told in ((b"limit=100", None), (b"limit=500", b"limit=100")):
        answer = await call(wrapped, query_string=query)
        assert answer[b"x-pagination-clamped"] == told
        assert answer[b"x-total-count"] == b"300"
        assert [name for name, _ in answer.headers].count(b"link") == 1
    alone = await call(PaginationMiddleware(Seen(), adds_fields=False))
    assert alone[b"link"] is None


async def test_an_exchange_of_an_outer_layer_is_left_to_it() -> None:
    """So is what an outer PaginationMiddleware left; ours are removed."""
    scope = http_scope()
    exchange, left = Exchange(), object()
    scope[SCOPE_KEY], scope[PAGE_KEY] = exchange, left
    app: ASGIApp = PaginationMiddleware(Seen())

    async def send(message: Message) -> None:
        pass

    await app(scope, None, send)  # type: ignore[arg-type] # never called

    assert scope[SCOPE_KEY] is exchange
    assert scope[PAGE_KEY] is left


async def test_a_cache_inside_keeps_one_page_for_all_sizes_over_the_most() -> None:
    """Its hits carry Link, and each client is told of its own request."""
    app = Seen(total=300)
    cached = PaginationMiddleware(HTTPCacheMiddleware(app, policy=CachePolicy(ttl=60)))

    answers = [
        await call(cached, path="/f", query_string=b"limit=%d" % size, scheme="http")
        for size in (100, *range(101, 1000, 100), 100)
    ]

    assert app.queries == [b"limit=100"]
    assert len({answer[b"link"] for answer in answers}) == 1
    assert answers[1][b"link"] is not None
    assert answers[1][b"x-total-count"] == b"300"
    told = [answer[b"x-pagination-clamped"] for answer in answers]
    assert told == [None, *[b"limit=100"] * 9, None]


# --- configuration ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": 100}, "policy must be a PagePolicy or None, got 100"),
        ({"rules": ["/f*"]}, "rules must hold PageRule, got '/f*'"),
        ({"base_url": "api.example"}, "base_url must be http"),
        ({"total_count_header": "X Total"}, "total_count_header must be a field name"),
        ({"total_count_header": "Größe"}, "total_count_header must be"),
        ({"total_count_header": b"X"}, "total_count_header must be"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], message: str) -> None:
    """When the middleware is made."""
    with pytest.raises(ConfigurationError) as raised:
        PaginationMiddleware(answering(), **options)

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": 1, "policy": None}, "path must be a shell pattern, got 1"),
        ({"path": "/f", "policy": "strict"}, "policy must be a PagePolicy or None"),
    ],
)
def test_rules_that_cannot_work_are_refused(options: dict[str, Any], message: str) -> None:
    """When the rule is made."""
    with pytest.raises(ConfigurationError) as raised:
        PageRule(**options)

    assert str(raised.value).startswith(message)


async def test_a_dropped_request_is_cleared_up_in_whatever_context() -> None:
    """The garbage collector closes it where our token means nothing."""

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    scope = http_scope(query_string=b"limit=500")
    served: Any = PaginationMiddleware(stuck)(scope, None, None)  # type: ignore[arg-type] # never called

    async def begin() -> None:
        served.send(None)

    await asyncio.create_task(begin())
    served.close()

    assert scope == http_scope(query_string=b"limit=500")
