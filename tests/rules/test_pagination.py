"""The clamp over raw query bytes: what every parser reads after it is within the policy."""

from time import process_time
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from werkzeug.datastructures import Headers
from werkzeug.sansio.request import Request

from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.rules.page_policy import PagePolicy
from chopin_mw.rules.page_query import naming
from chopin_mw.rules.pagination import PAGE_KEY, Pagination, judge

CLAMP = PagePolicy()
LENIENT = PagePolicy(on_deep_offset="clamp")
STRICT = PagePolicy(mode="strict")
INJECT = PagePolicy(inject_default=True)


# --- what is left alone -------------------------------------------------------------------------

UNTOUCHED = [
    b"",
    b"&",
    b"a=1&b=2&c",
    b"limit=1",
    b"limit=100&offset=0",
    b"limit=20&limit=20",
    b"offset=10000",
    b"page=501",
    b"page=101&per_page=100",
    b"LIMIT=9999",
    b"Limit=9999",
    b"limit[]=9999",
    b"limits=9999",
    b"xlimit=9999",
    b"%20limit=9999",
    b"+limit=9999",
    b"limit%00=9999",
    b"%2561limit=9999",
    b"q=limit=9999",
    b"q=%26limit=9999",
    b"q=1;limit=9999",
    b"?limit=9999",
    b"=9999",
    b"tags=a&tags=b&q=a+b%20c&e=&f&limit=7&%FF=%ff&\xff=\xfe",
]


@pytest.mark.parametrize("query", UNTOUCHED)
def test_what_is_fine_or_not_ours_comes_back_as_the_same_object(query: bytes) -> None:
    """Other names, other cases, other separators; values that are canonical and in range."""
    verdict = judge(query, CLAMP)

    assert verdict.query is query
    assert (verdict.changed, verdict.faults) == ((), ())


# --- what is rewritten --------------------------------------------------------------------------

NOT_A_SIZE = [
    b"0", b"-1", b"-0", b"1e9", b"1e6", b"0x10", b"1_000", b"1_000_000", b"+5", b"%2B5", b" 5",
    b"5%20", b"%205", b"5.0", b"100000.0", b"NaN", b"inf", b"", b"abc", b"true", b"all", b"*",
    b"5,9", b"10=5", b"%00", b"5%00", b"5%0A", b"5\n", b"%FF", b"\xff", b"%D9%A3", b"%EF%BC%95",
    b"%C2%B2", b"%EF%BC%91%EF%BC%90%EF%BC%90%EF%BC%90", b"\xd9\xa3", b"5;limit=9999",
    b"5%26limit%3D9999", b"%", b"%3", b"%zz", b"00", b"%30",
]  # fmt: skip


@pytest.mark.parametrize("value", NOT_A_SIZE)
def test_what_is_no_number_of_rows_becomes_the_default(value: bytes) -> None:
    """It is replaced, not dropped: a handler's own default may be everything."""
    verdict = judge(b"a=%20&limit=" + value + b"&z", CLAMP)

    assert verdict.query == b"a=%20&limit=20&z"
    assert verdict.pagination.limit == 20
    assert verdict.changed == (("limit", 20),)


@pytest.mark.parametrize(
    ("query", "rewritten"),
    [
        (b"limit", b"limit=20"),
        (b"limit=101", b"limit=100"),
        (b"limit=100000", b"limit=100"),
        (b"limit=1" + b"0" * 30, b"limit=100"),
        (b"limit=" + b"9" * 5000, b"limit=100"),
        (b"%6cimit=100000", b"%6cimit=100"),
        (b"%6C%69%6d%69%74=100000", b"%6C%69%6d%69%74=100"),
        (b"limit=%31%30", b"limit=10"),
        (b"limit=0100", b"limit=100"),
        (b"limit=0100000", b"limit=100"),
        (b"limit=" + b"0" * 40 + b"7", b"limit=7"),
        (b"limit=1&limit=9999", b"limit=100&limit=100"),
        (b"limit=9999&limit=1", b"limit=1&limit=1"),
        (b"limit=5&limit=x", b"limit=5&limit=5"),
        (b"limit=x&limit=", b"limit=20&limit=20"),
        (b"limit=5&a&%6cimit=7&limit", b"limit=7&a&%6cimit=7&limit=7"),
        (b"limit=500&per_page=600&page_size=7", b"limit=100&per_page=100&page_size=7"),
        (b"&&limit=500&&", b"&&limit=100&&"),
        (b"offset=-5", b"offset=0"),
        (b"offset=", b"offset=0"),
        (b"offset=007", b"offset=7"),
        (b"offset=99999999&offset=5", b"offset=5&offset=5"),
        (b"page=0", b"page=1"),
        (b"page=-1", b"page=1"),
        (b"page=two", b"page=1"),
        (b"limit=abc&offset=40", b"limit=20&offset=40"),
    ],
)  # fmt: skip
def test_each_parameter_is_clamped_by_itself(query: bytes, rewritten: bytes) -> None:
    """Every occurrence gets the last usable value, since some parsers take the first."""
    verdict = judge(query, CLAMP)

    assert verdict.query == rewritten
    assert verdict.faults == ()


@pytest.mark.parametrize(
    ("query", "limit", "offset", "page", "style"),
    [
        (b"", 20, 0, 1, "offset"),
        (b"limit=500", 100, 0, 1, "offset"),
        (b"limit=10&offset=20", 10, 20, 3, "offset"),
        (b"limit=10&offset=15", 10, 15, None, "offset"),
        (b"offset=40", 20, 40, 3, "offset"),
        (b"per_page=10", 10, 0, 1, "page"),
        (b"page=3&per_page=10", 10, 20, 3, "page"),
        (b"page=3", 20, 40, 3, "page"),
        (b"page=2&offset=7", 20, 20, 2, "page"),
        (b"page=2&limit=5&per_page=10", 10, 10, 2, "page"),
        (b"page_size=5&limit=7", 5, 0, 1, "page"),
    ],
)
def test_the_effective_values(
    query: bytes, limit: int, offset: int, page: int | None, style: str
) -> None:
    """per_page wins over limit, a page over an offset, and per_page is what is returned."""
    found = judge(query, CLAMP).pagination

    assert (found.limit, found.offset, found.page, found.style) == (limit, offset, page, style)
    assert found.per_page == limit


@pytest.mark.parametrize(
    ("options", "query", "style", "position"),
    [
        ({"offset_names": ()}, b"", "page", "page"),
        ({"page_names": ()}, b"per_page=5", "offset", "offset"),
        ({"page_names": (), "offset_names": ()}, b"limit=5", "offset", None),
        ({"page_names": ("p", "page")}, b"page=2", "page", "page"),
    ],
)
def test_links_are_in_a_style_that_the_policy_reads(
    options: dict[str, Any], query: bytes, style: str, position: str | None
) -> None:
    """Whatever the client's size is called."""
    found = judge(query, PagePolicy(**options)).pagination

    assert (found.style, found.position_name) == (style, position)


def test_spelling_is_not_told_as_a_change() -> None:
    """The client gets the number that it asked for."""
    assert judge(b"limit=%31%30&offset=007", CLAMP).changed == ()


def test_a_default_is_injected_only_if_asked_for() -> None:
    """Under a plain name, after the last parameter."""
    assert judge(b"a=1", INJECT).query == b"a=1&limit=20"
    assert judge(b"", INJECT).query == b"limit=20"
    assert judge(b"a=1&", INJECT).query == b"a=1&limit=20"
    assert judge(b"page=2", INJECT).query == b"page=2&limit=20"
    assert judge(b"page_size=5", INJECT).query == b"page_size=5"
    odd = PagePolicy(inject_default=True, limit_names=["page[size]"])
    assert judge(b"", odd).query == b"page%5Bsize%5D=20"
    assert judge(judge(b"", odd).query, odd).query == b"page%5Bsize%5D=20"


# --- how deep -----------------------------------------------------------------------------------

DEEP = [
    (b"offset=10001", "offset", 10_000, b"offset=10000"),
    (b"offset=999999999999999999999999", "offset", 10_000, b"offset=10000"),
    (b"offset=" + b"9" * 5000, "offset", 10_000, b"offset=10000"),
    (b"page=502", "page", 501, b"page=501"),
    (b"page=102&per_page=100", "page", 101, b"page=101&per_page=100"),
    (b"page=102&per_page=1&limit=100", "page", 101, b"page=101&per_page=1&limit=100"),
    (b"page=9223372036854775807&limit=100", "page", 101, b"page=101&limit=100"),
    (b"page=1&page=18446744073709551617", "page", 501, b"page=501&page=501"),
    (b"page=2&offset=99999", "offset", 10_000, b"page=2&offset=10000"),
]


@pytest.mark.parametrize(("query", "name", "most", "clamped"), DEEP)
def test_a_deep_offset_is_refused(query: bytes, name: str, most: int, clamped: bytes) -> None:
    """In pages too, with the largest size that a handler may read; or clamped if so configured."""
    (fault,) = judge(query, CLAMP).faults
    lenient = judge(query, LENIENT)

    assert (fault.parameter, fault.maximum) == (name, most)
    assert (lenient.query, lenient.faults) == (clamped, ())
    assert lenient.pagination.offset <= 10_000


def test_a_fault_shows_the_value_short_and_in_ascii() -> None:
    """Whoever logs it is safe."""
    (long,) = judge(b"offset=" + b"9" * 5000, CLAMP).faults
    (odd,) = judge(b"limit=\xff\r\n\x00", STRICT).faults

    assert long.value == "9" * 40 + "..."
    assert odd.value == r"\xff\r\n\x00"


# --- strict -------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", UNTOUCHED)
def test_strict_lets_the_same_queries_through(query: bytes) -> None:
    """What clamping would not change is what was asked for."""
    verdict = judge(query, STRICT)

    assert verdict.query is query
    assert verdict.faults == ()


@pytest.mark.parametrize(
    "value", [*NOT_A_SIZE, b"101", b"0100", b"9" * 5000, b"%30%31"], ids=lambda v: repr(v[:20])
)
def test_strict_refuses_all_that_clamp_would_change(value: bytes) -> None:
    """Leading zeros and sizes over the most included."""
    (fault,) = judge(b"limit=" + value, STRICT).faults

    assert fault.parameter == "limit"
    assert fault.detail == "must be a whole number, 1..100"
    assert (fault.minimum, fault.maximum) == (1, 100)


def test_strict_lists_all_faults() -> None:
    """One for each parameter that is at fault."""
    faults = judge(b"limit=0&page=x&offset=99999&a=1&per_page=5", STRICT).faults

    assert [(fault.parameter, fault.value) for fault in faults] == [
        ("limit", "0"),
        ("page", "x"),
        ("offset", "99999"),
    ]


def test_strict_refuses_two_values_for_one_name_and_takes_one_said_twice() -> None:
    """No parser could be right about a contradiction."""
    (fault,) = judge(b"limit=5&limit=7", STRICT).faults

    assert (fault.value, fault.detail) == ("7", "must have one value")
    assert judge(b"limit=5&limit=5", STRICT).faults == ()
    assert judge(b"limit=%35&limit=5", STRICT).query == b"limit=5&limit=5"


# --- for handlers -------------------------------------------------------------------------------


def test_without_a_middleware_the_query_is_clamped_on_the_spot() -> None:
    """By the default policy, or by the handler's own."""
    scope = {"query_string": b"limit=500"}

    assert Pagination.from_scope(scope).limit == 100
    assert Pagination.from_scope(scope, PagePolicy(max_limit=50)).limit == 50
    assert Pagination.from_scope({}).limit == 20


def test_what_the_middleware_left_is_taken() -> None:
    """Unless the handler has a policy of its own."""

    class Left:
        pagination = Pagination(7)

    scope = {"query_string": b"limit=500", PAGE_KEY: Left}

    assert Pagination.from_scope(scope) is Left.pagination
    assert Pagination.from_scope(scope, PagePolicy(max_limit=50)).limit == 50


def test_what_is_refused_raises_a_problem() -> None:
    """422, with the parameters at fault."""
    with pytest.raises(ProblemError) as raised:
        Pagination.from_scope({"query_string": b"offset=99999&page=x"}, STRICT)

    problem = raised.value
    assert (problem.status, problem.code) == (422, "INVALID_PAGINATION")
    assert problem.detail == (
        "offset must be a whole number, 0..10000; page must be a whole number, 1..501."
    )
    assert problem.errors[0] == {
        "parameter": "offset",
        "value": "99999",
        "detail": "must be a whole number, 0..10000",
        "minimum": 0,
        "maximum": 10_000,
    }


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (5, -1)])
def test_a_pagination_of_no_rows_cannot_be_made(limit: int, offset: int) -> None:
    """Nothing divides by zero."""
    with pytest.raises(ConfigurationError, match="limit must be at least 1 and offset 0"):
        Pagination(limit, offset)


# --- any query ----------------------------------------------------------------------------------

names = st.sampled_from(
    b"limit per_page page_size offset page %6cimit pag%65 l+imit LIMIT limit[] q %zz \xff".split()
)
values = st.one_of(
    st.sampled_from(NOT_A_SIZE),
    st.integers(-5, 10**25).map(lambda number: b"%d" % number),
    st.integers(0, 120).map(lambda number: b"%d" % number),
    st.binary(max_size=8),
)
segments = st.one_of(
    st.tuples(names, st.sampled_from([b"=", b"==", b""]), values).map(b"".join),
    st.binary(max_size=6),
)
queries = st.one_of(st.lists(segments, max_size=6).map(b"&".join), st.binary(max_size=60))
policies = st.sampled_from([CLAMP, LENIENT, STRICT, INJECT])


@given(queries)
@example(b"limit=5&limit=%2B100000")
def test_every_parser_reads_what_is_allowed(query: bytes) -> None:
    """As numbers, whichever occurrence it takes: Python's own, Starlette's, Werkzeug's."""
    clamped = judge(query, LENIENT).query

    text = clamped.decode("latin-1")
    read = [parse_qsl(text, keep_blank_values=True), parse_qsl(text)]
    read.append(QueryParams(clamped).multi_items())
    if clamped.isascii():
        request = Request("GET", "http", None, "", "/", clamped, Headers(), None)
        read.append(list(request.args.items(multi=True)))
    for pairs in read:
        sizes = [int(v) for k, v in pairs if k in ("limit", "per_page", "page_size")]
        pages = [int(v) for k, v in pairs if k == "page"]
        assert all(1 <= size <= 100 for size in sizes)
        assert all(1 <= page <= 10_001 for page in pages)
        assert all(0 <= int(v) <= 10_000 for k, v in pairs if k == "offset")
        assert all((page - 1) * size <= 10_000 for page in pages for size in sizes)


@given(queries, policies)
def test_clamping_twice_changes_nothing(query: bytes, policy: PagePolicy) -> None:
    """The second verdict is the first, and has nothing to tell."""
    once = judge(query, policy)
    if not once.faults:
        twice = judge(once.query, policy)

        assert twice.query is once.query
        assert (twice.pagination, twice.changed, twice.faults) == (once.pagination, (), ())


@given(queries, policies)
def test_nothing_else_changes(query: bytes, policy: PagePolicy) -> None:
    """Other segments, names as they are encoded, and the order stay byte for byte."""
    after = judge(query, policy).query.split(b"&")
    before = query.split(b"&")
    if policy.inject_default and len(after) > len(before):
        after.pop()
    elif policy.inject_default and after[-1] == b"limit=20" and before[-1] == b"":
        after[-1] = b""

    assert len(after) == len(before)
    for given_segment, left in zip(before, after, strict=True):
        name = given_segment.partition(b"=")[0]
        assert left.partition(b"=")[0] == name
        if unquote_to_bytes(name.replace(b"+", b" ")) not in policy.meanings:
            assert left == given_segment


@given(queries)
def test_strict_and_clamp_agree_on_what_is_fine(query: bytes) -> None:
    """What strict takes, clamp does not change in value."""
    if not judge(query, STRICT).faults:
        assert judge(query, CLAMP).changed == ()


@given(queries)
def test_no_parameter_of_ours_hides_from_the_quick_look(query: bytes) -> None:
    """The pattern is found in every query that has one, however it is encoded."""
    decoded = {key for key, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}

    if decoded & {"limit", "per_page", "page_size", "offset", "page"}:
        assert naming(CLAMP.meanings).search(query)


# --- hostile sizes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", [b"limit=", b"offset=", b"page=", b"limit=%31", b"limit=-", b"limit=0"]
)
def test_a_million_digits_cost_less_than_a_millisecond(head: bytes) -> None:
    """They are looked at, never converted."""
    query = head + b"9" * 1_000_000

    fastest = min(_seconds(query, LENIENT) for _ in range(10))

    assert fastest < 0.001 * _SLOWNESS


@pytest.mark.parametrize(
    "junk",
    [b"&", b"limit=1&", b"%6cimit=%31&", b"%", b"%25", b"&%", b"limit&", b"+", b"=", b"\xff"],
)
def test_a_megabyte_of_junk_costs_less_than_a_second(junk: bytes) -> None:
    """Reading is linear, the quick look and strict mode included: a quarter is measured here."""
    query = junk * (250_000 // len(junk))

    assert _seconds(query, CLAMP) < 0.25 * _SLOWNESS
    assert _seconds(query, STRICT) < 0.25 * _SLOWNESS


_SLOWNESS = 3
"""What measuring coverage adds; the time of other processes does not count."""


def _seconds(query: bytes, policy: PagePolicy) -> float:
    started = process_time()
    naming(policy.meanings).search(query)
    judge(query, policy)
    return process_time() - started
