"""What every ResponseStore does: each case takes an empty store and the clock it was made with.

A test of a store runs all of `CONTRACT`.
"""

from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable
from math import inf, nextafter
from typing import Any

from chopin_mw.rules.stored_response import CacheKey, Record, Tag
from chopin_mw.stores.protocol import ResponseStore
from stores.records import ManualClock, content, marker, response, variants

KEY: CacheKey = ("", "https", b"example.org", "", "/a", b"/a", b"")
OTHER: CacheKey = ("", "https", b"example.org", "", "/b", b"/b", b"")

Case = Callable[[ResponseStore, ManualClock], Awaitable[None]]


async def get(store: ResponseStore, key: CacheKey) -> Record | None:
    found = store.get(key)
    return await found if isawaitable(found) else found


async def do(result: Awaitable[float | None] | float | None) -> None:
    if isawaitable(result):
        await result


async def invalidate(store: ResponseStore, tags: Iterable[Tag]) -> float:
    stamp = store.invalidate(tags)
    return await stamp if isawaitable(stamp) else stamp


async def knows(store: ResponseStore, *keys: CacheKey) -> list[bool]:
    return [await get(store, key) is not None for key in keys]


async def an_unknown_key_is_absent(store: ResponseStore, clock: ManualClock) -> None:
    """None, and no exception."""
    assert await get(store, KEY) is None


async def what_is_set_is_got(store: ResponseStore, clock: ManualClock) -> None:
    """Every kind of record comes back as it was."""
    variant = (KEY, 7, b"text/html", None)
    for record in (
        response(body=bytes(range(256)), tags=("a", ("url", b"\xff", "/ä", b"")), etag=None),
        response(body=b"", validators=((b"if-none-match", b'"x"'),), last_modified=-5),
        variants(variant),
        marker(),
    ):
        before = content(record)
        await do(store.set(KEY, record))

        assert content(await get(store, KEY)) == before


async def a_later_record_replaces(store: ResponseStore, clock: ManualClock) -> None:
    """The last one that was set is the one that is got."""
    await do(store.set(KEY, response(body=b"old")))
    later = response(body=b"new")
    await do(store.set(KEY, later))

    assert content(await get(store, KEY)) == content(later)


async def deleting_forgets(store: ResponseStore, clock: ManualClock) -> None:
    """That record and no other; what is unknown may be deleted too."""
    await do(store.set(KEY, response()))
    await do(store.set(OTHER, response()))
    await do(store.delete(KEY))
    await do(store.delete(KEY))

    assert await knows(store, KEY, OTHER) == [False, True]


async def keys_are_equal_only_in_every_part(store: ResponseStore, clock: ManualClock) -> None:
    """Neither joining nor decoding makes one key of two."""
    keys: list[CacheKey] = [
        ("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), (b"abc",), ("abc", None),
        ("abc", b""), (("abc",),), (("abc",), 1), (("abc",), 2), (("abc", 1),), ("a\0", "b"),
        ("a", "\0b"), ("\udcff",), (b"\xff",), ("ÿ",), (b"\xc3\xbf",), ("None",), (None,), ("1",),
    ]  # fmt: skip
    for number, key in enumerate(keys):
        await do(store.set(key, response(body=b"%d" % number)))

    bodies = [dict(content(await get(store, key)))["body"] for key in keys]

    assert bodies == [b"%d" % number for number in range(len(keys))]


async def long_keys_are_keys(store: ResponseStore, clock: ManualClock) -> None:
    """70 KB of path, once as text and once as bytes."""
    long = "/" + "ä" * 35_000
    await do(store.set((long, long.encode()), response(tags=(("path", long, b""),))))

    assert await knows(store, (long, long.encode()), (long, b"")) == [True, False]


async def the_dead_are_absent(store: ResponseStore, clock: ManualClock) -> None:
    """From the moment in `dies_at` on."""
    await do(store.set(KEY, response(clock.now, lives=10)))
    clock.advance(9.5)
    assert await knows(store, KEY) == [True]
    clock.advance(0.5)
    assert await knows(store, KEY) == [False]


async def the_dead_are_not_stored(store: ResponseStore, clock: ManualClock) -> None:
    """Not even until they are asked for, and they take what is older with them."""
    await do(store.set(KEY, response(clock.now - 20)))
    await do(store.set(KEY, response(clock.now - 10, lives=10)))

    assert await knows(store, KEY) == [False]


async def invalidation_forgets_by_tag(store: ResponseStore, clock: ManualClock) -> None:
    """Whatever has one of the tags, of every kind, and nothing else."""
    keys = [(name,) for name in ("first", "second", "marked", "varied", "other", "none")]
    tagged: list[Record] = [
        response(tags=("x", "a")), response(tags=(("y", b"1"),)), marker(tags=("x",)),
        variants(tags=("x",)), response(tags=(("x",), "xy", ("y", b"2"))), response(),
    ]  # fmt: skip
    for key, record in zip(keys, tagged, strict=True):
        await do(store.set(key, record))
    clock.advance(1)
    await invalidate(store, (tag for tag in ("x", ("y", b"1"))))

    assert await knows(store, *keys) == [False, False, False, False, True, True]


async def invalidating_nothing_changes_nothing(store: ResponseStore, clock: ManualClock) -> None:
    """No tags, or tags that nothing has."""
    await do(store.set(KEY, response(tags=("x",))))
    await invalidate(store, ())
    await invalidate(store, ["unknown"])

    assert await knows(store, KEY) == [True]


async def a_fill_that_was_running_is_refused(store: ResponseStore, clock: ManualClock) -> None:
    """It may have read what was changed; one that begins later has not."""
    before = clock.now
    clock.advance(1)
    await invalidate(store, ["x"])
    await do(store.set(KEY, response(before, tags=("x",))))
    await do(store.set(OTHER, response(before, tags=("y",))))
    assert await knows(store, KEY, OTHER) == [False, True]

    clock.advance(1)
    await do(store.set(KEY, response(clock.now, tags=("x",))))
    assert await knows(store, KEY) == [True]


async def a_tie_is_invalid(store: ResponseStore, clock: ManualClock) -> None:
    """A fill that began in the moment of an invalidation, stored before or after it."""
    await do(store.set(KEY, response(clock.now, tags=("x",))))
    await invalidate(store, ["x"])
    await do(store.set(OTHER, response(clock.now, tags=("x",))))

    assert await knows(store, KEY, OTHER) == [False, False]


async def every_invalidation_counts(store: ResponseStore, clock: ManualClock) -> None:
    """A record that survived one is compared with the next, though no time has passed."""
    await do(store.set(KEY, response(clock.now, tags=("x", "y"))))
    for tag, expected in (("z", True), ("zz", True), ("y", False), ("z", False)):
        await invalidate(store, [tag])

        assert await knows(store, KEY) == [expected]


async def an_invalidation_says_when_it_was(store: ResponseStore, clock: ManualClock) -> None:
    """What is filled later than that is kept, what is filled at that time is not."""
    stamp = await invalidate(store, ["x"])
    await do(store.set(KEY, response(stamp, tags=("x",))))
    await do(store.set(OTHER, response(nextafter(stamp, inf), tags=("x",))))
    assert await knows(store, KEY, OTHER) == [False, True]

    assert await invalidate(store, ["x"]) > stamp
    assert await knows(store, OTHER) == [False]


async def a_late_fill_leaves_the_newer_record(store: ResponseStore, clock: ManualClock) -> None:
    """What is refused takes older records with it, and no newer ones."""
    before = clock.now
    clock.advance(1)
    await invalidate(store, ["x"])
    clock.advance(1)
    newer = response(clock.now, body=b"newer", tags=("x",))
    await do(store.set(KEY, newer))
    await do(store.set(KEY, response(before, tags=("x",))))

    assert content(await get(store, KEY)) == content(newer)


async def deleted_variants_take_theirs_along(store: ResponseStore, clock: ManualClock) -> None:
    """What is stored under the keys of a Variants record goes when that goes."""
    html, plain = (KEY, 7, b"text/html"), (KEY, 7, b"text/plain")
    await do(store.set(KEY, variants(html, plain)))
    for key in (html, plain, OTHER):
        await do(store.set(key, response()))
    await do(store.delete(KEY))

    assert await knows(store, KEY, html, plain, OTHER) == [False, False, False, True]


async def variants_may_grow(store: ResponseStore, clock: ManualClock) -> None:
    """A Variants record that is set again, with one key more, keeps what is under the others."""
    html, plain = (KEY, 7, b"text/html"), (KEY, 7, b"text/plain")
    record = variants(html)
    await do(store.set(KEY, record))
    await do(store.set(html, response()))
    record.keys[plain] = None
    await do(store.set(KEY, record))
    await do(store.set(plain, response()))
    assert await knows(store, KEY, html, plain) == [True, True, True]

    await do(store.delete(KEY))
    assert await knows(store, html, plain) == [False, False]


CONTRACT: tuple[Case, ...] = (
    an_unknown_key_is_absent,
    what_is_set_is_got,
    a_later_record_replaces,
    deleting_forgets,
    keys_are_equal_only_in_every_part,
    long_keys_are_keys,
    the_dead_are_absent,
    the_dead_are_not_stored,
    invalidation_forgets_by_tag,
    invalidating_nothing_changes_nothing,
    a_fill_that_was_running_is_refused,
    a_tie_is_invalid,
    every_invalidation_counts,
    an_invalidation_says_when_it_was,
    a_late_fill_leaves_the_newer_record,
    deleted_variants_take_theirs_along,
    variants_may_grow,
)


def name_of(case: Any) -> str:
    return str(case.__name__)
