"""Conditional requests (RFC 9110 §13): tables, and a slow reference model."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.rules.entity_tag import EntityTag
from chopin_mw.rules.http_date import format_http_date
from chopin_mw.rules.preconditions import Validators, Verdict, evaluate

NOW = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
MODIFIED = 1_000_000_000
DATE = format_http_date(MODIFIED)
EARLIER = format_http_date(MODIFIED - 1)
LATER = format_http_date(MODIFIED + 1)
STRONG = Validators(EntityTag(b"a"), MODIFIED)
WEAK = Validators(EntityTag(b"a", weak=True), MODIFIED)
ABSENT = Validators(exists=False)
PROCEED, NOT_MODIFIED, FAILED = Verdict


@pytest.mark.parametrize(
    ("method", "current", "fields", "verdict"),
    [
        ("GET", STRONG, {}, PROCEED),
        # If-None-Match compares weakly (§13.1.2).
        ("GET", STRONG, {"if-none-match": b'"a"'}, NOT_MODIFIED),
        ("GET", STRONG, {"if-none-match": b'W/"a"'}, NOT_MODIFIED),
        ("HEAD", WEAK, {"if-none-match": b'"x", "a"'}, NOT_MODIFIED),
        ("GET", WEAK, {"if-none-match": b"*"}, NOT_MODIFIED),
        ("GET", ABSENT, {"if-none-match": b"*"}, PROCEED),
        ("PUT", STRONG, {"if-none-match": b"*"}, FAILED),
        ("PUT", ABSENT, {"if-none-match": b"*"}, PROCEED),
        ("PUT", STRONG, {"if-none-match": b'"a"'}, FAILED),
        ("GET", STRONG, {"if-none-match": b'"A"'}, PROCEED),
        ("GET", STRONG, {"if-none-match": b"a"}, PROCEED),
        ("GET", STRONG, {"if-none-match": b'"*"'}, PROCEED),
        ("GET", STRONG, {"if-none-match": b'"a'}, PROCEED),
        ("GET", STRONG, {"if-none-match": b'"a", junk'}, PROCEED),
        # If-None-Match silences If-Modified-Since, matched or not (§13.1.3).
        ("GET", STRONG, {"if-none-match": b'"x"', "if-modified-since": DATE}, PROCEED),
        ("GET", STRONG, {"if-none-match": b'"a"', "if-modified-since": EARLIER}, NOT_MODIFIED),
        ("GET", STRONG, {"if-none-match": b"", "if-modified-since": DATE}, PROCEED),
        # If-Modified-Since, only for GET and HEAD.
        ("GET", STRONG, {"if-modified-since": DATE}, NOT_MODIFIED),
        ("GET", STRONG, {"if-modified-since": LATER}, NOT_MODIFIED),
        ("GET", STRONG, {"if-modified-since": EARLIER}, PROCEED),
        ("POST", STRONG, {"if-modified-since": DATE}, PROCEED),
        ("GET", Validators(EntityTag(b"a")), {"if-modified-since": DATE}, PROCEED),
        ("GET", STRONG, {"if-modified-since": b"junk"}, PROCEED),
        ("GET", STRONG, {"if-modified-since": b"Sun, 06 Nov 0000 08:49:37 GMT"}, PROCEED),
        ("GET", STRONG, {"if-modified-since": DATE + b"; length=3"}, PROCEED),
        ("GET", STRONG, {"if-modified-since": DATE + b", " + DATE}, PROCEED),
        # If-Match compares strongly (§13.1.1).
        ("PUT", STRONG, {"if-match": b'"a"'}, PROCEED),
        ("PUT", STRONG, {"if-match": b'"x", "a"'}, PROCEED),
        ("PUT", STRONG, {"if-match": b'W/"a"'}, FAILED),
        ("PUT", WEAK, {"if-match": b'W/"a"'}, FAILED),
        ("PUT", STRONG, {"if-match": b"*"}, PROCEED),
        ("PUT", ABSENT, {"if-match": b"*"}, FAILED),
        ("PUT", ABSENT, {"if-match": b'"a"'}, FAILED),
        ("PUT", STRONG, {"if-match": b"junk"}, FAILED),
        ("GET", STRONG, {"if-match": b'"x"'}, FAILED),
        # If-Match silences If-Unmodified-Since (§13.1.4).
        ("PUT", STRONG, {"if-match": b'"a"', "if-unmodified-since": EARLIER}, PROCEED),
        ("PUT", STRONG, {"if-unmodified-since": EARLIER}, FAILED),
        ("PUT", STRONG, {"if-unmodified-since": DATE}, PROCEED),
        ("PUT", STRONG, {"if-unmodified-since": b"junk"}, PROCEED),
        ("PUT", Validators(EntityTag(b"a")), {"if-unmodified-since": EARLIER}, PROCEED),
        # Both families: the first that fails decides (§13.2.2).
        ("GET", STRONG, {"if-match": b'"x"', "if-none-match": b'"a"'}, FAILED),
        ("GET", STRONG, {"if-match": b'"a"', "if-none-match": b'"a"'}, NOT_MODIFIED),
        ("GET", STRONG, {"if-unmodified-since": DATE, "if-modified-since": DATE}, NOT_MODIFIED),
    ],
)
def test_table(
    method: str, current: Validators, fields: dict[str, bytes], verdict: Verdict
) -> None:
    """Each row is one sentence of RFC 9110 §13."""
    raw = {name.encode(): value for name, value in fields.items()}

    assert evaluate(method, current, raw, now=NOW) is verdict


opaque = st.sampled_from([b"a", b"b", b"c"])
tag = st.builds(EntityTag, opaque, weak=st.booleans())
tag_field = st.one_of(
    st.just(b"*"),
    st.just(b"junk"),
    st.lists(tag, min_size=1).map(lambda t: b",".join(map(bytes, t))),
)
date_field = st.sampled_from([DATE, EARLIER, LATER, b"junk"])
existing = st.builds(Validators, st.none() | tag, st.sampled_from([None, MODIFIED]))


def reference(method: str, current: Validators, fields: dict[bytes, bytes]) -> Verdict:
    """RFC 9110 §13.2.2 told step by step, on sets of texts, as slowly as it reads."""
    etag = None if current.etag is None else bytes(current.etag).decode()
    dates = {DATE: MODIFIED, EARLIER: MODIFIED - 1, LATER: MODIFIED + 1}
    listed = {
        name: None if fields[name] == b"*" else set(fields[name].decode().split(","))
        for name in (b"if-match", b"if-none-match")
        if name in fields
    }
    if b"if-match" in listed:
        wanted = listed[b"if-match"]
        true = (
            current.exists
            if wanted is None
            else etag is not None and not etag.startswith("W/") and etag in wanted
        )
        if not true:
            return FAILED
    elif b"if-unmodified-since" in fields:
        date = dates.get(fields[b"if-unmodified-since"])
        if date is not None and current.last_modified is not None and current.last_modified > date:
            return FAILED
    if b"if-none-match" in listed:
        wanted = listed[b"if-none-match"]
        bare = set() if wanted is None else {text.removeprefix("W/") for text in wanted}
        true = (
            not current.exists
            if wanted is None
            else etag is None or etag.removeprefix("W/") not in bare
        )
        if not true:
            return NOT_MODIFIED if method in ("GET", "HEAD") else FAILED
    elif method in ("GET", "HEAD") and b"if-modified-since" in fields:
        date = dates.get(fields[b"if-modified-since"])
        if date is not None and current.last_modified is not None and current.last_modified <= date:
            return NOT_MODIFIED
    return PROCEED


@given(
    st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]),
    existing | st.just(ABSENT),
    st.fixed_dictionaries(
        {},
        optional={
            b"if-match": tag_field,
            b"if-none-match": tag_field,
            b"if-modified-since": date_field,
            b"if-unmodified-since": date_field,
        },
    ),
)
def test_evaluation_equals_the_reference_model(
    method: str, current: Validators, fields: dict[bytes, bytes]
) -> None:
    """What we decide is what the section says, for every combination."""
    assert evaluate(method, current, fields, now=NOW) is reference(method, current, fields)


@given(
    st.dictionaries(
        st.sampled_from(
            [b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"]
        ),
        st.binary(max_size=50),
    )
)
def test_nothing_from_the_wire_raises(fields: dict[bytes, bytes]) -> None:
    """Any bytes give a verdict."""
    assert isinstance(evaluate("GET", WEAK, fields, now=NOW), Verdict)
