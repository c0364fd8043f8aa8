"""Let in those who show a good bearer token, before anything else wakes up (RFC 6750)."""

import logging
from math import inf
from time import time
from types import MappingProxyType
from typing import Any

from chopin_mw.asgi.header_list import with_header_list
from chopin_mw.asgi.refusals import (
    ADMISSION_KEY,
    Door,
    Refused,
    WebSocketDenial,
    deny_websocket,
    insufficient,
    unauthorized,
    unavailable,
)
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import SCOPE_KEY, cache_scope, exchange_of, token_scope
from chopin_mw.rules.bearer import bearer_token
from chopin_mw.rules.path_set import PathSet, path_set
from chopin_mw.rules.request_path import is_plain_path
from chopin_mw.rules.token import TokenGrant, TokenRefusal, TokenUser, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy

# On the paths that take no token. Where something may go wrong, nothing stands for it: it has to
# be given by name.
_ANONYMOUS = VerifiedToken(
    user=TokenUser("", "", MappingProxyType({}), is_authenticated=False),
    auth=TokenGrant(frozenset(), frozenset(), MappingProxyType({})),
    deadline=inf,
    not_before=-inf,
)
_KEYS = ("user", "auth", ADMISSION_KEY, SCOPE_KEY)

logger = logging.getLogger("chopin_mw")


class JWTMiddleware:
    """Verify the bearer token of each request and websocket, and refuse those without a good one.

    Give the `policy` and the `keys` of a `TokenVerifier`, or a `verifier` made before, which the
    app can tell to revoke. Handlers find who asks in `scope["user"]` and `scope["auth"]`
    (`request.user` and `request.auth` in Starlette, FastAPI and Litestar), and from anywhere by
    `current_token()`. Every path takes a token that the policy does not free from it, preflights
    too: CORS middleware goes outside, a response cache inside. A websocket is judged when it is
    opened. Answers are not marked `private`: no shared cache may reuse one to a request with
    Authorization unless the app says so (RFC 9111 §3.5).

        app.add_middleware(JWTMiddleware, policy=TokenPolicy(algorithms="HS256"), keys=secret)
    """

    authenticates = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: TokenVerifier | None = None,
        policy: TokenPolicy | None = None,
        keys: Any = None,
    ) -> None:
        self.app = app
        self.verifier = _verifier(verifier, policy, keys)
        policy = self.verifier.policy
        self._most_bytes = policy.max_token_bytes
        self._public = path_set("public_paths", policy.public_paths)
        self._optional = path_set("optional_paths", policy.optional_paths)
        self._frees = bool(policy.public_paths)
        self._scopes = frozenset(policy.scopes)
        self._permissions = frozenset(policy.permissions)
        self._demands = bool(self._scopes or self._permissions)
        self._remembered = self.verifier.remembered
        self._door = Door(policy.realm)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        kind = scope["type"]
        if kind != "http" and kind != "websocket":  # noqa: PLR1714 - 0.03 µs more
            await self.app(scope, receive, send)
            return
        if type(scope.get("headers")) is not list:
            await with_header_list(self, scope, receive, send)
            return
        token = self._judge(scope)
        if isinstance(token, bytes):
            token = await self.verifier.verify(token, time())
        if not isinstance(token, VerifiedToken) or (self._demands and not self._grants(token)):
            await self._refuse(token, scope, receive, send)
            return
        door = self._door
        if kind == "websocket":
            denial = WebSocketDenial(scope, send)
            send, door = denial.send, Door(door.realm, denial.deny)
        user, auth, admission = token.user, token.auth, (token, door)
        caching = cache_scope.get()
        if caching is not None and token is not _ANONYMOUS:
            # Around this, where the check at start-up did not see it: a hit would ask nobody.
            exchange_of(caching).is_guarded = True
        before = None
        if "user" in scope or "auth" in scope or ADMISSION_KEY in scope or SCOPE_KEY in scope:
            before = {key: scope[key] for key in _KEYS if key in scope}
        scope["user"], scope["auth"], scope[ADMISSION_KEY] = user, auth, admission
        listening = token_scope.set(scope)
        try:
            await self.app(scope, receive, send)
        finally:
            _take_back(scope, user, auth, admission, before)
            try:  # noqa: SIM105 - suppress() costs 0.15 µs
                token_scope.reset(listening)
            except ValueError:
                # A request that was dropped, not ended: the garbage collector closes it in
                # whatever context that runs in, where there is nothing of ours to reset.
                pass

    def _judge(self, scope: Scope) -> VerifiedToken | TokenRefusal | bytes:
        """Return the token of a connection, or why it has none; bytes are still to be verified."""
        if self._frees and _is_in(self._public, scope):
            return _ANONYMOUS
        found = bearer_token(scope["headers"], self._most_bytes)
        if isinstance(found, bytes):
            return self._remembered(found, time()) or found
        if found is TokenRefusal.MISSING and _is_in(self._optional, scope):
            return _ANONYMOUS
        self.verifier.count(found)
        return found

    def _grants(self, token: VerifiedToken) -> bool:
        granted = token.auth
        return token is _ANONYMOUS or (
            self._scopes <= granted.scopes and self._permissions <= granted.permissions
        )

    async def _refuse(
        self, token: VerifiedToken | TokenRefusal, scope: Scope, receive: Receive, send: Send
    ) -> None:
        refused = self._answer_to(token)
        if scope["type"] == "http":
            for message in refused.messages(scope["method"]):
                await send(message)
        elif (await receive())["type"] == "websocket.connect":
            await deny_websocket(scope, send, refused)

    def _answer_to(self, token: VerifiedToken | TokenRefusal) -> Refused:
        realm = self._door.realm
        if isinstance(token, VerifiedToken):
            logger.debug("JWT: refused, insufficient-scope")
            return insufficient(realm, self._scopes)
        # The cause is for the log, not for the client: it would tell a forger how far he came.
        logger.debug("JWT: refused, %s", token.value)
        if token is TokenRefusal.MISSING:
            return unauthorized(realm)
        return unavailable() if token.is_temporary else unauthorized(realm, "invalid_token")


def _verifier(given: TokenVerifier | None, policy: TokenPolicy | None, keys: Any) -> TokenVerifier:
    if given is None:
        if not isinstance(policy, TokenPolicy) or keys is None:
            raise ConfigurationError(
                "policy and keys must be given, or a verifier; got a policy of type"
                f" {type(policy).__name__}"
            )
        return TokenVerifier(policy, keys)
    if not isinstance(given, TokenVerifier):
        # Its type only: it may be the secret, in the wrong place.
        raise ConfigurationError(f"verifier must be a TokenVerifier, got {type(given).__name__}")
    if policy is not None or keys is not None:
        raise ConfigurationError("policy and keys belong to the verifier that was given")
    return given


def _is_in(paths: PathSet, scope: Scope) -> bool:
    return scope["path"] in paths and is_plain_path(scope)


def _take_back(
    scope: Scope, user: object, auth: object, ours: object, before: dict[str, Any] | None
) -> None:
    """Leave the scope as it was, but for what the app has put into the place of ours."""
    if scope.get("user") is user:
        del scope["user"]
    if scope.get("auth") is auth:
        del scope["auth"]
    if scope.get(ADMISSION_KEY) is ours:
        del scope[ADMISSION_KEY]
    if before is None or SCOPE_KEY not in before:
        # Made inside, by whoever had something to say: nobody outside is going to read it.
        scope.pop(SCOPE_KEY, None)
    for key, value in before.items() if before else ():
        scope.setdefault(key, value)
