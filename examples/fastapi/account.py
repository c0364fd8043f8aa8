"""The routes that are somebody's own: JWTMiddleware has verified the token before they run."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from chopin_mw import (
    VerifiedToken,
    cache_response,
    current_token,
    identity,
    no_store,
    require_token,
)
from examples.fastapi.dependencies import Session
from examples.flights import accounts, queries, saved

# HTTPBearer decides nothing: it has the page of FastAPI ask for a token.
router = APIRouter(dependencies=[Depends(HTTPBearer(auto_error=False))])

Caller = Annotated[VerifiedToken, Depends(current_token)]


class Credentials(BaseModel):
    name: str
    password: str = Field(max_length=200)


class Choice(BaseModel):
    flight_id: int


@router.post("/login", response_model=None)
@no_store
async def log_in(given: Credentials) -> queries.Record:
    return await accounts.log_in(given.name, given.password)


@router.get("/me", response_model=None)
@require_token
async def show_me(caller: Caller) -> queries.Record:
    return accounts.show_user(caller)


@router.post("/logout", status_code=204)
@require_token
async def log_out(caller: Caller) -> None:
    accounts.log_out(caller)


# Kept for each user apart. The cache leaves requests with Authorization alone, unless a route says
# that its vary_by tells them apart.
@router.get("/me/flights", response_model=None)
@require_token
@cache_response(ttl=3600, vary_by=identity)
async def list_my_flights(caller: Caller, session: Session) -> list[queries.Record]:
    return await saved.list_saved(session, caller.user.identity)


# A write to the same path: what is kept of it goes by itself (RFC 9111 §4.4).
@router.post("/me/flights", response_model=None)
@require_token(scopes=("flights:save",))
async def save_flight(caller: Caller, session: Session, choice: Choice) -> queries.Record:
    return await saved.save(session, caller.user.identity, choice.flight_id)
