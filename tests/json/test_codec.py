"""Every codec writes the same bytes, raises the same errors and reads the same values."""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pydantic
import pytest

from chopin_mw.errors import ConfigurationError, MissingExtraError
from chopin_mw.json import (
    Codec,
    codec,
    dumps,
    get_codec,
    json_codec,
    loads,
    register_encoder,
    set_codec,
)
from support.json_corpus import DECODED, REFUSED, UNDECODABLE, WRITTEN, Constants, model, nested

CODECS = {
    "orjson and msgspec": json_codec("orjson", "msgspec"),
    "orjson alone": json_codec("orjson", "orjson"),
    "msgspec alone": json_codec("msgspec", "msgspec"),
    "stdlib": json_codec("stdlib", "stdlib"),
}


@pytest.fixture(params=list(CODECS.values()), ids=list(CODECS))
def each_codec(request: pytest.FixtureRequest) -> Codec:
    chosen: Codec = request.param
    return chosen


@pytest.fixture
def _standard_codec() -> Iterator[None]:
    yield
    set_codec(None)


@pytest.mark.parametrize(("value", "expected"), WRITTEN.values(), ids=WRITTEN.keys())
def test_writes_the_same_bytes(each_codec: Codec, value: Any, expected: str) -> None:
    """What can be written is written in one form, whichever library does it."""
    assert each_codec.dumps(value) == expected.encode()


@pytest.mark.parametrize(("value", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_the_same_values(each_codec: Codec, value: Any, error: type[Exception]) -> None:
    """What has no one form is an error, with the same words from each library."""
    with pytest.raises(error) as raised:
        each_codec.dumps(value)

    with pytest.raises(error) as reference:
        CODECS["stdlib"].dumps(value)
    assert str(raised.value) == str(reference.value)


@pytest.mark.parametrize(("document", "expected"), DECODED.items())
def test_reads_the_same_values(each_codec: Codec, document: str, expected: Any) -> None:
    """Text and bytes give the same value, with every integer exact."""
    assert each_codec.loads(document) == expected
    assert each_codec.loads(document.encode()) == expected


@pytest.mark.parametrize("document", UNDECODABLE, ids=lambda document: repr(document[:12]))
def test_refuses_the_same_documents(each_codec: Codec, document: bytes) -> None:
    """What is not JSON raises JSONDecodeError, in the same words from each library."""
    with pytest.raises(json.JSONDecodeError) as raised:
        each_codec.loads(document)

    with pytest.raises(json.JSONDecodeError) as reference:
        CODECS["stdlib"].loads(document)
    assert str(raised.value) == str(reference.value)


def test_surrogates_in_text_are_refused(each_codec: Codec) -> None:
    """A document given as str must be Unicode text."""
    with pytest.raises(json.JSONDecodeError):
        each_codec.loads('"\ud800"')


def test_reads_buffers(each_codec: Codec) -> None:
    """A bytearray or memoryview is as good as bytes."""
    assert each_codec.loads(bytearray(b"[1]")) == [1]
    assert each_codec.loads(memoryview(b"[1]")) == [1]


def test_refused_types_are_named() -> None:
    """The message names the class and says what to do."""
    with pytest.raises(TypeError, match="bytes has no one JSON form: decode it, or use base64"):
        dumps({"a": b"x"})
    with pytest.raises(TypeError, match="User is an ORM instance: choose what to send"):
        dumps(REFUSED["ORM instance"][0])


def test_a_refused_generator_is_not_consumed() -> None:
    """Whoever falls back to another encoder finds the generator as it was."""
    generator = (n for n in "ab")

    with pytest.raises(TypeError):
        dumps({"a": generator, 1: 2})

    assert list(generator) == ["a", "b"]


@pytest.mark.parametrize("library", ["orjson", "msgspec", "stdlib"])
def test_nan_can_be_an_error(library: Any) -> None:
    """With nan="error" NaN raises, and a null stays a null."""
    strict = json_codec(library, nan="error")

    assert strict.dumps({"a": None, "b": 1}) == b'{"a":null,"b":1}'
    with pytest.raises(ValueError, match="nan='error'"):
        strict.dumps({"a": [1.0, float("nan")]})


@pytest.mark.parametrize("library", ["orjson", "msgspec", "stdlib"])
def test_decimals_can_be_numbers(library: Any) -> None:
    """With decimals="number" integral values stay exact and the others become floats."""
    numbers = json_codec(library, decimals="number")

    values = [Decimal("1.10"), Decimal(2**70), Decimal("1E+3"), Decimal("NaN"), {1}]
    assert numbers.dumps(values) == b"[1.1,1180591620717411303424,1000,null,[1]]"


def test_models_of_mixed_classes_are_encoded_one_by_one() -> None:
    """A list that starts with a model may hold anything."""
    assert dumps([model(), 1]).endswith(b",1]")


def test_a_model_that_wants_constants_still_gives_json() -> None:
    """A model configured to write NaN cannot make the document invalid."""
    assert dumps([Constants(value=float("inf"))]) == b'[{"value":null}]'


def test_a_failing_serialiser_keeps_its_error() -> None:
    """What a model's own serialiser raises comes out as it is."""

    class Broken(pydantic.BaseModel):
        value: int

        @pydantic.field_serializer("value")
        def fail(self, _: int) -> int:
            raise KeyError("broken")

    with pytest.raises(Exception, match="broken"):
        dumps([Broken(value=1)])
    with pytest.raises(Exception, match="broken"):
        dumps({"a": Broken(value=1)})


def test_a_struct_may_hold_what_only_the_codec_knows() -> None:
    """Msgspec asks our rules for types that it does not know."""

    class Holder(msgspec.Struct):
        what: Any

    assert dumps(Holder({"a": WRITTEN["path"][0]})) == b'{"what":{"a":"/a/b"}}'


def test_a_hook_that_never_ends_is_an_error(each_codec: Codec) -> None:
    """A rule that returns its own argument is reported as too deep."""

    class Endless:
        pass

    register_encoder(Endless, lambda value: value)

    with pytest.raises(ValueError, match="nested deeper than 254 levels"):
        each_codec.dumps(Endless())


def test_nesting_near_the_recursion_limit_is_an_error_not_a_crash(each_codec: Codec) -> None:
    """With little stack left the error is the same."""

    def burn(frames: int) -> bytes:
        return burn(frames - 1) if frames else each_codec.dumps({1: nested(200, 2**70)})

    with pytest.raises((ValueError, RecursionError)):
        burn(sys.getrecursionlimit() - 250)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"encoder": "ujson"}, "encoder"),
        ({"decoder": "ujson"}, "decoder"),
        ({"nan": "drop"}, "nan"),
        ({"decimals": "float"}, "decimals"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], named: str) -> None:
    """An option that cannot work is reported when the codec is made."""
    with pytest.raises(ConfigurationError, match=f"{named} must be one of"):
        json_codec(**options)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a library that is not installed says what to install."""
    monkeypatch.setattr(codec, "find_spec", lambda _: None)

    with pytest.raises(MissingExtraError, match="pip install 'orjson'"):
        json_codec("orjson")


def test_without_libraries_the_standard_one_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be installed."""
    monkeypatch.setattr(codec, "find_spec", lambda _: None)

    chosen = json_codec()

    assert (chosen.encoder, chosen.decoder) == ("stdlib", "stdlib")


def test_free_threaded_builds_leave_orjson_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where importing orjson would bring the global lock back, msgspec takes its place."""
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: 1)

    chosen = json_codec()

    assert (chosen.encoder, chosen.decoder) == ("msgspec", "msgspec")


@pytest.mark.usefixtures("_standard_codec")
def test_the_codec_in_use_can_be_replaced() -> None:
    """set_codec changes what dumps and loads do; None goes back."""
    set_codec(json_codec(decimals="number"))
    assert dumps([Decimal("1.5")]) == b"[1.5]"

    set_codec(None)
    assert dumps([Decimal("1.5")]) == b'["1.5"]'
    assert loads(b"[1]") == [1]
    assert get_codec() is get_codec()


def test_importing_the_package_imports_neither_library() -> None:
    """The libraries are imported when the first codec is made, and not before."""
    program = (
        "import sys, chopin_mw.json as j; "
        "print('orjson' in sys.modules, 'msgspec' in sys.modules); "
        "j.dumps(1); print('orjson' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["False", "False", "True"]


def test_what_only_another_parser_could_read_is_refused() -> None:
    """The fast parsers' own limit of depth is an error also where Python would go deeper."""
    program = (
        "import sys; sys.setrecursionlimit(5000); "
        "from chopin_mw.json import json_codec; codec = json_codec('stdlib', 'orjson'); "
        "codec.loads('[' * 1100 + ']' * 1100)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert "JSONDecodeError: Nested too deep" in done.stderr


HOSTILE = """
import sys
import sysconfig
from chopin_mw.json import json_codec
value = leaf = []
for _ in range(1_000_000): value = [value]
loop = {}; loop["a"] = [loop]
class Endless(dict): pass
for library in ("orjson", "msgspec", "stdlib"):
    codec = json_codec(library, "stdlib" if library == "stdlib" else library)
    for bad in (value, loop, {1: value}, (value,)):
        try: codec.dumps(bad)
        except ValueError: pass
        else: sys.exit("written")
    for text in (b"[" * 2_000_000, b'{"a":' * 1_000_000, b"[" * 500_000 + b"]" * 500_000):
        try: codec.loads(text)
        except ValueError: pass
        else: sys.exit("read")
print("alive", flush=True)
while value: value = value[0]
"""


def test_bottomless_values_end_in_an_error_not_in_a_crash() -> None:
    """A million levels, loops and megabytes of brackets leave the process alive."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
