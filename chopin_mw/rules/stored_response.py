"""What a response cache remembers: plain records, made by the cache and held by a store.

Times are readings of one monotonic clock, in seconds, unless a comment says otherwise. The wall
clock is read only while a response is stored, so that setting it back or forward changes nothing.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from chopin_mw.rules.headers import Field

CacheKey: TypeAlias = tuple[Any, ...]
"""A tuple of strings, bytes and tuples of them: equal only if every part is."""

Tag: TypeAlias = str | tuple[str | bytes, ...]


@dataclass(slots=True, eq=False)
class StoredResponse:
    """Hold one response to GET, ready to be sent; never changed once it is stored.

    `headers` lacks Age; `not_modified_headers` is what a 304 sends. `etag` is the raw field.
    """

    status: int
    headers: tuple[Field, ...]
    not_modified_headers: tuple[Field, ...]
    body: bytes
    etag: bytes | None
    # Seconds since the epoch.
    last_modified: int | None
    date: float
    # The reading at which its age was zero: before the process began, perhaps.
    born: float
    # -inf for what is validated at each use (no-cache).
    fresh_until: float
    stale_while_revalidate_until: float
    stale_if_error_until: float
    dies_at: float
    # When the request was passed to the app: what is invalidated later than this is gone.
    fill_start: float
    # How long the app took.
    fill_seconds: float
    must_revalidate: bool
    for_cookies: bool
    for_authorization: bool
    # The request fields that ask the app whether this still holds; none if the tag is ours.
    validators: tuple[Field, ...]
    tags: tuple[Tag, ...]
    # The CachePolicy on whose terms it is stored; None where a store cannot keep that.
    policy: Any = None
    # XFetch: beta times fill_seconds, 0 without early refresh.
    early_refresh: float = 0


@dataclass(slots=True, eq=False)
class Variants:
    """Stand under the key of a URL whose responses differ by more than the URL.

    `selectors` say by what (see `CachePolicy.vary_by`; Vary's names are `"header:NAME"`); each
    response is stored under `(key, generation, *values)`. `keys` lists those in this process.
    """

    selectors: tuple[Any, ...]
    generation: int
    keys: dict[CacheKey, None]
    dies_at: float
    fill_start: float
    tags: tuple[Tag, ...]


@dataclass(slots=True, eq=False)
class HitForMiss:
    """Stand under a key whose responses cannot be shared: requests for it do not wait in line."""

    dies_at: float
    fill_start: float
    tags: tuple[Tag, ...] = ()


Record: TypeAlias = StoredResponse | Variants | HitForMiss
