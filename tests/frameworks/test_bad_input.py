"""Nothing that a client sends becomes a 500, or a 304 that is not true."""

import pytest

from support.servers import Address, RawAnswer, ask

JUNK = {
    "60 KB of letters": b"x" * 60_000,
    "60 KB of commas": b"," * 60_000,
    "60 KB of quotes": b'"' * 60_000,
    "60 KB of weak prefixes": b"W/" * 30_000,
    "60 KB of tags": b", ".join([b'W/"0"'] * 8_000),
    "60 KB in one open tag": b'"' + b"x" * 60_000,
    "open quote": b'"',
    "bare weak prefix": b"W/",
    "lower-case weak prefix": b'w/"a"',
    "star among tags": b'*, "a"',
    "two stars": b"**",
    "quoted star": b'"*"',
    "obs-text": b'"\xff\xfe\x80"',
    "control character": b'"a\x09b"',
    "empty": b"",
}
DATES = {
    "year 0": b"Sat, 01 Jan 0000 00:00:00 GMT",
    "year 0 of RFC 850": b"Saturday, 01-Jan-00 00:00:00 GMT",
    "day 99": b"Mon, 99 Jan 2024 00:00:00 GMT",
    "no date": b"yesterday",
    "number": b"-1",
    "year 99999": b"Mon, 01 Jan 99999 00:00:00 GMT",
    "empty": b"",
    "60 KB": b"Mon, " * 12_000,
}


def get(server: Address, *headers: tuple[bytes, bytes]) -> RawAnswer:
    return ask(server, b"GET", b"/flight", *headers)


@pytest.mark.parametrize("value", JUNK.values(), ids=JUNK)
def test_junk_in_if_none_match_gives_the_whole_answer(server: Address, value: bytes) -> None:
    """What is no list of tags matches nothing."""
    answer = get(server, (b"If-None-Match", value))

    assert answer.status == 200
    assert answer.body


@pytest.mark.parametrize("value", JUNK.values(), ids=JUNK)
def test_junk_in_if_match_is_no_server_error(server: Address, value: bytes) -> None:
    """A GET with a broken If-Match gets the answer or a 412."""
    assert get(server, (b"If-Match", value)).status in (200, 412)


@pytest.mark.parametrize("value", DATES.values(), ids=DATES)
@pytest.mark.parametrize("name", [b"If-Modified-Since", b"If-Unmodified-Since"], ids=bytes.decode)
def test_a_date_that_is_none_is_ignored(server: Address, name: bytes, value: bytes) -> None:
    """A date that nobody can read conditions nothing (RFC 9110 §13.1.3, §13.1.4)."""
    answer = get(server, (name, value))

    assert answer.status == 200
    assert answer.body


def test_junk_on_one_line_spoils_the_list(server: Address) -> None:
    """A list with a broken part is no list, even if its first line alone would match."""
    tag = get(server).header(b"etag") or b""

    assert get(server, (b"If-None-Match", tag)).status == 304
    assert get(server, (b"If-None-Match", tag), (b"If-None-Match", b"junk")).status == 200


def test_two_stars_on_two_lines_are_no_star(server: Address) -> None:
    """`*` stands alone (RFC 9110 §13.1.2)."""
    assert get(server, (b"If-None-Match", b"*"), (b"If-None-Match", b"*")).status == 200


def test_if_none_match_silences_if_modified_since(server: Address) -> None:
    """A tag that does not match decides, whatever the date says (RFC 9110 §13.1.3)."""
    answer = get(
        server,
        (b"If-None-Match", b'"other"'),
        (b"If-Modified-Since", b"Fri, 31 Dec 2100 00:00:00 GMT"),
    )

    assert answer.status == 200


@pytest.mark.parametrize("value", JUNK.values(), ids=JUNK)
def test_junk_before_a_write_writes_nothing(server: Address, value: bytes) -> None:
    """A POST under `@etag` with a broken If-Match gets 412, before the handler."""
    answer = ask(server, b"POST", b"/counter", (b"If-Match", value), (b"Content-Length", b"0"))

    assert answer.status == 412


def test_star_lets_a_write_run_where_something_exists(server: Address) -> None:
    """If-Match: * asks only that the resource exists (RFC 9110 §13.1.1)."""
    answer = ask(server, b"POST", b"/counter", (b"If-Match", b"*"), (b"Content-Length", b"0"))

    assert answer.status == 200


def test_none_match_star_refuses_to_create_what_exists(server: Address) -> None:
    """If-None-Match: * before a write means: only if there is nothing yet."""
    answer = ask(server, b"POST", b"/counter", (b"If-None-Match", b"*"), (b"Content-Length", b"0"))

    assert answer.status == 412
