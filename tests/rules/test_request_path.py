"""Paths that every framework reads alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.request_path import is_plain_path

PLAIN: list[dict[str, Any]] = [
    {"path": "/docs"},
    {"path": "/docs", "raw_path": None},
    {"path": "/docs", "raw_path": b"/docs"},
    {"path": "/é x", "raw_path": b"/%C3%A9%20x"},
    {"path": "/docs", "raw_path": b"/d%6fcs"},
    {"path": "/api/docs", "root_path": "/api", "raw_path": b"/api/docs"},
    {"path": "/api/docs/api/x", "root_path": "/api"},
    {"path": "/docs", "root_path": "/api"},
    {"path": "/docs", "root_path": ""},
]
DOUBTFUL: list[dict[str, Any]] = [
    {"path": "/docs/me", "raw_path": b"/docs%2fme"},
    {"path": "/docs/me", "raw_path": b"/docs%2Fme"},
    # The rest of a mounted path, without what it was mounted at.
    {"path": "/docs/", "raw_path": b"/files/docs/"},
    {"path": "/docs", "raw_path": b"/docs/"},
    # What Litestar would cut off.
    {"path": "/docs/api/me", "root_path": "/api", "raw_path": b"/docs/api/me"},
    {"path": "/\N{REPLACEMENT CHARACTER}", "raw_path": b"/%ff"},
    {"path": "/docs?x", "raw_path": b"/docs?x=%2f"},
]


@pytest.mark.parametrize("scope", PLAIN)
def test_a_plain_path(scope: dict[str, Any]) -> None:
    """It is what the client sent, decoded once."""
    assert is_plain_path(scope)


@pytest.mark.parametrize("scope", DOUBTFUL)
def test_a_doubtful_path(scope: dict[str, Any]) -> None:
    """Somebody may route it to another place."""
    assert not is_plain_path(scope)


@given(st.text(), st.none() | st.binary(), st.none() | st.text())
def test_nothing_raises(path: str, raw: bytes | None, root: str | None) -> None:
    """Whatever a server puts there."""
    assert is_plain_path({"path": path, "raw_path": raw, "root_path": root}) in (True, False)
