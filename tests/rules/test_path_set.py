"""Free paths: exact or all below, and never a path that somebody may read as another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.path_set import path_set

FREE = path_set("public_paths", ["/docs/*", "/health", "/"])


@pytest.mark.parametrize(
    "path",
    ["/docs/a", "/docs/a/b.css", "/docs/a/", "/docs/..a", "/docs/a..", "/health", "/"],
)
def test_a_path_that_is_named_is_free(path: str) -> None:
    """Exactly, or below a prefix."""
    assert path in FREE


@pytest.mark.parametrize(
    "path",
    [
        "",
        "*",
        "/docs",
        # Which is /docs to some frameworks.
        "/docs/",
        "/Docs/a",
        "/docsx",
        "/health/",
        "/HEALTH",
        "/healthy",
        "/admin",
        "//docs/a",
        "/docs//a",
        "/docs/a//",
        "/docs/../admin",
        "/docs/./a",
        "/docs/..",
        "/docs/.",
        "/docs/%2e%2e/admin",
        "/docs/a%2fb",
        "/docs/a\\..\\admin",
        "/docs/a\x00",
        "/docs/a\nb",
        "/docs/\x7f",
        "//",
        "/admin?/docs/a",
    ],
)
def test_everything_else_takes_a_token(path: str) -> None:
    """Deny by default (case 169)."""
    assert path not in FREE


def test_nothing_is_free_by_default() -> None:
    """An empty collection frees nothing, the empty path neither."""
    nothing = path_set("public_paths", ())

    assert "/" not in nothing
    assert "" not in nothing


def test_what_is_free_by_a_shorter_prefix_stays_so() -> None:
    """Whatever a longer one leaves out."""
    nested = path_set("public_paths", ["/docs/*", "/docs/a/*"])

    assert "/docs/a/" in nested
    assert "/docs/" not in nested


def test_everything_can_be_free() -> None:
    """`/*` frees all paths that are not doubtful."""
    everything = path_set("optional_paths", ["/*"])

    assert "/any/thing" in everything
    assert "/" in everything
    assert "/any/../thing" not in everything


@given(st.text(alphabet="/docs.%\\a\x00", max_size=12))
def test_a_free_path_stays_free_when_it_is_normalised(path: str) -> None:
    """There is no segment left that leads elsewhere."""
    if path in FREE:
        assert not {"..", "."} & set(path.split("/"))
        assert "//" not in path
        assert not {"%", "\\", "\x00"} & set(path)


@pytest.mark.parametrize(
    "patterns",
    ["/docs", ["docs"], [""], ["*"], ["/a*"], ["/a/*/b"], ["/a/../*"], ["//x"], ["/a%2fb"], [5]],
)
def test_a_pattern_that_frees_nothing_or_too_much_is_refused(patterns: list[str]) -> None:
    """A pattern is a path, or a path with `/*` at its end."""
    with pytest.raises(ConfigurationError, match=r"^public_paths "):
        path_set("public_paths", patterns)
