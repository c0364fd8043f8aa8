"""Only the members of a mask are encoded, whatever holds them."""

import dataclasses
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

import attrs
import msgspec
import pydantic
import pytest
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import core_schema

from chopin_mw.handlers.pagination import Page
from chopin_mw.json import dumps, register_encoder
from chopin_mw.json.trimming import trim
from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.rules.fieldset import FieldMask, FieldPolicy
from support.json_corpus import ROW, Account, Colour, Point, User

ALL = FieldPolicy(allow="*")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def mask(fields: str) -> FieldMask | None:
    return ALL.mask(b"fields=" + fields.encode())


def trimmed(value: Any, fields: str) -> str:
    return dumps(trim(value, mask(fields))).decode()


@dataclasses.dataclass
class Plain:
    id: int
    origin: Any
    secret: str = "x"


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    id: int
    origin: Any
    secret: str = "x"


@attrs.define
class Attrs:
    id: int
    origin: Any
    secret: str = "x"


class Struct(msgspec.Struct):
    id: int
    origin: Any
    secret: str = "x"


class Model(pydantic.BaseModel):
    id: int
    origin: Any
    secret: str = "x"


@pydantic_dataclass
class Validated:
    id: int
    origin: Any
    secret: str = "x"


class Root(pydantic.RootModel[list[Model]]):
    pass


def as_dict(id: int, origin: Any) -> dict[str, Any]:  # noqa: A002 - the member is called so
    return {"secret": "x", "origin": origin, "id": id}


def as_mapping(id: int, origin: Any) -> Any:  # noqa: A002
    return MappingProxyType(as_dict(id, origin))


def as_ordered(id: int, origin: Any) -> Any:  # noqa: A002
    return OrderedDict(as_dict(id, origin))


KINDS: list[Callable[..., Any]] = [
    as_dict,
    as_mapping,
    as_ordered,
    Plain,
    Slotted,
    Attrs,
    Struct,
    Model,
    Validated,
]


# Pydantic refuses these inside a model, with a mask and without.
FOREIGN = (as_mapping, Attrs, Struct)
PAIRS = [
    (kind, inner)
    for kind in KINDS
    for inner in KINDS
    if kind not in (Model, Validated) or inner not in FOREIGN
]


@pytest.mark.parametrize(("kind", "inner"), PAIRS, ids=lambda kind: kind.__name__)
def test_every_kind_of_object_is_trimmed(kind: Any, inner: Any) -> None:
    """Alone and inside of another, at both levels."""
    value = kind(id=1, origin=[inner(id=2, origin=None)])

    assert trimmed(value, "id") == '{"id":1}'
    assert trimmed(value, "id,origin.id") == '{"id":1,"origin":[{"id":2}]}'


LISTS: list[Callable[[list[Any]], Any]] = [
    list,
    tuple,
    deque,
    lambda items: [items],
    Root,
]


@pytest.mark.parametrize("kind", LISTS)
def test_lists_are_looked_through(kind: Any) -> None:
    """However deep they are in each other."""
    value = kind([Model(id=1, origin=None), Model(id=2, origin=None)])

    assert trimmed(value, "id").strip("[]") == '{"id":1},{"id":2}'


def test_sets_are_looked_through() -> None:
    """Their order is that of the encoder."""
    assert trimmed({Slotted(1, None)}, "id") == '[{"id":1}]'
    assert trimmed({"tags": {3, 1}}, "tags.x") == '{"tags":[1,3]}'


@pytest.mark.parametrize(
    "page",
    [
        Page({"items": [as_dict(1, None)], "total": 7, "has_next": True}),
        CursorPage.of([Plain(1, None)], per_page=20, next_cursor="abc", previous_cursor=None),
    ],
    ids=["Page", "CursorPage"],
)
def test_the_items_of_a_page_are_trimmed(page: Any) -> None:
    """Its own members stay, in their order; the page itself is not changed."""
    before = dumps(page)

    text = trimmed(page, "id")

    assert text.startswith('{"items":[{"id":1}],')
    assert text.count(",") >= 2
    assert dumps(page) == before


def test_a_page_of_a_derived_class_is_one_too() -> None:
    """Its class may be anybody's."""

    class Flights(Page[Any]):
        pass

    assert trimmed(Flights({"items": [as_dict(1, None)], "total": 1}), "id") == (
        '{"items":[{"id":1}],"total":1}'
    )


class Priced(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")

    flight_number: int = pydantic.Field(alias="flightNumber")
    price: Decimal
    when: datetime = NOON
    hidden: str = pydantic.Field("x", exclude=True)
    asked: ClassVar[list[str]] = []

    @pydantic.computed_field(alias="twicePrice")  # type: ignore[prop-decorator] # as pydantic documents it
    @property
    def twice(self) -> Decimal:
        self.asked.append("twice")
        return self.price * 2

    @pydantic.field_serializer("price")
    def as_cents(self, price: Decimal) -> int:
        return int(price * 100)


def priced() -> Priced:
    return Priced(flightNumber=7, price=Decimal("1.10"), extra="e")  # type: ignore[call-arg] # an extra


MODELS = {
    "flightNumber": '{"flightNumber":7}',
    "price": '{"price":110}',
    "twicePrice": '{"twicePrice":"2.20"}',
    "extra": '{"extra":"e"}',
    "when": '{"when":"2026-03-04T12:00:00Z"}',
    "hidden": "{}",
    "flight_number": "{}",
    "twice": "{}",
    "price,flightNumber": '{"flightNumber":7,"price":110}',
    "price,flightNumber,nothing": '{"price":110,"flightNumber":7}',
}


@pytest.mark.parametrize(("fields", "text"), MODELS.items())
def test_models_keep_their_rules(fields: str, text: str) -> None:
    """Aliases, serialisers, computed and extra fields hold; what is excluded stays excluded."""
    assert trimmed(priced(), fields) == text
    assert trimmed([priced()], fields) == f"[{text}]"


def test_what_is_left_out_is_not_computed() -> None:
    """A computed field that nobody asked for does not run."""
    Priced.asked.clear()

    trimmed(priced(), "price")
    assert Priced.asked == []
    trimmed(priced(), "twicePrice")
    assert Priced.asked == ["twice"]


class Summed(pydantic.BaseModel):
    id: int

    @pydantic.model_serializer
    def all_of_it(self) -> dict[str, Any]:
        return {"id": self.id, "secret": "x"}


def test_a_model_with_a_serialiser_of_its_own_is_trimmed_afterwards() -> None:
    """Such a one knows nothing of what was asked for."""
    assert trimmed(Summed(id=1), "id") == '{"id":1}'


class Schemed(pydantic.BaseModel):
    id: int

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        def dump(model: Any) -> Any:
            return {"id": model.id, "secret": "x"}

        serialization = core_schema.plain_serializer_function_ser_schema(dump)
        return {**handler(source), "serialization": serialization}


def test_a_model_with_a_schema_of_its_own_is_trimmed_afterwards() -> None:
    """It may serialise in any way."""
    assert trimmed(Schemed(id=1), "id") == trimmed([Schemed(id=1)], "id").strip("[]") == '{"id":1}'


def test_models_of_several_classes_are_trimmed_one_by_one() -> None:
    """With what is no model between them, and derived classes."""

    class Derived(Model):
        more: int = 3

    values = [Model(id=1, origin=None), Derived(id=2, origin=None), Plain(3, None), None]

    assert trimmed(values, "id,more") == '[{"id":1},{"id":2,"more":3},{"id":3},null]'


class Renamed(msgspec.Struct, rename="camel", omit_defaults=True):
    flight_number: int
    tail_number: str = ""


def test_structs_keep_their_rules() -> None:
    """Names are those on the wire, defaults stay away, arrays stay arrays."""

    class Row(msgspec.Struct, array_like=True):
        id: int
        name: str

    assert trimmed(Renamed(7), "flightNumber,tailNumber,flight_number") == '{"flightNumber":7}'
    assert trimmed(Renamed(7, "N1"), "tailNumber") == '{"tailNumber":"N1"}'
    assert trimmed(Row(1, "a"), "id") == '[1,"a"]'


def test_named_tuples_are_arrays() -> None:
    """As they are without a mask."""
    assert trimmed(Point(1, {"id": 2, "b": 3}), "id") == '[1,{"id":2}]'


def test_rows_of_sqlalchemy_are_mappings() -> None:
    """A RowMapping is read by name."""
    assert trimmed(ROW._mapping, "id") == '{"id":1}'


class Money:
    def __init__(self, form: Any) -> None:
        self.form = form


def test_a_registered_form_is_trimmed() -> None:
    """What a rule of the app's own makes is looked into like anything else."""
    register_encoder(Money, lambda money: money.form)

    assert trimmed(Money({"amount": 1, "secret": 2}), "amount") == '{"amount":1}'
    assert trimmed(Money("1 EUR"), "amount") == '"1 EUR"'


class Pairs:
    def keys(self) -> list[str]:
        return ["id", "secret"]

    def __getitem__(self, name: str) -> str:
        return name


def test_a_registered_form_may_be_dict() -> None:
    """Also for what looks like a mapping and is none."""
    register_encoder(Pairs, dict)

    assert trimmed([Pairs()], "id") == '[{"id":"id"}]'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("EWR", '"EWR"'),
        (1.5, "1.5"),
        (NOON, '"2026-03-04T12:00:00Z"'),
        (Colour.RED, '"red"'),
        (Decimal("1.10"), '"1.10"'),
    ],
)
def test_what_has_no_members_stays(value: Any, text: str) -> None:
    """A mask for members of a value that has none changes nothing."""
    assert trimmed({"origin": value}, "origin.name") == f'{{"origin":{text}}}'


def test_what_is_not_there_is_not_sent() -> None:
    """Objects of one list may differ, and keys that are no text have no name."""
    rows = [{"id": 1}, {"name": "b"}, {}, {1: "x", "id": 2}]

    assert trimmed(rows, "id,name") == '[{"id":1},{"name":"b"},{},{"id":2}]'


def test_without_a_mask_the_value_is_the_same_object() -> None:
    """Nothing is copied."""
    value = [Plain(1, None)]

    assert trim(value, None) is value
    assert trim({"a": value}, mask("a"))["a"] is value


@pytest.mark.parametrize(
    "value", [User(id=1, password_hash="x"), Account(id=1, password_hash="x"), b"x", iter([1])]
)
def test_what_the_codec_refuses_is_refused(value: Any) -> None:
    """An ORM instance is no document with a mask either."""
    with pytest.raises(TypeError):
        trimmed([value], "id")


def test_a_value_that_contains_itself_is_an_error() -> None:
    """As it is for the encoder."""
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(ValueError, match="containing itself"):
        trimmed(loop, "id")


def test_the_value_is_not_changed() -> None:
    """What the handler returned may be used again."""
    inner = {"name": "a", "secret": 1}
    value = {"id": 1, "origin": inner}

    trimmed(value, "origin.name")

    assert value == {"id": 1, "origin": {"name": "a", "secret": 1}}
    assert value["origin"] is inner


def test_the_order_is_that_of_the_mask() -> None:
    """So that equal masks give equal bytes, and equal ETags."""
    assert trimmed({"a": 1, "b": 2}, "b,a") == '{"b":2,"a":1}'
