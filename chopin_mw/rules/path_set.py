"""Which paths are meant, where a mistake would open a door: exact, or all below."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from chopin_mw.errors import ConfigurationError

# What some framework, proxy or file system may read as another path than it seems to be.
_SUSPICIOUS = re.compile(r"//|/\.\.?(?:/|\Z)|[\\%\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PathSet:
    """Hold paths that are meant exactly (`/docs`), and prefixes of what is meant (`/docs/`)."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]

    def __contains__(self, path: str) -> bool:
        """Say whether the path, as it stands in a scope, is meant; a doubtful one is not."""
        # BlackSheep, Litestar and some Falcon apps take `/docs/` for `/docs`, which is not below.
        without_slash = path.removesuffix("/") or path
        if path in self.exact or without_slash.startswith(self.prefixes):
            return _SUSPICIOUS.search(path) is None
        return False


def path_set(option: str, patterns: Collection[str]) -> PathSet:
    """Read patterns: `/docs` is that path only, `/docs/*` all below, not it or `/docs/`."""
    if isinstance(patterns, str) or not all(isinstance(each, str) for each in patterns):
        raise ConfigurationError(f"{option} must be paths such as ('/docs',), got {patterns!r}")
    for pattern in patterns:
        stem = pattern.removesuffix("*") if pattern.endswith("/*") else pattern
        if not stem.startswith("/") or "*" in stem or _SUSPICIOUS.search(stem):
            raise ConfigurationError(
                f"{option} must be paths such as '/docs' or '/docs/*', got {pattern!r}"
            )
    return PathSet(
        frozenset(each for each in patterns if not each.endswith("/*")),
        tuple(sorted({each[:-1] for each in patterns if each.endswith("/*")})),
    )
