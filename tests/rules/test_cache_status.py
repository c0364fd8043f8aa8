"""Cache-Status (RFC 9211), read back by a parser of structured fields."""

from math import floor
from typing import Any, get_args

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_status import (
    ForwardReason,
    check_cache_name,
    forward_status,
    hit_status,
)

NAME = b"chopin"


def read(member: bytes) -> tuple[Any, dict[str, Any]]:
    """Return the only member of the list: the cache's name and its parameters."""
    members: Any = http_sf.parse(member, name="cache-status", tltype="list")
    assert len(members) == 1
    name, parameters = members[0]
    return str(name), {
        key: str(value) if isinstance(value, http_sf.Token) else value
        for key, value in parameters.items()
    }


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("chopin", b"chopin"),
        ("Chopin-1.example:80/x", b"Chopin-1.example:80/x"),
        ("*", b"*"),
        ("my cache", b'"my cache"'),
        ("1st", b'"1st"'),
        ('a"b\\', b'"a\\"b\\\\"'),
        ("a;hit", b'"a;hit"'),
    ],
)
def test_a_name_is_a_token_or_a_string(name: str, field: bytes) -> None:
    """What is no token is quoted, and comes back as it was."""
    assert check_cache_name(name) == field
    assert read(field) == (name, {})


@pytest.mark.parametrize("name", ["", "é", "a\r\nb", "\x7f", "\ud800", None, b"chopin", 7])
def test_other_names_are_refused(name: Any) -> None:
    """Fields hold printable ASCII."""
    with pytest.raises(ConfigurationError, match="cache_status must be a name"):
        check_cache_name(name)


@pytest.mark.parametrize(
    ("ttl", "member"),
    [
        (12, b"chopin; hit; ttl=12"),
        (12.9, b"chopin; hit; ttl=12"),
        (0, b"chopin; hit; ttl=0"),
        (-0.5, b"chopin; hit; ttl=-1"),
        (-30.0, b"chopin; hit; ttl=-30"),
        (2.0**31, b"chopin; hit; ttl=2147483648"),
        (float("inf"), b"chopin; hit"),
        (float("-inf"), b"chopin; hit"),
        (float("nan"), b"chopin; hit"),
        (10**15, b"chopin; hit"),
    ],
)
def test_a_hit_names_what_is_left_of_its_lifetime(ttl: float, member: bytes) -> None:
    """Whole seconds, rounded down; negative for what is stale."""
    assert hit_status(NAME, ttl) == member


@pytest.mark.parametrize("reason", get_args(ForwardReason))
def test_a_miss_names_its_reason(reason: ForwardReason) -> None:
    """Each of RFC 9211 §2.2."""
    assert read(forward_status(NAME, reason=reason)) == ("chopin", {"fwd": reason})


def test_a_miss_tells_all_there_is() -> None:
    """In the order of RFC 9211 §2."""
    member = forward_status(
        NAME,
        reason="stale",
        fwd_status=304,
        ttl=59.9,
        stored=True,
        collapsed=True,
        detail='no "x"',
    )

    expected = b'chopin; fwd=stale; fwd-status=304; ttl=59; stored; collapsed; detail="no \\"x\\""'
    assert member == expected


def test_a_lifetime_without_end_is_not_named() -> None:
    """Structured fields have no infinity."""
    assert forward_status(NAME, reason="miss", ttl=float("inf")) == b"chopin; fwd=miss"


@given(st.floats(), st.text(min_size=1, max_size=20))
def test_a_hit_is_a_structured_field(ttl: float, text: str) -> None:
    """A parser reads what was meant, for every name that is accepted and every number."""
    name = "".join(char for char in text if " " <= char <= "~") or "x"

    found, parameters = read(hit_status(check_cache_name(name), ttl))

    assert found == name
    assert parameters.pop("hit") is True
    assert not parameters or parameters["ttl"] <= ttl < parameters["ttl"] + 1


@given(
    st.fixed_dictionaries(
        {"reason": st.sampled_from(get_args(ForwardReason))},
        optional={
            "fwd_status": st.none() | st.integers(100, 999),
            "ttl": st.none() | st.floats(-1e14, 1e14),
            "stored": st.booleans(),
            "collapsed": st.booleans(),
            "detail": st.none() | st.text(),
        },
    )
)
def test_a_miss_is_a_structured_field(said: dict[str, Any]) -> None:
    """A parser reads what was meant; what a string cannot hold is a question mark."""
    name, parameters = read(forward_status(NAME, **said))

    assert name == "chopin"
    assert parameters.pop("fwd") == said["reason"]
    assert parameters.pop("fwd-status", None) == said.get("fwd_status")
    assert parameters.pop("stored", False) is said.get("stored", False)
    assert parameters.pop("collapsed", False) is said.get("collapsed", False)
    ttl, detail = said.get("ttl"), said.get("detail")
    assert parameters.pop("ttl", None) == (None if ttl is None else floor(ttl))
    shown = detail and "".join(char if " " <= char <= "~" else "?" for char in detail)
    assert parameters.pop("detail", None) == shown
    assert not parameters
