"""What a client may ask of a list: how many rows, and how deep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from chopin_mw.errors import ConfigurationError

Mode: TypeAlias = Literal["clamp", "strict"]
Deep: TypeAlias = Literal["refuse", "clamp"]
Meaning: TypeAlias = Literal["limit", "offset", "page"]

_DEFAULT_LIMIT = 20
_LARGEST = 2**63 - 1
"""The largest offset that SQLite and PostgreSQL take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePolicy:
    """Bound what clients may ask of a list.

    Sizes are rows. `limit_names` name how many rows (`per_page` wins over `limit`, the first name
    over the last), `offset_names` how many to skip, `page_names` which page, counted from 1; a page
    wins over an offset. `mode="clamp"` gives `max_limit` for what is over it, and the default for
    what is no number of rows, 0 included; `"strict"` answers 422 instead. An offset over
    `max_offset` is refused with 422 in both: a clamped one would give a client that counts on the
    same rows for ever. `on_deep_offset="clamp"` gives it all the same. `inject_default` adds a size
    to requests that name none (as `limit` if that is a name, else as the first), so that no
    handler's own default counts.
    """

    default_limit: int = _DEFAULT_LIMIT
    max_limit: int = 100
    max_offset: int = 10_000
    mode: Mode = "clamp"
    on_deep_offset: Deep = "refuse"
    inject_default: bool = False
    limit_names: Sequence[str] = ("per_page", "page_size", "limit")
    offset_names: Sequence[str] = ("offset",)
    page_names: Sequence[str] = ("page",)
    meanings: Mapping[bytes, Meaning] = field(init=False, repr=False, compare=False)
    """What each name, as it is once decoded, says."""

    def __post_init__(self) -> None:
        _check_size("max_limit", self.max_limit, 1, _LARGEST)
        if self.default_limit == _DEFAULT_LIMIT:
            # Whoever asks for small pages means the default as well.
            object.__setattr__(self, "default_limit", min(_DEFAULT_LIMIT, self.max_limit))
        _check_size("default_limit", self.default_limit, 1, self.max_limit)
        _check_size("max_offset", self.max_offset, 0, _LARGEST)
        _check_choice("mode", self.mode, ("clamp", "strict"))
        _check_choice("on_deep_offset", self.on_deep_offset, ("refuse", "clamp"))
        if not isinstance(self.inject_default, bool):
            raise ConfigurationError(
                f"inject_default must be true or false, got {self.inject_default!r}"
            )
        for option in ("limit_names", "offset_names", "page_names"):
            object.__setattr__(self, option, _names(option, getattr(self, option)))
        names = [*self.limit_names, *self.offset_names, *self.page_names]
        if len(set(names)) < len(names):
            raise ConfigurationError(f"a parameter can have one meaning only, got {names!r}")
        if not self.limit_names:
            raise ConfigurationError("limit_names must name a parameter, such as ('limit',)")
        object.__setattr__(self, "meanings", self._meanings())

    def _meanings(self) -> dict[bytes, Meaning]:
        return {
            **{name.encode(): "limit" for name in self.limit_names},
            **{name.encode(): "offset" for name in self.offset_names},
            **{name.encode(): "page" for name in self.page_names},
        }

    @property
    def plain_limit_name(self) -> str:
        """The name of a size where the client gave none."""
        return "limit" if "limit" in self.limit_names else self.limit_names[0]


def _check_size(option: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigurationError(
            f"{option} must be a whole number of rows, {least}..{most}, got {value!r}"
        )


def _check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"{option} must be one of {', '.join(allowed)}, got {value!r}")


def _names(option: str, given: Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str) or not all(_is_name(name) for name in given):
        raise ConfigurationError(
            f"{option} must be names of query parameters in ASCII, got {given!r}"
        )
    return tuple(given)


def _is_name(name: object) -> bool:
    # Frameworks do not agree on how bytes outside ASCII are read.
    return isinstance(name, str) and name.isascii() and name.isprintable() and name.strip() != ""
