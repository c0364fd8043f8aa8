"""Measure how deep a JSON text nests, before anything parses it."""

from itertools import accumulate

_ALL_BUT_MARKS = bytes(set(range(256)) - set(b'[]{}"'))
# As signed octets: +1 for what opens a level, -1 for what closes one.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


def is_deeper_than(limit: int, document: bytes) -> bool:
    """Tell whether arrays and objects nest deeper than `limit`; linear, and right for any bytes.

    Brackets inside strings do not count. On text that is not JSON the answer may be either.
    """
    if document.count(b"[") + document.count(b"{") <= limit:
        return False
    # First the escaped backslashes go, then the escaped quotes: what quotes remain are delimiters.
    unescaped = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = unescaped.translate(None, _ALL_BUT_MARKS).split(b'"')[::2]
    brackets = b"".join(outside_strings).translate(_STEPS)
    return max(accumulate(memoryview(brackets).cast("b")), default=0) > limit
