"""The part of the tour that shows tokens: who is let in, who is not, and what it costs."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx

from examples.visit import Stop, Visit, expect, lower_quartile, send, stop, unless

PASSWORDS = {"amelia": "lockheed vega 5b", "orville": "wright flyer 1903"}
"""Those of the example users, who are as public as this file."""

LOGINS = 3
VISITS = 60


def account_stops(client: httpx.Client) -> Iterator[Stop]:
    nobody = send(client, "GET", "/me")
    yield stop(
        nobody,
        f"no token: {_challenge(nobody)}; on public_paths nobody asks for one",
        expect(nobody, 401),
        unless(_challenge(nobody).startswith("Bearer"), "no challenge (RFC 6750)"),
    )
    wrong = _log_in(client, "amelia", "let me in")
    yield stop(wrong, "a wrong password: scrypt takes its time as well", expect(wrong, 401))
    logins = [_log_in(client, "amelia", PASSWORDS["amelia"]) for _ in range(LOGINS)]
    yield stop(
        logins[0],
        "an ES256 token for an hour, made by PyJWT",
        expect(logins[0], 200),
        unless("no-store" in logins[0].response.headers.get("cache-control", ""), "may be stored"),
    )
    amelia, orville = _token(logins[0]), _token(_log_in(client, "orville", PASSWORDS["orville"]))
    if not amelia or not orville:
        # Without tokens there is nothing more to see.
        return
    yield from _verified_and_remembered(client, [_token(login) for login in logins])
    yield _without_scope(client, orville)
    yield from _kept_for_each(client, {"amelia": amelia, "orville": orville})
    yield _saved(client, amelia)
    yield _forged(client, amelia)
    yield from _logged_out(client, orville)


def _verified_and_remembered(client: httpx.Client, tokens: list[str]) -> Iterator[Stop]:
    before = _tokens(client)
    first = [_ask(client, "/me", token) for token in tokens]
    between = _tokens(client)
    later = [_ask(client, "/me", tokens[0]) for _ in range(VISITS)]
    after = _tokens(client)
    verified, remembered = lower_quartile(first), lower_quartile(later)
    yield stop(
        verified,
        f"who amelia is: the signature is verified; lower quartile of {len(first)} new tokens",
        expect(verified, 200),
        unless(verified.response.json()["name"] == "amelia", "somebody else"),
        unless(between["verified"] - before["verified"] == len(tokens), "not all were verified"),
    )
    yield stop(
        remembered,
        f"the token is remembered: {after['verified'] - between['verified']} signatures verified "
        f"in {VISITS} requests",
        expect(remembered, 200),
        unless(after["verified"] == between["verified"], "verified again"),
        unless(after["remembered"] - between["remembered"] == VISITS, "not remembered"),
    )


def _without_scope(client: httpx.Client, token: str) -> Stop:
    refused = send(client, "POST", "/me/flights", _bearer(token), {"flight_id": 5})
    return stop(
        refused,
        f"@require_token(scopes=…), and orville lacks it: {_challenge(refused)}",
        expect(refused, 403),
        unless("insufficient_scope" in _challenge(refused), "does not say which scope it takes"),
    )


def _kept_for_each(client: httpx.Client, tokens: dict[str, str]) -> Iterator[Stop]:
    first = {name: _ask(client, "/me/flights", token) for name, token in tokens.items()}
    bodies = {visit.response.content for visit in first.values()}
    for name, token in tokens.items():
        again = _ask(client, "/me/flights", token)
        ids = ", ".join(map(str, _ids(again)))
        yield stop(
            again,
            f"one URL, the answer for {name}: {ids}; by vary_by=identity, "
            f"Age {again.response.headers.get('age', 'none')}",
            expect(again, 200),
            unless("age" in again.response.headers, "no Age: not from the cache"),
            unless(again.response.content == first[name].response.content, "not the same answer"),
            unless(len(bodies) == len(tokens), "somebody else's answer"),
        )


def _saved(client: httpx.Client, token: str) -> Stop:
    # One that is not there yet, however often the tour is taken.
    flight = max(_ids(_ask(client, "/me/flights", token))) + 1
    write = send(client, "POST", "/me/flights", _bearer(token), {"flight_id": flight})
    after = _ask(client, "/me/flights", token)
    return stop(
        write,
        f"amelia has that scope: flight {flight} is in her list at once, nothing old is kept",
        expect(write, 200),
        unless(flight in _ids(after), "not in the list"),
        unless("age" not in after.response.headers, "an Age: from the cache"),
    )


def _forged(client: httpx.Client, token: str) -> Stop:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode())
    claims = token.split(".")[1]
    refused = _ask(client, "/me", f"{header.decode().rstrip('=')}.{claims}.")
    return stop(
        refused,
        f"amelia's claims under alg none, unsigned: {_challenge(refused)}",
        expect(refused, 401),
        unless("invalid_token" in _challenge(refused), "not refused as a bad token"),
    )


def _logged_out(client: httpx.Client, token: str) -> Iterator[Stop]:
    logout = send(client, "POST", "/logout", _bearer(token))
    yield stop(logout, "revokes orville's token by its jti", expect(logout, 204))
    refused, kept = _ask(client, "/me", token), _ask(client, "/me/flights", token)
    yield stop(
        refused,
        "the same token, an hour before it expires; what is kept for him is not shown either",
        expect(refused, 401),
        expect(kept, 401),
    )


def _log_in(client: httpx.Client, name: str, password: str) -> Visit:
    return send(client, "POST", "/login", body={"name": name, "password": password})


def _ask(client: httpx.Client, path: str, token: str) -> Visit:
    return send(client, "GET", path, _bearer(token))


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _token(login: Visit) -> str:
    return str(login.response.json()["access_token"]) if login.response.is_success else ""


def _tokens(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/cache").json()["tokens"])


def _ids(visit: Visit) -> list[int]:
    return [flight["id"] for flight in visit.response.json()] if visit.response.is_success else []


def _challenge(visit: Visit) -> str:
    return str(visit.response.headers.get("www-authenticate", "no WWW-Authenticate"))
