"""Records as a cache makes them, and a clock that moves when it is told to."""

from itertools import count
from typing import Any

from chopin_mw.rules.stored_response import (
    CacheKey,
    HitForMiss,
    Record,
    StoredResponse,
    Tag,
    Variants,
)

_numbers = count()


class ManualClock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def key_of(number: int, path: str = "/items/%d") -> CacheKey:
    """Return a key whose parts are objects of its own, as a server makes them."""
    path = path % number
    return ("", "http", b"example.org".lower(), "", path, path.encode(), b"page=%d" % number)


def response(
    filled: float = 1000.0,
    *,
    body: bytes = b"body",
    lives: float = 3600,
    tags: tuple[Tag, ...] = (),
    **changes: Any,
) -> StoredResponse:
    """Return a record that dies some time after its fill; no two have one ETag."""
    etag = b'W/"%032x"' % next(_numbers)
    until = filled + lives
    headers = (
        (b"content-type".lower(), b"application/json".lower()),
        (b"content-length".lower(), b"%d" % len(body)),
        (b"cache-control".lower(), b"max-age=%d" % lives),
        (b"vary".lower(), b"accept-encoding".lower()),
        (b"etag", etag),
    )
    values: dict[str, Any] = {
        "status": 200,
        "headers": headers,
        "not_modified_headers": headers[2:],
        "body": body,
        "etag": etag,
        "last_modified": None,
        "date": 1.7e9 + filled,
        "born": filled + 0.01,
        "fresh_until": until + 0.0,
        "stale_while_revalidate_until": until + 0.0,
        "stale_if_error_until": until + 0.0,
        "dies_at": until + 0.0,
        "fill_start": filled,
        "fill_seconds": filled * 1e-5,
        "must_revalidate": False,
        "for_cookies": False,
        "for_authorization": False,
        "validators": (),
        "tags": tags,
    }
    return StoredResponse(**(values | changes))


def response_to(key: CacheKey, body: bytes, filled: float = 1000.0) -> StoredResponse:
    """Return a record with the tags of its URL."""
    _, _, host, _, path, _, query = key
    tags = (("namespace", ""), ("url", host, path, query), ("path", path, query))
    return response(filled, body=body, tags=tags)


def variants(*keys: CacheKey, filled: float = 1000.0, tags: tuple[Tag, ...] = ()) -> Variants:
    return Variants(("header:accept",), 7, dict.fromkeys(keys), filled + 3600, filled, tags)


def marker(filled: float = 1000.0, tags: tuple[Tag, ...] = ()) -> HitForMiss:
    return HitForMiss(filled + 120, filled, tags)


def content(record: Record | None) -> Any:
    """Return what a record says, to compare it with what another store's copy says."""
    assert record is not None
    return [(name, getattr(record, name)) for name in record.__slots__]
