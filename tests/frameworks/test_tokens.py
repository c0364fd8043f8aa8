"""Who has no good token is not let in, over real sockets and in every framework."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.rules.token_policy import TokenPolicy
from frameworks.apps.guarded_plain import BUILDERS, WITH_THREADS, WITH_WEBSOCKETS
from support.servers import Address, RawAnswer, ask, hypercorn_process, uvicorn_thread
from support.tokens import (
    AUDIENCE,
    ISSUER,
    SECRET,
    claims,
    encoded,
    forged,
    private_key,
    public_pem,
    signed,
)
from support.websocket_client import WebSocketClient

POLICY = TokenPolicy(
    algorithms="HS256",
    issuer=ISSUER,
    audience=AUDIENCE,
    public_paths=("/login", "/docs/*"),
    optional_paths=("/menu",),
    realm="flights",
)
WRITING = {"scope": "flights:read flights:write"}
BODY = {
    "title": "Unauthorized",
    "status": 401,
    "detail": "This takes a bearer token that is valid here.",
}
INVALID = b'Bearer realm="flights", error="invalid_token"'


@pytest.fixture(scope="module", params=sorted(BUILDERS))
def framework(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def verifier() -> TokenVerifier:
    return TokenVerifier(POLICY, SECRET)


@pytest.fixture(scope="module")
def server(framework: str, verifier: TokenVerifier) -> Iterator[Address]:
    with uvicorn_thread(BUILDERS[framework](verifier)) as address:
        yield address


def bearer(token: bytes) -> tuple[bytes, bytes]:
    return (b"Authorization", b"Bearer " + token)


def get(server: Address, path: str, *headers: tuple[bytes, bytes]) -> RawAnswer:
    return ask(server, b"GET", path.encode(), *headers)


def assert_unauthorized(answer: RawAnswer, challenge: bytes) -> None:
    assert (answer.status, json.loads(answer.body)) == (401, BODY)
    assert answer.header(b"www-authenticate") == challenge
    assert answer.header(b"content-type") == b"application/problem+json"
    assert answer.header(b"cache-control") == b"no-store"


def test_a_good_token_names_its_user(server: Address) -> None:
    """In what each framework calls its user, without any line of ours in the handler."""
    answer = get(server, "/me", bearer(signed(claims(sub="grace"))))

    assert (answer.status, answer.body.strip(b'"')) == (200, b"grace")


def test_without_a_token_nothing_is_let_in(server: Address) -> None:
    """The challenge names no error where none was made (RFC 6750 §3.1)."""
    for path in ("/me", "/write", "/nowhere", "/"):
        answer = get(server, path)
        # Litestar looks for the route before it runs middleware.
        if answer.status != 404:
            assert_unauthorized(answer, b'Bearer realm="flights"')


def test_optional_paths_take_anybody_but_no_bad_token(server: Address) -> None:
    """Nobody is nobody, somebody is named, and a forged token is refused."""
    anonymous = get(server, "/menu")
    known = get(server, "/menu", bearer(signed()))
    forger = get(server, "/menu", bearer(signed(key="x" * 32)))

    assert (anonymous.status, anonymous.body.strip(b'"')) == (200, b"nobody")
    assert (known.status, known.body.strip(b'"')) == (200, b"ada")
    assert_unauthorized(forger, INVALID)


def test_public_paths_look_at_no_token(server: Address) -> None:
    """Not even at a bad one."""
    for path in ("/login", "/docs/x", "/docs/x/y"):
        assert get(server, path).status == 200
        assert get(server, path, bearer(b"no token")).status == 200


def hmac_with_public_key() -> bytes:
    return forged({"alg": "HS256", "typ": "JWT"}, secret=public_pem(private_key("RS256")))


# One of each kind: the whole table is that of tests/auth/test_attacks.py.
FORGERIES: dict[str, Callable[[], bytes]] = {
    "158 alg none": lambda: encoded({"alg": "none"}) + b"." + encoded(claims()) + b".",
    "158 no alg": lambda: forged({"typ": "JWT"}),
    "158 alg list": lambda: forged({"alg": ["HS256"]}),
    "159 HMAC with a public key": hmac_with_public_key,
    "160 kid as a path": lambda: forged({"alg": "HS256", "kid": "../../dev/null"}, secret="x"),
    "161 jku": lambda: forged({"alg": "HS256", "jku": "http://127.0.0.1:1/"}, secret="x" * 32),
    "162 crit": lambda: forged({"alg": "HS256", "crit": ["exp"], "exp": 1}),
    "163 expired": lambda: signed(claims(exp=int(time.time()) - 1)),
    "163 without exp": lambda: signed(claims(exp=None)),
    "163 not yet": lambda: signed(claims(nbf=int(time.time()) + 60)),
    "164 other audience": lambda: signed(claims(aud="https://other.example")),
    "164 other issuer": lambda: signed(claims(iss="https://other.example")),
    "164 other type": lambda: signed(claims(), typ="id+jwt"),
    "166 too long": lambda: signed(claims(x="x" * 8192)),
    "166 dots": lambda: b"." * 8000,
    "166 no base64": lambda: b"a.b!.c",
    "168 other signature": lambda: signed(key="another secret of 32 bytes, as well"),
    "168 no signature": lambda: signed().rpartition(b".")[0] + b".",
}


def test_all_causes_look_alike(server: Address) -> None:
    """401 with one body and one challenge, and nothing of the cause."""
    for forge in FORGERIES.values():
        assert_unauthorized(get(server, "/me", bearer(forge())), INVALID)


def test_what_is_ambiguous_is_refused(server: Address) -> None:
    """Two fields, two tokens in one, and half of one."""
    token = signed()
    good, other = bearer(token), bearer(signed(claims(sub="eve")))

    for headers in (
        (good, good),
        (good, other),
        (good, (b"AUTHORIZATION", b"Basic YTpi")),
        ((b"Authorization", b"Bearer " + token + b","),),
        ((b"Authorization", b"Bearer " + token + b", Bearer " + token),),
        ((b"Authorization", b"Bearer " + token + b" x"),),
        ((b"Authorization", b"Bearer"),),
    ):
        assert_unauthorized(get(server, "/me", *headers), INVALID)


def test_a_token_elsewhere_is_none(server: Address) -> None:
    """In the query, in a cookie, in the body, under another scheme or name."""
    token = signed()
    names = [
        ask(server, b"GET", b"/me?access_token=" + token + b"&token=" + token),
        get(server, "/me", (b"Cookie", b"Authorization=Bearer " + token)),
        get(server, "/me", (b"Authorization", b"Token " + token)),
        get(server, "/me", (b"X-Authorization", b"Bearer " + token)),
        get(server, "/me", (b"Proxy-Authorization", b"Bearer " + token)),
    ]

    for answer in names:
        assert_unauthorized(answer, b'Bearer realm="flights"')


def test_the_scheme_has_no_case(server: Address) -> None:
    """`bearer` and `BEARER` are what `Bearer` is (RFC 9110 §11.1)."""
    for scheme in (b"bearer", b"BEARER", b"bEaReR"):
        assert get(server, "/me", (b"authorization", scheme + b" " + signed())).status == 200


TRICKS = (
    "//me",
    "//login",
    "/docs",
    "/docs/",
    "/docs/../me",
    "/docs/./../me",
    "/docs/..%2fme",
    "/docs/%2e%2e/me",
    "/docs/%2e%2e%2fme",
    "/docs/%252e%252e/me",
    "/docs//me",
    "/docs%2fme",
    "/docs%2Fme",
    "/docs/..\\me",
    "/docs/..%5cme",
    "/docs/x%00",
    "/docs/..;/me",
    "/docsx/me",
    "/DOCS/me",
    "/Login",
    "/login/",
    "/login/me",
    "/login/../me",
    "/login;x",
    "/login;/me",
    "/login%2f",
    "/login%00",
    "/login%20",
    "/login.json",
    "/./login",
    "/me/../login",
    "/me%2f",
    "/ME",
    "/me/",
    "/m%65",
    "http://example.org/me",
    "*",
)
# One of them means below /docs what it says: nobody reads it as something else.
MEANT_BELOW = {"/docs/..;/me"}


def test_no_spelling_of_a_path_opens_it(server: Address) -> None:
    """A path is public as it stands in the policy, once decoded, and in no other way."""
    for trick in TRICKS:
        answer = ask(server, b"GET", trick.encode())
        allowed = {400, 401, 404} if trick not in MEANT_BELOW else {200, 401, 404}
        assert answer.status in allowed, trick
        assert answer.status != 200 or answer.body.strip(b'"') == b"read"


@pytest.mark.parametrize("framework", sorted(BUILDERS))
def test_a_prefix_of_the_server_is_part_of_the_path(framework: str) -> None:
    """With `root_path` the policy has to name it: without, the path is not public."""
    paths = ("/login", "/login/*", "/docs/*")
    verifier = TokenVerifier(TokenPolicy(algorithms="HS256", public_paths=paths), SECRET)

    with uvicorn_thread(BUILDERS[framework](verifier), root_path="/api") as server:
        assert [get(server, path).status for path in ("/me", "/login", "/docs/x")] == [401] * 3
        assert get(server, "/login/api/me").status in (401, 404)


@pytest.mark.parametrize("path", ["/write", "/class"])
def test_scopes_are_taken_by_decorated_handlers(server: Address, path: str) -> None:
    """A good token that grants less gets 403 and the scope that it lacks; 401 is for none."""
    refused = get(server, path, bearer(signed(claims(scope="flights:read"))))
    granted = get(server, path, bearer(signed(claims(**WRITING))))

    assert (granted.status, granted.body.strip(b'"')) == (200, b"ada")
    assert refused.status == 403
    assert refused.header(b"www-authenticate") == (
        b'Bearer realm="flights", error="insufficient_scope", scope="flights:write"'
    )
    assert refused.header(b"content-type") == b"application/problem+json"
    assert json.loads(refused.body)["title"] == "Forbidden"


def test_every_method_of_a_route_is_guarded(server: Address) -> None:
    """HEAD and POST as well as GET."""
    for method in (b"HEAD", b"POST", b"GET"):
        answer = ask(server, method, b"/write", bearer(signed()), (b"Content-Length", b"0"))
        assert answer.status in (403, 405), method


@pytest.mark.parametrize("framework", WITH_THREADS)
def test_plain_handlers_in_threads_are_guarded(framework: str) -> None:
    """Context variables go with them."""
    with uvicorn_thread(BUILDERS[framework](TokenVerifier(POLICY, SECRET))) as server:
        granted = get(server, "/thread", bearer(signed(claims(**WRITING))))
        refused = get(server, "/thread", bearer(signed()))

    assert (granted.status, granted.body.strip(b'"')) == (200, b"ada")
    assert refused.status == 403


@pytest.mark.parametrize("framework", ["bare", "fastapi", "litestar", "quart", "starlette"])
def test_a_handler_called_by_another_still_asks(framework: str) -> None:
    """The caller does not go on with a refusal in its hands."""
    with uvicorn_thread(BUILDERS[framework](TokenVerifier(POLICY, SECRET))) as server:
        granted = get(server, "/calls", bearer(signed(claims(**WRITING))))
        refused = get(server, "/calls", bearer(signed()))

    assert (granted.status, granted.body.strip(b'"')) == (200, b"ada")
    assert refused.status == 403
    assert refused.header(b"www-authenticate") == (
        b'Bearer realm="flights", error="insufficient_scope", scope="flights:write"'
    )


@pytest.mark.parametrize("framework", WITH_WEBSOCKETS)
def test_websockets_are_judged_before_they_open(framework: str) -> None:
    """The handshake is answered with 401 or 403, by the middleware and by the decorator."""
    with uvicorn_thread(BUILDERS[framework](TokenVerifier(POLICY, SECRET))) as server:
        for path in ("/live", "/live?access_token=x", "//live", "/docs/../live"):
            with WebSocketClient(server, path) as client:
                assert client.refusal is not None
                assert client.refusal.status in (401, 403)
        with WebSocketClient(server, "/live", [bearer(signed())]) as client:
            refused = client.refusal
        with WebSocketClient(server, "/live", [bearer(signed(claims(**WRITING)))]) as client:
            heard = (client.refusal, client.hear(), client.hear())

    assert heard == (None, "ada", 1000)
    assert refused is not None
    assert refused.status == 403
    assert dict(refused.headers)[b"www-authenticate"] == (
        b'Bearer realm="flights", error="insufficient_scope", scope="flights:write"'
    )
    assert json.loads(refused.body)["title"] == "Forbidden"


@pytest.mark.parametrize("framework", ["fastapi", "litestar", "quart", "starlette"])
def test_websockets_know_their_user(framework: str) -> None:
    """In what the framework calls the user of a websocket."""
    with (
        uvicorn_thread(BUILDERS[framework](TokenVerifier(POLICY, SECRET))) as server,
        WebSocketClient(server, "/open", [bearer(signed())]) as client,
    ):
        assert client.hear() == "ada"


def test_websockets_on_another_server() -> None:
    """Hypercorn, which has the denial response as well."""
    with hypercorn_process("frameworks.apps.guarded_served:app") as server:
        with WebSocketClient(server, "/live", [bearer(signed())]) as client:
            refused = client.refusal
        with WebSocketClient(server, "/live") as client:
            unknown = client.refusal
        with WebSocketClient(server, "/live", [bearer(signed(claims(**WRITING)))]) as client:
            heard = client.hear()

    assert (refused and refused.status, unknown and unknown.status, heard) == (403, 401, "ada")


def test_two_users_on_one_pool(server: Address) -> None:
    """A hundred requests at a time over kept connections: each is answered for its own token."""
    users = [f"user-{number}" for number in range(8)]
    tokens = {user: signed(claims(sub=user)).decode() for user in users}

    with server.client() as client, ThreadPoolExecutor(8) as threads:

        def ask_as(user: str) -> bool:
            answer: httpx.Response = client.get(
                "/me", headers={"Authorization": f"Bearer {tokens[user]}"}
            )
            return answer.text.strip('"') == user

        assert all(threads.map(ask_as, users * 12))


def test_no_token_is_logged(server: Address, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG the cause is, and nothing of the token."""
    tokens = [signed(), signed(claims(exp=1)), signed(key="y" * 32), b"not.a.token"]

    with caplog.at_level(logging.DEBUG):
        for token in tokens:
            get(server, "/me", bearer(token))
            get(server, "/write", bearer(token))

    assert "JWT: refused, expired" in caplog.text
    logged = [record.getMessage() + str(record.args) for record in caplog.records]
    ours = [text for text, record in zip(logged, caplog.records, strict=True) if is_ours(record)]
    for token in tokens:
        for part in token.split(b"."):
            assert not any(part.decode() in text for text in ours if len(part) > 5)


def is_ours(record: Any) -> bool:
    return bool(record.name == "chopin_mw")
