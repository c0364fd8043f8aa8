"""What the same small app shares in every framework: its content, its version, its gate.

GET, HEAD /flight    one flight as JSON
GET /rows            a list of flights as JSON
GET /own-tag         a text with the app's own ETag
GET /stream, /events two chunks, the second once the client has asked for it by POST /release
GET /cached          a plain handler with @cache_control
GET /missing, /crash @cache_control on handlers that answer 404 and raise
GET, POST /counter   a number under @etag; POST counts on
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

DEFAULT = "private, max-age=0"
CACHED: dict[str, Any] = {"public": True, "max_age": 60}
FLIGHT = {"id": 1, "carrier": "UA", "origin": "EWR", "dest": "IAH", "late": 2.5}
ROWS = [{"id": number, "carrier": "ÜA", "late": None} for number in range(20)]
OWN_TAG = '"mine"'
OWN_TEXT = "tagged by the app"
CHUNKS = ("first\n", "second\n")
EVENTS = ("data: first\n\n", "data: second\n\n")
SECONDS_TO_RELEASE = 10


class State:
    """Hold what changes in one app."""

    def __init__(self) -> None:
        self.version = 1
        self._released = asyncio.Event()

    def tag(self) -> str:
        return f"v{self.version}"

    def count(self) -> dict[str, int]:
        """Write: nothing of this may happen on a stale request."""
        self.version += 1
        return {"version": self.version}

    def release(self) -> None:
        """Let the second chunk be made."""
        self._released.set()

    async def parts(self, first: str, second: str) -> AsyncIterator[str]:
        """Make the second part only after the client has said that it saw the first."""
        self._released = released = asyncio.Event()
        yield first
        await asyncio.wait_for(released.wait(), SECONDS_TO_RELEASE)
        yield second
