"""Which fields are stored, and how a validation changes them (RFC 9111 §3.1, §3.2, §4.3)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.cache_policy import PER_REQUEST_FIELDS
from chopin_mw.rules.headers import Field
from chopin_mw.rules.stored_fields import matches_head, selects, stored_fields, updated_fields

NONE: frozenset[bytes] = frozenset()
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
LATER = b"Sun, 06 Nov 1994 08:49:38 GMT"


class TestStored:
    """What is stored of a response (§3.1)."""

    def test_everything_else_is_kept_as_it_is(self) -> None:
        """Order, duplicates, the case of names and any bytes."""
        headers = [
            (b"Content-Type", b"text/plain"),
            (b"set-cookie", b"a=1"),
            (b"X-Odd", b"\xff \x00"),
            (b"Set-Cookie", b"b=2"),
            (b"x-empty", b""),
            (b"Date", DATE),
            (b"ETag", b'"a"'),
            (b"Via", b"1.1 x"),
            (b"CDN-Cache-Control", b"max-age=1"),
        ]

        assert stored_fields(headers, NONE, NONE) == tuple(headers)

    @pytest.mark.parametrize(
        "name",
        [
            b"Age",
            b"Connection",
            b"Keep-Alive",
            b"Proxy-Authenticate",
            b"Proxy-Authentication-Info",
            b"Proxy-Authorization",
            b"Proxy-Connection",
            b"TE",
            b"Trailer",
            b"Transfer-Encoding",
            b"Upgrade",
        ],
    )
    def test_fields_of_the_connection_are_not_stored(self, name: bytes) -> None:
        """In any case (RFC 9110 §7.6.1, RFC 9111 §3.1)."""
        for spelled in (name, name.lower(), name.upper()):
            assert stored_fields([(spelled, b"x"), (b"a", b"b")], NONE, NONE) == ((b"a", b"b"),)

    def test_fields_that_connection_names_are_not_stored(self) -> None:
        """On any of its lines, and wherever they stand."""
        headers = [
            (b"X-First", b"1"),
            (b"Connection", b"close, x-first,X-Second"),
            (b"x-second", b"2"),
            (b"connection", b"\tx-third"),
            (b"X-Third", b"3"),
            (b"x-third-and-more", b"4"),
        ]

        assert stored_fields(headers, NONE, NONE) == ((b"x-third-and-more", b"4"),)

    def test_fields_that_the_policy_and_the_response_exclude(self) -> None:
        """Those of one request, and those of `private="..."`."""
        headers = [(b"X-Request-ID", b"1"), (b"X-User", b"alice"), (b"a", b"b")]

        kept = stored_fields(headers, frozenset(PER_REQUEST_FIELDS), frozenset({b"x-user"}))

        assert kept == ((b"a", b"b"),)

    def test_nothing_of_the_apps_is_kept_that_it_could_change(self) -> None:
        """Pairs may be lists."""
        pair = [b"a", b"b"]

        kept = stored_fields([pair], NONE, NONE)  # type: ignore[list-item]  # ASGI allows any iterable
        pair[1] = b"c"

        assert kept == ((b"a", b"b"),)


class TestUpdated:
    """What a 304, or a 200 to HEAD, does to them (§3.2)."""

    STORED: tuple[Field, ...] = (
        (b"content-type", b"text/plain"),
        (b"content-length", b"10"),
        (b"content-encoding", b"gzip"),
        (b"x-a", b"1"),
        (b"X-A", b"2"),
        (b"x-b", b"3"),
        (b"date", DATE),
        (b"etag", b'"a"'),
    )

    def test_received_fields_replace_all_of_their_name(self) -> None:
        """In any case; others stay, and new ones are added."""
        received = [(b"X-a", b"9"), (b"x-new", b"1"), (b"x-new", b"2"), (b"Date", LATER)]

        fields = updated_fields(self.STORED, received, NONE, NONE)

        assert fields == (
            (b"content-type", b"text/plain"),
            (b"content-length", b"10"),
            (b"content-encoding", b"gzip"),
            (b"x-b", b"3"),
            (b"etag", b'"a"'),
            *received,
        )

    @pytest.mark.parametrize(
        "name",
        [
            b"Content-Length",
            b"Content-Encoding",
            b"Content-Range",
            b"Transfer-Encoding",
            b"Age",
            b"Connection",
            b"x-request-id",
        ],
    )
    def test_fields_that_are_never_updated(self, name: bytes) -> None:
        """They describe the stored body, or nothing that is stored."""
        fields = updated_fields(self.STORED, [(name, b"0")], frozenset(PER_REQUEST_FIELDS), NONE)

        assert fields == tuple(field for field in self.STORED if field[0] != b"date")

    @pytest.mark.parametrize(
        "name", [b"content-type", b"content-language", b"cache-control", b"etag", b"vary"]
    )
    def test_other_fields_about_the_content_are_updated(self, name: bytes) -> None:
        """The letter excepts lengths and codings alone."""
        assert (name, b"new") in updated_fields(self.STORED, [(name, b"new")], NONE, NONE)

    def test_what_connection_names_is_left_alone(self) -> None:
        """It was said of that one message."""
        received = [(b"connection", b"x-b"), (b"x-b", b"9")]

        assert (b"x-b", b"3") in updated_fields(self.STORED, received, NONE, NONE)

    def test_what_is_private_now_leaves_the_cache(self) -> None:
        """`private="x-b"` on the 304 speaks of the stored field too."""
        fields = updated_fields(self.STORED, [(b"x-b", b"9")], NONE, frozenset({b"x-b"}))

        assert not any(name == b"x-b" for name, _ in fields)

    def test_an_old_date_does_not_outlive_a_validation(self) -> None:
        """Without a new one the time of arrival stands in (RFC 9110 §6.6.1)."""
        assert (b"date", DATE) not in updated_fields(self.STORED, [], NONE, NONE)


@pytest.mark.parametrize(
    ("etag", "last_modified", "received", "expected"),
    [
        # A strong tag has to match strongly.
        (b'"a"', None, {b"etag": b'"a"'}, True),
        (b'"a"', None, {b"etag": b' "a"\t'}, True),
        (b'"a"', None, {b"etag": b'"b"'}, False),
        (b'W/"a"', None, {b"etag": b'"a"'}, False),
        (None, DATE, {b"etag": b'"a"', b"last-modified": DATE}, False),
        (None, None, {b"etag": b'"a"'}, False),
        # A strong tag that matches is enough.
        (b'"a"', DATE, {b"etag": b'"a"', b"last-modified": LATER}, True),
        # A weak one matches weakly.
        (b'"a"', None, {b"etag": b'W/"a"'}, True),
        (b'W/"a"', None, {b"etag": b'W/"a"'}, True),
        (b'W/"a"', None, {b"etag": b'W/"b"'}, False),
        (None, DATE, {b"etag": b'W/"a"', b"last-modified": DATE}, True),
        (None, DATE, {b"etag": b'W/"a"'}, False),
        (None, None, {b"etag": b'W/"a"'}, False),
        # Malformed tags are compared as they are.
        (b"a", None, {b"etag": b"a"}, True),
        (b"a", None, {b"etag": b"b"}, False),
        (b'"a"', None, {b"etag": b"a"}, False),
        (None, None, {b"etag": b"a"}, False),
        # Last-Modified, without a tag.
        (b'"a"', DATE, {b"last-modified": DATE}, True),
        (b'"a"', DATE, {b"last-modified": LATER}, False),
        (b'"a"', None, {b"last-modified": DATE}, False),
        # No validator at all.
        (b'"a"', DATE, {}, True),
        (None, None, {}, True),
        (b'"a"', None, {b"date": DATE}, True),
    ],
)
def test_which_response_a_304_is_about(
    etag: bytes | None, last_modified: bytes | None, received: dict[bytes, bytes], expected: bool
) -> None:
    """§4.3.4: the one that shares a strong validator, else a weak one, else the one asked about."""
    assert selects(etag, last_modified, received) is expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ({}, True),
        ({b"etag": b'"a"', b"last-modified": DATE, b"content-length": b"10"}, True),
        ({b"content-length": b" 010 "}, True),
        ({b"etag": b'"b"'}, False),
        ({b"etag": b'W/"a"'}, False),
        ({b"last-modified": LATER}, False),
        ({b"content-length": b"11"}, False),
        ({b"content-length": b"0"}, False),
        ({b"content-length": b"10, 10"}, False),
        ({b"content-length": b"-10"}, False),
        ({b"content-length": b"9" * 1_000_000}, False),
        ({b"content-length": b""}, False),
    ],
)
def test_what_a_head_describes(received: dict[bytes, bytes], expected: bool) -> None:
    """§4.3.5: each validator and the length, as far as they came, are those stored."""
    assert matches_head(b'"a"', DATE, 10, received) is expected


def test_a_validator_that_is_new_describes_something_else() -> None:
    """A stored response without validators has none that could match."""
    assert matches_head(None, None, 10, {b"content-length": b"10"})
    assert not matches_head(None, None, 10, {b"etag": b'"a"'})
    assert not matches_head(None, None, 10, {b"last-modified": DATE})


def test_long_fields_take_little_time() -> None:
    """Many lines, and megabytes on one."""
    headers = [(b"connection", b"x, " * 300_000), *[(b"connection", b"x")] * 50_000]
    start = time.process_time()

    assert updated_fields(headers, headers, NONE, NONE) == tuple(headers)
    selects(b'"' * 1_000_000, None, {b"etag": b'W/"' + b"a" * 1_000_000})

    assert time.process_time() - start < 1


NAMES = st.sampled_from([b"Age", b"x-a", b"X-B", b"Connection", b"content-length", b"etag"])
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=8)), max_size=8)


@given(HEADERS, HEADERS, st.sets(st.sampled_from([b"x-a", b"x-b", b"etag"])))
def test_never_raises_and_never_stores_what_is_excluded(
    before: list[Field], received: list[Field], without: set[bytes]
) -> None:
    """Whatever is received."""
    kept = stored_fields(before, NONE, without)

    fields = updated_fields(kept, received, NONE, without)

    assert not {name.lower() for name, _ in fields} & (without | {b"age", b"connection"})
    lengths = [field for field in fields if field[0] == b"content-length"]
    assert lengths == [field for field in kept if field[0] == b"content-length"]
    selects(b'"a"', b"x", dict(received))
    matches_head(b'"a"', b"x", 1, dict(received))
