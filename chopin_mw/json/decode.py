"""Read JSON: strictly by RFC 8259, with every integer exact, whichever parser does the work.

Refused by all of them: NaN and Infinity, a byte order mark, bytes that are not UTF-8, lone
surrogates, numbers too large for a float. Of equal keys the last one wins.
"""

import json
import re
from collections.abc import Callable
from importlib import import_module
from math import isfinite
from typing import Any, NoReturn, TypeAlias

Loads: TypeAlias = Callable[[str | bytes | bytearray | memoryview], Any]

# orjson turns integers beyond 64 bits into floats without a word; 19 digits may be one.
DIGITS_TO_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 19
_may_be_surrogate = re.compile(r"\\u[dD][89a-fA-F]").search


def loads_with_msgspec() -> Loads:
    """Return a decoder that is fast and exact. Needs msgspec."""
    decode = import_module("msgspec").json.Decoder().decode

    def loads(document: str | bytes | bytearray | memoryview) -> Any:
        try:
            return decode(document)
        except (ValueError, RecursionError):
            return explain(document)

    return loads


def loads_with_orjson() -> Loads:
    """Return a decoder that is fast, and exact by leaving long numbers to the standard library."""
    decode = import_module("orjson").loads

    def loads(document: str | bytes | bytearray | memoryview) -> Any:
        octets = (
            document.encode("utf-8", "replace") if isinstance(document, str) else bytes(document)
        )
        # A twentieth of the time that a regular expression takes for the same question.
        if _LONG_NUMBER in octets.translate(DIGITS_TO_ZEROS):
            return loads_with_stdlib(document)
        try:
            return decode(document)
        except (ValueError, RecursionError):
            return explain(document)

    return loads


def loads_with_stdlib(document: str | bytes | bytearray | memoryview) -> Any:
    """Decode with the standard library, held to the rules above."""
    text = _text(document)
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite_float)
        if _may_be_surrogate(text):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("Nested too deep", text, 0) from None
    except UnicodeEncodeError:
        raise json.JSONDecodeError("Lone surrogate", text, 0) from None
    except ValueError as error:
        # Constants, floats out of range, and integers beyond sys.get_int_max_str_digits().
        raise json.JSONDecodeError(str(error), text, 0) from None
    return value


def explain(document: str | bytes | bytearray | memoryview) -> NoReturn:
    """Raise the JSONDecodeError that says, in the standard library's words, what is wrong."""
    loads_with_stdlib(document)
    raise json.JSONDecodeError("Nested too deep", _text(document), 0)


def _text(document: str | bytes | bytearray | memoryview) -> str:
    try:
        text = document if isinstance(document, str) else str(document, "utf-8")
        text.encode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise json.JSONDecodeError("Not UTF-8", "", error.start) from None
    if text.startswith("\ufeff"):
        raise json.JSONDecodeError("Unexpected byte order mark", text, 0)
    return text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite_float(digits: str) -> float:
    value = float(digits)
    if isfinite(value):
        return value
    raise ValueError("Number out of range")
