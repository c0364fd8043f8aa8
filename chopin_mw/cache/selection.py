"""Which policy goes for which request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.cache_key import normalised_query
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.stored_response import Tag

_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRule:
    """Say which policy goes for which paths.

    `path` is a shell pattern over the whole path, whose `*` crosses slashes (`/api/*`). No policy
    means that nothing is kept; `@cache_response` cannot change that.

        CacheRule(path="/airports/*", policy=CachePolicy(ttl=3600))
    """

    path: str
    policy: CachePolicy | None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str):
            raise ConfigurationError(f"path must be a shell pattern, got {self.path!r}")
        _check_policy("policy", self.policy)


class PolicyTable:
    """Find the policy of a path, and with it what a handler's decorator changes."""

    __slots__ = ("_by_path", "_changed", "_normalises", "_policy", "_rules")

    def __init__(self, policy: CachePolicy | None, rules: Iterable[CacheRule]) -> None:
        _check_policy("policy", policy)
        self._policy = policy
        self._rules = tuple(rules)
        for rule in self._rules:
            if not isinstance(rule, CacheRule):
                raise ConfigurationError(f"rules must hold CacheRule, got {rule!r}")
        given = [policy, *[rule.policy for rule in self._rules]]
        self._normalises = any(each is not None and _normalises(each) for each in given)
        self._by_path: dict[str, CachePolicy | None] = {}
        self._changed: dict[tuple[int, int], tuple[Any, Any, CachePolicy]] = {}

    def of(self, path: str) -> CachePolicy | None:
        """Return the policy of the first rule that matches, else the general one."""
        if not self._rules:
            return self._policy
        try:
            return self._by_path[path]
        except KeyError:
            return self._remember(path)

    def _remember(self, path: str) -> CachePolicy | None:
        # Matching costs 1 µs a rule, and an app has few paths that are asked for often.
        found = self._policy
        for rule in self._rules:
            if fnmatchcase(path, rule.path):
                found = rule.policy
                break
        if len(self._by_path) >= _MOST_REMEMBERED:
            self._by_path.clear()
        if len(path) <= _LONGEST_REMEMBERED:
            self._by_path[path] = found
        return found

    def canonical(self, tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
        """Return tags of URLs with their queries as their policies have them in the key."""
        return tuple(map(self._canonical, tags)) if self._normalises else tags

    def _canonical(self, tag: Tag) -> Tag:
        if isinstance(tag, str):
            return tag
        *kind, path, query = tag
        policy = self.of(path) if isinstance(path, str) else None
        if policy is None or not isinstance(query, bytes) or not _normalises(policy):
            return tag
        return (*kind, path, normalised_query(query, policy.ignored_query, policy.sort_query))

    def changed(self, policy: CachePolicy, changes: Mapping[str, Any]) -> CachePolicy:
        """Return the policy with a decorator's changes, made once for each pair: it takes 20 µs."""
        key = (id(policy), id(changes))
        known = self._changed.get(key)
        if known is None:
            if len(self._changed) >= _MOST_REMEMBERED:
                self._changed.clear()
            # Both are kept, so that their ids stay theirs.
            known = self._changed[key] = (policy, changes, replace(policy, **changes))
        return known[2]


def _check_policy(name: str, policy: object) -> None:
    if policy is not None and not isinstance(policy, CachePolicy):
        raise ConfigurationError(f"{name} must be a CachePolicy or None, got {policy!r}")


def _normalises(policy: CachePolicy) -> bool:
    return bool(policy.ignored_query) or policy.sort_query
