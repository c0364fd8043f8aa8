"""`@cache_response` and `@no_store`: say on a handler what our cache keeps of its answers."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import (
    CacheChoice,
    CacheControlChoice,
    Exchange,
    cache_control_scope,
    cache_scope,
    exchange_of,
)
from chopin_mw.handlers.choosing import TakeBack, choosing, nothing, warn_called_by_another
from chopin_mw.handlers.tag_names import parse_tags, tag_names
from chopin_mw.handlers.wrapping import Handler, decorate, name_of, warn_once
from chopin_mw.integrations.endpoint import Endpoint, endpoint_of
from chopin_mw.rules.cache_policy import CachePolicy, Selector
from chopin_mw.rules.vary import variant_values

Seconds: TypeAlias = float | timedelta
Deny: TypeAlias = Literal["deny", "ignore"]
_Changes: TypeAlias = dict[str, Any]

# What still holds, with the tags, where a handler raised.
_ON_ERRORS = ("negative_ttl", "vary_by")


def cache_response(
    *,
    ttl: Seconds | None = None,
    tags: Collection[str] = (),
    vary_by: Selector | Sequence[Selector] = (),
    stale_while_revalidate: Seconds | None = None,
    stale_if_error: Seconds | None = None,
    negative_ttl: Seconds | None = None,
    statuses: Collection[int] | None = None,
    max_body_bytes: int | None = None,
    cookies: Deny | None = None,
    authorization: Deny | None = None,
    ttl_jitter: float | None = None,
    early_refresh: float | None = None,
) -> Callable[[Handler], Handler]:
    """Keep the handler's answers to GET in our cache; each option replaces that of the policy.

    Options as in `CachePolicy`; times in seconds or `timedelta`. `ttl` speaks to our cache alone,
    in place of max-age, s-maxage, Expires and no-cache, which are then for clients; `private`,
    `no-store`, `Vary: *` and Set-Cookie still keep an answer out. `tags` may name arguments of the
    handler: `flight:{flight_id}`. `vary_by` takes names of request fields, `"cookie:NAME"`, or a
    callable that takes the scope and returns for whom the answer is.
    A handler that raises leaves nothing but `negative_ttl` for the 404 that is sent instead.
    Nothing is kept where another handler calls this one, which is told by following `__wrapped__`
    from the route (Falcon and BlackSheep do not show theirs, and keep the caller's answer). Needs
    HTTPCacheMiddleware around the app. Raises ConfigurationError for options that cannot work.

        @app.get("/flights/{flight_id}")
        @cache_response(ttl=60, tags=("flight:{flight_id}",), vary_by="Accept-Language")
        async def flight(flight_id: int): ...
    """
    templates = parse_tags(tags)
    changes = _checked(
        ttl=_seconds(ttl),
        override_freshness=None if ttl is None else True,
        vary_by=_selectors(vary_by) or None,
        stale_while_revalidate=_seconds(stale_while_revalidate),
        stale_if_error=_seconds(stale_if_error),
        negative_ttl=_seconds(negative_ttl),
        statuses=statuses,
        max_body_bytes=max_body_bytes,
        cookies=cookies,
        authorization=authorization,
        ttl_jitter=ttl_jitter,
        early_refresh=early_refresh,
    )
    if not changes and not templates:
        raise ConfigurationError("@cache_response needs at least one option, such as ttl=60")
    return lambda handler: decorate(handler, lambda inner: _cached(inner, changes, templates))


def no_store(handler: Handler) -> Handler:
    """Keep nothing of the handler's answers, errors included, and tell other caches the same.

    It wins over every `@cache_response`, also where another handler calls this one. Answers carry
    `Cache-Control: no-store` where CacheControlMiddleware is around the app and they have no
    Cache-Control of their own.

        @app.get("/account")
        @no_store
        async def account(): ...
    """
    return decorate(handler, _never_stored)


def _cached(
    handler: Callable[..., Any], changes: _Changes, templates: Sequence[Any]
) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    names = tag_names(handler, templates)
    name = name_of(handler)
    warn_unheard = warn_once(
        f"@cache_response on {name} has no effect: add HTTPCacheMiddleware around the app"
    )
    warn_unnamed = warn_once(
        f"@cache_response on {name}: a placeholder of its tags has no value in a call, "
        "whose answer is not kept"
    )

    warn_called = warn_called_by_another("@cache_response", name)

    def choose(args: Sequence[Any], kwargs: Mapping[str, Any]) -> TakeBack:
        scope = cache_scope.get()
        if scope is None:
            warn_unheard()
            return nothing
        exchange = exchange_of(scope)
        before = exchange.cache or CacheChoice()
        if before.changes is None or not (before.handler is None or before.handler is innermost):
            # Called by another decorated handler: the answer is that one's, and so is the choice.
            return nothing
        if endpoint_of(scope, innermost, args) is Endpoint.ANOTHER:
            warn_called()
            return nothing
        tags, all_named = names(scope, args, kwargs)
        if not all_named:
            warn_unnamed()
            exchange.cache = replace(before, changes=None, handler=innermost)
            return nothing
        # Mostly one object for all calls: what is made of it need not be made again.
        merged = {**before.changes, **changes} if before.changes else changes
        exchange.cache = chosen = CacheChoice(
            changes=merged,
            tags=before.tags + tags,
            identities=_identities(merged, scope),
            invalidates=before.invalidates,
            handler=innermost,
        )
        return lambda: _take_back(exchange, before, chosen)

    return choosing(handler, choose)


def _identities(changes: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[int, bytes | None]:
    """Ask who the request is for before the handler runs: it may log its user out."""
    functions = [each for each in changes.get("vary_by", ()) if callable(each)]
    if not functions:
        return {}
    try:
        values = variant_values(tuple(functions), scope, ())
    except Exception:  # noqa: BLE001 - the cache asks again, and says so
        return {}
    return {} if values is None else dict(zip(map(id, functions), values, strict=True))


def _take_back(exchange: Exchange, before: CacheChoice, chosen: CacheChoice) -> None:
    # What is sent instead is not the handler's answer; but tags of a write that was done, and
    # what must not be stored, are not taken back with it.
    now = exchange.cache or before
    if now.changes is None:
        return
    left = before
    if chosen.changes and "negative_ttl" in chosen.changes:
        changes = {name: chosen.changes[name] for name in _ON_ERRORS if name in chosen.changes}
        left = replace(chosen, changes=changes)
    exchange.cache = replace(left, invalidates=now.invalidates, handler=before.handler)


def _never_stored(handler: Callable[..., Any]) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    told = CacheControlChoice(b"no-store", on_errors=True, handler=innermost)
    warn = warn_once(
        f"@no_store on {name_of(handler)} has no effect: "
        "add HTTPCacheMiddleware or CacheControlMiddleware around the app"
    )

    def choose(_args: Sequence[Any], _kwargs: Mapping[str, Any]) -> TakeBack:
        caching, telling = cache_scope.get(), cache_control_scope.get()
        if caching is None and telling is None:
            warn()
        if caching is not None:
            exchange = exchange_of(caching)
            before = exchange.cache or CacheChoice(handler=innermost)
            exchange.cache = replace(before, changes=None)
        if telling is not None:
            exchange_of(telling).cache_control = told
        return nothing

    return choosing(handler, choose)


def _checked(**given: Any) -> _Changes:
    """Return the options that were given, as a policy would have them."""
    names = [name for name, value in given.items() if value is not None]
    policy = CachePolicy(**{name: given[name] for name in names})
    return {name: getattr(policy, name) for name in names}


def _seconds(given: Seconds | None) -> float | None:
    return given.total_seconds() if isinstance(given, timedelta) else given


def _selectors(given: Selector | Sequence[Selector]) -> tuple[Selector, ...]:
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(map(_selector, given))
    return (_selector(given),)


def _selector(given: Selector) -> Selector:
    # A name alone is that of a request field; what else it is the policy checks.
    return f"header:{given}" if isinstance(given, str) and ":" not in given else given
