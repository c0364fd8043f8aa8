"""Raw header fields: any case, any order, duplicates kept."""

import time

from chopin_mw.rules.headers import has, select, select_from_request

WANTED = frozenset({b"etag", b"vary"})


def test_names_are_found_in_any_case() -> None:
    """An app may send ETag or etag."""
    assert select([(b"ETag", b'"a"'), (b"X", b"1")], WANTED) == {b"etag": b'"a"'}


def test_lines_of_one_field_are_one_list() -> None:
    """RFC 9110 §5.3: several lines combine in order, with commas."""
    headers = [(b"Vary", b"A"), (b"etag", b'"a"'), (b"vary", b"B"), (b"VARY", b"C")]

    assert select(headers, WANTED) == {b"vary": b"A, B, C", b"etag": b'"a"'}


def test_a_request_without_wanted_fields_gives_nothing() -> None:
    """The quick way says the same as the scan."""
    assert select_from_request([(b"host", b"x")], WANTED) == {}
    assert select_from_request([(b"vary", b"x")], WANTED) == {b"vary": b"x"}
    assert select_from_request([], WANTED) == {}


def test_many_duplicate_lines_stay_linear() -> None:
    """A megabyte in a hundred thousand lines is joined once, not grown line by line."""
    headers = [(b"vary", b"0123456789")] * 100_000
    started = time.process_time()

    select(headers, WANTED)

    assert time.process_time() - started < 1


def test_has_looks_at_names_only() -> None:
    """A field is there in any case, or it is not."""
    assert has([(b"Cache-Control", b"")], b"cache-control")
    assert not has([(b"x-cache-control", b"")], b"cache-control")
