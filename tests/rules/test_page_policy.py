"""PagePolicy: what clients may ask of a list."""

from dataclasses import replace
from typing import Any

import pytest

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.page_policy import PagePolicy


def test_the_defaults_are_those_of_the_guide() -> None:
    """20 rows, at most 100, in pages or by offset."""
    policy = PagePolicy()

    assert (policy.default_limit, policy.max_limit, policy.max_offset) == (20, 100, 10_000)
    assert policy.meanings == {
        b"per_page": "limit",
        b"page_size": "limit",
        b"limit": "limit",
        b"offset": "offset",
        b"page": "page",
    }


def test_policies_are_values() -> None:
    """Equal options make equal policies, and a change keeps the rest."""
    assert PagePolicy(max_limit=50) == PagePolicy(max_limit=50)
    assert len({PagePolicy(), PagePolicy()}) == 1
    assert replace(PagePolicy(limit_names=["n"]), max_limit=50).meanings[b"n"] == "limit"


@pytest.mark.parametrize(
    ("names", "plain"), [(("per_page", "limit"), "limit"), (("per_page", "size"), "per_page")]
)
def test_a_size_that_nobody_named_is_called_limit_if_it_can_be(
    names: tuple[str, ...], plain: str
) -> None:
    """Else it has the first of the names."""
    assert PagePolicy(limit_names=names).plain_limit_name == plain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_limit": 0}, "max_limit must be a whole number of rows, 1..9223372036854775807"),
        ({"max_limit": True}, "max_limit must be"),
        ({"max_limit": 2**63}, "max_limit must be"),
        ({"default_limit": 101}, "default_limit must be a whole number of rows, 1..100, got 101"),
        ({"default_limit": 0}, "default_limit must be"),
        ({"default_limit": "20"}, "default_limit must be"),
        ({"max_offset": -1}, "max_offset must be"),
        ({"mode": "lax"}, "mode must be one of clamp, strict, got 'lax'"),
        ({"on_deep_offset": "drop"}, "on_deep_offset must be one of refuse, clamp, got 'drop'"),
        ({"inject_default": 1}, "inject_default must be true or false, got 1"),
        ({"limit_names": "limit"}, "limit_names must be names of query parameters"),
        ({"limit_names": [""]}, "limit_names must be names"),
        ({"limit_names": ["größe"]}, "limit_names must be names of query parameters in ASCII"),
        ({"page_names": ["a\r\nb"]}, "page_names must be names"),
        ({"page_names": [1]}, "page_names must be names"),
        ({"limit_names": []}, "limit_names must name a parameter"),
        ({"offset_names": ["limit"]}, "a parameter can have one meaning only"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], message: str) -> None:
    """At construction, by name, with what was given."""
    with pytest.raises(ConfigurationError) as raised:
        PagePolicy(**options)

    assert str(raised.value).startswith(message)


def test_small_pages_are_small_by_default_too() -> None:
    """Whoever bounds pages to ten rows need not say that again."""
    assert PagePolicy(max_limit=10).default_limit == 10
