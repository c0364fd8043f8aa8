"""What the cached apps answer, whatever framework asks: who, where, and for the how-many-eth time.

/me                     for whom the answer is; a mistake, as it is kept for everybody
/profile                the same, kept for each user by himself
/session                private, no-store, and a session cookie
/secret                 public, under @no_store
/host                   the host that was asked for
/unavailable            503
/greeting               public, with two cookies
/a, /b                  texts; POST counts as a write
/echo/REST              the raw URL
/slow                   waits until as many requests have arrived as are expected
/events                 three events, the next at each POST /release
/flights/ID             a flight, tagged
POST /flights/ID/delay  drops the tag, and answers its second half after POST /release
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Receive, Scope, Send
from chopin_mw.handlers.cache_response import cache_response, no_store
from chopin_mw.handlers.invalidates import invalidates

EVENTS = ("data: first\n\n", "data: second\n\n", "data: third\n\n")
HALVES = ("delayed ", "by an hour")
READ = ("GET", "HEAD")
_SECONDS_TO_RELEASE = 10


@dataclass(frozen=True)
class Reply:
    """An answer that every framework can give; a stream if the body is one."""

    body: str | AsyncIterator[str]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    media_type: str = "text/plain"


@dataclass(frozen=True)
class Route:
    """A path, its methods, what goes around the handler, and what the handler says.

    A part of the path in braces is one segment, `{rest}` all that follow.
    """

    path: str
    content: Callable[[Scope], Awaitable[Reply]]
    decorate: Callable[[Any], Any] = lambda handler: handler
    methods: tuple[str, ...] = READ


class Desk:
    """Count what handlers are asked, and hold them back."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.entered: Counter[str] = Counter()
        self.expected = 1
        self._arrived = 0
        self._all_arrived = asyncio.Event()
        self._released = asyncio.Semaphore(0)

    def expect(self, requests: int) -> None:
        """Hold /slow back until so many requests have arrived."""
        self.expected, self._arrived = requests, 0
        self._all_arrived = asyncio.Event()

    def counting_arrivals(self, app: ASGIApp) -> ASGIApp:
        """Stand outside of the cache."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            self._arrived += 1
            if self._arrived == self.expected:
                self._all_arrived.set()
            await app(scope, receive, send)

        return counting

    def counting_entries(self, app: ASGIApp) -> ASGIApp:
        """Stand between the cache and the framework."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                self.entered[target_of(scope)] += 1
            await app(scope, receive, send)

        return counting

    def _count(self, scope: Scope) -> int:
        self.calls[target_of(scope)] += 1
        return self.calls[target_of(scope)]

    async def user(self, scope: Scope) -> Reply:
        """Answer for one user."""
        return Reply(f"for {user_of(scope)} ({self._count(scope)})")

    async def session(self, scope: Scope) -> Reply:
        """Open a session."""
        number = self._count(scope)
        return Reply(
            f"for {user_of(scope)}",
            headers=(("Cache-Control", "private, no-store"),),
            cookies=(("session", f"{user_of(scope)}-{number}"),),
        )

    async def secret(self, scope: Scope) -> Reply:
        """Say that everybody may keep it; the decorator knows better."""
        return Reply(
            f"secret ({self._count(scope)})", headers=(("Cache-Control", "public, max-age=60"),)
        )

    async def host(self, scope: Scope) -> Reply:
        """Tell the host."""
        return Reply(f"at {field_of(scope, b'host')} ({self._count(scope)})")

    async def unavailable(self, scope: Scope) -> Reply:
        """Fail, politely."""
        return Reply(f"try later ({self._count(scope)})", status=503)

    async def greeting(self, scope: Scope) -> Reply:
        """Greet everybody, and give everybody cookies of his own."""
        number = self._count(scope)
        return Reply(
            "welcome",
            headers=(("Cache-Control", "public, max-age=60"),),
            cookies=(("visit", f"v{number}"), ("basket", f"b{number}")),
        )

    async def echo(self, scope: Scope) -> Reply:
        """Repeat the URL."""
        return Reply(f"{target_of(scope)} ({self._count(scope)})")

    async def slow(self, scope: Scope) -> Reply:
        """Wait for everybody."""
        number = self._count(scope)
        await asyncio.wait_for(self._all_arrived.wait(), _SECONDS_TO_RELEASE)
        return Reply(f"slow ({number})")

    async def events(self, scope: Scope) -> Reply:
        """Send events one by one."""
        self._count(scope)
        return Reply(self._parts(EVENTS), media_type="text/event-stream")

    async def delay(self, scope: Scope) -> Reply:
        """Write, and take time to say so."""
        return Reply(self._parts(HALVES))

    async def release(self, scope: Scope) -> Reply:
        """Let one more part be made."""
        self._released.release()
        return Reply("released")

    async def _parts(self, parts: tuple[str, ...]) -> AsyncIterator[str]:
        yield parts[0]
        for part in parts[1:]:
            await asyncio.wait_for(self._released.acquire(), _SECONDS_TO_RELEASE)
            yield part

    def routes(self) -> tuple[Route, ...]:
        """Return all there is; most of it decorated by somebody without a second thought."""
        minute = cache_response(ttl=60)
        each = cache_response(ttl=60, vary_by=user_of, cookies="ignore", authorization="ignore")
        tagged = cache_response(ttl=60, tags=("flight:{flight_id}",))
        dropping = invalidates(tags=("flight:{flight_id}",))
        return (
            Route("/me", self.user, minute),
            Route("/profile", self.user, each),
            Route("/session", self.session, minute),
            Route("/secret", self.secret, no_store),
            Route("/host", self.host, minute),
            Route("/unavailable", self.unavailable, minute),
            Route("/greeting", self.greeting),
            Route("/a", self.echo, minute, methods=(*READ, "POST")),
            Route("/b", self.echo, minute),
            Route("/echo/{rest}", self.echo, minute),
            Route("/slow", self.slow, minute),
            Route("/events", self.events, minute),
            Route("/release", self.release, methods=("POST",)),
            Route("/flights/{flight_id}", self.echo, tagged),
            Route("/flights/{flight_id}/delay", self.delay, dropping, methods=("POST",)),
        )


def target_of(scope: Scope) -> str:
    """Return the URL as it stood in the request's first line."""
    query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
    return f"{scope['raw_path'].decode()}{query}"


def field_of(scope: Scope, name: bytes) -> str:
    return next((value.decode() for given, value in scope["headers"] if given == name), "")


def user_of(scope: Scope) -> str:
    """Return who asks, by bearer token or cookie."""
    cookie = SimpleCookie(field_of(scope, b"cookie")).get("user")
    token = field_of(scope, b"authorization").removeprefix("Bearer ")
    return cookie.value if cookie else token or "nobody"
