"""What reviewers broke: tokens that came back, guards that were left open, secrets told."""

import copy
import io
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import blacksheep
import falcon.asgi
import litestar
import pytest
from blacksheep.server.controllers import Controller
from blacksheep.server.routing import Router
from hypercorn.middleware import ProxyFixMiddleware
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chopin_mw import HTTPCache, HTTPCacheMiddleware, cache_response
from chopin_mw.asgi.refusals import ADMISSION_KEY
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.errors import ConfigurationError
from chopin_mw.handlers.identity import current_token, identity
from chopin_mw.handlers.require_token import require_token
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support import frameworks
from support.asgi_call import call
from support.scopes import websocket_scope
from support.scripted import ScriptedServer
from support.tokens import AUDIENCE, SECRET, claims, private_key, signed

SCOPE = require_token(scopes=("write",))


def policy(**options: Any) -> TokenPolicy:
    return TokenPolicy(algorithms="HS256", audience=AUDIENCE, **options)


OPTIONAL = TokenVerifier(policy(optional_paths=("/*",)), SECRET)
STRICT = TokenVerifier(policy(), SECRET)


def bearer(**more: Any) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", b"Bearer " + signed(claims(**more)))]


NOBODY: list[tuple[bytes, bytes]] = []
READER = bearer(sub="bob", scope="read")
WRITER = bearer(scope="write")


async def statuses(app: ASGIApp, path: str = "/", method: str = "GET") -> list[int]:
    """Return what nobody, a reader and a writer are answered."""
    guarded = JWTMiddleware(app, verifier=OPTIONAL)
    return [
        (await call(guarded, path, method, headers=headers)).status
        for headers in (NOBODY, READER, WRITER)
    ]


async def bodies(app: ASGIApp, *each: list[tuple[bytes, bytes]]) -> list[bytes]:
    answers = [await call(app, headers=headers) for headers in each]
    return [answer.body if answer.status == 200 else b"%d" % answer.status for answer in answers]


async def test_a_revoked_token_does_not_come_back_within_the_leeway() -> None:
    """A revocation up to its `exp` lasts as long as the token would be taken."""
    lets_in, exp = TokenVerifier(policy(leeway=60), SECRET), int(time.time()) - 5
    token = signed(claims(jti="7", exp=exp))
    assert isinstance(await lets_in.verify(token, time.time()), VerifiedToken)

    lets_in.revoke(jti="7", until=exp)

    assert lets_in.remembered(token, time.time()) is None
    assert await lets_in.verify(token, time.time()) is TokenRefusal.REVOKED


@pytest.mark.parametrize(
    "make",
    [
        lambda: TokenVerifier(SECRET, policy()),  # type: ignore[arg-type] # the wrong way round
        lambda: JWTMiddleware(Starlette(), verifier=SECRET),  # type: ignore[arg-type] # no verifier
        lambda: JWTMiddleware(Starlette(), policy=SECRET, keys=policy()),  # type: ignore[arg-type] # likewise
    ],
)
def test_a_secret_in_the_wrong_place_is_not_told(make: Callable[[], object]) -> None:
    """What is raised at start-up ends in a log."""
    with pytest.raises(ConfigurationError, match="str") as told:
        make()

    assert SECRET not in str(told.value)


async def test_resources_of_falcon_are_guarded_for_all_methods() -> None:
    """WebDAV has its own, and users may add more."""

    @SCOPE
    class Resource:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = "x"

        on_lock = on_get

    app = falcon.asgi.App()
    app.add_route("/", Resource())

    assert await statuses(app, method="LOCK") == [401, 403, 200]


async def test_views_of_django_are_guarded_for_methods_of_their_own() -> None:
    """Which a view names in `http_method_names`."""
    from django.http import HttpResponse  # noqa: PLC0415 - after the settings
    from django.views import View  # noqa: PLC0415

    @SCOPE
    class Flights(View):  # type: ignore[misc]  # Django has no types
        http_method_names = (*View.http_method_names, "purge")

        async def get(self, request: Any) -> HttpResponse:
            return HttpResponse("x")

        async def purge(self, request: Any) -> HttpResponse:
            return HttpResponse("x")

    assert await statuses(frameworks.DjangoApp(Flights.as_view()), method="PURGE") == [
        401,
        403,
        200,
    ]


async def test_an_app_with_a_method_named_get_is_guarded_whole() -> None:
    """What it looks up with that method is not what answers."""

    @SCOPE
    class Shelf:
        def get(self, name: str) -> str:
            return name

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse(self.get("x"))(scope, receive, send)

    assert await statuses(Shelf()) == [401, 403, 200]


def test_a_class_whose_methods_are_routes_already_is_refused() -> None:
    """The framework would go on calling them without the guard."""
    app = blacksheep.Application(router=Router())

    class Flights(Controller):
        @app.controllers_router.get("/")
        async def get(self) -> str:
            return "x"

    class Menu(litestar.Controller):
        @litestar.get("/")
        async def menu(self) -> str:
            return self.get()

        def get(self) -> str:
            return "x"

    for kind in (Flights, Menu):
        with pytest.raises(ConfigurationError, match="decorate its handlers one by one"):
            require_token(kind)


async def test_what_is_free_below_a_path_leaves_the_path_itself() -> None:
    """Litestar and BlackSheep serve `/flights/` by the handler of `/flights`."""

    @litestar.get("/flights")
    async def flights() -> str:
        return "x"

    async def the_same() -> str:
        return "x"

    other: Any = blacksheep.Application(router=Router())
    other.router.add("GET", "/flights", the_same)
    await other.start()
    below = TokenVerifier(policy(public_paths=("/flights/*",)), SECRET)

    for app in (litestar.Litestar([flights], openapi_config=None), other):
        guarded = JWTMiddleware(app, verifier=below)
        answers = [await call(guarded, "/flights/", headers=each) for each in (NOBODY, READER)]
        assert [answer.status for answer in answers] == [401, 200]
    await other.stop()


def hiding(app: ASGIApp) -> ASGIApp:
    """Wrap an app in what shows nobody what is inside."""

    async def hidden(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return hidden


@pytest.mark.parametrize(
    "kept",
    [
        lambda handler: handler,
        cache_response(ttl=60, vary_by=lambda _: "everybody"),
        cache_response(ttl=60, vary_by=identity),
    ],
)
async def test_a_cache_that_hides_around_it_keeps_nothing(
    kept: Callable[[Any], Any],
) -> None:
    """The check at start-up cannot see into a closure; a hit would ask for no token."""

    @kept
    async def secret(request: Request) -> Response:
        return PlainTextResponse("secret", headers={"cache-control": "public, max-age=60"})

    inside = JWTMiddleware(Starlette(routes=[Route("/", secret)]), verifier=STRICT)
    app = HTTPCacheMiddleware(hiding(inside))

    assert await bodies(app, WRITER, NOBODY, READER) == [b"secret", b"401", b"secret"]


async def test_a_cache_that_hides_around_it_keeps_what_needs_no_token() -> None:
    """On an optional path anybody gets it."""

    async def menu(request: Request) -> Response:
        return PlainTextResponse("soup", headers={"cache-control": "public, max-age=60"})

    cache = HTTPCache()
    inside = JWTMiddleware(Starlette(routes=[Route("/", menu)]), verifier=OPTIONAL)
    app = HTTPCacheMiddleware(hiding(inside), cache=cache)

    assert await bodies(app, NOBODY, NOBODY) == [b"soup", b"soup"]
    assert cache.statistics().stored == 1


async def test_what_a_stream_was_given_late_is_not_kept() -> None:
    """The guard runs when the header of the answer has long gone out."""

    @SCOPE
    async def part() -> str:
        return "secret"

    async def pieces() -> AsyncIterator[str]:
        yield "a "
        token = current_token()
        yield "word" if token is None else await part()

    async def report(request: Request) -> Response:
        return StreamingResponse(pieces(), headers={"cache-control": "public, max-age=60"})

    cache = HTTPCache()
    inside = HTTPCacheMiddleware(Starlette(routes=[Route("/", report)]), cache=cache)
    app = JWTMiddleware(inside, verifier=OPTIONAL)

    assert await bodies(app, WRITER, NOBODY, NOBODY) == [b"a secret", b"a word", b"a word"]
    assert cache.statistics().refusals["guarded"] == 1


async def test_a_scope_can_be_copied_with_all_in_it() -> None:
    """As ProxyFixMiddleware of hypercorn does: what nobody can change is its own copy."""

    @SCOPE
    async def secret(request: Request) -> Response:
        return PlainTextResponse(request.user.identity)

    inside: Any = Starlette(routes=[Route("/", secret)])
    app: Any = ProxyFixMiddleware(inside)

    assert await statuses(app) == [401, 403, 200]


async def test_a_copied_websocket_is_denied_at_the_same_door() -> None:
    """Nothing follows the denial, whoever sends it."""

    @SCOPE
    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("must not run")

    async def copying(scope: Scope, receive: Receive, send: Send) -> None:
        copied = copy.deepcopy({ADMISSION_KEY: scope[ADMISSION_KEY]})
        assert copied[ADMISSION_KEY][1] is scope[ADMISSION_KEY][1]
        await live({**scope, **copied}, receive, send)
        await send({"type": "websocket.close", "code": 1000})

    scope = websocket_scope(READER)
    server = ScriptedServer(scope, ({"type": "websocket.connect"},))
    await JWTMiddleware(copying, verifier=OPTIONAL)(scope, server.receive, server.send)

    assert server.status == 403
    assert not any(message["type"] == "websocket.close" for message in server.sent)


async def test_a_key_set_that_is_no_text_is_not_logged_whole() -> None:
    """Compressed against our word, say: a line of 240 KB every half a minute."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger("chopin_mw").addHandler(handler)

    async def fetch(url: str) -> bytes:
        return b"\x1f\x8b" + b"\xff" * 60_000

    lets_in = TokenVerifier(
        TokenPolicy(algorithms="RS256"), JWKSURL("https://id.example.org/keys", fetch=fetch)
    )
    try:
        found = await lets_in.verify(signed(claims(), private_key("RS256"), "RS256"), time.time())
    finally:
        logging.getLogger("chopin_mw").removeHandler(handler)

    assert found is TokenRefusal.KEYS_UNAVAILABLE
    assert "no text in UTF-8" in log.getvalue()
    assert len(log.getvalue()) < 200
