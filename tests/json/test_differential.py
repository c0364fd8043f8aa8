"""Whatever plain value there is, every codec agrees with the others and the standard library."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.json import json_codec
from chopin_mw.json.dates import duration_text
from chopin_mw.json.depth import is_deeper_than
from chopin_mw.json.text import encode_text

ORJSON = json_codec("orjson", "orjson")
MSGSPEC = json_codec("msgspec", "msgspec")
STDLIB = json_codec("stdlib", "stdlib")
CODECS = (ORJSON, MSGSPEC, STDLIB)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
EXACT_KEYS = TEXT | st.integers() | st.booleans() | st.none()


def trees(keys: Any = TEXT) -> Any:
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=30
    )


def meaning(body: bytes) -> Any:
    return json.loads(body, object_pairs_hook=list)


@given(trees())
def test_plain_values_survive_the_way_there_and_back(value: Any) -> None:
    """What is written by one is read by all, and equal to what went in."""
    bodies = {codec.dumps(value) for codec in CODECS}

    assert len(bodies) == 1
    (body,) = bodies
    assert body == encode_text(value)
    assert [codec.loads(body) for codec in CODECS] == [value] * 3
    assert meaning(body) == meaning(json.dumps(value).encode())


@given(trees(EXACT_KEYS))
def test_keys_are_those_of_the_standard_library(value: Any) -> None:
    """Integers, booleans and None become the same members in the same order, doubles included."""
    bodies = {codec.dumps(value) for codec in CODECS}

    assert len(bodies) == 1
    assert meaning(bodies.pop()) == meaning(json.dumps(value).encode())


@given(trees(EXACT_KEYS | st.floats()))
def test_keys_are_written_alike(value: Any) -> None:
    """Keys that are floats have one spelling too."""
    assert len({codec.dumps(value) for codec in CODECS}) == 1


@given(st.floats())
def test_floats_are_written_alike(value: float) -> None:
    """Every float has one spelling, and reads back to the bit."""
    bodies = {codec.dumps([value]) for codec in CODECS}

    assert len(bodies) == 1
    (again,) = json.loads(bodies.pop())
    assert again == value or again is None


# Seconds in an offset are left out: orjson 3.13 rounds 02:59:30 to +02:60.
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=st.none() | OFFSETS))
def test_timestamps_are_written_alike(value: datetime) -> None:
    """Any offset in whole minutes comes out the same."""
    assert ORJSON.dumps(value) == STDLIB.dumps(value) == MSGSPEC.dumps(value)


@given(st.timedeltas())
def test_durations_are_pydantics(value: timedelta) -> None:
    """A plain duration reads as one inside a model does."""
    adapter = pydantic.TypeAdapter(timedelta)

    assert adapter.validate_python(duration_text(value)) == value
    # Beyond that pydantic counts years of 365 days, which nobody else has.
    if abs(value) < timedelta(days=365):
        assert duration_text(value) == adapter.dump_python(value, mode="json")


@given(
    st.binary(max_size=40) | st.text(alphabet='[]{}",:\\0123456789eE+-.nulltrue ').map(str.encode)
)
def test_codecs_agree_on_any_bytes(document: bytes) -> None:
    """Bytes that one refuses all refuse, and none raises anything but ValueError."""
    assert read(ORJSON, document) == read(MSGSPEC, document) == read(STDLIB, document)


def read(codec: Any, document: bytes) -> str:
    try:
        return repr(codec.loads(document))
    except ValueError as error:
        return f"refused: {error}"


@given(trees())
def test_depth_is_what_it_is(value: Any) -> None:
    """The depth counted in the text is the depth of the value, whatever its strings hold."""
    document = STDLIB.dumps(value)

    depth = depth_of(value)

    assert not is_deeper_than(depth, document)
    if depth:
        assert is_deeper_than(depth - 1, document)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(st.binary())
def test_depth_takes_any_bytes(document: bytes) -> None:
    """Counting never fails."""
    assert is_deeper_than(10, document) in (True, False)


@pytest.mark.parametrize(
    ("document", "limit", "expected"),
    [
        (b"[]", 1, False),
        (b"[[]]", 1, True),
        (b'["[[[[["]', 1, False),
        (b'["\\"[[[["]', 1, False),
        (b'["\\\\"[[', 2, True),
        (b"[[],[],[],[]]", 2, False),
        (b"[" * 2_000_000, 200, True),
        (b"]" * 1000 + b"[" * 1000, 200, False),
    ],
)
def test_depth_by_example(document: bytes, limit: int, expected: bool) -> None:
    """Brackets in strings do not count, siblings do not add up, megabytes are no matter."""
    assert is_deeper_than(limit, document) is expected
