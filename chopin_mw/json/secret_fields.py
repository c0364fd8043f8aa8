"""Keep members that no API sends on purpose out of every document: a net, not a design.

What is written is searched for their names, which costs a hundredth of the writing where one letter
of them does not occur. Only where a name is found the document is read, and written again without.
"""

import json
import logging
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

from chopin_mw.errors import ConfigurationError
from chopin_mw.json.fast import Dumps

logger = logging.getLogger("chopin_mw")

SECRET_FIELDS = (
    "password_hash",
    "passwordHash",
    "hashed_password",
    "hashedPassword",
    "password_digest",
    "passwordDigest",
    "password_salt",
    "passwordSalt",
    "encrypted_password",
    "encryptedPassword",
)
"""The names that are left out unless others are given."""

# Names that every JSON writer spells in one way: no escapes, no letters beyond ASCII.
_NAME = re.compile(r"[!#-\[\]-~]++")
# The rarer a letter is in JSON, the sooner it tells that a name is not there.
_RAREST_FIRST = "QZXJKqzjxVYWUGHBFMPkDLCSRNIOTAEvwybgfpmhcudlsnirotae"
_RANKS = {letter: rank for rank, letter in enumerate(_RAREST_FIRST)}
_SHORTEST_STEM = 4

Without: TypeAlias = Callable[[bytes], bytes]


def keep_secret(names: Collection[str], dumps: Dumps, dumps_again: Dumps) -> tuple[Dumps, Without]:
    """Return `dumps` with these members left out, and what leaves them out of ready documents.

    Each name is warned of once. Raises ConfigurationError for names that cannot be looked for.
    """
    checked = _checked(names)
    if not checked:
        return dumps, _as_it_is
    rewrite = _Rewriter(checked, dumps_again).rewrite
    # One octet is found at 100 GB/s, a text at a fortieth of that.
    guards = tuple((_rarest(stem), stem.encode()) for stem in _stems(checked))

    def without(body: bytes) -> bytes:
        for letter, stem in guards:
            if letter in body and stem in body:
                return rewrite(body)
        return body

    def dumps_without(value: Any) -> bytes:
        # The same again, because a call costs as much as the search of a small document.
        body = dumps(value)
        for letter, stem in guards:
            if letter in body and stem in body:
                return rewrite(body)
        return body

    return dumps_without, without


class _Rewriter:
    __slots__ = ("_dumps", "_is_there", "_names", "_silent")

    def __init__(self, names: Collection[str], dumps: Dumps) -> None:
        self._names = frozenset(names)
        self._dumps = dumps
        choices = b"|".join(re.escape(name).encode() for name in self._names)
        # Only a name is followed by a colon: within a text the quote would have a backslash.
        self._is_there = re.compile(rb'"(?:' + choices + rb')"[ \t\r\n]*+:').search
        self._silent = set(names)

    def rewrite(self, body: bytes) -> bytes:
        """Read a document that may have such members, and write it without them."""
        if not self._is_there(body):
            return body
        try:
            value = json.loads(body, object_pairs_hook=self._kept)
        except RecursionError:
            raise ValueError("a secret field, nested too deep to be left out") from None
        try:
            return self._dumps(value)
        except ValueError:
            # Deeper than the codec goes, as only other encoders write.
            return json.dumps(value, separators=(",", ":")).encode()

    def _kept(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, _ in members:
            if name in self._silent:
                self._silent.discard(name)
                logger.warning(
                    "the field %r was left out of a JSON answer: choose what to send, "
                    "or allow it with json_codec(secret_fields=...)",
                    name,
                )
        return {name: value for name, value in members if name not in self._names}


def _as_it_is(body: bytes) -> bytes:
    return body


def _checked(names: Collection[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not all(
        isinstance(name, str) and _NAME.fullmatch(name) for name in names
    ):
        raise ConfigurationError(
            "secret_fields must be names in ASCII without blanks, quotes and backslashes, "
            f"got {names!r}"
        )
    return tuple(names)


def _stems(names: Sequence[str]) -> list[str]:
    """Return texts of which each name contains at least one: what they share, if they do."""
    first, *others = names
    ends = range(len(first) + 1)
    parts = (first[start:end] for end in ends for start in range(end))
    shared = (part for part in parts if all(part in other for other in others))
    longest = max(shared, key=len, default="")
    return [longest] if len(longest) >= _SHORTEST_STEM else list(names)


def _rarest(stem: str) -> int:
    # As a number, which `in` takes at once: an octet as bytes costs it an exception.
    return ord(min(stem, key=lambda letter: _RANKS.get(letter, len(_RANKS))))
