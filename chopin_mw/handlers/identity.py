"""Who asks: the verified token of a request, for handlers and for the cache."""

from collections.abc import Mapping
from typing import Any

from chopin_mw.asgi.refusals import admission_of
from chopin_mw.exchange import token_scope
from chopin_mw.rules.token import VerifiedToken


def current_token() -> VerifiedToken | None:
    """Return the verified token of the request or websocket being handled; None without one.

    Works in any handler, plain ones in threads too, and as a FastAPI dependency. Needs
    JWTMiddleware around the app.

        @app.get("/me")
        async def me(token: Annotated[VerifiedToken, Depends(current_token)]): ...
    """
    scope = token_scope.get()
    return None if scope is None else _token_of(scope)


def identity(scope: Mapping[str, Any]) -> bytes | None:
    """Return for whom an answer is, for `@cache_response(ttl=60, vary_by=identity)`.

    Issuer, subject, and what the token grants: who may see less than before is not shown what he
    saw then. Answers that depend on other claims need a function of their own. None, and so no
    caching, for clients without a token: their cookies may tell them apart.
    """
    token = _token_of(scope)
    subject = None if token is None else token.user.claims.get("sub")
    if token is None or not subject:
        return None
    granted = token.auth
    parts = (
        token.user.claims.get("iss"),
        subject,
        sorted(granted.scopes),
        sorted(granted.permissions),
    )
    # Claims may hold any separator; this form tells where each of them ends.
    return ascii(parts).encode("ascii")


# What the cache asks of a function before it keeps an answer of `@require_token`.
identity.holds_grants = True  # type: ignore[attr-defined] # functions take attributes


def _token_of(scope: Mapping[str, Any]) -> VerifiedToken | None:
    admission = admission_of(scope)
    if admission is None or not admission[0].user.is_authenticated:
        return None
    return admission[0]
