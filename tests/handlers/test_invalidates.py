"""`@invalidates`: tags are left with the middleware before the answer, and taken back on errors."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from chopin_mw import ConfigurationError, cache_control, etag
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.exchange import CacheChoice
from chopin_mw.handlers.cache_response import cache_response, no_store
from chopin_mw.handlers.invalidates import invalidates
from support.calls import answering, call
from support.listening import ListeningMiddleware

MISTAKES: list[tuple[Any, str]] = [
    ((), '@invalidates needs at least one tag, such as tags=\\("flights",\\)'),
    ("flights", "tags must be a sequence of strings, got 'flights'"),
    (["a", ""], "a tag must be a string that is not empty, got ''"),
    (["{id!r}"], "a placeholder must be the name of an argument"),
]


async def choice_of(app: Callable[..., Any]) -> CacheChoice:
    listening = ListeningMiddleware(app)
    await call(listening, method="POST")
    return listening.choice


@pytest.mark.parametrize(("tags", "message"), MISTAKES, ids=str)
def test_a_mistake_is_named_when_decorating(tags: Any, message: str) -> None:
    """Before any request."""
    with pytest.raises(ConfigurationError, match=message):
        invalidates(tags=tags)


def test_tags_are_given_by_name() -> None:
    """`@invalidates` without parentheses is a TypeError at once."""
    decorate: Any = invalidates

    with pytest.raises(TypeError):
        decorate(answering())


async def test_the_tags_are_there_when_the_answer_begins() -> None:
    """So that they are gone before the client has it."""
    choice = await choice_of(invalidates(tags=["a", "b"])(answering()))

    assert (choice.invalidates, choice.changes) == (("a", "b"), {})


@pytest.mark.parametrize(
    ("other", "changes"),
    [
        (cache_response(ttl=60), {"ttl": 60, "override_freshness": True}),
        (no_store, None),
        (cache_control(max_age=60), {}),
        (etag(lambda *_: "v1"), {}),
        (invalidates(tags=("b",)), {}),
    ],
    ids=["cache_response", "no_store", "cache_control", "etag", "invalidates"],
)
@pytest.mark.parametrize("inside", [False, True])
async def test_it_goes_with_every_decorator(
    other: Callable[..., Any], changes: dict[str, Any] | None, inside: bool
) -> None:
    """In any order on one handler; tags of two add up."""
    ours = invalidates(tags=("a",))
    app = other(ours(answering())) if inside else ours(other(answering()))

    choice = await choice_of(app)

    assert choice.changes == changes
    assert set(choice.invalidates) - {"b"} == {"a"}


def calling(called: Callable[..., Any], *decorators: Callable[..., Any]) -> Callable[..., Any]:
    """Return a decorated handler that calls another, and answers if that one fails."""

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await called(scope, receive, send)
        except LookupError:
            await answering()(scope, receive, send)

    for decorate in decorators:
        handler = decorate(handler)
    return handler


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError("no such flight")


async def test_tags_of_a_handler_that_is_called_count() -> None:
    """What it wrote is written, whoever asked for it; the rest is its caller's to say."""
    called = invalidates(tags=("b",))(answering())
    app = calling(called, cache_response(ttl=60), invalidates(tags=("a",)))

    choice = await choice_of(app)

    assert choice.invalidates == ("a", "b")
    assert choice.changes == {"ttl": 60, "override_freshness": True}


async def test_a_handler_that_is_called_does_not_decide_what_is_kept() -> None:
    """A caller that only invalidates has a say of its own: nothing."""
    app = calling(cache_response(ttl=60)(answering()), invalidates(tags=("a",)))

    assert (await choice_of(app)).changes == {}


async def test_a_handler_that_raises_drops_nothing() -> None:
    """Nothing was written, whatever is sent instead."""
    app = calling(invalidates(tags=("a",))(failing))

    assert await choice_of(app) == CacheChoice()


async def test_only_its_own_tags_are_taken_back() -> None:
    """Those of the caller stand, of the same name too."""
    app = calling(invalidates(tags=("a", "b"))(failing), invalidates(tags=("a", "c")))

    assert (await choice_of(app)).invalidates == ("a", "c")


async def test_what_a_called_handler_wrote_stays_written() -> None:
    """Where its caller fails after it."""
    written = invalidates(tags=("b",))(lambda: "done")

    @invalidates(tags=("a",))
    @cache_response(ttl=60)
    async def failing_later(scope: Scope, receive: Receive, send: Send) -> None:
        written()
        raise LookupError("later")

    choice = await choice_of(calling(failing_later))

    assert (choice.invalidates, choice.changes) == (("b",), {})


async def test_a_tag_that_cannot_be_named_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """The others are dropped, and one warning is given."""
    app = invalidates(tags=("flight:{flight_id}", "flights"))(answering())

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        choices = [await choice_of(app), await choice_of(app)]

    assert [choice.invalidates for choice in choices] == [("flights",), ("flights",)]
    (record,) = caplog.records
    assert re.search(r"@invalidates on .*answering.*: a placeholder", record.message)


async def test_without_middleware_one_warning_is_given(caplog: pytest.LogCaptureFixture) -> None:
    """A decorator that nobody listens to says so once, by name, and does no harm."""
    app = invalidates(tags=("a",))(answering())

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        answers = [await call(app), await call(app)]

    assert [answer.status for answer in answers] == [200, 200]
    (record,) = caplog.records
    assert re.search(r"@invalidates on .*answering.* has no effect: add HTTPCache", record.message)
