"""Where an issuer publishes its keys (RFC 7517 §5)."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from inspect import iscoroutinefunction
from math import isfinite
from ssl import CERT_REQUIRED, SSLContext
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from chopin_mw.errors import ConfigurationError

Fetch: TypeAlias = Callable[[str], Awaitable[bytes | str | Mapping[str, Any]]]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PRINTABLE = re.compile(r"[!-~]+")
_LONGEST_TIMEOUT = 60.0
_LEAST_COOLDOWN = 1.0


@dataclass(frozen=True, slots=True)
class JWKSURL:
    """Say where a key set is fetched, and how long it is good; all times in seconds.

    Keys are fetched anew every `lifetime`, in the background, and used on while the issuer cannot
    be reached, for `hard_limit` after the last success; after that no token can be verified. A
    token with an unknown key id fetches once in a `cooldown`, and after a failure nothing is
    fetched for as long. A fetch takes at most `timeout` in all and `max_bytes`; redirects and
    proxies are not followed. `fetch` is a coroutine function that does it instead and returns the
    document. `http` URLs are taken with `allow_http`, and of the loopback only.

        JWTMiddleware(app, policy=policy, keys=JWKSURL("https://id.example.org/jwks.json"))
    """

    url: str
    _: KW_ONLY
    fetch: Fetch | None = None
    lifetime: float = 300
    hard_limit: float = 86_400
    timeout: float = 5
    cooldown: float = 30
    max_bytes: int = 65_536
    allow_http: bool = False
    ssl_context: SSLContext | None = None

    def __post_init__(self) -> None:
        _check_url(self.url, allow_http=self.allow_http)
        _check_seconds("timeout", self.timeout, 0.001, _LONGEST_TIMEOUT)
        _check_seconds("cooldown", self.cooldown, _LEAST_COOLDOWN)
        _check_seconds("lifetime", self.lifetime, 1)
        _check_seconds("hard_limit", self.hard_limit, self.lifetime)
        if isinstance(self.max_bytes, bool) or not isinstance(self.max_bytes, int):
            raise ConfigurationError(f"max_bytes must be a whole number, got {self.max_bytes!r}")
        if self.max_bytes < 1:
            raise ConfigurationError(f"max_bytes must be 1 or more, got {self.max_bytes!r}")
        if self.fetch is not None and not iscoroutinefunction(self.fetch):
            raise ConfigurationError(f"fetch must be a coroutine function, got {self.fetch!r}")
        context = self.ssl_context
        if context is not None and not _is_strict(context):
            raise ConfigurationError(
                "ssl_context must demand a certificate for the host, because whoever answers in"
                " the issuer's place can sign tokens"
            )


def _is_strict(context: SSLContext) -> bool:
    return context.verify_mode is CERT_REQUIRED and context.check_hostname


def _check_url(url: str, *, allow_http: bool) -> None:
    if not isinstance(url, str) or not _PRINTABLE.fullmatch(url):
        raise ConfigurationError(f"url must be a URL in ASCII, got {url!r}")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username is not None or parts.fragment:
        raise ConfigurationError(f"url must be https://host/path, got {url!r}")
    is_allowed = parts.scheme == "https" or (
        parts.scheme == "http" and allow_http and host in _LOOPBACK
    )
    if not is_allowed:
        raise ConfigurationError(
            f"url must be https, or http of the loopback with allow_http=True, got {url!r}"
        )


def _check_seconds(option: str, value: Any, least: float, most: float = float("inf")) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not isfinite(value) or not least <= value <= most:
        raise ConfigurationError(
            f"{option} must be a number of seconds, {least} or more"
            f"{'' if most == float('inf') else f' and at most {most}'}, got {value!r}"
        )
