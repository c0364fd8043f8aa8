"""JWTMiddleware: who is let in, what handlers find, and what is left behind."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.authentication import has_required_scope
from starlette.requests import HTTPConnection

from chopin_mw.asgi.refusals import ADMISSION_KEY
from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send
from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import SCOPE_KEY, Exchange, token_scope
from chopin_mw.handlers.identity import current_token
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support.calls import Answer, answering, call
from support.scopes import http_scope, websocket_scope
from support.scripted import ScriptedServer, request
from support.tokens import AUDIENCE, SECRET, claims, private_key, signed

CONNECT: Message = {"type": "websocket.connect"}


def verifier_for(**policy: Any) -> TokenVerifier:
    options = {"algorithms": "HS256", "audience": AUDIENCE, **policy}
    return TokenVerifier(TokenPolicy(**options), SECRET)


def guarded(app: ASGIApp, **policy: Any) -> JWTMiddleware:
    return JWTMiddleware(app, verifier=verifier_for(**policy))


def bearer(token: bytes | None = None) -> tuple[bytes, bytes]:
    return (b"authorization", b"Bearer " + (signed() if token is None else token))


class Seeing:
    """Note the scopes that get here, as they are at that moment."""

    def __init__(self) -> None:
        self.scopes: list[Mapping[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(dict(scope))
        await answering()(scope, receive, send)


async def test_what_handlers_find() -> None:
    """The user, what he may, and the same from anywhere."""
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        token = current_token()
        assert isinstance(token, VerifiedToken)
        assert (token.user, token.auth) == (connection.user, connection.auth)
        seen.append((connection.user.identity, connection.user.is_authenticated))
        seen.append([has_required_scope(connection, [name]) for name in ("a", "b", "c")])
        seen.append(connection.auth.permissions)
        seen.append(connection.user.claims["email"])
        await answering()(scope, receive, send)

    token = signed(claims(scope="a b", roles=["pilot"], email="ada@example.org"))
    answer = await call(guarded(app), headers=[bearer(token)])

    assert answer.status == 200
    assert seen == [("ada", True), [True, True, False], {"pilot"}, "ada@example.org"]


@pytest.mark.parametrize("policy", [{"public_paths": ("/",)}, {"optional_paths": ("/",)}])
async def test_nobody_has_a_user_too(policy: dict[str, Any]) -> None:
    """Handlers need not ask whether there is one."""
    app = Seeing()

    await call(guarded(app, **policy))

    (scope,) = app.scopes
    assert (scope["user"].is_authenticated, scope["user"].identity) == (False, "")
    assert (scope["auth"].scopes, scope["user"].claims) == (frozenset(), {})
    assert current_token() is None


async def test_policies_demand_scopes_and_permissions() -> None:
    """Of all of them, remembered or not."""
    app = guarded(answering(), scopes=("b", "a"), permissions=("fly",), realm="x")
    good = signed(claims(scope="c b a", permissions=["fly"]))

    for token, status in (
        (good, 200),
        (good, 200),
        (signed(claims(scope="a", permissions=["fly"])), 403),
        (signed(claims(scope="a b")), 403),
        (signed(), 403),
    ):
        for _ in range(2):
            assert (await call(app, headers=[bearer(token)])).status == status
    answer = await call(app, headers=[bearer()])
    assert answer[b"www-authenticate"] == (
        b'Bearer realm="x", error="insufficient_scope", scope="a b"'
    )


async def test_demands_are_for_those_with_a_token() -> None:
    """A path that takes none asks for no scope."""
    app = guarded(answering(), scopes=("a",), public_paths=("/p",), optional_paths=("/o",))

    statuses = [
        (await call(app, path=path, headers=headers)).status
        for path in ("/p", "/o", "/x")
        for headers in ([], [bearer()])
    ]

    assert statuses == [200, 200, 200, 403, 401, 403]


async def test_without_keys_it_is_nobodys_fault() -> None:
    """503 and when to come back, for a token that is as good as any; nothing is let in."""
    unreachable = JWKSURL("https://127.0.0.1:1/keys", timeout=0.2)
    verifier = TokenVerifier(TokenPolicy(algorithms="RS256", audience=AUDIENCE), unreachable)
    app = JWTMiddleware(answering(), verifier=verifier)
    token = signed(key=private_key("RS256"), algorithm="RS256", kid="first")

    answer = await call(app, headers=[bearer(token)])

    assert (answer.status, answer[b"retry-after"]) == (503, b"5")
    assert (answer[b"cache-control"], answer[b"www-authenticate"]) == (b"no-store", None)
    assert (await call(app)).status == 401


async def test_a_hook_that_fails_lets_nobody_in() -> None:
    """503, because nobody knows."""

    def is_revoked(_: Mapping[str, Any]) -> bool:
        raise ConnectionError("the database is away")

    policy = TokenPolicy(algorithms="HS256", audience=AUDIENCE)
    app = JWTMiddleware(answering(), verifier=TokenVerifier(policy, SECRET, is_revoked=is_revoked))

    assert (await call(app, headers=[bearer()])).status == 503


@pytest.mark.parametrize("fault", [RuntimeError("a defect"), None, "let him in", True])
async def test_a_defect_lets_nobody_in(fault: Any) -> None:
    """Whatever the verifier does that it should not, the app is not called."""
    app, verifier = Seeing(), verifier_for()

    async def verify(*_: Any) -> Any:
        if isinstance(fault, Exception):
            raise fault
        return fault

    verifier.verify = verify  # type: ignore[assignment,method-assign]  # a defect
    with pytest.raises(Exception):  # noqa: B017 - any: the server makes a 500 of it
        await call(JWTMiddleware(app, verifier=verifier), headers=[bearer()])

    assert app.scopes == []


async def test_exceptions_of_the_app_pass() -> None:
    """As they are."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("no flight")

    with pytest.raises(LookupError, match="no flight"):
        await call(guarded(app), headers=[bearer()])


async def test_preflights_are_refused_like_the_rest() -> None:
    """CORS middleware answers them before they get here."""
    assert (await call(guarded(answering()), method="OPTIONS")).status == 401


async def test_head_gets_no_body() -> None:
    """And the length that GET gets."""
    get = await call(guarded(answering()))
    head = await call(guarded(answering()), method="HEAD")

    assert (head.status, head.headers, head.body) == (401, get.headers, b"")


async def test_a_refused_body_is_not_read() -> None:
    """Whoever may not send it does not make us wait for it."""
    server = ScriptedServer(http_scope("POST"))

    await guarded(answering())(server.scope, server.receive, server.send)

    assert (server.status, server.receive_calls) == (401, 0)


@pytest.mark.parametrize("headers", [None, (), ((b"authorization", b"Bearer x"),)])
async def test_headers_in_any_container(headers: Any) -> None:
    """What servers may give instead of a list; without any there is no token."""
    scope = http_scope()
    if headers is None:
        del scope["headers"]
    else:
        scope["headers"] = (pair for pair in headers)

    server = await request(guarded(answering()), scope)

    assert server.status == 401


@pytest.mark.parametrize("fails", [False, True])
async def test_the_scope_is_left_as_it_was(fails: bool) -> None:
    """With what was there before us, and without what was not."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["user"].identity == "ada"
        if fails:
            raise LookupError

    theirs = {"auth": 1, "user": 2, ADMISSION_KEY: 3, SCOPE_KEY: Exchange()}
    for before in ({}, {"user": "theirs"}, theirs):
        scope = http_scope(headers=[bearer()], **before)
        copy = dict(scope)
        server = ScriptedServer(scope)
        try:
            await guarded(app)(scope, server.receive, server.send)
        except LookupError:
            assert fails
        assert {key: scope[key] for key in copy} == copy
        assert scope.keys() - copy.keys() == {"test.peer"}
    assert token_scope.get() is None


async def test_what_the_app_puts_there_stays() -> None:
    """A layer inside that knows the user better is seen by those outside, as without us."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"] = "known from a session"
        del scope["auth"]
        del scope[ADMISSION_KEY]

    scope = http_scope(headers=[bearer()])
    server = ScriptedServer(scope)
    await guarded(app)(scope, server.receive, server.send)

    assert scope["user"] == "known from a session"
    assert "auth" not in scope


async def test_one_in_the_other_judges_anew() -> None:
    """The inner one's public path has no user, whoever the outer one knows."""
    app = Seeing()
    inner = guarded(app, public_paths=("/",))
    between = Seeing()

    async def middle(scope: Scope, receive: Receive, send: Send) -> None:
        between.scopes.append(dict(scope))
        await inner(scope, receive, send)
        between.scopes.append(dict(scope))

    await call(guarded(middle), headers=[bearer()])

    assert app.scopes[0]["user"].identity == ""
    assert [scope["user"].identity for scope in between.scopes] == ["ada", "ada"]


@pytest.mark.parametrize("kind", ["lifespan", "x.tomorrow"])
async def test_what_is_no_connection_passes_untouched(kind: str) -> None:
    """The very same scope, receive and send."""
    seen: list[tuple[object, ...]] = []

    async def app(*connection: object) -> None:
        seen.append(connection)

    server = ScriptedServer({"type": kind})
    connection = (server.scope, server.receive, server.send)
    await guarded(app)(*connection)

    assert seen == [connection]


async def open_websocket(app: ASGIApp, scope: Scope, *script: Message) -> ScriptedServer:
    server = ScriptedServer(scope, script or (CONNECT,))
    await app(scope, server.receive, server.send)
    return server


@pytest.mark.parametrize("token", [None, b"forged"])
async def test_a_websocket_without_a_token_is_denied(token: bytes | None) -> None:
    """With the whole answer, once it has asked."""
    app = Seeing()
    scope = websocket_scope([] if token is None else [bearer(token)])

    server = await open_websocket(guarded(app), scope)

    assert [message["type"] for message in server.sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert (server.status, server.receive_calls, app.scopes) == (401, 1, [])


async def test_a_websocket_is_closed_where_it_cannot_be_answered() -> None:
    """With 1008, before it was accepted."""
    server = await open_websocket(guarded(Seeing()), websocket_scope(extensions=None))

    assert server.sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_client_that_left_is_not_answered() -> None:
    """The connect never came."""
    left: Message = {"type": "websocket.disconnect", "code": 1006}

    server = await open_websocket(guarded(Seeing()), websocket_scope(), left)

    assert server.sent == []


async def test_a_websocket_with_a_token_passes() -> None:
    """Each message, and its user."""
    messages: list[Message] = [
        {"type": "websocket.accept"},
        {"type": "websocket.send", "text": "x"},
        {"type": "websocket.close", "code": 1000},
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["user"].identity == "ada"
        await receive()
        for message in messages:
            await send(message)

    server = await open_websocket(guarded(app), websocket_scope([bearer()]))

    assert server.sent == messages


async def test_causes_are_counted_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """One word each at DEBUG."""
    verifier = verifier_for(scopes=("a",), max_token_bytes=2000)
    app = JWTMiddleware(answering(), verifier=verifier)
    expired = signed(claims(exp=int(time.time()) - 1))
    sent = [[], [bearer(expired)], [bearer(), bearer()], [bearer(b"x" * 2001)], [bearer()]]

    with caplog.at_level(logging.DEBUG, "chopin_mw"):
        for headers in sent:
            await call(app, headers=headers)

    causes = [TokenRefusal(word) for word in ("missing", "expired", "ambiguous", "too-large")]
    refusals = verifier.statistics().refusals
    assert [refusals[cause.value] for cause in causes] == [1, 1, 1, 1]
    assert caplog.messages == [
        *(f"JWT: refused, {cause.value}" for cause in causes),
        "JWT: refused, insufficient-scope",
    ]


async def test_a_token_is_verified_once() -> None:
    """The second time it is remembered."""
    app = guarded(answering())

    for _ in range(3):
        assert (await call(app, headers=[bearer(TOKEN)])).status == 200

    statistics = app.verifier.statistics()
    assert (statistics.misses, statistics.hits) == (1, 2)


TOKEN = signed()


async def test_a_dropped_request_is_closed_quietly_in_another_context() -> None:
    """The garbage collector ends it without a 'different Context' error."""
    gate = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()

    scope = http_scope(headers=[bearer()])
    server = ScriptedServer(scope)
    dropped = guarded(app)(scope, server.receive, server.send)
    await asyncio.create_task(_begun(dropped))

    dropped.close()

    assert "user" not in scope


async def _begun(coroutine: Any) -> None:
    """Run it in a context of its own until it waits for something."""
    while not asyncio.isfuture(coroutine.send(None)):
        """Verifying may give way to others."""


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "policy and keys must be given, or a verifier"),
    ({"policy": TokenPolicy(algorithms="HS256")}, "policy and keys must be given"),
    ({"keys": SECRET}, "policy and keys must be given"),
    ({"policy": {"algorithms": "HS256"}, "keys": SECRET}, "policy and keys must be given"),
    ({"verifier": TokenPolicy(algorithms="HS256")}, "verifier must be a TokenVerifier, got"),
    ({"verifier": verifier_for(), "keys": SECRET}, "belong to the verifier that was given"),
    (
        {"verifier": verifier_for(), "policy": TokenPolicy(algorithms="HS256")},
        "belong to the verifier that was given",
    ),
]


@pytest.mark.parametrize(("options", "message"), MISTAKES)
def test_mistakes_are_told_at_construction(options: dict[str, Any], message: str) -> None:
    """And name the option, never the secret."""
    with pytest.raises(ConfigurationError, match=message) as told:
        JWTMiddleware(answering(), **options)

    assert SECRET not in str(told.value)


async def test_policy_and_keys_will_do() -> None:
    """Then the verifier is made here."""
    policy = TokenPolicy(algorithms="HS256", audience=AUDIENCE)
    app = JWTMiddleware(answering(), policy=policy, keys=SECRET)

    answers: list[Answer] = [await call(app, headers=[bearer()]), await call(app)]

    assert [answer.status for answer in answers] == [200, 401]
    assert app.verifier.policy is policy
