"""A shared response cache in front of the app (RFC 9111), with ETag, 304 and ranges in one pass."""

from collections.abc import Iterable

from chopin_mw.asgi.header_list import with_header_list
from chopin_mw.asgi.layering import check_authentication_is_outside, failing_start_up
from chopin_mw.asgi.tagging import DEFAULT_LIMIT_BYTES, check_limit_bytes
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.cache.clock import Clock
from chopin_mw.cache.http_cache import HTTPCache, check_cache
from chopin_mw.cache.request import REQUEST_FIELDS, CacheRequest, request_of
from chopin_mw.cache.selection import CacheRule
from chopin_mw.cache.serving import Serving
from chopin_mw.cache.statistics import Outcome, tell
from chopin_mw.cache.unsafe import Unsafe
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.cache_key import cache_key, normalised_query
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.headers import select
from chopin_mw.rules.stored_response import StoredResponse
from chopin_mw.stores.protocol import ResponseStore

_OK = 200
_IF_NONE_MATCH = b"if-none-match"
_READS = ("GET", "HEAD")
_DEFAULT_POLICY = CachePolicy()


class HTTPCacheMiddleware:
    """Answer from stored responses before the framework wakes up, and validate the client's.

    Keeps only what the response, `@cache_response` or a policy explicitly allows, and never what
    may be personal (see `CachePolicy`); does all that ETagMiddleware does. Give the options of
    `HTTPCache`, or a `cache` made before, which the app can invalidate. `etag_limit_bytes` is the
    largest body that gets a tag.

        app.add_middleware(HTTPCacheMiddleware, policy=CachePolicy(stale_if_error=60))
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        policy: CachePolicy | None = _DEFAULT_POLICY,
        rules: Iterable[CacheRule] = (),
        store: ResponseStore | None = None,
        cache_status: str | None = None,
        clock: Clock = Clock(),  # noqa: B008 - frozen
        cache: HTTPCache | None = None,
        etag_limit_bytes: int = DEFAULT_LIMIT_BYTES,
    ) -> None:
        check_authentication_is_outside(app)
        self.app = app
        if cache is None:
            cache = HTTPCache(
                policy=policy, rules=rules, store=store, cache_status=cache_status, clock=clock
            )
        elif policy is not _DEFAULT_POLICY or tuple(rules) or store is not None or cache_status:
            raise ConfigurationError(
                "policy, rules, store and cache_status belong to the cache that was given: "
                "put them there"
            )
        self.cache = check_cache("cache", cache)
        self._limit = check_limit_bytes("etag_limit_bytes", etag_limit_bytes)
        self._serving = Serving(app, self.cache, etag_limit_bytes)
        self._unsafe = Unsafe(app, self.cache)
        self._policy_of = self.cache.policies.of
        self._get = self.cache.keeper.begin_get
        self._now = self.cache.clock.monotonic
        self._is_plain = self.cache.name is None
        self._counters = self.cache.counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                self._serving.refresh.state = scope.get("state")
                send = failing_start_up(self.app, send)
            await self.app(scope, receive, send)
            return
        headers = scope.get("headers")
        if type(headers) is not list:
            await with_header_list(self, scope, receive, send)
            return
        method = scope["method"]
        if method not in _READS:
            await self._unsafe.serve(scope, receive, send)
            return
        policy = self._policy_of(scope["path"])
        if policy is None or policy.ignored_query or policy.sort_query:
            await self._serve_by(policy, scope, receive, send)
            return
        fields = select(headers, REQUEST_FIELDS)
        host = fields.pop(b"host", b"")
        key = cache_key(scope, host, policy.namespace)
        found = self._get(key)
        if found.__class__ is StoredResponse and self._is_plain:
            # What nearly every hit looks like is answered here; the general way takes 5 µs more.
            answer = _plain_answer(found, method, fields, self._now())
            if answer is not None:
                self._counters.hits += 1
                if SCOPE_KEY in scope:
                    tell(scope, Outcome.HIT)
                await send(answer[0])
                await send(answer[1])
                return
        request = CacheRequest(scope, fields, host, key, policy)
        if found is not None or policy.vary_by:
            await self.cache.keeper.look_up(request, found)
        await self._serving.serve(request, receive, send)

    async def _serve_by(
        self, policy: CachePolicy | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a request that is not cached, or whose query is normalised."""
        if policy is None:
            await self._serving.pass_on(scope, receive, send)
            return
        given = scope.get("query_string", b"")
        # The app sees the query that the key is made of, to the end of its response: no stranger
        # chooses what is kept.
        scope["query_string"] = normalised_query(given, policy.ignored_query, policy.sort_query)
        request = request_of(scope, policy)
        try:
            await self.cache.keeper.look_up(request)
            await self._serving.serve(request, receive, send)
        finally:
            scope["query_string"] = given


def _plain_answer(
    stored: StoredResponse, method: str, fields: dict[bytes, bytes], now: float
) -> tuple[Message, Message] | None:
    """Answer a request that asks for nothing special, or only for another tag, if it is fresh."""
    if now >= stored.fresh_until or stored.early_refresh:
        return None
    age = (b"age", b"%d" % (now - stored.born))
    # New messages and a new list each time: layers outside edit what they get.
    if not fields:
        status, headers = stored.status, [*stored.headers, age]
        body = stored.body if method == "GET" else b""
    elif (
        len(fields) == 1 and stored.status == _OK and fields.get(_IF_NONE_MATCH, b"") == stored.etag
    ):
        status, headers, body = 304, [*stored.not_modified_headers, age], b""
    else:
        return None
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    )
