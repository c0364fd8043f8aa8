"""Bearer tokens on the wire: one is found or none, shapes, and challenges."""

import base64
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.bearer import bearer_token, challenge, compact_refusal, decoded_part
from chopin_mw.rules.token import TokenRefusal

MOST = 8192
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def found(*values: bytes) -> bytes | TokenRefusal:
    others = [(b"host", b"example.org"), (b"x-authorization", b"Bearer no")]
    return bearer_token([*others, *((b"authorization", value) for value in values)], MOST)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Bearer a.b.c", b"a.b.c"),
        (b"bearer a.b.c", b"a.b.c"),
        (b"BEARER a.b.c", b"a.b.c"),
        (b"Bearer   a.b.c", b"a.b.c"),
        (b"Bearer", TokenRefusal.MALFORMED),
        (b"bearer\t", TokenRefusal.MALFORMED),
        (b"Bearer\ta.b.c", TokenRefusal.MISSING),
        (b"Basic YTpi", TokenRefusal.MISSING),
        (b"Bearerx a.b.c", TokenRefusal.MISSING),
        (b"Digest username=x, Bearer a.b.c", TokenRefusal.MISSING),
        (b"", TokenRefusal.MISSING),
        (b"Bearer " + b"a" * MOST, b"a" * MOST),
        (b"Bearer " + b"a" * (MOST + 1), TokenRefusal.TOO_LARGE),
        (b"Bearer " + b"." * 1_000_000, TokenRefusal.TOO_LARGE),
    ],
)
def test_the_token_of_a_field(value: bytes, expected: bytes | TokenRefusal) -> None:
    """The scheme in any case; another scheme is no token at all (cases 166, 167)."""
    assert found(value) == expected


def test_a_request_without_the_field_has_no_token() -> None:
    """Fields whose names only look like it are others."""
    assert found() is TokenRefusal.MISSING


@pytest.mark.parametrize("other", [b"Bearer a.b.c", b"Basic YTpi", b""])
def test_two_fields_are_nobodys(other: bytes) -> None:
    """Not even two equal ones (case 167)."""
    assert found(b"Bearer a.b.c", other) is TokenRefusal.AMBIGUOUS
    assert found(other, b"Bearer a.b.c") is TokenRefusal.AMBIGUOUS


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (b"YQ.YQ.YQ", None),
        (b"YWI.YWI.YWI", None),
        (b"YWJj.YWJj.YWJj", None),
        (b"_-Q.YQ.YQ", None),
        (b"", TokenRefusal.MALFORMED),
        (b"..", TokenRefusal.MALFORMED),
        (b"YQ.YQ.", TokenRefusal.MALFORMED),
        (b".YQ.YQ", TokenRefusal.MALFORMED),
        (b"YQ..YQ", TokenRefusal.MALFORMED),
        (b"YQ.YQ", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YQ.YQ.YQ", TokenRefusal.MALFORMED),
        (b"." * 8000, TokenRefusal.MALFORMED),
        (b"YQ==.YQ==.YQ==", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YQ=", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YR", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YWJ", TokenRefusal.MALFORMED),
        (b"Y.YQ.YQ", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YWJjY", TokenRefusal.MALFORMED),
        (b"Y+.YQ.YQ", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YQ ", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YQ\r\n", TokenRefusal.MALFORMED),
        (b"YQ. YQ.YQ", TokenRefusal.MALFORMED),
        (b"YQ.YQ.YQ\x00", TokenRefusal.MALFORMED),
        ("YQ.YQ.é".encode(), TokenRefusal.MALFORMED),
        (b"YQ.YQ.YQ, Bearer YQ.YQ.YQ", TokenRefusal.AMBIGUOUS),
        (b"YQ.YQ.YQ,", TokenRefusal.AMBIGUOUS),
        (b"YQ.YQ." + b"A" * MOST, TokenRefusal.TOO_LARGE),
    ],
)
def test_the_shape_of_a_token(token: bytes, expected: TokenRefusal | None) -> None:
    """Three canonical parts, and nothing else (cases 166, 167)."""
    assert compact_refusal(token, MOST) is expected


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=3, max_size=3))
def test_whatever_is_encoded_well_has_the_shape(parts: list[bytes]) -> None:
    """And decodes to what it was."""
    written = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts]

    assert compact_refusal(b".".join(written), MOST) is None
    assert [decoded_part(part) for part in written] == parts


@given(st.lists(st.text(alphabet=ALPHABET, max_size=9), min_size=3, max_size=3))
def test_what_has_the_shape_is_canonical(parts: list[str]) -> None:
    """No second spelling of the same octets passes."""
    token = ".".join(parts).encode("ascii")

    if compact_refusal(token, MOST) is None:
        decoded = [decoded_part(part) for part in token.split(b".")]
        again = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in decoded]
        assert b".".join(again) == token


@given(st.binary(max_size=200))
def test_no_bytes_raise(value: bytes) -> None:
    """Whatever comes over the wire is a token, a refusal, or none."""
    token = found(value)

    if isinstance(token, bytes):
        compact_refusal(token, MOST)
    assert compact_refusal(value, MOST) is None or isinstance(token, bytes | TokenRefusal)


def test_a_megabyte_is_read_in_linear_time() -> None:
    """Junk is refused by its length, and 60,000 dots by their number."""
    began = time.perf_counter()

    found(b"Bearer " + b"." * 1_000_000)
    compact_refusal(b"." * 65_536, 65_536)
    compact_refusal(b"A" * 65_536, 65_536)

    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (challenge("api"), b'Bearer realm="api"'),
        (challenge("api", error="invalid_token"), b'Bearer realm="api", error="invalid_token"'),
        (
            challenge("api", error="insufficient_scope", scopes={"b:x", "a"}),
            b'Bearer realm="api", error="insufficient_scope", scope="a b:x"',
        ),
        (challenge('a"b\\c'), rb'Bearer realm="a\"b\\c"'),
    ],
)
def test_a_challenge_is_as_the_standard_has_it(written: bytes, expected: bytes) -> None:
    """RFC 6750 §3: no error where there was no token."""
    assert written == expected


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_realm_cannot_leave_its_quotes(realm: str) -> None:
    """What is between the quotes reads back as the realm."""
    match = re.fullmatch(rb'Bearer realm="((?:[^"\\]|\\.)*)"', challenge(realm))

    assert match is not None
    assert re.sub(rb"\\(.)", rb"\1", match[1]).decode("ascii") == realm


def test_only_faults_on_this_side_are_temporary() -> None:
    """They are answered with 503, everything else with 401."""
    temporary = {refusal for refusal in TokenRefusal if refusal.is_temporary}

    assert temporary == {TokenRefusal.KEYS_UNAVAILABLE, TokenRefusal.REVOCATION_UNKNOWN}
