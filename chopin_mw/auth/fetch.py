"""Get a document over https with the standard library: one request, all in a given time."""

import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from ssl import SSLContext, SSLSocket
from threading import Timer
from urllib.parse import SplitResult, urlsplit

_OK = 200
_HTTP, _HTTPS = 80, 443
_FIELDS = {
    "Accept": "application/jwk-set+json, application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


class FetchError(HTTPException):
    """Report an answer that is not to be used."""


def fetch(url: str, *, timeout: float, max_bytes: int, context: SSLContext | None) -> bytes:
    """Return the document, or raise what went wrong; blocks for `timeout` seconds once connected.

    Without a `context` it is plain http. Neither redirects nor proxies of the environment are
    followed. How long it takes to find the host's address is up to the resolver.
    """
    parts = urlsplit(url)
    with _connected(parts, timeout, context) as sock:
        # Time limits of a socket are for each read: a byte a second would keep it for ever.
        watchdog = Timer(timeout, _cut, (sock,))
        watchdog.daemon = True
        watchdog.start()
        try:
            if isinstance(sock, SSLSocket):
                sock.do_handshake()
            return _document(sock, parts, max_bytes)
        finally:
            watchdog.cancel()


def _connected(
    parts: SplitResult, timeout: float, context: SSLContext | None
) -> socket.socket | SSLSocket:
    default_port = _HTTP if context is None else _HTTPS
    sock = socket.create_connection((parts.hostname, parts.port or default_port), timeout)
    if context is None:
        return sock
    return context.wrap_socket(sock, server_hostname=parts.hostname, do_handshake_on_connect=False)


def _document(sock: socket.socket, parts: SplitResult, max_bytes: int) -> bytes:
    connection = HTTPConnection(parts.netloc)
    connection.sock = sock
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Host": parts.netloc, **_FIELDS})
    with connection.getresponse() as response:
        if response.status != _OK:
            raise FetchError(f"status {response.status}")
        body = response.read(max_bytes + 1)
        if len(body) > max_bytes:
            raise FetchError(f"more than {max_bytes} bytes")
        if response.length:
            raise FetchError("the document is not whole")
        return body


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        # Not the method of SSLSocket, which would go on in clear text.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
