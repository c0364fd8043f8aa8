"""Carry items from the task that makes them to the task that sends them, one batch ahead."""

from asyncio import Future, get_running_loop
from collections import deque
from typing import Any

# What one message is aimed at: larger ones were not faster on a socket.
_MESSAGE_BYTES = 65_536
# Nobody knows yet how large an item is.
_FIRST_BATCH = 16


class Buffer:
    """Hold what was made and is not yet sent; whoever is too fast waits here for the other.

    Items go out the moment that the maker waits for anything, however few they are, and in batches
    while it does not. One task makes, one sends.
    """

    __slots__ = ("_batch_size", "_news", "_room", "closed", "ended", "error", "items", "limit")

    def __init__(self, batch_size: int) -> None:
        self.items: deque[Any] = deque()
        self.limit = min(batch_size, _FIRST_BATCH)
        # Nothing more comes, and why; nothing more is wanted.
        self.ended = False
        self.error: BaseException | None = None
        self.closed = False
        self._batch_size = batch_size
        self._news: Future[None] | None = None
        self._room: Future[None] | None = None

    def put(self, item: Any) -> bool:
        """Take an item, or a list of them; say whether the maker has to ask for room."""
        if type(item) is list:
            self.items.extend(item)
        else:
            self.items.append(item)
        if self._news is not None:
            self.wake()
        return len(self.items) >= self.limit

    async def room(self) -> None:
        """Wait until there is room for an item, or no more are wanted."""
        while len(self.items) >= self.limit and not self.closed:
            self._room = get_running_loop().create_future()
            try:
                await self._room
            finally:
                self._room = None

    def end(self, error: BaseException | None = None) -> None:
        """Say that no more items come; the first reason given stands."""
        if not self.ended:
            self.ended, self.error = True, error
            self.wake()

    def take(self) -> list[Any]:
        """Return all there is, up to a batch, and make room."""
        items = self.items
        if len(items) <= self.limit:
            taken = list(items)
            items.clear()
        else:
            taken = [items.popleft() for _ in range(self.limit)]
        self._make_room()
        return taken

    def fit(self, items: int, size: int) -> None:
        """Learn from a batch and its bytes how many items fill a message."""
        self.limit = max(1, min(self._batch_size, _MESSAGE_BYTES * items // max(size, 1)))
        self._make_room()

    async def news(self) -> None:
        """Wait until something is put, or the sender is woken for another reason."""
        self._news = get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def wake(self) -> None:
        """Have the sender look at what there is to do."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def close(self) -> None:
        """Say that no more items are wanted: whoever waits for the other side is let go."""
        self.closed = True
        self.items.clear()
        self.wake()
        self._make_room()

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
