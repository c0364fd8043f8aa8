"""Find parameters in a raw query and read whole numbers, as every framework's parser would.

All of them separate at `&` alone, split a segment at its first `=`, and decode `+` and percent
sequences after that. What they make of a value differs, so only plain digits count as a number.
"""

import re
from collections.abc import Collection, Sequence
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

Given: TypeAlias = list[tuple[int, bytes]]
"""The occurrences of one parameter: at which segment, and the raw value or its beginning."""

TOO_MANY = 10**19
"""Stands for every number of 20 digits or more; over all that a database takes."""

_MOST_DIGITS = 19
_LONGEST_VALUE = 64
# A byte takes three where it is percent-encoded.
_ENCODED = 3
_LONGEST_RAW = _ENCODED * _LONGEST_VALUE + 1


def naming(names: Collection[bytes]) -> re.Pattern[bytes]:
    """Return a pattern that is found in every query that has one of these parameters.

    It is found in some others too: those with an encoded name.
    """
    wanted = b"|".join(map(re.escape, names))
    # The second half lets no name through by its encoding; possessive, so that junk is read once.
    return re.compile(rb"(?:^|&)(?:(?:%b)(?:[=&]|\Z)|[^=&%%]*+%%)" % wanted)


def find(segments: Sequence[bytes], wanted: Collection[bytes]) -> dict[bytes, Given]:
    """Return the wanted parameters that are there, by decoded name."""
    lengths = range(0)
    found: dict[bytes, Given] = {}
    for at, segment in enumerate(segments):
        ends = segment.find(b"=")
        name = segment if ends < 0 else segment[:ends]
        if name not in wanted:
            if b"%" not in name and b"+" not in name:
                continue
            # Decoding takes 1 µs, and only what has the length of a name can be one.
            lengths = lengths or _raw_lengths(wanted)
            if len(name) not in lengths:
                continue
            name = _decoded(name)
            if name not in wanted:
                continue
        # The beginning tells enough of a value that is no number; a megabyte takes 0.3 ms to copy.
        begins = len(segment) if ends < 0 else ends + 1
        raw = segment[begins : begins + _LONGEST_RAW]
        found.setdefault(name, []).append((at, raw))
    return found


def _raw_lengths(names: Collection[bytes]) -> range:
    return range(min(map(len, names)), _ENCODED * max(map(len, names)) + 1)


def number(raw: bytes) -> int | None:
    """Return the number that a raw value spells in plain ASCII digits, whatever its length."""
    text = raw
    if not raw.isdigit():
        text = _text(raw)
        if text is raw or not text.isdigit():
            return None
    if len(text) > _LONGEST_VALUE:
        return TOO_MANY
    return int(text) if len(text) <= _MOST_DIGITS else min(int(text), TOO_MANY)


def is_canonical(raw: bytes) -> bool:
    """Say whether a raw value spells a number in the one shortest way, once it is decoded."""
    text = _text(raw)
    return text.isdigit() and (text == b"0" or not text.startswith(b"0"))


def with_value(segment: bytes, value: bytes) -> bytes:
    """Return the segment with another value, and its name byte for byte."""
    return (segment if b"=" not in segment else segment[: segment.index(b"=")]) + b"=" + value


def _text(raw: bytes) -> bytes:
    if b"%" not in raw and b"+" not in raw:
        return raw
    # Decoding a megabyte takes a tenth of a second, and no number is that long.
    return _decoded(raw) if len(raw) <= _ENCODED * _LONGEST_VALUE else raw


def _decoded(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))
