"""Run a source in one task for its whole life, and close it there, whatever happens."""

import logging
from asyncio import CancelledError, Task, TimerHandle, get_running_loop, wait
from contextvars import Context

from chopin_mw.streaming.buffer import Buffer
from chopin_mw.streaming.source import Source

logger = logging.getLogger("chopin_mw")

# A source that is stopped has this long to close its cursors and sessions.
_SECONDS_TO_CLOSE = 10.0


class Production:
    """Fill a buffer from a source, in a task and a context of its own.

    Cancel scopes and context variables of a generator stay in one task this way (PEP 789). Whoever
    reads the buffer may be cancelled as often as it likes: the source is closed all the same.
    """

    __slots__ = (
        "_context",
        "_reading",
        "_source",
        "_stopped",
        "_task",
        "_timer",
        "buffer",
        "interrupted",
        "left",
    )

    def __init__(self, source: Source, batch_size: int, context: Context) -> None:
        self.buffer = Buffer(batch_size)
        # The client has gone, or whoever sent to it.
        self.left = False
        self.interrupted = False
        self._source = source
        self._context = context
        self._task: Task[None] | None = None
        self._timer: TimerHandle | None = None
        self._stopped = self._reading = False

    def start(self) -> None:
        """Begin to read the source."""
        self._task = get_running_loop().create_task(self._run(), context=self._context)

    def leave(self) -> None:
        """Stop: there is nobody to send to."""
        self.left = True
        self.buffer.close()
        self._stop()

    def interrupt(self) -> None:
        """End the stream before its source does; what was made still goes out."""
        self.interrupted = True
        self._stop()

    def _stop(self) -> None:
        self._stopped = True
        self.buffer.end()
        task = self._task
        if task is None or task.done() or self._timer is not None:
            return
        # The timer keeps the task alive as well: a loop holds tasks by weak references.
        self._timer = get_running_loop().call_later(_SECONDS_TO_CLOSE, task.cancel)
        # Only there: a task that is cancelled before its first step would close nothing.
        if self._reading:
            task.cancel()

    async def end(self) -> None:
        """Stop, and wait for the close; if the wait is cancelled, it goes on without us."""
        if self._task is None:
            self.start()
        self.buffer.close()
        self._stop()
        if self._task is not None and not self._task.done():
            await wait({self._task}, timeout=_SECONDS_TO_CLOSE + 1)

    async def _run(self) -> None:
        error: BaseException | None = None
        try:
            await self._read()
        except CancelledError:
            error = None if self._stopped else RuntimeError("the source of a stream was cancelled")
        except BaseException as raised:  # noqa: BLE001 - raised again in the task that sends
            # A task group that is left raises a BaseExceptionGroup: that is no end of the rows.
            error = raised
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if self._stopped and error is not None:
                logger.error("the source of a stream failed while it was closed", exc_info=error)
            self.buffer.end(error)

    async def _read(self) -> None:
        try:
            if not self._stopped:
                self._reading = True
                await self._source.fill(self.buffer)
        finally:
            self._reading = False
            await self._source.close()
