"""What docs/tokens.md shows runs as pasted, behind a real server; its tables are complete."""

import re
import time
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import jwt
import pytest

from chopin_mw import JWKSURL, TokenPolicy, TokenVerifier
from chopin_mw.auth.verifier import TokenStatistics
from chopin_mw.rules.token import TokenRefusal
from support.documents import broken_links, document, rows, section, starts
from support.pasted import pasted
from support.servers import uvicorn_thread

DOC = document("tokens.md")
STARTS = starts(DOC)
SECRET = "a secret of exactly 32 bytes, so"


def bearer(**claims: Any) -> dict[str, str]:
    """Return the header of somebody whom the policy of the document lets in."""
    good = {
        "iss": "https://id.example",
        "aud": "flights",
        "sub": "ada",
        "exp": int(time.time()) + 60,
    }
    return {"Authorization": f"Bearer {jwt.encode(good | claims, SECRET, algorithm='HS256')}"}


@pytest.fixture
def started(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    monkeypatch.setenv("TOKEN_SECRET", SECRET)
    return pasted(STARTS[request.param], tmp_path)


@pytest.mark.parametrize("started", ["bare", "fastapi", "quart"], indirect=True)
def test_a_start_lets_in_who_has_a_token(started: ModuleType) -> None:
    """By name, and to what takes a scope only those who have it."""
    with uvicorn_thread(started.app) as address, address.client() as client:
        nobody, ada = client.get("/me"), client.get("/me", headers=bearer())
        refused = client.delete("/flights/1", headers=bearer(scope="flights:read"))
        granted = client.delete("/flights/1", headers=bearer(scope="flights:write"))

    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert (ada.status_code, ada.json()) == (200, {"name": "ada"})
    assert (refused.status_code, granted.status_code) == (403, 200)
    assert 'scope="flights:write"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize("started", ["fastapi"], indirect=True)
def test_the_refusal_is_the_one_that_is_shown(started: ModuleType) -> None:
    """Line by line, and the same for every cause."""
    shown = re.search(r"```\nHTTP/1.1 401 Unauthorized\n(.*?)\n\n(.*?)```", DOC, re.DOTALL)
    causes: list[dict[str, Any]] = [{"aud": "others"}, {"exp": 1}, {"iss": "https://other.example"}]

    with uvicorn_thread(started.app) as address, address.client() as client:
        answers = [client.get("/me", headers=bearer(**cause)) for cause in causes]

    assert shown is not None
    fields_shown = dict(line.split(": ", 1) for line in shown[1].splitlines())
    for answer in answers:
        assert answer.text == shown[2].strip()
        assert {name: answer.headers[name] for name in fields_shown} == fields_shown


@pytest.mark.parametrize("started", ["fastapi"], indirect=True)
def test_public_paths_take_no_token(started: ModuleType) -> None:
    """The page of FastAPI is one of them."""
    with uvicorn_thread(started.app) as address, address.client() as client:
        assert client.get("/docs").status_code == 200


def ask(client: httpx.Client, **claims: Any) -> httpx.Response:
    return client.get("/bookings", headers=bearer(**claims))


@pytest.mark.parametrize("started", ["cached"], indirect=True)
def test_each_user_has_his_own_cache(started: ModuleType) -> None:
    """And who is granted less has no part in it."""
    with uvicorn_thread(started.app) as address, address.client() as client:
        first, again = ask(client, scope="bookings:read"), ask(client, scope="bookings:read")
        bob = ask(client, sub="bob", scope="bookings:read")
        less = ask(client)

    assert "age" not in first.headers
    assert "age" in again.headers
    assert (again.json(), bob.json()) == ({"of": "ada"}, {"of": "bob"})
    assert "age" not in bob.headers
    assert less.status_code == 403


@pytest.mark.parametrize("started", ["auth0", "keycloak"], indirect=True)
def test_a_verifier_of_an_issuer_is_made(started: ModuleType) -> None:
    """Its keys are not fetched before a token comes."""
    assert isinstance(started.verifier, TokenVerifier)
    assert started.verifier.statistics().fetches == 0


def test_every_option_is_explained_with_its_default() -> None:
    """Of the policy and of a key set's address."""
    for kind, heading in ((TokenPolicy, "### `TokenPolicy`"), (JWKSURL, "### `JWKSURL`")):
        options: list[Field[Any]] = [field for field in fields(kind) if field.init]
        explained = rows(section(DOC, heading))

        assert list(explained) == [option.name for option in options]
        for option in options:
            default = "" if option.default is MISSING else repr(option.default)
            shown = re.sub(r"(\d),(\d{3})\b", r"\1\2", explained[option.name][0].strip("`"))
            assert shown.replace('"', "'") == default, option.name


def test_every_reason_is_explained() -> None:
    """With the answer that it gets."""
    reasons = rows(section(DOC, "## Who gets which answer"))

    assert list(reasons) == [reason.value for reason in TokenRefusal]
    for reason in TokenRefusal:
        assert reasons[reason][0] == ("503" if reason.is_temporary else "401"), reason


def test_every_figure_is_named() -> None:
    """That a verifier counts."""
    named = set(re.findall(r"`(\w+)`", section(DOC, "## Watching it")))

    assert {field.name for field in fields(TokenStatistics)} <= named


def test_every_link_leads_somewhere() -> None:
    """To a document beside it, or a heading."""
    assert broken_links(DOC) == []
