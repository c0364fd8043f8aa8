"""Keys, tokens, and the apps of the token suites: ours and each peer's around the same handler."""

import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import cycle
from typing import Annotated, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from litestar import Litestar, get
from litestar import Request as LitestarRequest
from litestar.connection import ASGIConnection
from litestar.security.jwt import JWTAuth, Token

from benchmarks.apps import http_scope
from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.rules.token_policy import TokenPolicy

ALGORITHMS = ("HS256", "RS256", "ES256")
SUBJECT = "ada"
_SECRET = "a secret of at least 32 bytes, for benchmarks only"  # noqa: S105 - of no use to anybody
_ISSUER = "https://id.example.org/"
_AUDIENCE = "https://api.example.org"
_REQUIRED = ("exp", "sub")
_YEAR = 365 * 24 * 3600


@cache
def _private_key(algorithm: str) -> Any:
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else _SECRET.encode()


def public_key(algorithm: str) -> Any:
    """Return what tokens are verified with, ready for use: no PEM that is read each time."""
    key = _private_key(algorithm)
    return key if algorithm == "HS256" else key.public_key()


@cache
def token(algorithm: str, subject: str = SUBJECT) -> bytes:
    """Return a token as an issuer makes it, of some 350 to 640 bytes."""
    now = int(time.time())
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": subject,
        "iat": now,
        # Far away: a run must not end with tokens that have expired.
        "exp": now + _YEAR,
        "jti": f"0123456789abcdef-{subject}",
        "scope": "flights:read flights:write",
    }
    return jwt.encode(claims, _private_key(algorithm), algorithm).encode("ascii")


def asking(tokens: Sequence[bytes]) -> Callable[[], Scope]:
    """Return a function that makes scopes with one token after the other, in new bytes each."""
    in_turn, plain = cycle(tokens), http_scope("GET")

    def scope() -> Scope:
        made = plain()
        made["headers"].append((b"authorization", b"Bearer " + next(in_turn)))
        return made

    return scope


def verifier(algorithm: str, **options: Any) -> TokenVerifier:
    """Return our verifier; `options` are those of a TokenPolicy."""
    policy = TokenPolicy(
        algorithms=algorithm,
        issuer=_ISSUER,
        audience=_AUDIENCE,
        required_claims=_REQUIRED,
        **options,
    )
    return TokenVerifier(policy, public_key(algorithm))


def decoded(text: bytes | str, algorithm: str) -> dict[str, Any]:
    """Return the claims by PyJWT alone, with the checks that ours makes."""
    return jwt.decode(
        text,
        public_key(algorithm),
        algorithms=[algorithm],
        issuer=_ISSUER,
        audience=_AUDIENCE,
        options={"require": list(_REQUIRED)},
    )


class PlainPyJWT:
    """Do what a careful middleware does by hand: find the token, verify it, keep the claims."""

    def __init__(self, app: ASGIApp, algorithm: str) -> None:
        self.app = app
        self.algorithm = algorithm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                try:
                    scope["user"] = decoded(value[7:], self.algorithm)
                except jwt.InvalidTokenError:
                    break
                await self.app(scope, receive, send)
                return
        headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def fastapi_without() -> FastAPI:
    """Return FastAPI with a handler that answers whose the request is, and looks at nothing."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def me() -> dict[str, str]:
        return {"sub": SUBJECT}

    return app


def fastapi_with_ours(algorithm: str) -> Any:
    """Return JWTMiddleware around FastAPI."""
    app: Any = FastAPI(openapi_url=None)

    @app.get("/")  # type: ignore[untyped-decorator] # Any, for the middleware takes any ASGI app
    async def me(request: Request) -> dict[str, str]:
        return {"sub": request.user.identity}

    return JWTMiddleware(app, verifier=verifier(algorithm))


def fastapi_with_dependency(algorithm: str) -> FastAPI:
    """Return FastAPI with HTTPBearer and PyJWT in a dependency, as its documentation has it."""
    app, bearer = FastAPI(openapi_url=None), HTTPBearer()
    Credentials = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]  # noqa: N806 - a type

    async def claims(credentials: Credentials) -> dict[str, Any]:
        try:
            return decoded(credentials.credentials, algorithm)
        except jwt.InvalidTokenError:
            raise HTTPException(401) from None

    @app.get("/")
    async def me(claims: Annotated[dict[str, Any], Depends(claims)]) -> dict[str, str]:
        return {"sub": claims["sub"]}

    return app


def litestar_without() -> Litestar:
    """Return Litestar with a handler that looks at nothing."""

    @get("/")
    async def me() -> dict[str, str]:
        return {"sub": SUBJECT}

    return Litestar([me], openapi_config=None)


def litestar_with_ours() -> Any:
    """Return JWTMiddleware around Litestar."""

    @get("/")
    async def me(request: LitestarRequest[Any, Any, Any]) -> dict[str, str]:
        return {"sub": request.user.identity}

    app: Any = Litestar([me], openapi_config=None)
    return JWTMiddleware(app, verifier=verifier("HS256"))


def litestar_with_its_own() -> Litestar:
    """Return Litestar with its own JWTAuth, which takes secrets only."""

    async def user_of(token: Token, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        return token.sub

    auth = JWTAuth[str](
        retrieve_user_handler=user_of,
        token_secret=_SECRET,
        accepted_issuers=[_ISSUER],
        accepted_audiences=[_AUDIENCE],
    )

    @get("/")
    async def me(request: LitestarRequest[str, Token, Any]) -> dict[str, str]:
        return {"sub": request.user}

    return Litestar([me], on_app_init=[auth.on_app_init], openapi_config=None)
