"""Clamp what clients ask of lists before the app reads it, and tell them of other pages."""

import re
from collections.abc import Awaitable, Iterable
from contextvars import Token
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from chopin_mw.asgi.messages import problem
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import SCOPE_KEY, page_scope, take_fields
from chopin_mw.rules.headers import TOKEN, Field
from chopin_mw.rules.page_links import PageLinks, checked_base_url
from chopin_mw.rules.page_policy import PagePolicy
from chopin_mw.rules.page_query import naming
from chopin_mw.rules.pagination import PAGE_KEY, Fault, PageVerdict, judge, refusal

# Spelt out where the function is made, an annotation costs every request 0.2 µs.
_Sending: TypeAlias = Awaitable[None]

_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 256
_DEFAULT_POLICY = PagePolicy()
_CLAMPED = b"x-pagination-clamped"


# Names of parameters in the policies, each in every answer that was clamped: 1 µs becomes 0.1.
_quoted = lru_cache(maxsize=256)(quote)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRule:
    """Say which policy goes for which paths.

    `path` is a shell pattern over the whole path, whose `*` crosses slashes (`/api/*`). Case, and
    slashes that are doubled or at the end, do not tell paths apart: they do not in some frameworks.
    No policy means that the query is left alone, and there they do.

        PageRule(path="/flights*", policy=PagePolicy(max_limit=1000))
    """

    path: str
    policy: PagePolicy | None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str):
            raise ConfigurationError(f"path must be a shell pattern, got {self.path!r}")
        _check_policy("policy", self.policy)


class PaginationMiddleware:
    """Let no request through that asks for more rows than `policy` allows, or from too deep.

    Rewrites the pagination parameters of the query, and nothing else of it, until the response
    starts; a client that gets another value than it asked for reads so in X-Pagination-Clamped.
    Handlers that make a `Page` send Link with it (RFC 8288), and `total_count_header` where the
    total is known; None leaves that out. Links are relative, or begin with `base_url`; they never
    name the Host that a client sent. `rules` go before `policy`, the first that matches wins; a
    policy of None leaves the query alone. Put it around the cache: pages are kept once, not once
    for each `limit` over the most. With `adds_fields=False` a CacheControlMiddleware inside has to
    add the fields, which saves 0.8 µs. Browsers of other origins read them only if CORS exposes
    them.

        app.add_middleware(PaginationMiddleware, policy=PagePolicy(max_limit=200))
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: PagePolicy | None = _DEFAULT_POLICY,
        rules: Iterable[PageRule] = (),
        base_url: str | None = None,
        total_count_header: str | None = "X-Total-Count",
        adds_fields: bool = True,
    ) -> None:
        self.app = app
        self._adds_fields = adds_fields
        table = _Table(
            policy, tuple(rules), checked_base_url(base_url), _field_name(total_count_header)
        )
        self._general = table.general
        self._by_path = table if table.rules else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        decisions = self._general if self._by_path is None else self._by_path.of(scope["path"])
        if decisions is None:
            await self.app(scope, receive, send)
            return
        given = scope.get("query_string", b"")
        decision = decisions.known.get(given) or decisions.make(given)
        query = decision.query
        if query is not None:
            if decision.faults:
                await _refuse(decision.faults, scope, send)
                return
            # The key may be missing, and is there afterwards: both mean an empty query.
            scope["query_string"] = query
            send = _giving_back(given, query, decision.told, scope, send)
        elif self._adds_fields:
            send = _adding_fields(scope, send)
        before, scope[PAGE_KEY] = scope.get(PAGE_KEY), decision.links
        token = page_scope.set(scope) if self._adds_fields else None
        has_exchange = token is not None and SCOPE_KEY in scope
        try:
            await self.app(scope, receive, send)
        finally:
            if query is not None:
                scope["query_string"] = given
            if before is None:
                scope.pop(PAGE_KEY, None)
            else:
                scope[PAGE_KEY] = before
            if token is not None:
                if SCOPE_KEY in scope and not has_exchange:
                    del scope[SCOPE_KEY]
                _stop_listening(token)


def _stop_listening(token: Token[Any]) -> None:
    try:  # noqa: SIM105 - suppress() costs 0.15 µs
        page_scope.reset(token)
    except ValueError:
        # A request that was dropped, not ended: the garbage collector closes it in
        # whatever context that runs in, where there is nothing of ours to reset.
        pass


def _adding_fields(scope: Scope, send: Send) -> Send:
    # Returns the server's own awaitable: a coroutine of ours around it costs 0.1 µs a message.
    def send_with_fields(message: Message) -> _Sending:
        if message["type"] == "http.response.start" and SCOPE_KEY in scope:
            message = _with_fields(message, scope, ())
        return send(message)

    return send_with_fields


def _giving_back(
    given: bytes, query: bytes, told: tuple[Field, ...], scope: Scope, send: Send
) -> Send:
    async def send_with_query_as_given(message: Message) -> None:
        if message["type"] == "http.response.start" and (told or SCOPE_KEY in scope):
            message = _with_fields(message, scope, told)
        if message.get("more_body"):
            # A slow client holds this up, while another task of the handler may read the query.
            await send(message)
            return
        # Servers write their log as a response starts or ends.
        scope["query_string"] = given
        await send(message)
        scope["query_string"] = query

    return send_with_query_as_given


def _with_fields(message: Message, scope: Scope, told: tuple[Field, ...]) -> Message:
    headers = [*(message.get("headers") or ()), *take_fields(scope, message["status"]), *told]
    return {**message, "headers": headers}


async def _refuse(faults: tuple[Fault, ...], scope: Scope, send: Send) -> None:
    error = refusal(faults)
    start, body = problem(
        error.status, error.title, error.detail, code=error.code, errors=error.errors
    )
    await send(start)
    await send({**body, "body": b""} if scope.get("method") == "HEAD" else body)


class _Decision(NamedTuple):
    """Hold what is done about a query: nothing, another `query` for the app, or a refusal."""

    # Tuples here and in what it holds: frozen dataclasses take 3 µs more to make.

    links: PageLinks
    query: bytes | None = None
    told: tuple[Field, ...] = ()
    faults: tuple[Fault, ...] = ()


class _Decisions:
    """Decide about queries by one policy; the short ones are remembered, for they come again."""

    __slots__ = ("_links", "_names_ours", "_policy", "_unasked", "known")

    def __init__(self, policy: PagePolicy, base_url: bytes, total: bytes | None) -> None:
        self._policy = policy
        deepest = policy.max_offset if policy.on_deep_offset == "clamp" else None
        self._links = (base_url, total, deepest)
        self._names_ours = naming(policy.meanings).search
        unasked = self._decided(b"", judge(b"", policy))
        # For every query that has nothing of ours.
        self._unasked = None if policy.inject_default else unasked
        self.known: dict[bytes, _Decision] = {}

    def make(self, query: bytes) -> _Decision:
        """Decide about a query that is not known."""
        decision = self._unasked
        if decision is None or self._names_ours(query):
            decision = self._decided(query, judge(query, self._policy))
        if len(query) <= _LONGEST_REMEMBERED:
            if len(self.known) >= _MOST_REMEMBERED:
                self.known.clear()
            self.known[query] = decision
        return decision

    def _decided(self, query: bytes, verdict: PageVerdict) -> _Decision:
        links = PageLinks(verdict.pagination, *self._links)
        changed = ", ".join(f"{_quoted(name)}={value}" for name, value in verdict.changed)
        return _Decision(
            links,
            None if verdict.query is query and not verdict.faults else verdict.query,
            ((_CLAMPED, changed.encode()),) if changed else (),
            verdict.faults,
        )


class _Table:
    """Find the policy of a path."""

    __slots__ = ("_by_path", "general", "rules")

    def __init__(
        self,
        policy: PagePolicy | None,
        rules: tuple[PageRule, ...],
        base_url: bytes,
        total: bytes | None,
    ) -> None:
        _check_policy("policy", policy)
        for rule in rules:
            if not isinstance(rule, PageRule):
                raise ConfigurationError(f"rules must hold PageRule, got {rule!r}")

        def decisions(policy: PagePolicy | None) -> _Decisions | None:
            return None if policy is None else _Decisions(policy, base_url, total)

        self.general = decisions(policy)
        self.rules = [(rule.path, _as_read(rule.path), decisions(rule.policy)) for rule in rules]
        self._by_path: dict[str, _Decisions | None] = {}

    def of(self, path: str) -> _Decisions | None:
        """Return the decisions by the first rule that matches, else by the general policy."""
        try:
            return self._by_path[path]
        except KeyError:
            return self._remember(path)

    def _remember(self, path: str) -> _Decisions | None:
        # Matching costs 1 µs a rule, and an app has few paths that are asked for often.
        found, read = self.general, _as_read(path)
        for pattern, read_pattern, decisions in self.rules:
            # What is left alone is meant exactly; a bound is one however the path is spelt.
            is_bound = decisions is not None and fnmatchcase(read, read_pattern)
            if is_bound or fnmatchcase(path, pattern):
                found = decisions
                break
        if len(self._by_path) >= _MOST_REMEMBERED:
            self._by_path.clear()
        if len(path) <= _LONGEST_REMEMBERED:
            self._by_path[path] = found
        return found


def _as_read(path: str) -> str:
    """Return a path as the least strict router reads it.

    BlackSheep ignores case; Quart, Litestar and Falcon fold slashes; at the end some ignore one,
    and Starlette, FastAPI and BlackSheep a line break.
    """
    return re.sub("/{2,}", "/", path).rstrip("/\n").lower()


def _check_policy(name: str, policy: object) -> None:
    if policy is not None and not isinstance(policy, PagePolicy):
        raise ConfigurationError(f"{name} must be a PagePolicy or None, got {policy!r}")


def _field_name(given: str | None) -> bytes | None:
    if given is None:
        return None
    if isinstance(given, str) and given.isascii() and re.fullmatch(TOKEN, given.encode()):
        return given.lower().encode()
    raise ConfigurationError(f"total_count_header must be a field name or None, got {given!r}")
