# ruff: noqa: E501 - a table is read row by row
"""Values that every codec must write, and refuse, in the same way."""

import dataclasses
import enum
import ipaddress
import uuid
from collections import OrderedDict, defaultdict, deque, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import msgspec
import pydantic
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


class Colour(enum.Enum):
    RED = "red"
    TWO = 2


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Real(float):
    pass


class Moment(datetime):
    pass


class Day(date):
    pass


class Identifier(uuid.UUID):
    pass


Point = namedtuple("Point", "x y")  # noqa: PYI024 - the untyped kind has no annotations to go by


@dataclasses.dataclass
class Plain:
    name: str
    _private: int = 1


@dataclasses.dataclass(slots=True)
class Slotted:
    name: str
    inner: Plain


@dataclasses.dataclass
class Single:
    only: int


@attrs.define
class Attrs:
    name: str
    _secret: int = 2


class Struct(msgspec.Struct, rename="camel"):
    flight_number: int
    when: datetime
    label: Text


class Inner(pydantic.BaseModel):
    price: Decimal


class Model(pydantic.BaseModel):
    flight_number: int = pydantic.Field(alias="flightNumber")
    inner: Inner
    when: datetime
    took: timedelta


class Constants(pydantic.BaseModel, ser_json_inf_nan="constants"):
    value: float


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    password_hash: Mapped[str]


class MappedBase(MappedAsDataclass, DeclarativeBase):
    pass


class Account(MappedBase):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    password_hash: Mapped[str]


NOON = datetime(2026, 3, 4, 12, 0, 0, 500, tzinfo=UTC)


with create_engine("sqlite://").connect() as connection:
    ROW = connection.execute(text("select 1 as id, 'a' as name")).one()


def model() -> Model:
    inner = Inner(price=Decimal("1.10"))
    return Model(flightNumber=1, inner=inner, when=NOON, took=timedelta(seconds=90))


def nested(levels: int, innermost: Any = None) -> Any:
    value = [] if innermost is None else [innermost]
    for _ in range(levels - 1):
        value = [value]
    return value


def nested_object(levels: int) -> Any:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def loop() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


WRITTEN: dict[str, tuple[Any, str]] = {
    "null": (None, "null"),
    "booleans": ([True, False], "[true,false]"),
    "empty": ([[], {}, (), ""], '[[],{},[],""]'),
    "integers": ([0, -1, 2**53, 2**63, 2**64 - 1], "[0,-1,9007199254740992,9223372036854775808,18446744073709551615]"),
    "beyond 64 bits": ([2**64, -(2**63) - 1, 2**70], "[18446744073709551616,-9223372036854775809,1180591620717411303424]"),
    "floats": ([0.0, -0.0, 1.5, 1e16, 1e-7, -1.5e-5, 1e-5, 1.5e300, 5e-324], "[0.0,-0.0,1.5,1e+16,1e-7,-0.000015,0.00001,1.5e+300,5e-324]"),
    "not finite": ([float("nan"), float("inf"), float("-inf")], "[null,null,null]"),
    "text": ("é€😀\u2028</script>\x7f", '"é€😀\u2028</script>\x7f"'),
    "escapes": ('"\\/\b\f\n\r\t\x00\x1f', r'"\"\\/\b\f\n\r\t\u0000\u001f"'),
    "e+ in text": (["1e+5", "e-07"], '["1e+5","e-07"]'),
    "str subclass": ([Text("a")], '["a"]'),
    "int subclass": ([Number(3), Number(2**70)], "[3,1180591620717411303424]"),
    "float subclass": ([Real(1.5), Real("nan")], "[1.5,null]"),
    "enum": ([Colour.RED, Colour.TWO, Level.HIGH], '["red",2,3]'),
    "namedtuple": (Point(1, [2]), "[1,[2]]"),
    "SQL row mapping": (ROW._mapping, '{"id":1,"name":"a"}'),
    "deque": (deque([1, 2]), "[1,2]"),
    "set": ({3, 1, 2}, "[1,2,3]"),
    "set of str": (frozenset("cab"), '["a","b","c"]'),
    "mapping": (MappingProxyType({"a": 1}), '{"a":1}'),
    "dict subclasses": ([OrderedDict(a=1), defaultdict(int, b=2)], '[{"a":1},{"b":2}]'),
    "decimal": ([Decimal("1.10"), Decimal("1E+3"), Decimal("NaN"), Decimal("sNaN")], '["1.10","1E+3",null,null]'),
    "uuid": ([uuid.UUID(int=1), Identifier(int=2)], '["00000000-0000-0000-0000-000000000001","00000000-0000-0000-0000-000000000002"]'),
    "path": (PurePosixPath("/a/b"), '"/a/b"'),
    "address": (ipaddress.ip_address("::1"), '"::1"'),
    "utc": (NOON, '"2026-03-04T12:00:00.000500Z"'),
    "naive": (NOON.replace(tzinfo=None, microsecond=0), '"2026-03-04T12:00:00"'),
    "zones": (
        [
            datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/London")),
            datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")),
            datetime(1800, 1, 1, tzinfo=ZoneInfo("Europe/Paris")),
            datetime(1, 1, 1, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ],
        '["2026-01-01T00:00:00Z","2026-01-01T00:00:00+05:30","1800-01-01T00:00:00+00:09","0001-01-01T00:00:00-03:30"]',
    ),
    "datetime subclass": (Moment(2026, 3, 4, tzinfo=UTC), '"2026-03-04T00:00:00Z"'),
    "date": ([date(5, 1, 2), Day(2026, 1, 1)], '["0005-01-02","2026-01-01"]'),
    "time": ([time(1, 2, 3), time(1, 2, 3, 4, tzinfo=UTC)], '["01:02:03","01:02:03.000004Z"]'),
    "timedelta": (
        [timedelta(), timedelta(seconds=90), timedelta(days=1, hours=2, milliseconds=500), -timedelta(minutes=1)],
        '["PT0S","PT1M30S","P1DT2H0.5S","-PT1M"]',
    ),
    "dataclass": (Plain("a"), '{"name":"a","_private":1}'),
    "slots dataclass": (Slotted("a", Plain("b")), '{"name":"a","inner":{"name":"b","_private":1}}'),
    "one field": (Single(1), '{"only":1}'),
    "attrs": (Attrs("a"), '{"name":"a","_secret":2}'),
    "struct": (Struct(1, NOON, Text("x")), '{"flightNumber":1,"when":"2026-03-04T12:00:00.000500Z","label":"x"}'),
    "model": (model(), '{"flightNumber":1,"inner":{"price":"1.10"},"when":"2026-03-04T12:00:00.000500Z","took":"PT1M30S"}'),
    "models": ([model(), model()], "[" + ",".join(['{"flightNumber":1,"inner":{"price":"1.10"},"when":"2026-03-04T12:00:00.000500Z","took":"PT1M30S"}'] * 2) + "]"),
    "mixed models": ([Inner(price=Decimal(1)), {"a": Inner(price=Decimal(2))}], '[{"price":"1"},{"a":{"price":"2"}}]'),
    "model with NaN": ([Constants(value=float("nan"))], '[{"value":null}]'),
    "odd keys": (
        {1: 1, 1.5: 2, False: 3, None: 4, Text("t"): 5, Colour.RED: 6, Level.HIGH: 7, uuid.UUID(int=1): 8, 2**70: 9},
        '{"1":1,"1.5":2,"false":3,"null":4,"t":5,"red":6,"3":7,"00000000-0000-0000-0000-000000000001":8,"1180591620717411303424":9}',
    ),
    "float keys": ({1e16: 1, 1e-7: 2, float("nan"): 3, 0.5: 4}, '{"1e+16":1,"1e-7":2,"null":3,"0.5":4}'),
    "date keys": (
        {NOON: 1, date(2026, 1, 1): 2, time(1): 3, time(1, tzinfo=UTC): 4},
        '{"2026-03-04T12:00:00.000500Z":1,"2026-01-01":2,"01:00:00":3,"01:00:00Z":4}',
    ),
    "equal keys": ({1: "a", "1": "b"}, '{"1":"a","1":"b"}'),
    "deepest array": (nested(254), "[" * 254 + "]" * 254),
    "deepest object": (nested_object(254), '{"a":' * 253 + "{}" + "}" * 253),
    "deepest with a decimal": (nested(253, Decimal(1)), "[" * 253 + '"1"' + "]" * 253),
}  # fmt: skip

REFUSED: dict[str, tuple[Any, type[Exception]]] = {
    "bytes": (b"a", TypeError),
    "bytearray": ([bytearray(b"a")], TypeError),
    "memoryview": (memoryview(b"a"), TypeError),
    "generator": ((n for n in "ab"), TypeError),
    "generator beside an odd key": ({"a": (n for n in "ab"), 1: 2}, TypeError),
    "iterator": ([iter([1])], TypeError),
    "map": (map(str, [1]), TypeError),
    "complex": (1j, TypeError),
    "object": (object(), TypeError),
    "class": (Plain, TypeError),
    "range": (range(3), TypeError),
    "view": ({}.keys(), TypeError),
    "ORM instance": (User(id=1, password_hash="x"), TypeError),
    "ORM dataclass": ([Account(id=1, password_hash="x")], TypeError),
    "SQL row": (ROW, TypeError),
    "huge integer": ([10**5000], ValueError),
    "huge integer key": ({10**5000: 1}, ValueError),
    "tuple key": ({(1, 2): 3}, TypeError),
    "bytes key": ({b"a": 1}, TypeError),
    "lone surrogate": ("\ud800", ValueError),
    "lone surrogate in a key": ({"\udfff": 1}, ValueError),
    "255 levels": (nested(255), ValueError),
    "255 levels of objects": (nested_object(255), ValueError),
    "10,000 levels": (nested(10_000), ValueError),
    "itself": (loop(), ValueError),
}

DECODED: dict[str, Any] = {
    "null": None,
    " [1, 2.5, true] ": [1, 2.5, True],
    '{"a":1,"a":2}': {"a": 2},
    '"\\ud83d\\ude00\\u00e9"': "😀é",
    '"\\\\ud800"': "\\ud800",
    "18446744073709551616": 2**64,
    "-9223372036854775809": -(2**63) - 1,
    "9999999999999999999": 9999999999999999999,
    "-9999999999999999999": -9999999999999999999,
    '{"id":1180591620717411303424}': {"id": 2**70},
    '"18446744073709551616"': "18446744073709551616",
    "12345678901234567890.5": 12345678901234567890.5,
    "1" * 4000: int("1" * 4000),
    "-0": 0,
    "1e5": 100000.0,
    "0.1e-400": 0.0,
    "\u2028".join('""'): "\u2028",
}

UNDECODABLE = [
    b"",
    b" ",
    b"{",
    b"[1,]",
    b"{'a':1}",
    b"NaN",
    b"[Infinity]",
    b"-Infinity",
    b"1e400",
    b"01",
    b"1 2",
    b'"\x01"',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"\xef\xbb\xbf1",
    b"\xff\xfe1\x00",
    b"1" * 5000,
    b"undefined",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
]
