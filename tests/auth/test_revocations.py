"""Revocations: bounded in number, and never forgotten to anybody's advantage."""

from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.auth.revocations import Revocation, Revocations

NOW = 1000.0


def of_jti(value: str) -> Revocation:
    return Revocation("jti", value, None)


def test_nothing_is_revoked_at_first() -> None:
    """Not even a token that says nothing."""
    assert not Revocations().cover({}, NOW)


def test_the_eldest_give_way_to_a_moment() -> None:
    """What was issued up to it is refused, whoever has it; later tokens are not."""
    revocations = Revocations(10)

    for number in range(11):
        revocations.add(of_jti(str(number)), made_at=NOW + number, until=inf)

    assert len(revocations) == 10
    assert revocations.cover({"jti": "0", "iat": NOW}, NOW)
    assert revocations.cover({"jti": "other", "iat": NOW}, NOW)
    assert revocations.cover({"jti": "other"}, NOW)
    assert not revocations.cover({"jti": "other", "iat": NOW + 1}, NOW)
    assert revocations.cover({"jti": "1", "iat": NOW + 5}, NOW)


def test_what_has_ended_goes_first() -> None:
    """Then nobody else is refused for the room it takes."""
    revocations = Revocations(2)
    revocations.add(of_jti("a"), made_at=NOW, until=NOW + 5)
    revocations.add(of_jti("b"), made_at=NOW, until=inf)

    revocations.add(of_jti("c"), made_at=NOW + 5, until=inf)

    assert len(revocations) == 2
    assert not revocations.cover({"jti": "a", "iat": 0}, NOW + 5)
    assert revocations.cover({"jti": "b", "iat": 0}, NOW + 5)


def test_the_longest_word_on_a_token_counts() -> None:
    """A second revocation does not end the first."""
    revocations = Revocations()
    revocations.add(of_jti("a"), made_at=NOW, until=inf)

    revocations.add(of_jti("a"), made_at=NOW, until=NOW + 1)

    assert revocations.cover({"jti": "a"}, NOW + 100)
    assert len(revocations) == 1


def test_claims_of_any_kind_can_be_looked_up() -> None:
    """Texts are compared with texts only."""
    revocations = Revocations()
    revocations.add(of_jti("5"), made_at=NOW, until=inf)

    assert not revocations.cover({"jti": 5, "sub": ("5",), "iss": None}, NOW)


@given(
    st.lists(st.tuples(st.sampled_from(["jti", "sub"]), st.sampled_from("abcdefghij"))),
    st.integers(1, 5),
)
def test_what_was_revoked_stays_so(revoked: list[Any], most: int) -> None:
    """However many come after it, for tokens issued before."""
    revocations = Revocations(most)

    for number, (claim, value) in enumerate(revoked):
        revocations.add(Revocation(claim, value, None), made_at=NOW + number, until=inf)

    assert len(revocations) <= most
    for claim, value in revoked:
        assert revocations.cover({claim: value, "iat": NOW - 1}, NOW)
