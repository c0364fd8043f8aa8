import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from examples.account_tour import PASSWORDS
from examples.clients import Apps


def log_in(client: httpx.Client, name: str) -> str:
    answer = client.post("/login", json={"name": name, "password": PASSWORDS[name]})
    return f"Bearer {answer.json()['access_token']}"


@contextmanager
def logged_in(client: httpx.Client, name: str) -> Iterator[dict[str, str]]:
    """Give the header of a user with a token of his own, who logs out at the end."""
    headers = {"authorization": log_in(client, name)}
    try:
        yield headers
    finally:
        client.post("/logout", headers=headers)


def unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode())
    return f"Bearer {header.decode().rstrip('=')}.{token.split('.')[1]}."


def tampered(token: str) -> str:
    header, claims, signature = token.split(".")
    return f"{header}.{claims}.{signature[::-1]}"


@pytest.mark.parametrize("path", ["/me", "/me/flights", "/flights-of-tomorrow", "//me", "/login/"])
def test_what_is_not_public_takes_a_token(apps: Apps, path: str) -> None:
    """Paths that nobody has named are closed too, and every cause has the same body."""
    for client in apps.both:
        # The client would take two slashes at the beginning for a host.
        answer = client.get(f"{str(client.base_url).rstrip('/')}{path}")

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_login_gives_a_token(apps: Apps) -> None:
    """It says who asks, what is granted, and may not be stored."""
    for client in apps.both:
        answer = client.post("/login", json={"name": "amelia", "password": PASSWORDS["amelia"]})
        token = answer.json()

        me = client.get("/me", headers={"authorization": f"Bearer {token['access_token']}"})

        assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["cache-control"] == "no-store"
        assert (me.json()["name"], me.json()["scopes"]) == ("amelia", ["flights:save"])


@pytest.mark.parametrize(
    ("name", "password"), [("amelia", "x"), ("amelia", ""), ("nobody", "x"), ("", "")]
)
def test_a_wrong_password_is_refused(apps: Apps, name: str, password: str) -> None:
    """Users that there are and users that there are not get the same answer."""
    answers = [
        client.post("/login", json={"name": name, "password": password}) for client in apps.both
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert {answer.json()["detail"] for answer in answers} == {"the name or the password is wrong"}
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)


@pytest.mark.parametrize("body", [{}, [], {"name": "amelia"}, {"name": 1, "password": "x"}])
def test_a_bad_login_is_refused(apps: Apps, body: object) -> None:
    """A name and a password are texts."""
    assert [client.post("/login", json=body).status_code for client in apps.both] == [422, 422]


@pytest.mark.parametrize("forge", [unsigned, tampered])
def test_a_forged_token_is_refused(apps: Apps, forge: type) -> None:
    """Neither without a signature nor with another one."""
    for client in apps.both:
        with logged_in(client, "amelia") as headers:
            forged = forge(headers["authorization"].removeprefix("Bearer "))

            answer = client.get("/me", headers={"authorization": f"Bearer {forged}"})

        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_token_of_one_process_is_nothing_to_another(apps: Apps) -> None:
    """Without TOKEN_KEY each has a key of its own."""
    with logged_in(apps.fastapi, "amelia") as headers:
        assert apps.quart.get("/me", headers=headers).status_code == 401


def test_what_a_token_does_not_grant_is_403(apps: Apps) -> None:
    """Orville may read his flights, and add none."""
    for client in apps.both:
        with logged_in(client, "orville") as headers:
            read = client.get("/me/flights", headers=headers)
            write = client.post("/me/flights", headers=headers, json={"flight_id": 3})

        assert (read.status_code, write.status_code) == (200, 403)
        assert 'scope="flights:save"' in write.headers["www-authenticate"]


def test_each_user_has_answers_of_his_own(apps: Apps) -> None:
    """One URL is kept for each of them; a write shows at once, and only in the writer's list."""
    for client in apps.both:
        with logged_in(client, "amelia") as amelia, logged_in(client, "orville") as orville:
            first = [client.get("/me/flights", headers=each) for each in (amelia, orville)]
            again = [client.get("/me/flights", headers=each) for each in (amelia, orville)]
            write = client.post("/me/flights", headers=amelia, json={"flight_id": 2})
            after = [client.get("/me/flights", headers=each) for each in (amelia, orville)]

        assert [one.content for one in first] == [one.content for one in again]
        assert first[0].content != first[1].content
        assert all("age" in one.headers for one in again)
        assert write.status_code == 200
        assert 2 in [flight["id"] for flight in after[0].json()]
        assert after[1].content == first[1].content


@pytest.mark.parametrize(
    ("body", "status"), [({"flight_id": 0}, 404), ({"flight_id": "x"}, 422), ({}, 422)]
)
def test_only_flights_are_saved(apps: Apps, body: object, status: int) -> None:
    """What there is not cannot be saved."""
    for client in apps.both:
        with logged_in(client, "amelia") as headers:
            assert client.post("/me/flights", headers=headers, json=body).status_code == status


def test_a_logout_ends_one_token(apps: Apps) -> None:
    """It is refused from then on, what was kept for it too; another one of the user stays good."""
    for client in apps.both:
        with logged_in(client, "orville") as other:
            with logged_in(client, "orville") as headers:
                before = client.get("/me/flights", headers=headers).status_code
            after = [client.get(path, headers=headers) for path in ("/me", "/me/flights")]
            still = client.get("/me", headers=other).status_code

        assert (before, still) == (200, 200)
        assert [answer.status_code for answer in after] == [401, 401]


def test_tokens_are_verified_once(apps: Apps) -> None:
    """Nine of ten requests with one token cost no signature."""
    for client in apps.both:
        with logged_in(client, "amelia") as headers:
            before = client.get("/cache").json()["tokens"]
            for _ in range(10):
                client.get("/me", headers=headers)
            after = client.get("/cache").json()["tokens"]

        assert after["verified"] - before["verified"] == 1
        assert after["remembered"] - before["remembered"] == 9
