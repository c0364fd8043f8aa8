"""Run an app bare and wrapped through the same script and compare all that a server can see.

The only differences that pass are the header fields that a citizen is known to add.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

from chopin_mw.asgi.types import ASGIApp, Scope
from support.scopes import http_scope
from support.scripted import PEER_KEY, REQUEST, ScriptedServer, running_task


@dataclass(frozen=True, slots=True)
class Citizen:
    """A middleware under test, and the response fields it may add to what the app sent."""

    name: str
    build: Callable[[ASGIApp], ASGIApp]
    adds: frozenset[bytes] = frozenset()

    def __call__(self, app: ASGIApp) -> ASGIApp:
        return self.build(app)

    @property
    def makes_tags(self) -> bool:
        return b"etag" in self.adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was to be seen of one call of an app."""

    server: ScriptedServer
    error: BaseException | None
    scope_before: dict[str, Any]
    scope_after: dict[str, Any]
    context_changes: dict[ContextVar[Any], Any]
    tasks_left: int
    stayed_in_task: bool


async def play(app: ASGIApp, scope: Scope, script: Iterable[Any], **options: Any) -> Outcome:
    """Call an app once in this task and note everything, whatever it raises."""
    server = ScriptedServer(scope, script, **options)
    before, context, tasks = _snapshot(scope), dict(copy_context().items()), _task_count()
    error: BaseException | None = None
    try:
        await app(scope, server.receive, server.send)
    except BaseException as raised:
        error = raised
    return Outcome(
        server=server,
        error=error,
        scope_before=before,
        scope_after=_snapshot(scope),
        context_changes=_changes(context, dict(copy_context().items())),
        tasks_left=_task_count() - tasks,
        stayed_in_task=all(task is running_task() for task in server.senders),
    )


async def compare(
    wrap: Citizen,
    app: ASGIApp,
    scope: Callable[[], Scope] = http_scope,
    script: Iterable[Any] = (REQUEST,),
    *,
    may_tag: bool = True,
    **options: Any,
) -> Outcome:
    """Assert that `wrap(app)` does what `app` does; return what the wrapped one did.

    With `may_tag=False` not even a citizen that makes entity tags may add one.
    """
    steps = tuple(script)
    bare = await play(app, scope(), steps, **options)
    wrapped = await play(wrap(app), scope(), steps, **options)
    adds = wrap.adds if may_tag else wrap.adds - {b"etag"}
    assert_same_messages(bare.server.sent, wrapped.server.sent, adds)
    _assert_same_error(bare.error, wrapped.error)
    _equal("notes of the app", bare.server.notes, wrapped.server.notes)
    _equal("calls of receive", bare.server.receive_calls, wrapped.server.receive_calls)
    _equal("sends after leaving", *(o.server.sends_after_leaving for o in (bare, wrapped)))
    _equal("scope given", bare.scope_before, wrapped.scope_before)
    _equal("scope left behind", bare.scope_after, wrapped.scope_after)
    _equal("context left behind", bare.context_changes, wrapped.context_changes)
    _equal("tasks left behind", bare.tasks_left, wrapped.tasks_left)
    assert wrapped.stayed_in_task or not bare.stayed_in_task, "sent from another task"
    return wrapped


def assert_same_messages(
    bare: list[dict[str, Any]], wrapped: list[dict[str, Any]], adds: frozenset[bytes] = frozenset()
) -> None:
    """Assert the same messages in the same order, but for the fields in `adds`."""
    _equal("message types", [m["type"] for m in bare], [m["type"] for m in wrapped])
    for expected, message in zip(bare, wrapped, strict=True):
        kept = _without_additions(expected, message, adds)
        _equal("message", _with_defaults(expected), _with_defaults(kept))


def _with_defaults(message: dict[str, Any]) -> dict[str, Any]:
    """Spell out what ASGI lets a body message leave out."""
    if message["type"] != "http.response.body":
        return message
    return {"body": b"", "more_body": False, **message}


def _without_additions(
    bare: dict[str, Any], wrapped: dict[str, Any], adds: frozenset[bytes]
) -> dict[str, Any]:
    if wrapped["type"] != "http.response.start" or "headers" not in wrapped:
        return wrapped
    present = {name.lower() for name, _ in bare.get("headers", ())}
    added = [pair for pair in wrapped["headers"] if pair[0] in adds - present]
    assert len({name for name, _ in added}) == len(added), f"added twice: {added}"
    kept = [pair for pair in wrapped["headers"] if pair not in added]
    stripped = {**wrapped, "headers": kept}
    if not kept and "headers" not in bare:
        del stripped["headers"]
    return stripped


def _assert_same_error(bare: BaseException | None, wrapped: BaseException | None) -> None:
    _equal("error", _described(bare), _described(wrapped))


def _described(error: BaseException | None) -> object:
    if error is None:
        return None
    causes = (type(error.__cause__), type(error.__context__), error.__suppress_context__)
    return (type(error), error.args, causes, getattr(error, "__notes__", None))


def _snapshot(scope: Scope) -> dict[str, Any]:
    """Copy a scope one level deep, without the peer that differs from run to run."""
    plain = (list, dict)
    return {
        key: value.copy() if isinstance(value, plain) else value
        for key, value in scope.items()
        if key != PEER_KEY
    }


def _changes(
    before: dict[ContextVar[Any], Any], after: dict[ContextVar[Any], Any]
) -> dict[ContextVar[Any], Any]:
    missing = object()
    names = before.keys() | after.keys()
    return {
        name: after.get(name)
        for name in names
        if before.get(name, missing) is not after.get(name, missing)
    }


def _task_count() -> int:
    return len(asyncio.all_tasks()) if running_task() else 0


def _equal(what: str, bare: object, wrapped: object) -> None:
    assert bare == wrapped, f"{what}: bare {_short(bare)}, wrapped {_short(wrapped)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 600 else f"{text[:300]} … {text[-200:]}"
