"""`@invalidates`: what a handler writes makes cached answers invalid, by their tags."""

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import CacheChoice, Exchange, cache_scope, exchange_of
from chopin_mw.handlers.choosing import TakeBack, choosing, nothing
from chopin_mw.handlers.tag_names import parse_tags, tag_names
from chopin_mw.handlers.wrapping import Handler, decorate, name_of, warn_once


def invalidates(*, tags: Collection[str]) -> Callable[[Handler], Handler]:
    """Drop every cached answer with one of these tags once the handler has answered successfully.

    They are gone before the client has the answer. `tags` may name arguments of the handler, as in
    `@cache_response`. A handler that raises drops nothing; of a handler that another one calls, the
    tags count too. Needs HTTPCacheMiddleware around the app. Raises ConfigurationError for tags
    that cannot work.

        @app.put("/flights/{flight_id}")
        @invalidates(tags=("flight:{flight_id}", "flights"))
        async def change(flight_id: int, change: Change): ...
    """
    templates = parse_tags(tags)
    if not templates:
        raise ConfigurationError('@invalidates needs at least one tag, such as tags=("flights",)')
    return lambda handler: decorate(handler, lambda inner: _invalidating(inner, templates))


def _invalidating(handler: Callable[..., Any], templates: Sequence[Any]) -> Callable[..., Any]:
    innermost = inspect.unwrap(handler)
    names = tag_names(handler, templates)
    name = name_of(handler)
    warn_unheard = warn_once(
        f"@invalidates on {name} has no effect: add HTTPCacheMiddleware around the app"
    )
    warn_unnamed = warn_once(
        f"@invalidates on {name}: a placeholder of its tags has no value in a call, "
        "where that tag is left out"
    )

    def choose(args: Sequence[Any], kwargs: Mapping[str, Any]) -> TakeBack:
        scope = cache_scope.get()
        if scope is None:
            warn_unheard()
            return nothing
        tags, all_named = names(scope, args, kwargs)
        if not all_named:
            warn_unnamed()
        exchange = exchange_of(scope)
        before = exchange.cache or CacheChoice()
        exchange.cache = replace(
            before,
            invalidates=before.invalidates + tags,
            handler=innermost if before.handler is None else before.handler,
        )
        return lambda: _take_back(exchange, tags, before.handler)

    return choosing(handler, choose)


def _take_back(exchange: Exchange, tags: Sequence[str], handler: object) -> None:
    now = exchange.cache or CacheChoice()
    # Only what this call added: what other calls have written is written.
    remaining = Counter(now.invalidates) - Counter(tags)
    exchange.cache = replace(now, invalidates=tuple(remaining.elements()), handler=handler)
