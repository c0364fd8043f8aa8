"""What a decorated handler looks like to its framework: as it did before."""

import functools
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.views import View

from chopin_mw import ConfigurationError, cache_control, etag
from chopin_mw.handlers.cache_response import cache_response, no_store
from chopin_mw.handlers.invalidates import invalidates
from chopin_mw.handlers.wrapping import decorate, is_async, name_of, warn_once


def plain(number: int, *, word: Annotated[str, "note"] = "x") -> str:
    """Say a word."""
    return word * number


async def asynchronous(number: int, *, word: Annotated[str, "note"] = "x") -> str:
    """Say a word."""
    return word * number


def generator(number: int) -> Iterator[int]:
    yield from range(number)


async def async_generator(number: int) -> AsyncIterator[int]:
    for each in range(number):
        yield each


class Instance:
    def __call__(self, number: int) -> int:
        return number


class AsyncInstance:
    async def __call__(self, number: int) -> int:
        return number

    async def method(self, number: int) -> int:
        return number


class AsyncView(View):  # type: ignore[misc]  # Django has no types
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("read")


class PlainView(View):  # type: ignore[misc]  # Django has no types
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("read")


HANDLERS: dict[str, Callable[..., Any]] = {
    "plain": plain,
    "async": asynchronous,
    "instance": Instance(),
    "async instance": AsyncInstance(),
    "bound method": AsyncInstance().method,
    "partial": functools.partial(plain, 2),
    "async partial": functools.partial(asynchronous, 2),
    "view": PlainView.as_view(),
    "async view": AsyncView.as_view(),
}
ASYNCHRONOUS = {"async", "async instance", "bound method", "async partial", "async view"}
DECORATORS = {
    "cache_control": cache_control(max_age=60),
    "etag": etag(lambda *_, **__: "v1"),
    "cache_response": cache_response(ttl=60, tags=("a{nope}",)),
    "no_store": no_store,
    "invalidates": invalidates(tags=("a{b}",)),
    "both": lambda handler: cache_control(max_age=60)(etag(lambda *_, **__: "v1")(handler)),
}
every_handler = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
every_decorator = pytest.mark.parametrize("decorator", DECORATORS.values(), ids=DECORATORS)


@every_handler
@every_decorator
def test_the_signature_stays(decorator: Callable[..., Any], handler: Callable[..., Any]) -> None:
    """Frameworks that read parameters, defaults and notes read the same."""
    decorated = decorator(handler)

    assert inspect.signature(decorated) == inspect.signature(handler)
    assert inspect.get_annotations(decorated) == getattr(handler, "__annotations__", {})


@every_decorator
@pytest.mark.parametrize("handler", [plain, asynchronous])
def test_name_module_and_text_stay(
    decorator: Callable[..., Any], handler: Callable[..., Any]
) -> None:
    """Routers name routes after functions, and OpenAPI quotes their docstrings."""
    decorated = decorator(handler)

    for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(decorated, attribute) == getattr(handler, attribute)


@every_decorator
@pytest.mark.parametrize(("name", "handler"), HANDLERS.items(), ids=HANDLERS)
def test_async_stays_async_and_plain_stays_plain(
    decorator: Callable[..., Any], name: str, handler: Callable[..., Any]
) -> None:
    """A framework that would run the handler in a thread still does, and no other."""
    decorated = decorator(handler)

    assert is_async(handler) is (name in ASYNCHRONOUS)
    assert is_async(decorated) is is_async(handler)
    assert iscoroutinefunction(decorated) is is_async(handler)


def test_a_generator_is_found_below() -> None:
    """Who unwraps the handler, as FastAPI does, sees that it streams, and what it yields."""
    decorate_it = cache_control(max_age=60)

    assert inspect.isgeneratorfunction(inspect.unwrap(decorate_it(generator)))
    assert inspect.isasyncgenfunction(inspect.unwrap(decorate_it(async_generator)))
    assert inspect.signature(decorate_it(generator)) == inspect.signature(generator)
    assert list(decorate_it(generator)(3)) == [0, 1, 2]


@pytest.mark.parametrize("handler", [generator, async_generator, functools.partial(generator, 2)])
@pytest.mark.parametrize("between", [lambda handler: handler, cache_control(max_age=60)])
def test_no_tag_goes_on_a_generator(
    between: Callable[..., Any], handler: Callable[..., Any]
) -> None:
    """Its framework would iterate over the 304; that is said when decorating."""
    with pytest.raises(ConfigurationError, match="a handler that yields cannot be answered for"):
        etag(lambda *_: "v1")(between(handler))


@every_decorator
def test_what_has_no_name_is_named_after_its_class(decorator: Callable[..., Any]) -> None:
    """Frameworks name routes of instances and partials by their class; they still do."""
    assert decorator(Instance()).__name__ == "Instance"
    assert decorator(functools.partial(plain, 2)).__name__ == "partial"


def test_the_result_is_passed_on() -> None:
    """What the handler returns is returned, outside of any request too."""
    decorated = cache_control(max_age=60)(etag(lambda *_, **__: "v1")(plain))

    assert decorated(2, word="a") == "aa"


async def test_the_result_of_an_async_handler_is_passed_on() -> None:
    """What the handler returns is returned, outside of any request too."""
    decorated = cache_control(max_age=60)(etag(lambda *_, **__: "v1")(asynchronous))

    assert await decorated(2, word="a") == "aa"


@pytest.mark.parametrize("verb", ["get", "head", "post", "put", "patch", "delete", "on_get"])
def test_of_a_class_the_verbs_are_wrapped(verb: str) -> None:
    """Methods named after HTTP verbs are wrapped, and the class is the same object."""
    resource: Any = type("Resource", (), {verb: plain, "plan": plain})

    decorated = decorate(resource, lambda handler: lambda *args: ("wrapped", handler))

    assert decorated is resource
    assert getattr(decorated, verb)(1) == ("wrapped", plain)
    assert decorated.plan is plain


def test_falcons_suffixes_are_verbs_too() -> None:
    """`on_get_items` answers GET, `on_websocket` and `on_getter` do not."""
    names = ("on_get_items", "on_delete_all_items", "on_websocket", "on_getter", "getter")
    resource: Any = type("Resource", (), dict.fromkeys(names, plain))

    decorate(resource, lambda handler: asynchronous)

    assert [name for name in names if getattr(resource, name) is not plain] == [
        "on_get_items",
        "on_delete_all_items",
    ]


def test_static_and_class_methods_stay_what_they_are() -> None:
    """A verb that takes no `self` gets none from us."""

    class Resource:
        @staticmethod
        def get(number: int) -> int:
            return number

        @classmethod
        def post(cls, number: int) -> tuple[type, int]:
            return (cls, number)

    decorated = cache_control(max_age=60)(Resource)

    assert decorated().get(3) == 3
    assert decorated().post(4) == (Resource, 4)


def test_a_subclass_gets_the_decorated_methods() -> None:
    """Decorating a base class decorates what is inherited from it."""

    @etag(lambda *_: "v1")
    class Base:
        def get(self) -> str:
            return "read"

    class Derived(Base): ...

    assert Derived().get() == "read"
    assert Derived.get is Base.get


@every_decorator
def test_a_class_without_verbs_is_refused(decorator: Callable[..., Any]) -> None:
    """A class on which the decorator would do nothing is an error, by name."""

    class Nothing:
        def fetch(self) -> None: ...

    with pytest.raises(ConfigurationError, match=r"Nothing has no method named after an HTTP"):
        decorator(Nothing)


@every_decorator
@pytest.mark.parametrize("handler", [None, "name", object()], ids=["None", "str", "object"])
def test_what_cannot_be_called_is_refused(decorator: Callable[..., Any], handler: Any) -> None:
    """A route object above the decorator is told where the decorator belongs."""
    with pytest.raises(ConfigurationError, match=r"must be callable, got .*: put this decorator"):
        decorator(handler)


def test_names_for_people() -> None:
    """Functions are named by module and path, objects by their class."""
    assert name_of(plain) == f"{__name__}.plain"
    assert name_of(Instance()) == f"{__name__}.Instance"
    assert name_of(functools.partial(plain)) == "functools.partial"


def test_a_warning_is_given_once(caplog: pytest.LogCaptureFixture) -> None:
    """The second call is silent; another handler's warning is not."""
    first, second = warn_once("first"), warn_once("second")

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        for warn in (first, first, second, first, second):
            warn()

    assert [record.message for record in caplog.records] == ["first", "second"]
