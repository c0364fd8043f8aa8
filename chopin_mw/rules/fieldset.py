"""Sparse fieldsets: the members of an answer that a client asks for, and those it may have.

    fields=id,carrier,origin.name          names, dotted where they are nested
    fields=id,origin(name,city)            the same as in Google's partial responses
    fields=id,origin/name                  a slash is as good as a dot
    fields=*                               every member that is allowed

Names are those on the wire. Lists are looked through: `origin.name` is the name of each origin
where there are many.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Literal, NoReturn, TypeAlias
from urllib.parse import unquote_to_bytes

from chopin_mw.errors import ConfigurationError, ProblemError

MAX_LENGTH = 2_048
MAX_NAMES = 100
MAX_DEPTH = 8
_LONGEST_ENCODED = 3 * MAX_LENGTH
_LONGEST_SHOWN = 40

# None stands for everything below a name.
Tree: TypeAlias = dict[str, "Tree | None"]

_TOKEN = re.compile(r" *+(?:([^\x00-\x20(),./*\x7f]++)|(.)|$)", re.DOTALL)
_MASKS_REMEMBERED = 256


# Compared by identity: what is remembered for a mask is asked for with every object.
@dataclass(frozen=True, slots=True, eq=False)
class FieldMask:
    """Hold the members to send, in the order to send them, each with the mask of what is below it.

    None in place of a mask is everything. `names` are the members where all of them are whole.
    """

    members: tuple[tuple[str, "FieldMask | None"], ...]
    names: tuple[str, ...] | None = field(init=False)

    def __post_init__(self) -> None:
        is_flat = all(below is None for _, below in self.members)
        names = tuple(name for name, _ in self.members) if is_flat else None
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPolicy:
    """Say which members of an answer may be sent, and let the client choose among them.

    `allow` is all that ever leaves, in the grammar of the parameter; `"*"` is whatever the handler
    returns. `always` is sent whatever the client chooses. `default` is what it gets without
    choosing, None for all that is allowed. A name that is not allowed is a 400, or nothing with
    `on_unknown="ignore"`. Raises ConfigurationError for lists that cannot be.

        FieldPolicy(allow="id,carrier,origin(name,city)", always="id")
    """

    allow: str | Sequence[str]
    always: str | Sequence[str] = ()
    default: str | Sequence[str] | None = None
    parameter: str = "fields"
    on_unknown: Literal["error", "ignore"] = "error"
    _chosen: Callable[[bytes], FieldMask | None] = field(init=False, repr=False, compare=False)
    _unchosen: FieldMask | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.on_unknown not in ("error", "ignore"):
            raise ConfigurationError(
                f"on_unknown must be 'error' or 'ignore', got {self.on_unknown!r}"
            )
        if not isinstance(self.parameter, str) or not self.parameter:
            raise ConfigurationError(f"parameter must be a name, got {self.parameter!r}")
        allowed = _configured("allow", self.allow)
        always = _configured("always", self.always) if self.always else {}
        allowed = _union(allowed, always)
        default = allowed if self.default is None else _configured("default", self.default)
        unknown = _unknown(default, allowed)
        if unknown:
            raise ConfigurationError(f"default must be allowed, got {unknown[0]!r}")
        object.__setattr__(self, "_unchosen", _mask(_union(default, always), allowed))
        choose = partial(_choose, self, allowed, always)
        object.__setattr__(self, "_chosen", lru_cache(maxsize=_MASKS_REMEMBERED)(choose))

    def mask(self, query_string: bytes) -> FieldMask | None:
        """Return what to send for a request with this query; None is everything.

        Raises ProblemError (400) for a parameter that is not a fieldset, with the position.
        """
        raw = _raw_value(query_string, self.parameter.encode())
        if raw is None:
            return self._unchosen
        if len(raw) > _LONGEST_ENCODED:
            _refuse_length(self.parameter)
        return self._chosen(raw)


def parse_fieldset(text: str, parameter: str = "fields") -> Tree | None:
    """Return the tree of names in a fieldset; raise ProblemError (400) if it is none."""
    return _Reader(text, parameter).fieldset()


class _Reader:
    """Read one fieldset from left to right, one token ahead."""

    __slots__ = (
        "_at",
        "_count",
        "_kind",
        "_parameter",
        "_position",
        "_text",
        "_token",
        "positions",
    )

    def __init__(self, text: str, parameter: str) -> None:
        if len(text) > MAX_LENGTH:
            _refuse_length(parameter)
        self._text = text
        self._parameter = parameter
        self._at = 0
        self._count = 0
        # Where each name stands first, by its path.
        self.positions: dict[str, int] = {}
        self._advance()

    def fieldset(self) -> Tree | None:
        """Read all of it."""
        tree = self._names("", 0)
        if self._kind:
            self._refuse_this("a comma or the end")
        return tree

    def _names(self, prefix: str, depth: int) -> Tree | None:
        tree: Tree | None = {}
        while True:
            tree = _union(tree, self._path(prefix, depth))
            if self._kind != ",":
                return tree
            self._advance()

    def _refuse_this(self, wanted: str) -> NoReturn:
        found = f"{self._token[:_LONGEST_SHOWN]!a}" if self._token else "its end"
        at = self._position
        _refuse(self._parameter, f"has {found} at {at}, in place of {wanted}", at)

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        assert match, "the last alternative takes the end"  # noqa: S101 - for the type checker
        name, mark = match.groups()
        self._at = match.end()
        self._token: str = name or mark or ""
        self._position = self._at - len(self._token) + 1
        self._kind = "name" if name else self._token

    def _path(self, prefix: str, depth: int) -> Tree | None:
        """Read a name and what hangs below it; None for `*`, which is everything."""
        if depth == MAX_DEPTH:
            _refuse(self._parameter, f"nests deeper than {MAX_DEPTH} levels", self._position)
        self._count += 1
        if self._count > MAX_NAMES:
            _refuse(self._parameter, f"has more than {MAX_NAMES} names", self._position)
        if self._kind == "*":
            self._advance()
            return None
        if self._kind != "name":
            self._refuse_this("a name")
        name, path = self._token, f"{prefix}{self._token}"
        self.positions.setdefault(path, self._position)
        self._advance()
        return {name: self._below(f"{path}.", depth + 1)}

    def _below(self, prefix: str, depth: int) -> Tree | None:
        if self._kind in (".", "/"):
            self._advance()
            return self._path(prefix, depth)
        if self._kind != "(":
            return None
        self._advance()
        tree = self._names(prefix, depth)
        if self._kind != ")":
            self._refuse_this("a comma or a closing parenthesis")
        self._advance()
        return tree


def _choose(
    policy: FieldPolicy, allowed: Tree | None, always: Tree | None, raw: bytes
) -> FieldMask | None:
    text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")
    if not text.strip():
        return policy._unchosen  # noqa: SLF001 - half of the policy itself
    reader = _Reader(text, policy.parameter)
    asked = reader.fieldset()
    unknown = _unknown(asked, allowed) if policy.on_unknown == "error" else []
    if unknown:
        _refuse_unknown(policy.parameter, unknown[0], reader.positions[unknown[0]])
    return _mask(_union(asked, always), allowed)


def _union(one: Tree | None, other: Tree | None) -> Tree | None:
    if one is None or other is None:
        return None
    both = dict(one)
    for name, below in other.items():
        both[name] = _union(both[name], below) if name in both else below
    return both


def _unknown(asked: Tree | None, allowed: Tree | None, prefix: str = "") -> list[str]:
    """Return the names that are not allowed, dotted, in the order they were asked for."""
    if asked is None or allowed is None:
        return []
    unknown = []
    for name, below in asked.items():
        if name not in allowed:
            unknown.append(prefix + name)
        else:
            unknown += _unknown(below, allowed[name], f"{prefix}{name}.")
    return unknown


def _mask(asked: Tree | None, allowed: Tree | None) -> FieldMask | None:
    """Return what is both asked for and allowed, in the order of what is allowed."""
    order = asked if allowed is None else allowed
    if order is None:
        return None
    return FieldMask(
        tuple(
            (name, _mask(_below(asked, name), _below(allowed, name)))
            for name in order
            if asked is None or name in asked
        )
    )


def _below(tree: Tree | None, name: str) -> Tree | None:
    return None if tree is None else tree[name]


def _raw_value(query_string: bytes, parameter: bytes) -> bytes | None:
    """Return the parameter's value, still encoded; several are one list."""
    if parameter not in query_string and b"%" not in query_string:
        return None
    values = [
        value
        for name, _, value in (pair.partition(b"=") for pair in query_string.split(b"&"))
        if name == parameter or (b"%" in name and unquote_to_bytes(name) == parameter)
    ]
    return b",".join(filter(None, values)) if values else None


def _configured(option: str, given: str | Sequence[str]) -> Tree | None:
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{option} must be names of members, got {given!r}")
    tree: Tree | None = {}
    for name in names:
        try:
            tree = _union(tree, parse_fieldset(name, option))
        except ProblemError as error:
            raise ConfigurationError(error.detail) from None
    return tree


def _refuse_unknown(parameter: str, path: str, position: int) -> NoReturn:
    shown = f"{path[:_LONGEST_SHOWN]!a}"
    _refuse(parameter, f"names {shown} at {position}, which is no field of this answer", position)


def _refuse_length(parameter: str) -> NoReturn:
    _refuse(parameter, f"is longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)


def _refuse(parameter: str, what: str, position: int) -> NoReturn:
    detail = f"The parameter {parameter} {what}."
    fault: Mapping[str, object] = {"parameter": parameter, "detail": detail, "position": position}
    raise ProblemError(400, "Bad Request", detail, code="INVALID_FIELDS", errors=[fault])
