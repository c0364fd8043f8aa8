"""The app sees the server's scope, and the server finds it unchanged afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from chopin_mw.asgi.refusals import ADMISSION_KEY
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.exchange import SCOPE_KEY
from chopin_mw.rules.pagination import PAGE_KEY
from middleware.bearing import GIVEN
from support.apps import BODY, sending, start
from support.differential import Citizen, compare
from support.scopes import http_scope, scope_of
from support.scripted import PEER_KEY, ScriptedServer, peer_of

STATE: dict[str, Any] = {"pool": object()}
NOT_THE_SERVERS = (SCOPE_KEY, PEER_KEY, ADMISSION_KEY, PAGE_KEY, GIVEN, "auth", "user")


async def telling_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Note every key of the scope but those of ours and of the test."""
    seen = {key: value for key, value in scope.items() if key not in NOT_THE_SERVERS}
    seen["headers"] = [tuple(pair) for pair in seen.get("headers") or ()]
    peer_of(scope).notes.append(seen)
    await send(start())
    await send(BODY)


async def every_key_reaches_the_app(wrap: Citizen) -> None:
    """tls, state, extensions and keys of one's own arrive; objects are the same objects."""
    marker, extensions = object(), {"tls": {"server_cert": "x"}, "http.response.push": {}}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["state"] is STATE
        assert scope["my.key"] is marker
        assert scope["extensions"] is extensions
        await telling_app(scope, receive, send)

    outcome = await compare(
        wrap, app, lambda: {**http_scope(state=STATE, extensions=extensions), "my.key": marker}
    )
    assert outcome.error is None, repr(outcome.error)


async def keys_that_are_missing(wrap: Citizen) -> None:
    """No optional key of the scope is needed, nor are those that careless callers leave out."""
    needed = {"type", "method", "path"}

    def without(keys: set[str]) -> Scope:
        return {key: value for key, value in http_scope().items() if key not in keys}

    optional = http_scope().keys() - needed
    for keys in (*({key} for key in optional), optional):
        await compare(wrap, telling_app, partial(without, keys))
    await compare(wrap, telling_app, partial(http_scope, asgi={"version": "3.0"}))
    await compare(wrap, telling_app, partial(http_scope, extensions=None, client=None, server=None))


async def request_headers_in_odd_containers(wrap: Citizen) -> None:
    """Tuples, one-shot generators, dict views and pairs that are lists reach the app whole."""
    pairs = ((b"host", b"a"), (b"Accept", b"*/*"), (b"\xff", b"\xfe"), (b"If-None-Match", b'"x"'))
    containers: tuple[Callable[[], Any], ...] = (
        lambda: pairs,
        lambda: (pair for pair in pairs),
        lambda: dict(pairs).items(),
        lambda: [list(pair) for pair in pairs],
        list,
    )
    for container in containers:
        server = ScriptedServer(http_scope(headers=[]))
        server.scope["headers"] = container()
        await wrap(telling_app)(server.scope, server.receive, server.send)
        assert server.notes[0]["headers"] == list(map(tuple, container()))


async def odd_paths_and_queries(wrap: Citizen) -> None:
    """Whatever stands in path and query raises nothing."""
    paths = (
        "",
        "*",
        "//x",
        "/" + "p" * 20_000,
        "/\0",
        "/\r\nx: y",
        "/\udcff",
        "/a/../b",
        "/é/\U0001f600",
    )
    for path in paths:
        await compare(wrap, telling_app, partial(http_scope, path=path))
    await compare(wrap, telling_app, partial(http_scope, raw_path=b"/a%2Fb", path="/a/b"))
    for query in (bytes(range(256)), b"&&==;;%", b"\xff%ff%", b"q" * 20_000):
        await compare(wrap, telling_app, partial(http_scope, query_string=query))


async def unknown_scope_types(wrap: Citizen) -> None:
    """What we do not know is passed through; the app's refusal comes back."""

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError(scope["type"])

    for scope_type in ("x.tomorrow", "", "HTTP"):
        scope = {"type": scope_type}
        await compare(wrap, refusing, scope.copy)
        await compare(wrap, telling_app, scope.copy)


async def a_scope_edited_by_the_app(wrap: Citizen) -> None:
    """What a router writes into the scope is seen by outer layers, as without us."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = {"id": 7}
        scope["root_path"] = "/mounted"
        scope["state"]["user"] = "ann"
        await send(start())
        await send(BODY)

    outcome = await compare(wrap, app)

    assert outcome.scope_after["path_params"] == {"id": 7}
    assert outcome.scope_after["state"] == {"user": "ann"}


async def scope_of_the_server_stays(wrap: Citizen) -> None:
    """Before and after the call the server's scope is the same, after errors too."""

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("no")

    for app in (sending(start(), BODY), failing, telling_app):
        for method in ("GET", "HEAD", "POST"):
            outcome = await compare(wrap, app, scope_of(method, (b"if-none-match", b'"x"')))
            assert outcome.scope_before == outcome.scope_after
            assert list(outcome.scope_before) == list(outcome.scope_after)


async def apps_of_every_kind(wrap: Citizen) -> None:
    """A function, a method, a partial, an instance: each is called exactly once."""
    calls: list[str] = []

    class Application:
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.method(scope, receive, send)

        async def method(self, scope: Scope, receive: Receive, send: Send) -> None:
            calls.append("app")
            await telling_app(scope, receive, send)

    async def configured(name: str, scope: Scope, receive: Receive, send: Send) -> None:
        await Application()(scope, receive, send)

    for app in (Application(), Application().method, partial(configured, "x")):
        calls.clear()
        await compare(wrap, app)
        assert len(calls) == 2, "once bare, once wrapped"


class Deferred:
    """An awaitable that is no coroutine, as compiled extensions return them."""

    def __init__(self, work: Awaitable[None]) -> None:
        self.work = work

    def __await__(self) -> Any:
        return self.work.__await__()


async def apps_that_return_any_awaitable(wrap: Citizen) -> None:
    """An app may be a plain function that returns something to await."""

    def deferred(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return Deferred(telling_app(scope, receive, send))

    def task(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return asyncio.ensure_future(telling_app(scope, receive, send))

    for app in (deferred, task):
        await compare(wrap, app)


async def nothing_is_mounted(wrap: Citizen) -> None:
    """Every path is the app's: there is no endpoint of ours unless asked for."""
    for path in (
        "/metrics",
        "/dashboard",
        "/_chopin",
        "/_chopin/dashboard",
        "/health",
        "/favicon.ico",
    ):
        outcome = await compare(wrap, telling_app, partial(http_scope, path=path))
        assert outcome.server.notes[0]["path"] == path
        await compare(wrap, telling_app, partial(http_scope, "POST", path=path))


async def methods_are_what_they_say(wrap: Citizen) -> None:
    """Unknown, lower-case and overridden methods reach the app as they are, and get no tag."""
    for method in (
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "TRACE",
        "QUERY",
        "get",
        "",
        "GET ",
    ):
        await compare(wrap, telling_app, scope_of(method), may_tag=False)
        override = (b"x-http-method-override", b"GET")
        await compare(wrap, telling_app, scope_of(method, override), may_tag=False)
    await compare(wrap, telling_app, scope_of("GET", (b"x-http-method-override", b"DELETE")))


async def one_instance_serves_different_scopes(wrap: Citizen) -> None:
    """Nothing of one request is found in the next: the instance is configuration."""
    held: ContextVar[int] = ContextVar("held", default=0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        held.set(held.get() + 1)
        await telling_app(scope, receive, send)

    wrapped = wrap(app)
    for number in range(5):
        scope = http_scope(path=f"/{number}")
        server = ScriptedServer(scope)
        await wrapped(scope, server.receive, server.send)
        assert server.notes[0]["path"] == f"/{number}"
        assert held.get() == number + 1, "what the app sets in its context stays set"
