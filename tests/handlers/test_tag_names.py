"""Tags with placeholders: what may stand in them, and what fills them."""

import functools
import logging
import operator
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from chopin_mw import ConfigurationError
from chopin_mw.exchange import CacheChoice, cache_scope, exchange_of
from chopin_mw.handlers.cache_response import cache_response
from chopin_mw.handlers.invalidates import invalidates
from chopin_mw.handlers.tag_names import parse_tags, tag_names

REFUSED = [
    "{}",
    "{0}",
    "{a.b}",
    "{a[0]}",
    "{a!r}",
    "{a!s}",
    "{a:>5}",
    "{a b}",
    "{a:{b}}",
    "{",
    "}",
    "{a",
    "a}",
    "{{}",
]


def by_position(one: int, two: str = "x", *, three: object = None, **rest: int) -> None:
    """Take arguments of every kind."""


class Resource:
    def get(self, one: int) -> None:
        """Read."""


# Tag, handler, args, kwargs, name.
FILLED: list[tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any], str | None]] = [
    ("plain", by_position, (1,), {}, "plain"),
    ("{{one}}", by_position, (1,), {}, "{one}"),
    ("{{{one}}}", by_position, (1,), {}, "{1}"),
    ("a:{one}", by_position, (), {"one": 7}, "a:7"),
    ("a:{one}", by_position, (7,), {}, "a:7"),
    ("{one}-{two}!", by_position, (7,), {}, "7-x!"),
    ("{one}{one}", by_position, (7,), {}, "77"),
    ("{three}", by_position, (7,), {"three": UUID(int=1)}, str(UUID(int=1))),
    ("{three}", by_position, (7,), {}, "None"),
    ("{four}", by_position, (7,), {"four": 4}, "4"),
    ("{four}", by_position, (7,), {}, None),
    # What the decorator below takes is not what the handler shows: a name still counts.
    ("{three}", by_position, (), {"three": 3}, "3"),
    ("{one}", by_position, (), {"three": 3}, None),
    ("{two}", by_position, (7, ""), {}, None),
    ("a:{two}", by_position, (7, ""), {}, "a:"),
    ("{one}", Resource.get, (Resource(), 5), {}, "5"),
    ("{one}", Resource().get, (5,), {}, "5"),
    ("{two}", functools.partial(by_position, 1), ("b",), {}, "b"),
    ("{a}", operator.itemgetter(1), (), {"a": 1}, "1"),
    ("{nope}", dict, ([],), {}, None),
]


@pytest.mark.parametrize("tag", REFUSED)
@pytest.mark.parametrize("decorator", [cache_response, invalidates])
def test_a_placeholder_is_a_name_and_nothing_else(decorator: Any, tag: str) -> None:
    """No attributes, indices, conversions or formats: what is compared must be plain to see."""
    with pytest.raises(ConfigurationError, match=re.escape(repr(tag))):
        decorator(tags=("fine", tag))


@pytest.mark.parametrize(("tag", "handler", "args", "kwargs", "name"), FILLED)
def test_arguments_fill_placeholders(
    tag: str,
    handler: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    name: str | None,
) -> None:
    """By name, by position, by default; None where there is no value or it leaves no name."""
    names = tag_names(handler, parse_tags((tag,)))

    assert names({}, args, kwargs) == (((), False) if name is None else ((name,), True))


@pytest.mark.parametrize(
    ("args", "kwargs", "name"), [((), {}, "9"), ((1,), {}, "1"), ((), {"one": 2}, "2")]
)
def test_path_parameters_fill_what_arguments_do_not(
    args: tuple[Any, ...], kwargs: dict[str, Any], name: str
) -> None:
    """Starlette's handlers take a request, and its router leaves the path's parts in the scope."""
    names = tag_names(by_position, parse_tags(("{one}",)))

    assert names({"path_params": {"one": 9}}, args, kwargs) == ((name,), True)


def chosen(handler: Callable[..., Any], **kwargs: Any) -> CacheChoice:
    scope: dict[str, Any] = {"type": "http", "headers": []}
    token = cache_scope.set(scope)
    handler(**kwargs)
    cache_scope.reset(token)
    choice = exchange_of(scope).cache
    assert choice is not None
    return choice


def test_each_call_has_tags_of_its_own() -> None:
    """The answer for one flight is not tagged as another."""

    @cache_response(ttl=60, tags=("flight:{flight_id}", "flights"))
    def flight(flight_id: int) -> None:
        """Answer."""

    choices = [chosen(flight, flight_id=number) for number in (1, 2)]

    assert [choice.tags for choice in choices] == [
        ("flight:1", "flights"),
        ("flight:2", "flights"),
    ]


def test_a_handler_that_calls_itself_is_tagged_with_every_call() -> None:
    """The answer holds what each of them found."""

    @cache_response(ttl=60, tags=("flight:{flight_id}",))
    def flight(flight_id: int) -> None:
        if flight_id:
            flight(flight_id=flight_id - 1)

    assert chosen(flight, flight_id=2).tags == ("flight:2", "flight:1", "flight:0")


def test_what_cannot_be_tagged_is_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody could invalidate it; one warning is given."""

    @cache_response(ttl=60, tags=("flight:{nope}",))
    def flight(flight_id: int) -> None:
        """Answer."""

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        choices = [chosen(flight, flight_id=number) for number in (1, 2)]

    assert [choice.changes for choice in choices] == [None, None]
    (record,) = caplog.records
    assert re.search(r"@cache_response on .*flight: a placeholder of its tags", record.message)
