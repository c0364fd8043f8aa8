"""Middleware with one defect each: what they do to the course of a call.

Each is a function that gets the app and its three arguments.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Message, Receive, Scope, Send

current: ContextVar[Any] = ContextVar("current")
LAST_BODY: Message = {"type": "http.response.body", "body": b"", "more_body": False}


async def buffers_the_answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    held: list[Message] = []

    async def hold(message: Message) -> None:
        held.append(message)

    await app(scope, receive, hold)
    for message in held:
        await send(message)


async def holds_the_start(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    held: list[Message] = []

    async def hold_start(message: Message) -> None:
        if message["type"] == "http.response.start" and not held:
            held.append(dict(message))
            return
        for start in held:
            await send(start)
        held.clear()
        await send(message)

    await app(scope, receive, hold_start)


async def lags_one_message_behind(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    held: list[Message] = []

    async def lag(message: Message) -> None:
        held.append(dict(message))
        if len(held) > 1:
            await send(held.pop(0))

    await app(scope, receive, lag)
    for message in held:
        await send(message)


async def keeps_the_apps_objects(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    held: list[Message] = []

    async def keep(message: Message) -> None:
        held.append(message)
        if not message["type"].endswith("start") and not message.get("more_body"):
            for each in held:
                await send(each)
            held.clear()

    await app(scope, receive, keep)


async def queues_without_bound(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    queue: asyncio.Queue[Message | None] = asyncio.Queue()

    async def forward() -> None:
        while (message := await queue.get()) is not None:
            await send(message)

    forwarding = asyncio.ensure_future(forward())
    await app(scope, receive, queue.put)
    await queue.put(None)
    await forwarding


async def swallows_errors(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    with contextlib.suppress(Exception):
        await app(scope, receive, send)


async def wraps_errors(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await app(scope, receive, send)
    except Exception as error:
        raise RuntimeError("in the app") from error


async def chains_errors(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        raise KeyError("ours")
    except KeyError:
        await app(scope, receive, send)


async def ends_broken_answers(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    started = False

    async def watch(message: Message) -> None:
        nonlocal started
        started = message["type"] != "http.response.body" or message.get("more_body", False)
        await send(message)

    try:
        await app(scope, receive, watch)
    finally:
        if started:
            await send(LAST_BODY)


async def answers_for_the_app(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    sent: list[str] = []

    async def watch(message: Message) -> None:
        sent.append(message["type"])
        await send(message)

    await app(scope, receive, watch)
    if not sent:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send(LAST_BODY)


async def logs_errors(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await app(scope, receive, send)
    except Exception:
        logging.getLogger(__name__).exception("the app failed")
        raise


async def hides_failed_sends(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def try_to_send(message: Message) -> None:
        with contextlib.suppress(OSError):
            await send(message)

    await app(scope, receive, try_to_send)


async def swallows_cancellation(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await app(scope, receive, send)


async def shields_the_app(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.shield(asyncio.ensure_future(app(scope, receive, send)))


async def runs_in_a_task(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.ensure_future(app(scope, receive, send))


async def runs_in_a_copied_context(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    await asyncio.get_running_loop().create_task(app(scope, receive, send), context=copy_context())  # type: ignore[arg-type]  # an app's call is a coroutine here


async def leaves_a_task(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    scope["state"]["watch"] = asyncio.ensure_future(asyncio.sleep(3600))
    await app(scope, receive, send)


async def forgets_the_context(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    current.set(scope["path"])
    await app(scope, receive, send)


async def forgets_it_after_errors(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    token = current.set(scope["path"])
    await app(scope, receive, send)
    current.reset(token)


async def steps_coroutines_only(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    call = app(scope, receive, send)
    await call
    if not isinstance(call, Coroutine):
        raise TypeError("the app is no coroutine function")


async def yields_to_the_loop(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0)
    await app(scope, receive, send)


async def hashes_everything(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def hashing(message: Message) -> None:
        hashlib.blake2b(message.get("body", b"")).digest()
        await send(message)

    await app(scope, receive, hashing)


async def keeps_every_chunk(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    kept: list[bytes] = []

    async def keeping(message: Message) -> None:
        kept.append(bytes(message.get("body", b"")))
        await send(message)

    await app(scope, receive, keeping)


async def copies_what_it_kept(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    kept: tuple[bytes, ...] = ()

    async def keeping(message: Message) -> None:
        nonlocal kept
        kept = (*kept, message.get("body", b""))
        await send(message)

    await app(scope, receive, keeping)


def with_one_lock(app: ASGIApp) -> ASGIApp:
    """Serve one request after the other."""
    lock = asyncio.Lock()

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async with lock:
            await app(scope, receive, send)

    return middleware


def with_the_first_loop(app: ASGIApp) -> ASGIApp:
    """Remember the loop of the first request for ever."""
    loops: list[asyncio.AbstractEventLoop] = []

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        loops.append(asyncio.get_running_loop())
        loops[0].call_soon(len, loops)
        await app(scope, receive, send)

    return middleware


def with_state_on_the_instance(app: ASGIApp) -> ASGIApp:
    """Keep what belongs to a request where all requests share it."""
    last: dict[str, Any] = {}

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        async def remember(message: Message) -> None:
            if message["type"] == "http.response.start":
                last["start"] = message
                return
            if (start := last.pop("start", None)) is not None:
                await send(start)
            await send(message)

        await app(scope, receive, remember if scope["type"] == "http" else send)

    return middleware
