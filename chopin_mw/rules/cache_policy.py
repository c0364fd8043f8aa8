"""Cache policies: what a response cache may keep, for whom, and for how long."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from inspect import iscoroutinefunction
from math import inf, isnan
from typing import Any, Literal, TypeAlias

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.headers import TOKEN

Selector: TypeAlias = str | Callable[[Any], str | bytes | None]
"""What else tells responses of one URL apart.

`"header:NAME"`, `"cookie:NAME"`, or a callable that takes the scope and returns who the response is
for; None from it means that this request is not cached. A callable stands for the whole identity of
the user, so that cookies, credentials and `private` do not refuse beside it; `"cookie:NAME"` says
that no other cookie matters.
"""

PER_REQUEST_FIELDS = (
    b"ratelimit",
    b"ratelimit-limit",
    b"ratelimit-policy",
    b"ratelimit-remaining",
    b"ratelimit-reset",
    b"request-id",
    b"retry-after",
    b"server-timing",
    b"traceparent",
    b"traceresponse",
    b"tracestate",
    b"x-amzn-trace-id",
    b"x-b3-traceid",
    b"x-cloud-trace-context",
    b"x-correlation-id",
    b"x-process-time",
    b"x-ratelimit-limit",
    b"x-ratelimit-remaining",
    b"x-ratelimit-reset",
    b"x-request-id",
    b"x-response-time",
    b"x-runtime",
    b"x-trace-id",
)
"""Fields that speak of one request; a stored response does not keep them."""

# Only what describes the resource, never an error somebody else provoked (CPDoS).
DEFAULT_STATUSES = frozenset({200, 203, 204, 300, 301, 302, 307, 308, 404, 410})
# Parts and validations are no whole responses; the rest must not be stored by RFC 6585 §3-6.
EVERY_STATUS = frozenset(range(200, 600)) - {206, 304, 428, 429, 431, 511}
NEGATIVE_STATUSES = frozenset({404, 410})

_DEFAULT_BODY_BYTES = 1024 * 1024
_LONGEST_NEGATIVE = 300.0
_LONGEST_WAIT = 5.0
_FIELD_NAME = re.compile(TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CachePolicy:
    """Say what may be kept of the answers to GET, and for how long; all times in seconds.

    The default keeps only what a response or its handler explicitly allows: a lifetime must be
    given, and nothing is kept that may be personal.

    - `ttl`: lifetime of responses that name none; `override_freshness=True` puts it in the place
      of max-age, s-maxage, Expires and no-cache too. `private`, `no-store`, `Vary: *` and
      Set-Cookie still refuse.
    - `vary_by`: what else than Vary tells responses of one URL apart (see `Selector`).
    - `tags`: names by which responses are invalidated together.
    - `statuses`: which may be kept; 404 and 410 for at most `max_negative_ttl`, and without a
      lifetime of their own for `negative_ttl`, if given.
    - `stale_while_revalidate`, `stale_if_error`: windows where the response names none (RFC 5861).
    - `cookies`, `authorization`: `"deny"` keeps requests with that field away from the cache
      unless the response says `public` or `s-maxage` (Authorization: or `must-revalidate`);
      `"ignore"` treats them as RFC 9111 does, which looks at Authorization only.
    - `set_cookie`: `"refuse"` keeps no response with Set-Cookie, `"strip"` keeps it without,
      `"store"` replays the cookie to everybody, as RFC 9111 §7.3 has it.
    - `ignored_query`: shell patterns of parameters (`utm_*`) that neither the key nor the app
      sees; `sort_query=True` puts the rest in order for both.
    - `ttl_jitter`: fraction (0..1) by which a lifetime is shortened at random, against entries
      that expire together; `early_refresh`: beta of XFetch, 0 is off, 1 is the usual value.
    - `wait_limit`: how long a request waits for another one's response to the same; then it asks
      the app itself, and that response is not stored.
    - `honour_request_directives`: obey no-cache, max-age, min-fresh, max-stale, only-if-cached and
      Pragma of requests. Off, because it lets every client make the app work.
    - `heuristic_fraction`: share of the time since Last-Modified that a response without a
      lifetime stays fresh (RFC 9111 §4.2.2), e.g. 0.1; 0 is off.
    - `proxied`: the app passes on what another server says. Then tags are that server's to give and
      If-Match its to evaluate, and a response without Date gets one (RFC 9110 §6.6.1).
    - `stale_on_failure`: answer from a stale entry when the app fails, without being asked to.
    """

    ttl: float | None = None
    override_freshness: bool = False
    vary_by: tuple[Selector, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: Collection[int] = DEFAULT_STATUSES
    negative_ttl: float | None = None
    max_negative_ttl: float = _LONGEST_NEGATIVE
    max_body_bytes: int = _DEFAULT_BODY_BYTES
    stale_while_revalidate: float = 0
    stale_if_error: float = 0
    cookies: Literal["deny", "ignore"] = "deny"
    authorization: Literal["deny", "ignore"] = "deny"
    set_cookie: Literal["refuse", "strip", "store"] = "refuse"
    ignored_query: tuple[str, ...] = ()
    sort_query: bool = False
    namespace: str = ""
    ttl_jitter: float = 0
    early_refresh: float = 0
    wait_limit: float = _LONGEST_WAIT
    honour_request_directives: bool = False
    heuristic_fraction: float = 0
    stale_on_failure: bool = False
    unstored_fields: Collection[bytes] = PER_REQUEST_FIELDS
    proxied: bool = False

    def __post_init__(self) -> None:
        for name in ("statuses", "unstored_fields"):
            object.__setattr__(self, name, _as_set(name, getattr(self, name)))
        for field in fields(self):
            _CHECKS[field.name](field.name, getattr(self, field.name))

    def __repr__(self) -> str:
        """Name what differs from the default."""
        given = [(each.name, getattr(self, each.name), each.default) for each in fields(self)]
        changed = [
            f"{name}={_sorted(value)!r}"
            for name, value, default in given
            if value != (frozenset(default) if isinstance(value, frozenset) else default)  # type: ignore[arg-type]  # then the default is a collection
        ]
        return f"CachePolicy({', '.join(changed)})"

    @classmethod
    def shared_proxy(cls, **changes: Any) -> "CachePolicy":
        """Return the policy of a shared cache in front of a proxying app: all RFC 9111 allows.

        Request directives, heuristics, every status, stale answers when the origin fails; cookies
        mean nothing and Set-Cookie is replayed, as the letter has it. Not for an app of your own.
        """
        proxy: dict[str, Any] = {
            "statuses": EVERY_STATUS,
            "max_negative_ttl": inf,
            "cookies": "ignore",
            "authorization": "ignore",
            "set_cookie": "store",
            "honour_request_directives": True,
            "heuristic_fraction": 0.1,
            "stale_on_failure": True,
            "unstored_fields": (),
            "proxied": True,
        }
        return cls(**(proxy | changes))


def _as_set(name: str, value: Any) -> frozenset[Any]:
    # A single string is a collection as well, of letters, which nobody means.
    if not isinstance(value, str | bytes):
        try:
            return frozenset(value)
        except TypeError:
            pass
    raise ConfigurationError(f"{name} must be a collection such as a set, got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)


def _check_seconds(name: str, value: Any) -> None:
    if not _is_number(value) or value < 0:
        raise ConfigurationError(f"{name} must be a number of seconds, 0 or more, got {value!r}")


def _check_optional_seconds(name: str, value: Any) -> None:
    if value is not None and (not _is_number(value) or value < 0):
        raise ConfigurationError(
            f"{name} must be a number of seconds, 0 or more, or None, got {value!r}"
        )


def _check_fraction(name: str, value: Any) -> None:
    if not _is_number(value) or not 0 <= value <= 1:
        raise ConfigurationError(f"{name} must be a number of 0..1, got {value!r}")


def _check_factor(name: str, value: Any) -> None:
    if not _is_number(value) or not 0 <= value < inf:
        raise ConfigurationError(
            f"{name} must be a number, 0 for off and 1 for the usual, got {value!r}"
        )


def _sorted(value: Any) -> Any:
    return tuple(sorted(value)) if isinstance(value, frozenset) else value


def _check_bool(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False, got {value!r}")


def _check_bytes(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{name} must be a whole number of bytes, got {value!r}")


def _check_names(name: str, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(each, str) and each for each in value):
        raise ConfigurationError(
            f'{name} must be a tuple of strings such as ("a", "b"), got {value!r}'
        )


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a string, got {value!r}")


def _check_statuses(name: str, value: Any) -> None:
    for status in value:
        if not isinstance(status, int) or status not in EVERY_STATUS:
            raise ConfigurationError(
                f"{name} must hold codes of 200..599 but 206, 304, 428, 429, 431 and 511, "
                f"which are never stored, got {status!r}"
            )


def _check_fields(name: str, value: Any) -> None:
    for each in value:
        if not isinstance(each, bytes) or not _FIELD_NAME.fullmatch(each) or each != each.lower():
            raise ConfigurationError(
                f'{name} must hold field names in lower-case bytes such as b"x-a", got {each!r}'
            )


def _check_selectors(name: str, value: object) -> None:
    if not isinstance(value, tuple):
        raise ConfigurationError(
            f'{name} must be a tuple such as ("header:accept-language",), got {value!r}'
        )
    for each in value:
        if iscoroutinefunction(each) or iscoroutinefunction(
            getattr(each, "__call__", None)  # noqa: B004 - its kind is asked for, not its presence
        ):
            raise ConfigurationError(
                f"{name} must hold plain functions, not async ones, got {each!r}"
            )
        if not callable(each) and not _is_selector(each):
            raise ConfigurationError(
                f'{name} must hold "header:NAME", "cookie:NAME" or a callable, got {each!r}'
            )


def _is_selector(value: object) -> bool:
    # The names of fields and of cookies are tokens (RFC 6265 §4.1.1).
    kind, _, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    named = rest.isascii() and _FIELD_NAME.fullmatch(rest.encode("ascii")) is not None
    return kind in ("header", "cookie") and named


def _check_choice(*choices: str) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if value not in choices:
            raise ConfigurationError(f"{name} must be one of {choices}, got {value!r}")

    return check


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "ttl": _check_optional_seconds,
    "override_freshness": _check_bool,
    "vary_by": _check_selectors,
    "tags": _check_names,
    "statuses": _check_statuses,
    "negative_ttl": _check_optional_seconds,
    "max_negative_ttl": _check_seconds,
    "max_body_bytes": _check_bytes,
    "stale_while_revalidate": _check_seconds,
    "stale_if_error": _check_seconds,
    "cookies": _check_choice("deny", "ignore"),
    "authorization": _check_choice("deny", "ignore"),
    "set_cookie": _check_choice("refuse", "strip", "store"),
    "ignored_query": _check_names,
    "sort_query": _check_bool,
    "namespace": _check_text,
    "ttl_jitter": _check_fraction,
    "early_refresh": _check_factor,
    "wait_limit": _check_seconds,
    "honour_request_directives": _check_bool,
    "heuristic_fraction": _check_fraction,
    "stale_on_failure": _check_bool,
    "unstored_fields": _check_fields,
    "proxied": _check_bool,
}
