"""`@cache_control`: say on a handler how long its answers may be reused."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chopin_mw.exchange import CacheControlChoice, Exchange, cache_control_scope, exchange_of
from chopin_mw.handlers.choosing import TakeBack, choosing, nothing, warn_called_by_another
from chopin_mw.handlers.wrapping import Handler, decorate, name_of, warn_once
from chopin_mw.integrations.endpoint import Endpoint, endpoint_of
from chopin_mw.rules.cache_control import ResponseDirectives, check_response_directives

Seconds = int | timedelta
FieldNames = bool | Sequence[str]


def cache_control(
    *,
    public: bool = False,
    private: FieldNames = False,
    no_cache: FieldNames = False,
    no_store: bool = False,
    no_transform: bool = False,
    max_age: Seconds | None = None,
    s_maxage: Seconds | None = None,
    must_revalidate: bool = False,
    proxy_revalidate: bool = False,
    must_understand: bool = False,
    immutable: bool = False,
    stale_while_revalidate: Seconds | None = None,
    stale_if_error: Seconds | None = None,
) -> Callable[[Handler], Handler]:
    """Send this Cache-Control with the handler's answers, unless the handler sets its own.

    RFC 9111 §5.2.2, RFC 5861, RFC 8246; seconds or `timedelta`; field names as a sequence.
    Answers with an error status, and handlers that raise, get none of it, except for `no_store`;
    nor does the answer of another handler that calls this one.
    Needs CacheControlMiddleware or ChopinMiddleware around the app. Raises ConfigurationError for
    directives that contradict each other.

        @app.get("/airlines")
        @cache_control(public=True, max_age=60, stale_while_revalidate=30)
        async def airlines(): ...
    """
    directives = check_response_directives(
        ResponseDirectives(
            public=public,
            private=_field_names(private),
            no_cache=_field_names(no_cache),
            no_store=no_store,
            no_transform=no_transform,
            max_age=_seconds(max_age),
            s_maxage=_seconds(s_maxage),
            must_revalidate=must_revalidate,
            proxy_revalidate=proxy_revalidate,
            must_understand=must_understand,
            immutable=immutable,
            stale_while_revalidate=_seconds(stale_while_revalidate),
            stale_if_error=_seconds(stale_if_error),
        )
    )
    choice = CacheControlChoice(str(directives).encode("latin-1"), on_errors=no_store)
    return lambda handler: decorate(handler, lambda inner: _choosing(inner, choice))


def _choosing(handler: Callable[..., Any], choice: CacheControlChoice) -> Callable[..., Any]:
    choice = replace(choice, handler=inspect.unwrap(handler))
    name = name_of(handler)
    warn_unheard = warn_once(
        f"@cache_control on {name} has no effect: "
        "add ChopinMiddleware or CacheControlMiddleware around the app"
    )
    warn_called = warn_called_by_another("@cache_control", name)

    def choose(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> TakeBack:
        scope = cache_control_scope.get()
        if scope is None:
            warn_unheard()
            return nothing
        exchange = exchange_of(scope)
        before = exchange.cache_control
        if before is not None and (before.handler is not choice.handler or before.on_errors):
            # Called by another decorated handler: the answer is that one's, and so is the choice.
            # Nor is it for a lifetime to outweigh a no-store on the same handler.
            return nothing
        if not choice.on_errors and endpoint_of(scope, choice.handler, args) is Endpoint.ANOTHER:
            warn_called()
            return nothing
        exchange.cache_control = choice
        return lambda: _take_back(exchange, before, choice)

    return choosing(handler, choose)


def _take_back(
    exchange: Exchange, before: CacheControlChoice | None, choice: CacheControlChoice
) -> None:
    # What is sent instead is not the handler's answer; a no-store stands, this one's or another's.
    if exchange.cache_control is choice and not choice.on_errors:
        exchange.cache_control = before


def _seconds(given: Seconds | None) -> int | None:
    return int(given.total_seconds()) if isinstance(given, timedelta) else given


def _field_names(given: FieldNames) -> bool | tuple[str, ...]:
    # A string is a sequence of letters; the check of the directives refuses it by name.
    return given if isinstance(given, bool | str) else tuple(name.lower() for name in given)  # type: ignore[return-value]  # checked next
