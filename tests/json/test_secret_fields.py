"""Members that no API sends on purpose are left out of every document, and nothing else is."""

import json
import logging
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import orjson
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.json import Codec, dumps, json_codec, set_codec
from chopin_mw.json.codec import without_secrets
from chopin_mw.json.secret_fields import SECRET_FIELDS
from support.json_corpus import Attrs, Plain, nested

HASH = "$2b$12$abcdefghijkl"
CODECS = {name: json_codec(name) for name in ("orjson", "msgspec", "stdlib")}


@pytest.fixture(params=list(CODECS.values()), ids=list(CODECS))
def each_codec(request: pytest.FixtureRequest) -> Codec:
    chosen: Codec = request.param
    return chosen


class Model(pydantic.BaseModel):
    id: int
    password_hash: str = HASH


class Aliased(pydantic.BaseModel):
    hashed: str = pydantic.Field(default=HASH, serialization_alias="hashedPassword")


class Struct(msgspec.Struct, rename="camel"):
    id: int
    hashed_password: str = HASH


class Holder:
    pass


HELD: dict[str, tuple[Any, str]] = {
    "dict": ({"id": 1, "password_hash": HASH}, '{"id":1}'),
    "alone": ({"hashed_password": HASH}, "{}"),
    "list": ([{"id": 1}, {"id": 2, "passwordHash": HASH}], '[{"id":1},{"id":2}]'),
    "deep": ({"a": [{"b": {"password_salt": 1, "c": 2}}]}, '{"a":[{"b":{"c":2}}]}'),
    "whole tree": ({"encrypted_password": {"password_hash": 1}, "a": 1}, '{"a":1}'),
    "model": (Model(id=1), '{"id":1}'),
    "models": ([Model(id=1), Model(id=2)], '[{"id":1},{"id":2}]'),
    "model in a dict": ({"user": Model(id=1)}, '{"user":{"id":1}}'),
    "alias": (Aliased(), "{}"),
    "struct": ([Struct(1)], '[{"id":1}]'),
    "dataclass": ([Plain("a"), {"password_digest": 1}], '[{"name":"a","_private":1},{}]'),
    "attrs": ({"a": Attrs("a"), "passwordDigest": 1}, '{"a":{"name":"a","_secret":2}}'),
    "big integer": ({"a": 2**70, "password_hash": 1}, '{"a":1180591620717411303424}'),
    "floats": ({"a": [1e-7, 1e16, -0.0], "password_hash": 1}, '{"a":[1e-7,1e+16,-0.0]}'),
    "null": ({"a": [float("nan")], "password_hash": None}, '{"a":[null]}'),
    "text": ({"a": 'é😀\u2028"\\', "password_hash": 1}, '{"a":"é😀\u2028\\"\\\\"}'),
    "odd keys": ({1: {"password_hash": 1}, None: 2}, '{"1":{},"null":2}'),
}


@pytest.mark.parametrize(("value", "written"), HELD.values(), ids=HELD)
def test_they_are_left_out_at_any_depth(each_codec: Codec, value: Any, written: str) -> None:
    """Of everything that can be encoded, by each library."""
    assert each_codec.dumps(value).decode() == written


@pytest.mark.parametrize("name", SECRET_FIELDS)
def test_every_name_of_the_list_is_left_out(each_codec: Codec, name: str) -> None:
    """The common part by which they are found is part of each."""
    assert each_codec.dumps({"id": 1, name: HASH}) == b'{"id":1}'


NOT_SECRET: list[Any] = [
    {"password": "asked for by the API itself"},
    {"text": "password_hash"},
    {"text": '"password_hash":'},
    {"text": '{"password_hash":"x"}'},
    {"text": '\\"password_hash":'},
    ["password_hash", {"a": "password_hash"}],
    {"password_hash_algorithm": "bcrypt"},
    {"old_password_hash": 1},
    {"Password_Hash": 1},
    {'x"password_hash': 1},
    {"password_hash\\": 1},
    {"password_hash ": 1},
    {"hashed": "passwordHash", "b": 'hashedPassword":'},
]


@pytest.mark.parametrize("value", NOT_SECRET, ids=json.dumps)
def test_texts_and_other_names_are_not_harmed(each_codec: Codec, value: Any) -> None:
    """Only a key that is exactly such a name is one."""
    assert each_codec.dumps(value) == json_codec(secret_fields=()).dumps(value)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["password_hash", "hashedPassword", "a", "b"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


def stripped(value: Any) -> Any:
    if isinstance(value, list):
        return [stripped(item) for item in value]
    if isinstance(value, dict):
        return {k: stripped(v) for k, v in value.items() if k not in SECRET_FIELDS}
    return value


@given(values)
def test_the_rest_is_what_it_would_have_been(value: Any) -> None:
    """Byte for byte what is written of the value without them."""
    for codec in CODECS.values():
        assert codec.dumps(value) == codec.dumps(stripped(value))


def test_our_encoders_never_escape_a_letter() -> None:
    """So that a name has one spelling in what they write."""
    letters = "".join(map(chr, range(32, 127)))

    for codec in CODECS.values():
        body = codec.dumps({letters: 1}).decode()
        assert body.replace('\\"', '"').replace("\\\\", "\\") == f'{{"{letters}":1}}'


def test_a_warning_names_each_field_once(caplog: pytest.LogCaptureFixture) -> None:
    """And no value."""
    codec = json_codec()

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        for _ in range(3):
            codec.dumps([{"password_hash": HASH}, {"hashed_password": HASH, "password_hash": HASH}])

    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "'password_hash'" in texts[0]
    assert "'hashed_password'" in texts[1]
    assert HASH not in caplog.text


def test_ready_json_inside_a_value_is_searched_too() -> None:
    """Spliced fragments are part of the document."""
    fragment = orjson.Fragment(b'{"password_hash" : "x","a":1}')

    assert CODECS["orjson"].dumps({"raw": fragment}) == b'{"raw":{"a":1}}'


def test_names_can_be_chosen() -> None:
    """Each of them is found, whether they have something in common or not."""
    codec = json_codec(secret_fields=("ssn", "api-key", "c"))

    assert codec.dumps({"ssn": 1, "api-key": 2, "c": 3, "d": "ssn", "password_hash": 4}) == (
        b'{"d":"ssn","password_hash":4}'
    )
    assert json_codec(secret_fields=["pin"]).dumps({"pin": 1, "pins": 2}) == b'{"pins":2}'


def test_it_can_be_switched_off() -> None:
    """With no names nothing is searched."""
    codec = json_codec(secret_fields=())

    assert codec.dumps({"password_hash": 1}) == b'{"password_hash":1}'
    assert codec.without_secrets(b'{"password_hash":1}') == b'{"password_hash":1}'


@pytest.mark.parametrize("names", ["password", [1], ["a b"], ['"'], ["\\"], ["é"], [""], ["a\n"]])
def test_names_that_cannot_be_looked_for_are_reported(names: Any) -> None:
    """With the option's name."""
    with pytest.raises(ConfigurationError, match="secret_fields must be names"):
        json_codec(secret_fields=names)


def test_with_the_other_options() -> None:
    """NaN is still an error, a decimal still a number."""
    codec = json_codec(nan="error", decimals="number")

    assert codec.dumps({"password_hash": None, "a": Decimal("1.5")}) == b'{"a":1.5}'
    with pytest.raises(ValueError, match="nan='error'"):
        codec.dumps({"password_hash": float("nan")})


@pytest.fixture
def _standard_codec() -> Iterator[None]:
    yield
    set_codec(None)


@pytest.mark.usefixtures("_standard_codec")
def test_what_others_wrote_is_searched() -> None:
    """Blanks after a name do not hide it; a codec of the user's own is left alone."""
    assert without_secrets(b'{"password_hash" : 1, "a": NaN}') == b'{"a":null}'
    assert without_secrets(b'{"a" : 1}') == b'{"a" : 1}'

    class Own:
        def dumps(self, value: Any, /) -> bytes:
            return b"{}"

        def loads(self, document: str | bytes, /) -> Any:
            return {}

    set_codec(Own())
    assert without_secrets(b'{"password_hash":1}') == b'{"password_hash":1}'
    assert dumps(1) == b"{}"


def test_documents_deeper_than_ours_are_written_all_the_same() -> None:
    """Other encoders go deeper; beyond what can be read it is an error, and nothing leaves."""
    deep = json.dumps({"password_hash": 1, "a": nested(300)}).encode()
    bottomless = b'{"password_hash":1,"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    kept = without_secrets(deep)

    assert json.loads(kept) == {"a": nested(300)}
    with pytest.raises(ValueError, match="nested too deep"):
        without_secrets(bottomless)


def test_a_megabyte_of_near_misses_is_linear() -> None:
    """Texts that look like names cost a search each way, no more."""
    body = dumps(['"password_hash"'] * 60_000)

    assert without_secrets(body) == body
    assert not re.search(rb'"password_hash"\s*:', body)
