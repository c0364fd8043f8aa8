import contextlib
import enum
import json
import string
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from chopin_mw.errors import ConfigurationError, CursorError
from chopin_mw.rules.cursor import MAX_CURSOR_CHARS, Cursor, CursorSigner

SECRET = "a secret for tests that is long enough"
SIGNER = CursorSigner(SECRET)
ORDER = "sqlite, flights.id Integer asc nulls first"

GOLDEN = (
    "WzAsNSwiSkZLIixbImRhdGV0aW1lIiwiMjAxMy0wMS0wMVQwNTowMDowMCJdXQ."
    "9UC8rZJCClYGvNUyTg4B5XhbGt_hhEpjM-Df7b_8TH0"
)


def without_fold(moment: Any) -> Any:
    """Take away what ISO 8601 has no sign for, and no database a place."""
    return moment.replace(fold=0)


offsets = st.integers(-86399, 86399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters()),
    st.binary(),
    st.decimals(),
    st.datetimes(timezones=st.none() | st.just(UTC) | offsets).map(without_fold),
    st.dates(),
    st.times(timezones=st.none() | offsets).map(without_fold),
    st.timedeltas(),
    st.uuids(),
)
cursors = st.builds(Cursor, st.lists(values, max_size=5).map(tuple), st.booleans(), st.booleans())


def write(*values: Any, signer: CursorSigner = SIGNER, purpose: str = "") -> str:
    return signer.write(Cursor(values), ordering=ORDER, purpose=purpose)


def read(text: Any, *, signer: CursorSigner = SIGNER, purpose: str = "") -> Cursor:
    return signer.read(text, ordering=ORDER, purpose=purpose)


@given(cursors)
def test_what_is_written_is_read(cursor: Cursor) -> None:
    """Values come back equal and of the same type; NaN and signed zeros by their looks."""
    text = SIGNER.write(cursor, ordering=ORDER)

    found = SIGNER.read(text, ordering=ORDER)

    assert repr(found) == repr(cursor)


@pytest.mark.parametrize(
    "value",
    [
        10**1000,
        -(2**63) - 1,
        float("inf"),
        float("-inf"),
        5e-324,
        "\x00\ud800\U0001f6eb'; --",
        b"\x00\xff",
        Decimal("1E+400"),
        Decimal("-0.10"),
        datetime.fromisoformat("0001-01-01"),
        datetime(2013, 1, 1, 5, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime.max.replace(tzinfo=UTC),
        date(9999, 12, 31),
        time(23, 59, 59, 999999, tzinfo=UTC),
        timedelta.min,
        timedelta(microseconds=-1),
        UUID(int=0),
    ],
)
def test_edges_of_types_are_exact(value: object) -> None:
    """Nothing is rounded, folded or cut."""
    found = read(write(value)).values

    assert repr(found) == repr((value,))


class Colour(enum.Enum):
    RED = "the red one"


class Gate(enum.IntEnum):
    FIRST = 1


class Word(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "found"), [(Colour.RED, "the red one"), (Gate.FIRST, 1), (Word("a"), "a")]
)
def test_kinds_of_a_type_come_back_as_that_type(value: object, found: object) -> None:
    """An Enum by its value, a subclass of str as a str."""
    (value,) = read(write(value)).values

    assert value == found
    assert type(value) is type(found)


@given(cursors)
def test_the_same_place_gives_the_same_text(cursor: Cursor) -> None:
    """Whichever process writes it; and a URL need not escape it."""
    text = SIGNER.write(cursor, ordering=ORDER)

    assert CursorSigner(SECRET.encode()).write(cursor, ordering=ORDER) == text
    assert set(text) <= set(string.ascii_letters + string.digits + "-_.")


def test_the_text_of_a_cursor_stays_what_it_is() -> None:
    """Clients hold cursors while the app is updated."""
    assert write(5, "JFK", datetime.fromisoformat("2013-01-01T05:00")) == GOLDEN
    assert read(GOLDEN) == Cursor((5, "JFK", datetime.fromisoformat("2013-01-01T05:00")))


@given(st.text() | st.binary() | st.none() | st.integers())
def test_junk_is_no_cursor(text: Any) -> None:
    """It raises CursorError and nothing else."""
    with pytest.raises(CursorError):
        read(text)


@given(cursors, st.data())
def test_a_changed_cursor_is_no_cursor(cursor: Cursor, data: st.DataObject) -> None:
    """One bit, one character more or less: the spare bits of base64 make no second spelling."""
    text = SIGNER.write(cursor, ordering=ORDER)
    at = data.draw(st.integers(0, len(text) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = data.draw(
        st.sampled_from(
            [
                text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :],
                text[:at],
                text[:at] + text[at + 1 :],
                text[:at] + "A" + text[at:],
                text[:at] + "=" + text[at:],
                text[:at] + "\n" + text[at:],
                text + "=",
                text + "\n",
                text + ".",
                text.swapcase(),
            ]
        )
    )

    # Between two equal characters an insertion is seen nowhere.
    if changed != text:
        with pytest.raises(CursorError):
            read(changed)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "5",
        "[]",
        "{}",
        "[0",
        "[4, 1]",
        "[-5]",
        '["0"]',
        "[[]]",
        "[0.5]",
        "[0, {}]" * 2,
        "[0, []]",
        '[0, ["unknown", 1]]',
        '[0, ["date", 1]]',
        '[0, ["date", "yesterday"]]',
        '[0, ["decimal", "one"]]',
        '[0, ["decimal", {}]]',
        '[0, ["uuid", "x"]]',
        '[0, ["uuid", 5]]',
        '[0, ["bytes", "x"]]',
        '[0, ["timedelta", [1]]]',
        '[0, ["timedelta", [1e300, 0, 0]]]',
        '[0, [["date"], 1]]',
        "[" * 1500,
    ],
)
def test_a_stranger_with_our_secret_raises_nothing_else(document: str) -> None:
    """Another program, or a later release, may sign what we cannot read."""
    context = f"chopin_mw.cursor 1 {len(ORDER)} {ORDER}"
    signer = Signer(SECRET, salt=context, key_derivation="hmac", digest_method="sha256")
    payload = urlsafe_b64encode(document.encode()).rstrip(b"=") or b"AA"

    with pytest.raises(CursorError):
        read(signer.sign(payload).decode())


@given(st.binary(max_size=200))
def test_signed_junk_raises_nothing_else(junk: bytes) -> None:
    """What is behind a good signature is parsed with the same care."""
    context = f"chopin_mw.cursor 1 {len(ORDER)} {ORDER}"
    signer = Signer(SECRET, salt=context, key_derivation="hmac", digest_method="sha256")
    payload = urlsafe_b64encode(junk).rstrip(b"=") or b"AA"

    with contextlib.suppress(CursorError):
        read(signer.sign(payload).decode())


def test_a_cursor_is_of_one_list() -> None:
    """Another order, another purpose, another secret: all refused."""
    text = write(1, purpose="flights of JFK")

    assert read(text, purpose="flights of JFK").values == (1,)
    for purpose in ("", "flights of LGA", "flights of JFK "):
        with pytest.raises(CursorError):
            read(text, purpose=purpose)
    with pytest.raises(CursorError):
        SIGNER.read(text, ordering=ORDER + ", b", purpose="flights of JFK")
    with pytest.raises(CursorError):
        read(text, signer=CursorSigner(SECRET[::-1]), purpose="flights of JFK")


@given(st.text(), st.text(), st.text(), st.text())
def test_order_and_purpose_do_not_run_together(a: str, b: str, c: str, d: str) -> None:
    """What ends the one cannot begin the other."""
    text = SIGNER.write(Cursor((1,)), ordering=a, purpose=b)

    if (a, b) != (c, d):
        with pytest.raises(CursorError):
            SIGNER.read(text, ordering=c, purpose=d)


def test_secrets_can_be_replaced() -> None:
    """Old cursors stay good while their secret is a fallback, and the new secret signs."""
    new, older = "n" * 32, "o" * 32
    signer = CursorSigner(new, fallbacks=[SECRET, older])

    assert read(write(1), signer=signer).values == (1,)
    assert read(write(1, signer=CursorSigner(older)), signer=signer).values == (1,)
    assert write(1, signer=signer) == write(1, signer=CursorSigner(new))
    with pytest.raises(CursorError):
        read(write(1), signer=CursorSigner(new))


@pytest.mark.parametrize(
    ("secret", "fallbacks", "message"),
    [
        ("short", (), "secret must have at least 32 bytes, got 5"),
        (SECRET, ["hunter2"], "fallbacks must have at least 32 bytes, got 7"),
        (SECRET, "hunter2" * 10, "fallbacks must be a list"),
        (SECRET, b"hunter2" * 10, "fallbacks must be a list"),
        (None, (), "secret must be str or bytes, got a NoneType"),
        (["hunter2" * 10], (), "secret must be str or bytes, got a list"),
    ],
)
def test_bad_secrets_are_refused_at_once(secret: Any, fallbacks: Any, message: str) -> None:
    """Without showing them."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        CursorSigner(secret, fallbacks=fallbacks)
    assert "hunter2" not in str(caught.value)


def test_a_signer_does_not_show_its_secrets() -> None:
    """Neither in a log nor in a traceback."""
    assert SECRET not in repr(SIGNER)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "a cursor cannot hold a dict"),
        ([1], "a cursor cannot hold a list"),
        (object(), "a cursor cannot hold a object"),
        ("x" * MAX_CURSOR_CHARS, "does not fit"),
        pytest.param(10**5000, "does not fit", id="5000 digits"),
    ],
)
def test_what_a_cursor_cannot_hold_is_said_when_it_is_made(value: object, message: str) -> None:
    """The list is ordered by the wrong thing, which is not the client's fault."""
    with pytest.raises(ConfigurationError, match=message):
        write(value)


def test_long_text_is_refused_unread() -> None:
    """However well it is signed, in no time."""
    context = f"chopin_mw.cursor 1 {len(ORDER)} {ORDER}"
    signer = Signer(SECRET, salt=context, key_derivation="hmac", digest_method="sha256")
    payload = urlsafe_b64encode(json.dumps([0, "x" * MAX_CURSOR_CHARS]).encode()).rstrip(b"=")

    for text in (signer.sign(payload).decode(), "A" * 1_000_000, "." * 1_000_000):
        with pytest.raises(CursorError):
            read(text)


def test_an_error_tells_nothing() -> None:
    """The client reads that it is no cursor of this list: no column, no value, no secret."""
    text = write(1, purpose="secret purpose")

    with pytest.raises(CursorError) as caught:
        read(text)

    assert (caught.value.status, caught.value.code) == (400, "INVALID_CURSOR")
    for word in ("flights", "purpose", "Integer", text, SECRET):
        assert word not in str(caught.value)
