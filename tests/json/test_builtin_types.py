"""register_encoder gives a class a JSON form, for all codecs and all frameworks."""

import enum
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.json import builtin_types, dumps, json_codec, register_encoder
from support.json_corpus import Model, Moment, Plain, User, model


@pytest.fixture(autouse=True)
def _forget_registrations() -> Iterator[None]:
    yield
    builtin_types._registered.clear()
    builtin_types.rule_for.cache_clear()


class Money:
    def __init__(self, amount: str) -> None:
        self.amount = amount


class Price(Money):
    pass


@pytest.mark.parametrize("library", ["orjson", "msgspec", "stdlib"])
def test_a_class_and_its_subclasses(library: Any) -> None:
    """What the function returns is encoded by all the rules, and subclasses follow."""
    codec = json_codec(library)
    with pytest.raises(TypeError, match="Money has no JSON form"):
        codec.dumps(Money("1"))

    register_encoder(Money, lambda money: {"amount": Decimal(money.amount)})

    assert codec.dumps([Money("1.10"), Price("2")]) == b'[{"amount":"1.10"},{"amount":"2"}]'


def test_it_goes_before_every_rule() -> None:
    """ORM classes, dataclasses, models and standard types can be given a form of one's own."""
    register_encoder(User, lambda user: user.id)
    register_encoder(Plain, lambda plain: plain.name)
    register_encoder(Model, lambda _: "model")
    register_encoder(Decimal, float)
    register_encoder(Moment, datetime.toordinal)
    user = User(id=7, password_hash="x")

    written = dumps([user, Plain("a"), model(), Decimal("1.5"), Moment(1, 1, 1)])

    assert written == b'[7,"a","model",1.5,1]'
    assert dumps([model(), model()]) == b'["model","model"]'
    assert json_codec(decimals="number").dumps(Decimal("2.50")) == b"2.5"


def test_the_nearest_class_wins() -> None:
    """A subclass may have a form of its own."""
    register_encoder(Money, lambda _: "money")
    register_encoder(Price, lambda _: "price")

    assert dumps([Money("1"), Price("1")]) == b'["money","price"]'


class Colour(enum.Enum):
    RED = 1


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "kind", [str, int, bool, dict, list, type(None), float, tuple, datetime, Colour, Text]
)
def test_what_is_native_cannot_be_replaced(kind: type) -> None:
    """A function that would never be called is refused."""
    with pytest.raises(ConfigurationError, match=f"{kind.__qualname__} is encoded natively"):
        register_encoder(kind, str)


def test_only_classes_can_be_registered() -> None:
    """Anything else is a mistake."""
    with pytest.raises(ConfigurationError, match="register_encoder takes a class, got 3"):
        register_encoder(3, str)  # type: ignore[arg-type] # the mistake under test


def test_errors_of_the_function_come_out() -> None:
    """What it raises is what the caller gets."""

    def fail(_: Money) -> Any:
        raise KeyError("amount")

    register_encoder(Money, fail)

    with pytest.raises(KeyError, match="amount"):
        dumps([Money("1")])


def test_sets_without_an_order() -> None:
    """Members that cannot be compared come in any order."""
    assert dumps({1, "a"}) in (b'[1,"a"]', b'["a",1]')
