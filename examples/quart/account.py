"""The routes that are somebody's own: JWTMiddleware has verified the token before they run."""

from typing import Any

from quart import Blueprint, abort, g, request
from quart.typing import ResponseReturnValue

from chopin_mw import (
    VerifiedToken,
    cache_response,
    current_token,
    identity,
    no_store,
    require_token,
)
from examples.flights import accounts, queries, saved

account = Blueprint("account", __name__)

MAX_PASSWORD_LENGTH = 200


@account.post("/login")
@no_store
async def log_in() -> queries.Record:
    given = await request.get_json()
    name, password = _member(given, "name", str), _member(given, "password", str)
    if len(password) > MAX_PASSWORD_LENGTH:
        abort(422)
    return await accounts.log_in(name, password)


@account.get("/me")
@require_token
async def show_me() -> queries.Record:
    return accounts.show_user(_caller())


@account.post("/logout")
@require_token
async def log_out() -> ResponseReturnValue:
    accounts.log_out(_caller())
    return "", 204


# Kept for each user apart. The cache leaves requests with Authorization alone, unless a route says
# that its vary_by tells them apart.
@account.get("/me/flights")
@require_token
@cache_response(ttl=3600, vary_by=identity)
async def list_my_flights() -> list[queries.Record]:
    return await saved.list_saved(g.session, _caller().user.identity)


# A write to the same path: what is kept of it goes by itself (RFC 9111 §4.4).
@account.post("/me/flights")
@require_token(scopes=("flights:save",))
async def save_flight() -> queries.Record:
    flight_id = _member(await request.get_json(), "flight_id", int)
    return await saved.save(g.session, _caller().user.identity, flight_id)


def _caller() -> VerifiedToken:
    return current_token() or abort(401)


def _member(body: Any, name: str, kind: type) -> Any:
    value = body.get(name) if isinstance(body, dict) else None
    # Not isinstance: true is an int to Python.
    if type(value) is not kind:
        abort(422)
    return value
