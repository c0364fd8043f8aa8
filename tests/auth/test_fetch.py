"""Key sets over real sockets: https with a certificate, in a bounded time and size."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from chopin_mw.auth.fetch import FetchError, fetch
from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.token import TokenRefusal, VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from support.servers import uvicorn_thread
from support.tokens import AUDIENCE, ISSUER, jwk, private_key, signed

POLICY = TokenPolicy(algorithms="ES256", issuer=ISSUER, audience=AUDIENCE)
AUTHORITY = trustme.CA()
TRUSTING = ssl.create_default_context(cafile=None)
AUTHORITY.configure_trust(TRUSTING)
KEY_SET = json.dumps({"keys": [jwk("ES256")]}).encode()
MOST, TIMEOUT = 65_536, 0.3

Script = Callable[[socket.socket], object]


def response(body: bytes, status: bytes = b"200 OK", *fields: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 " + status, length, *fields, b"", body])


def sending(octets: bytes) -> Script:
    return lambda client: client.sendall(octets)


def dripping(octets: bytes) -> Script:
    """Send one byte at a time, each well within any limit for a single read, and never end."""

    def drip(client: socket.socket) -> None:
        pause = threading.Event()
        for octet in octets:
            client.sendall(bytes([octet]))
            pause.wait(0.02)
        while not pause.wait(0.02):
            client.sendall(b" ")

    return drip


@contextmanager
def issuer(
    script: Script, *, certificate: str | None = "127.0.0.1"
) -> Iterator[tuple[str, list[bytes]]]:
    """Answer each connection by the script; gives the URL, and the requests as they came."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(certificate).configure_cert(context)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), client:
                if context is not None:
                    client = context.wrap_socket(client, server_side=True)
                with client:
                    requests.append(client.recv(65_536))
                    script(client)

    thread = threading.Thread(target=serve)
    thread.start()
    scheme = "http" if certificate is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/jwks?a=b", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def get(url: str, **changes: Any) -> bytes:
    options: dict[str, Any] = {"timeout": 5.0, "max_bytes": MOST, "context": TRUSTING}
    return fetch(url, **(options | changes))


def test_a_document_comes_as_it_is() -> None:
    """By one plain request."""
    with issuer(sending(response(KEY_SET))) as (url, requests):
        assert get(url) == KEY_SET

    (request,) = requests
    assert request.startswith(b"GET /jwks?a=b HTTP/1.1\r\n")
    assert url.split("/")[2].encode() in request
    assert b"identity" in request


def test_a_document_in_chunks_and_over_plain_http() -> None:
    """For the loopback, where it is allowed."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"

    with issuer(sending(chunked), certificate=None) as (url, _):
        assert get(url.partition("/jwks")[0], context=None) == b"{}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (response(KEY_SET, b"500 Oops"), "status 500"),
        (response(b"", b"204 No Content"), "status 204"),
        (response(KEY_SET, b"302 Found", b"Location: https://127.0.0.1/"), "status 302"),
        (response(KEY_SET, b"301 Moved", b"Location: /jwks"), "status 301"),
        (response(b" " * (MOST + 1)), "more than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MOST + 1), "more than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "not whole"),
    ],
)
def test_an_answer_that_is_not_to_be_used(answer: bytes, said: str) -> None:
    """No redirects, not even to the same host, and no more than the limit (case 161)."""
    with issuer(sending(answer)) as (url, requests), pytest.raises(FetchError, match=said):
        get(url)

    assert len(requests) == 1


@pytest.mark.parametrize(
    "answer", [b"", b"junk\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, b"\x00" * 70_000]
)
def test_an_answer_that_is_none(answer: bytes) -> None:
    """Is an error, whichever."""
    with issuer(sending(answer)) as (url, _), pytest.raises((OSError, Exception)):
        get(url)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n{",
    ],
)
@pytest.mark.parametrize("certificate", ["127.0.0.1", None])
def test_a_server_that_drips_is_cut_off(octets: bytes, certificate: str | None) -> None:
    """The time is for all of it, however often something comes (case 161)."""
    with issuer(dripping(octets), certificate=certificate) as (url, _):
        began = time.monotonic()
        context = None if certificate is None else TRUSTING
        with suppress(Exception):
            # What came until then may be an answer to a server that just closes.
            assert json.loads(get(url, timeout=TIMEOUT, context=context)) is None

        assert time.monotonic() - began < TIMEOUT + 5


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    """The server accepts, and says nothing."""
    with issuer(dripping(b""), certificate=None) as (url, _):
        began = time.monotonic()
        with pytest.raises(OSError, match=r".*"):
            get(url.replace("http:", "https:"), timeout=TIMEOUT)

    assert time.monotonic() - began < TIMEOUT + 5


@pytest.mark.parametrize("certificate", ["other.example.org", "127.0.0.2"])
def test_a_certificate_for_another_host_is_none(certificate: str) -> None:
    """Nothing is asked of such a server."""
    with (
        issuer(sending(response(KEY_SET)), certificate=certificate) as (url, requests),
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        get(url)

    assert not requests


def test_an_authority_that_nobody_trusts() -> None:
    """The default is the system's authorities."""
    with issuer(sending(response(KEY_SET))) as (url, requests), pytest.raises(ssl.SSLError):
        get(url, context=ssl.create_default_context())

    assert not requests


def test_nobody_at_home() -> None:
    """A refused connection is an error like others."""
    with issuer(sending(b"")) as (url, _):
        pass

    with pytest.raises(OSError, match="refused"):
        get(url)


def test_a_context_that_checks_nothing_is_refused() -> None:
    """Whoever answers in the issuer's place could sign tokens."""
    careless = ssl.create_default_context()
    careless.check_hostname = False

    with pytest.raises(ConfigurationError, match=r"^ssl_context "):
        JWKSURL("https://id.example.org/jwks", ssl_context=careless)


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable does not send the question elsewhere."""
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    with issuer(sending(response(KEY_SET))) as (url, _):
        lets_in = TokenVerifier(POLICY, JWKSURL(url, ssl_context=TRUSTING))

        assert isinstance(await lets_in.verify(good_token(), time.time()), VerifiedToken)


def good_token(name: str = "first") -> bytes:
    return signed(key=private_key("ES256", name), algorithm="ES256", kid=name)


async def test_the_loop_goes_on_while_keys_are_fetched() -> None:
    """The fetch is in a thread: others are served meanwhile."""
    go_on = threading.Event()

    def wait_and_send(client: socket.socket) -> None:
        go_on.wait(5)
        client.sendall(response(KEY_SET))

    with issuer(wait_and_send) as (url, requests):
        lets_in = TokenVerifier(POLICY, JWKSURL(url, ssl_context=TRUSTING))
        waiting = [
            asyncio.ensure_future(lets_in.verify(good_token(), time.time())) for _ in range(50)
        ]
        # Only a loop that is free gets to say so.
        asyncio.get_running_loop().call_later(0.01, go_on.set)

        found = await asyncio.gather(*waiting)

        assert all(isinstance(each, VerifiedToken) for each in found)
        assert len(requests) == 1


async def test_a_slow_issuer_is_given_up_and_nobody_let_in() -> None:
    """In the time that the settings have (case 171)."""
    with issuer(dripping(b"HTTP/1.1 200 OK\r\n")) as (url, _):
        lets_in = TokenVerifier(POLICY, JWKSURL(url, ssl_context=TRUSTING, timeout=TIMEOUT))

        assert await lets_in.verify(good_token(), time.time()) is TokenRefusal.KEYS_UNAVAILABLE

    seen = lets_in.statistics()
    assert (seen.fetches, seen.failed_fetches, seen.keys) == (1, 1, 0)


def test_without_asyncio_the_next_request_finds_the_keys() -> None:
    """The thread needs no loop."""
    with issuer(sending(response(KEY_SET))) as (url, _):
        lets_in = TokenVerifier(POLICY, JWKSURL(url, ssl_context=TRUSTING))
        keys: Any = lets_in._keys

        first = step(lets_in)
        flight = keys._flight
        if flight is not None:
            flight.result(5)

        assert first is TokenRefusal.KEYS_UNAVAILABLE or isinstance(first, VerifiedToken)
        assert isinstance(step(lets_in), VerifiedToken)


def step(lets_in: TokenVerifier) -> object:
    with pytest.raises(StopIteration) as stopped:
        lets_in.verify(good_token(), time.time()).send(None)
    return stopped.value.value


async def test_a_rotation_end_to_end(tmp_path: Path) -> None:
    """A real server: a new key is found, and a key that goes takes its tokens (cases 165, 171)."""
    published = {"keys": [jwk("ES256"), jwk("ES256", "second"), {"kty": "oct", "k": "eA"}]}

    async def publish(scope: Any, receive: Any, send: Any) -> None:
        body = json.dumps(published).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    certificate = AUTHORITY.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    with uvicorn_thread(
        publish, ssl_certfile=str(tmp_path / "server.pem"), lifespan="off"
    ) as address:
        url = f"https://127.0.0.1:{address.port}/jwks"
        lets_in = TokenVerifier(POLICY, JWKSURL(url, ssl_context=TRUSTING))
        keys: Any = lets_in._keys
        first, second, third = (good_token(name) for name in ("first", "second", "third"))
        for token in (first, second):
            assert isinstance(await lets_in.verify(token, time.time()), VerifiedToken)
        assert lets_in.statistics().skipped_keys == 1

        published["keys"] = [jwk("ES256", "second"), jwk("ES256", "third")]
        assert isinstance(await lets_in.verify(third, time.time()), VerifiedToken)

        assert lets_in.remembered(first, time.time()) is None
        assert lets_in.remembered(second, time.time()) is None
        assert await lets_in.verify(first, time.time()) is TokenRefusal.UNKNOWN_KEY
        assert isinstance(await lets_in.verify(second, time.time()), VerifiedToken)
        assert lets_in.remembered(second, time.time()) is not None
        assert keys.fetches == 2

    keys._fetched_at -= 301
    assert isinstance(await lets_in.verify(second, time.time()), VerifiedToken)
    keys._fetched_at -= 86_400
    assert await lets_in.verify(second, time.time()) is TokenRefusal.KEYS_UNAVAILABLE
