"""What clamping a query costs: for requests that ask nothing of a list, and for those that do."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from benchmarks.apps import http_scope
from benchmarks.case import Answer, Budget, Case
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.middleware.pagination import PageRule, PaginationMiddleware
from chopin_mw.rules.page_policy import PagePolicy

TOPIC = "pagination"
_NOTHING_THERE = Budget(added=0.5)
_REWRITES = Budget(added=1.5)
_UNDER_A_MILLISECOND = Budget(added=1000)
_SEVERAL_RULES = tuple(
    PageRule(path=f"/api/{name}*", policy=PagePolicy(max_limit=50))
    for name in ("flights", "airlines", "airports")
)

Make = Callable[..., ASGIApp]
Next = Callable[[], bytes]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the query as the app gets it."""
    query = scope["query_string"]
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(query))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": query})


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    yield from _pair("no query", lambda: b"", rb"", _NOTHING_THERE)
    yield from _again("other parameters only", b"carrier=UA&origin=EWR", None, _NOTHING_THERE)
    yield from _again("two parameters in range", b"limit=50&offset=40", None, None)
    yield from _again("rewrites two", b"limit=5000&offset=-5", b"limit=100&offset=0", _REWRITES)
    digits = b"limit=" + b"9" * 10**6
    yield from _pair(
        "a limit of a million digits", _fresh(digits), rb"limit=100", _UNDER_A_MILLISECOND
    )
    yield from _never_seen()
    yield from _by_path()


def _never_seen() -> Iterator[Case]:
    """Yield the same requests with queries that come once, so that none is remembered."""
    others = map(b"carrier=UA&number=%d".__mod__, count())
    yield from _pair(
        "other parameters, never seen", others.__next__, rb"carrier=UA&number=\d+", None
    )
    in_range = (b"limit=%d&offset=%d" % (n % 100 + 1, n // 100 % 10_000) for n in count())
    yield from _pair("in range, never seen", in_range.__next__, rb"limit=\d+&offset=\d+", None)
    over = (b"limit=%d&offset=-%d" % (n, n) for n in count(5000))
    yield from _pair("rewrites two, never seen", over.__next__, rb"limit=100&offset=0", None)


def _by_path() -> Iterator[Case]:
    with_rules = partial(PaginationMiddleware, policy=None, rules=_SEVERAL_RULES)
    no_query: Next = lambda: b""  # noqa: E731 - a name for a constant
    yield from _pair("a path without a policy", no_query, rb"", _NOTHING_THERE, make=with_rules)


def _again(name: str, query: bytes, becomes: bytes | None, budget: Budget | None) -> Iterator[Case]:
    return _pair(name, _fresh(query), re.escape(becomes or query), budget)


def _fresh(query: bytes) -> Next:
    # A server makes new bytes for each request, whose hash is not known yet.
    return lambda: bytes(bytearray(query))


def _pair(
    name: str,
    query: Next,
    becomes: bytes,
    budget: Budget | None,
    make: Make = PaginationMiddleware,
) -> Iterator[Case]:
    """Yield the app alone, in the middleware, and as it is in the stack; one kind of request."""
    plain, expected = http_scope("GET"), re.compile(becomes)

    def scope() -> Scope:
        made = plain()
        made["query_string"] = query()
        return made

    def is_right(answer: Answer) -> bool:
        return answer.status == 200 and expected.fullmatch(answer.body) is not None

    base = f"bare: {name}"
    yield Case(name=base, topic=TOPIC, app=echo, scope=scope, is_right=_is_answer)
    in_the_stack = partial(make, adds_fields=False)
    for label, app in ((name, make(echo)), (f"{name}, in the stack", in_the_stack(echo))):
        yield Case(
            name=f"PaginationMiddleware: {label}",
            topic=TOPIC,
            app=app,
            scope=scope,
            is_right=is_right,
            base=base,
            budget=budget,
        )


def _is_answer(answer: Answer) -> bool:
    return answer.status == 200
