"""Guarded routes, to be served by a server in a process of its own."""

from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.rules.token_policy import TokenPolicy
from frameworks.apps.guarded_apps import starlette_app
from support.tokens import AUDIENCE, ISSUER, SECRET

app = starlette_app(
    TokenVerifier(TokenPolicy(algorithms="HS256", issuer=ISSUER, audience=AUDIENCE), SECRET)
)
