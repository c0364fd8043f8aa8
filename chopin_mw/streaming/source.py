"""Read any iterable in the way it needs: in its task, in a thread, or just so."""

from asyncio import CancelledError, Future, get_running_loop, shield, wait
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextvars import copy_context
from inspect import isawaitable
from time import monotonic
from typing import Any, Protocol, TypeAlias

from chopin_mw.errors import ConfigurationError
from chopin_mw.streaming.buffer import Buffer

Iterated: TypeAlias = AsyncIterable[Any] | Iterable[Any]
"""What a stream is made from: items, or lists of them as batches."""

# Longer than a batch should take, shorter than anybody waits for an item that is there.
_SECONDS_IN_THREAD = 0.02


class Source(Protocol):
    """Be read by one task, which is cancelled when no more is wanted."""

    async def fill(self, buffer: Buffer) -> None:
        """Put all items into the buffer, as fast as it has room."""

    async def close(self) -> None:
        """Close what was read, whether it came to its end or not."""


def source_of(given: Iterated) -> Source:
    """Return what reads this iterable, or raise ConfigurationError."""
    if isinstance(given, AsyncIterable):
        return AsyncSource(given)
    if isinstance(given, list | tuple):
        return ListSource(given)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | bytearray | Mapping):
        return ThreadSource(given)
    hint = ": await it first" if isawaitable(given) else ""
    raise ConfigurationError(
        f"a stream needs an iterable of items, async or not, got {given!r}{hint}"
    )


class ListSource:
    """Read what is all there already."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items

    async def fill(self, buffer: Buffer) -> None:
        """Put all items into the buffer."""
        for item in self._items:
            if buffer.put(item):
                await buffer.room()

    async def close(self) -> None:
        """Leave the list as it is."""


class AsyncSource:
    """Read an async iterable in the task that calls."""

    def __init__(self, iterable: AsyncIterable[Any]) -> None:
        self._iterable: AsyncIterable[Any] | AsyncIterator[Any] = iterable

    async def fill(self, buffer: Buffer) -> None:
        """Put items into the buffer as they come."""
        self._iterable = iterator = aiter(self._iterable)
        async for item in iterator:
            if buffer.ended:
                # It has swallowed its cancellation.
                break
            if buffer.put(item):
                await buffer.room()

    async def close(self) -> None:
        """Close the iterator, or what was not begun."""
        # Generators have `aclose`, database results `close`.
        close = getattr(self._iterable, "aclose", None) or getattr(self._iterable, "close", None)
        closing = None if close is None else close()
        if isawaitable(closing):
            await closing


class ThreadSource:
    """Read a plain iterable in threads: one batch in each, one after the other, in one context."""

    def __init__(self, iterable: Iterable[Any]) -> None:
        self._iterable: Iterable[Any] | Iterator[Any] = iterable
        self._context = copy_context()
        self._batch: Future[tuple[list[Any], BaseException | None]] | None = None
        self._started = self._ended = False

    async def fill(self, buffer: Buffer) -> None:
        """Put items into the buffer, thread by thread."""
        # Made here, where the context of the stream is in force.
        self._context = copy_context()
        loop = get_running_loop()
        while not self._ended:
            self._batch = loop.run_in_executor(None, self._context.run, self._read, buffer)
            # A thread cannot be cancelled: it is waited for before the iterator is closed.
            items, error = await shield(self._batch)
            is_full = buffer.put(items)
            if error is not None:
                raise error
            if is_full:
                await buffer.room()

    async def close(self) -> None:
        """Wait for the thread that reads, and close the iterator in another."""
        loop = get_running_loop()
        if self._batch is not None and not self._batch.done():
            try:
                await wait({self._batch})
            except CancelledError:
                # It took too long. The iterator is closed when it comes back, if it ever does.
                self._batch.add_done_callback(
                    lambda _: loop.run_in_executor(None, self._context.run, self._close)
                )
                raise
        if not self._ended:
            await loop.run_in_executor(None, self._context.run, self._close)

    def _read(self, buffer: Buffer) -> tuple[list[Any], BaseException | None]:
        items: list[Any] = []
        until = monotonic() + _SECONDS_IN_THREAD
        try:
            if not self._started:
                self._started, self._iterable = True, iter(self._iterable)
            for item in self._iterable:
                if type(item) is list:
                    items += item
                else:
                    items.append(item)
                # A slow iterator's items do not wait for a batch to be full.
                if len(items) >= buffer.limit or buffer.closed or monotonic() >= until:
                    return items, None
            self._close()
        except BaseException as error:  # noqa: BLE001 - raised again where it belongs, in the task
            return items, error
        return items, None

    def _close(self) -> None:
        self._ended = True
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()
