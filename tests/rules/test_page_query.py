"""Parameters in a raw query, found and read as every framework's parser would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.page_query import (
    TOO_MANY,
    find,
    is_canonical,
    naming,
    number,
    with_value,
)

NAMES = (b"limit", b"page[size]")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"limit=5&a&limit=7", {b"limit": [(0, b"5"), (2, b"7")]}),
        (b"%6cimit==5", {b"limit": [(0, b"=5")]}),
        (b"page%5Bsize%5D=5&page[size]", {b"page[size]": [(0, b"5"), (1, b"")]}),
        (b"LIMIT=5&limit+=5&%4cimit=5&%6=1&" + b"%6c" * 40 + b"=5", {}),
        (b"", {}),
    ],
)
def test_parameters_are_found_by_decoded_name(
    query: bytes, found: dict[bytes, list[tuple[int, bytes]]]
) -> None:
    """With where they stand and their raw values."""
    assert find(query.split(b"&"), NAMES) == found


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"0", 0),
        (b"7", 7),
        (b"007", 7),
        (b"%37", 7),
        (b"9" * 19, 10**19 - 1),
        (b"9" * 20, TOO_MANY),
        (b"0" * 63 + b"1", 1),
        (b"0" * 64 + b"1", TOO_MANY),
        (b"9" * 100_000, TOO_MANY),
        (b"%39" * 64, TOO_MANY),
        (b"%39" * 65, None),
        (b"", None),
        (b"+7", None),
        (b"-7", None),
        ("٣".encode(), None),
        (b"%D9%A3", None),
        (b"\xb2", None),
    ],
)
def test_only_plain_digits_are_a_number(raw: bytes, value: int | None) -> None:
    """However many; nothing that int() takes beside them."""
    assert number(raw) == value


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [(b"0", True), (b"10", True), (b"%31", True), (b"00", False), (b"01", False), (b"x", False)],
)
def test_one_spelling_of_a_number_is_canonical(raw: bytes, *, canonical: bool) -> None:
    """The shortest."""
    assert is_canonical(raw) is canonical


def test_a_new_value_keeps_the_name_as_it_is_encoded() -> None:
    """With an equals sign where there was none."""
    assert with_value(b"%6cimit=1=2", b"7") == b"%6cimit=7"
    assert with_value(b"limit", b"7") == b"limit=7"


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        (b"limit=1", True),
        (b"a=1&limit", True),
        (b"limit&a", True),
        (b"a=1&page[size]=1", True),
        (b"a=1&%6cimit=1", True),
        (b"a%20b=1", True),
        (b"a=%6cimit&limits=1&xlimit=1&b=limit", False),
        (b"", False),
        (b"limit\n", False),
    ],
)
def test_the_quick_look(query: bytes, *, is_found: bool) -> None:
    """Finds names that are spelled out, and every encoded name."""
    assert bool(naming(NAMES).search(query)) is is_found


@given(st.binary(max_size=100))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    """Nothing raises, and a number is what its digits say."""
    found = number(raw)
    if found is not None and raw.isdigit():
        assert found == min(int(raw), TOO_MANY)
    assert is_canonical(raw) in (True, False)
