"""Default Cache-Control by path, status and media type, and the values that handlers chose."""

from collections.abc import Awaitable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

from chopin_mw.asgi.types import ASGIApp, Headers, Message, Receive, Scope, Send
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import (
    SCOPE_KEY,
    Exchange,
    cache_control_scope,
    cache_scope,
    preconditions_scope,
    take_fields,
)
from chopin_mw.rules.cache_control import (
    ResponseDirectives,
    check_response_directives,
    parse_response_directives,
)
from chopin_mw.rules.headers import has, select

_CONTENT_TYPE = frozenset({b"content-type"})
_ERRORS_FROM = 400
_NOT_MODIFIED = 304
# Final answers that say something about the resource; errors get a rule only by name.
_DEFAULT_STATUSES = frozenset({200, 203, 204, 206, 300, 301, 304, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheControlRule:
    """Say which answers to GET and HEAD get which Cache-Control.

    `path` is a shell pattern over the whole path, whose `*` crosses slashes (`/static/*`);
    `media_type` one over the type without parameters (`image/*`). `cache_control` takes the
    text of the header or `ResponseDirectives`.

        CacheControlRule(path="/static/*", cache_control="public, max-age=31536000, immutable")
    """

    cache_control: str | ResponseDirectives
    path: str = "*"
    statuses: Collection[int] = _DEFAULT_STATUSES
    media_type: str | None = None

    def __post_init__(self) -> None:
        for name, pattern in (("path", self.path), ("media_type", self.media_type or "*")):
            if not isinstance(pattern, str):
                raise ConfigurationError(f"{name} must be a shell pattern, got {pattern!r}")
        object.__setattr__(self, "statuses", frozenset(self.statuses))
        for status in self.statuses:
            if not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004 - RFC 9110 §15
                raise ConfigurationError(f"statuses must hold codes of 200..599, got {status!r}")


# Annotations of inner functions are evaluated at each request: written out, this takes 0.2 µs.
_Sending: TypeAlias = Awaitable[None]
_Compiled: TypeAlias = tuple[tuple[CacheControlRule, bytes], ...]


class CacheControlMiddleware:
    """Send Cache-Control where the app sends none: what `@cache_control` chose, else a rule.

    The first rule that speaks of an answer decides, `default` stands for a last rule of all
    paths. Never overrides a Cache-Control of the app.

        app.add_middleware(CacheControlMiddleware, default="no-cache")
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        default: str | ResponseDirectives | None = None,
        rules: Iterable[CacheControlRule] = (),
    ) -> None:
        self.app = app
        last = [] if default is None else [CacheControlRule(cache_control=default)]
        self._rules: _Compiled = tuple(_compiled(rule) for rule in (*rules, *last))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        rules = self._rules if scope["method"] in ("GET", "HEAD") else ()

        # Returns the server's own awaitable: a coroutine of ours around it costs 0.1 µs a message.
        def send_with_cache_control(message: Message) -> _Sending:
            if message["type"] == "http.response.start" and (rules or SCOPE_KEY in scope):
                message = _with_cache_control(message, scope, rules)
            return send(message)

        token = cache_control_scope.set(scope)
        try:
            await self.app(scope, receive, send_with_cache_control)
        finally:
            if SCOPE_KEY in scope:
                del scope[SCOPE_KEY]
            try:  # noqa: SIM105 - suppress() costs 0.15 µs
                cache_control_scope.reset(token)
            except ValueError:
                # A request that was dropped, not ended: the garbage collector closes it in
                # whatever context that runs in, where there is nothing of ours to reset.
                pass


def _with_cache_control(message: Message, scope: Scope, rules: _Compiled) -> Message:
    headers = [*(message.get("headers") or ()), *take_fields(scope, message["status"])]
    if not has(headers, b"cache-control"):
        value = _value(scope, rules, message["status"], headers)
        if value is not None:
            headers.append((b"cache-control", value))
    return {**message, "headers": headers}


def _value(scope: Scope, rules: _Compiled, status: int, headers: Headers) -> bytes | None:
    exchange: Exchange | None = scope.get(SCOPE_KEY)
    chosen = None if exchange is None else exchange.cache_control
    if chosen is not None and (status < _ERRORS_FROM or chosen.on_errors):
        return chosen.value
    if status == _NOT_MODIFIED and _is_answered_by_etag(scope):
        # The handler did not run, so nobody knows what its 200 said: a cache keeps what it has.
        return None
    for rule, value in rules:
        if _applies(rule, scope["path"], status, headers):
            return None if _is_undecided(rule, status, headers) else value
    return None


def _applies(rule: CacheControlRule, path: str, status: int, headers: Headers) -> bool:
    """Say whether the rule speaks of this answer."""
    if status not in rule.statuses:
        return False
    # The default rule is for all paths, and matching costs 1 µs.
    if rule.path != "*" and not fnmatchcase(path, rule.path):
        return False
    if rule.media_type is None:
        return True
    if _is_undecided(rule, status, headers):
        return True
    content_type = select(headers, _CONTENT_TYPE).get(b"content-type", b"")
    media_type = content_type.partition(b";")[0].strip().lower().decode("latin-1")
    return fnmatchcase(media_type, rule.media_type.lower())


def _is_undecided(rule: CacheControlRule, status: int, headers: Headers) -> bool:
    """Say whether the rule asks for a media type that a 304 does not tell.

    Then no rule may decide: a 304 updates what caches hold of the 200 (RFC 9111 §4.3.4).
    """
    asks = rule.media_type is not None and status == _NOT_MODIFIED
    return asks and not has(headers, b"content-type")


def _is_answered_by_etag(scope: Scope) -> bool:
    exchange: Exchange | None = (cache_scope.get() or preconditions_scope.get() or scope).get(
        SCOPE_KEY
    )
    return exchange is not None and exchange.precondition is not None


def _compiled(rule: CacheControlRule) -> tuple[CacheControlRule, bytes]:
    if not isinstance(rule, CacheControlRule):
        raise ConfigurationError(f"rules must hold CacheControlRule, got {rule!r}")
    return rule, _header_value(rule.cache_control)


def _header_value(given: str | ResponseDirectives) -> bytes:
    if isinstance(given, ResponseDirectives):
        return str(check_response_directives(given)).encode("latin-1")
    if not isinstance(given, str) or not given.isascii():
        raise ConfigurationError(
            f"cache_control must be ASCII or ResponseDirectives, got {given!r}"
        )
    directives = check_response_directives(parse_response_directives(given.encode("ascii")))
    _refuse_broken(given, directives)
    return given.encode("ascii")


def _refuse_broken(given: str, directives: ResponseDirectives) -> None:
    """Compare what was written with what was understood: in configuration a slip is an error."""
    if _parts(given) != _parts(str(directives)):
        raise ConfigurationError(
            f"cache_control {given!r} is not well formed; it would be read as {str(directives)!r}"
        )


def _parts(value: str) -> list[str]:
    return sorted(part.strip(' "').lower().replace('="', "=") for part in value.split(","))
