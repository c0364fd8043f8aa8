"""How long a response is fresh (RFC 9111 §4.2.1), and how Cache-Control is read (§5.2)."""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD,
    SHOULD_NOT,
    Case,
    case,
    fill,
    hit,
    miss,
    not_reused,
    reused,
)

LIFETIME, PARSING, MAX_AGE, S_MAXAGE = (
    "9111 §4.2.1",
    "9111 §5.2",
    "9111 §5.2.2.1",
    "9111 §5.2.2.10",
)
SECONDS = "9111 §1.2.2"

_LIFETIMES = (
    not_reused(LIFETIME, "without a lifetime", level=SHOULD_NOT),
    reused(MAX_AGE, "max-age", "Cache-Control: max-age=3600"),
    reused(MAX_AGE, "max-age, one second before its end", "Cache-Control: max-age=100", after=99),
    not_reused(MAX_AGE, "max-age, at its end", "Cache-Control: max-age=100", after=100),
    not_reused(MAX_AGE, "max-age, past its end", "Cache-Control: max-age=100", after=101),
    not_reused(MAX_AGE, "max-age=0", "Cache-Control: max-age=0"),
    not_reused(MAX_AGE, "max-age=000", "Cache-Control: max-age=000"),
    reused(S_MAXAGE, "s-maxage", "Cache-Control: s-maxage=3600"),
    not_reused(S_MAXAGE, "s-maxage=0", "Cache-Control: s-maxage=0"),
    not_reused(S_MAXAGE, "s-maxage, past its end", "Cache-Control: s-maxage=100", after=101),
    case(
        MAX_AGE,
        MUST_NOT,
        "answers do not prolong a lifetime",
        fill("Cache-Control: max-age=100"),
        hit(after=60),
        hit(after=39),
        miss(after=1),
    ),
    case(
        LIFETIME,
        MUST,
        "a new response replaces a stale one, and its lifetime",
        fill("Cache-Control: max-age=10"),
        fill("Cache-Control: max-age=1000", after=11),
        hit(after=500),
    ),
)

# Which of several lifetimes counts: (fields, seconds after which it is still fresh, and no more).
_PRECEDENCE = {
    "s-maxage over a shorter max-age": (("Cache-Control: max-age=10, s-maxage=100",), 99, 101),
    "s-maxage over a longer max-age": (("Cache-Control: max-age=100, s-maxage=10",), 9, 11),
    "s-maxage first over a longer max-age": (("Cache-Control: s-maxage=10, max-age=100",), 9, 11),
    "s-maxage on a line after max-age": (
        ("Cache-Control: max-age=100", "Cache-Control: s-maxage=10"),
        9,
        11,
    ),
    "max-age over a shorter Expires": (("Cache-Control: max-age=100", "Expires: {+10}"), 99, 101),
    "max-age over a longer Expires": (("Cache-Control: max-age=10", "Expires: {+100}"), 9, 11),
    "max-age after a shorter Expires": (("Expires: {+10}", "Cache-Control: max-age=100"), 99, 101),
    "max-age over Expires: 0": (("Expires: 0", "Cache-Control: max-age=100"), 99, 101),
    "max-age over a past Expires": (("Cache-Control: max-age=100", "Expires: {-10}"), 99, 101),
    "s-maxage over a shorter Expires": (("Cache-Control: s-maxage=99", "Expires: {+5}"), 98, 100),
    "s-maxage over a longer Expires": (("Cache-Control: s-maxage=10", "Expires: {+100}"), 9, 11),
    "s-maxage over max-age and Expires": (
        ("Expires: {+100}", "Cache-Control: max-age=50, s-maxage=10"),
        9,
        11,
    ),
    "s-maxage=0 over max-age and Expires": (
        ("Expires: {+100}", "Cache-Control: max-age=50, s-maxage=0"),
        None,
        0,
    ),
    "max-age=0 over Expires": (("Expires: {+100}", "Cache-Control: max-age=0"), None, 0),
}


def _precedence(title: str, fields: tuple[str, ...], fresh: int | None, stale: int) -> Case:
    if fresh is None:
        return case(LIFETIME, MUST, title, fill(*fields), miss(after=stale))
    rest = miss(after=stale - fresh)
    return case(LIFETIME, MUST, title, fill(*fields), hit(after=fresh), rest)


_READ_AS_AN_HOUR = (
    "max-age=003600",
    "max-age=00000000000000000003600",
    "MAX-AGE=3600",
    "mAx-AgE=3600",
    "S-MAXAGE=3600",
    'max-age="3600"',
    's-maxage="3600"',
    ",,max-age=3600,,",
    "max-age=3600, ",
    "\tmax-age=3600\t,\tpublic",
    "public,max-age=3600",
    "max-age=3600, max-age=3600",
)
_UNKNOWN_BESIDE_AN_HOUR = (
    'max-age=3600, foo="no-store, max-age=0"',
    'foo="max-age=0", max-age=3600',
    r'foo="a\", max-age=0, no-store, \"b", max-age=3600',
    "max-age=3600, max-age-foo=0",
    "max-age=3600, foo-max-age=0",
    "max-age=3600, no-storefoo",
    "max-age=3600, foo-no-store",
    "max-age=3600, foo=no-store",
    "max-age=3600, private-foo",
    "max-age=3600, foo",
    "max-age=3600, foo=bar",
    "max-age=3600, immutable",
    "max-age=3600, no-transform",
    "max-age=3600, max-stale=0, min-fresh=9999, only-if-cached",
)
# §4.2.1 wants what is not a whole number of seconds to be stale; a value of its own kind each.
_NO_LIFETIME = (
    "max-age=1.5",
    "max-age=3600.0",
    "max-age=100a",
    "max-age=a100",
    "max-age=-3600",
    "max-age=+3600",
    "max-age='3600'",
    "max-age=3600;foo=bar",
    "max-age=0x1000",
    "max-age=1e9",
    "max-age=3_600",
    "max-age=3600 60",
    'max-age="',
    'max-age="3600',
    'max-age=""',
    "max-age=",
    "max-age",
    "max-age = 3600",
    "max-age =3600",
    "max-age= 3600",
    "max-age:3600",
    "s-maxage=1.5",
    "s-maxage=a100",
)
_LOOK_ALIKES = (
    'foo="max-age=3600"',
    'foo="bar, max-age=3600"',
    'foo="bar, max-age=3600, baz"',
    r'foo="\", max-age=3600, \""',
    "max-age-foo=3600",
    "foo-max-age=3600",
    "max-age3600",
    "maxage=3600",
    "max_age=3600",
    "foo=max-age=3600",
    "max-stale=3600",
    "immutable",
)
_TOO_LONG = ("2147483647", "2147483648", "2147483649", "99999999999", "9" * 40, "9" * 5000)


def _cut_down(digits: str) -> Case:
    name = digits if len(digits) < 20 else f"{len(digits)} nines"
    field = f"Cache-Control: max-age={digits}"
    steps = (fill(field), hit(after=86400))
    return case(SECONDS, MUST, f"max-age of {name} is a very long time", *steps)


# Whichever of two values a cache takes, the first or "stale", these are stale after 11 seconds.
_TWICE = {
    "on one line": ("Cache-Control: max-age=10, max-age=3600",),
    "on two lines": ("Cache-Control: max-age=10", "Cache-Control: max-age=3600"),
    "with another directive between": ("Cache-Control: max-age=10, public, max-age=3600",),
    "in two cases": ("Cache-Control: max-age=10, MAX-AGE=3600",),
    "as s-maxage": ("Cache-Control: s-maxage=10, s-maxage=3600",),
    "as s-maxage on two lines": ("Cache-Control: s-maxage=10", "Cache-Control: s-maxage=3600"),
    "as 0 and an hour": ("Cache-Control: max-age=0, max-age=3600",),
}

CASES = (
    *_LIFETIMES,
    *(_precedence(title, *row) for title, row in _PRECEDENCE.items()),
    *(
        reused(PARSING, f"{value!r} is an hour", f"Cache-Control: {value}", level=SHOULD)
        for value in _READ_AS_AN_HOUR
    ),
    *(
        reused(
            "9111 §5.2.3", f"{value!r} is an hour", f"Cache-Control: {value}", level=MUST, after=3
        )
        for value in _UNKNOWN_BESIDE_AN_HOUR
    ),
    *(
        not_reused(LIFETIME, f"{value!r} is stale", f"Cache-Control: {value}", level=SHOULD_NOT)
        for value in _NO_LIFETIME
    ),
    *(
        not_reused(PARSING, f"{value!r} gives no lifetime", f"Cache-Control: {value}")
        for value in _LOOK_ALIKES
    ),
    *map(_cut_down, _TOO_LONG),
    *(
        not_reused(LIFETIME, f"two values {title}, the first over", *fields, after=11)
        for title, fields in _TWICE.items()
    ),
    reused(
        PARSING,
        "directives on several lines are one list",
        "Cache-Control: public",
        "Cache-Control: max-age=3600",
        level=MUST,
    ),
    reused(
        PARSING, "an empty line beside max-age", "Cache-Control: ", "Cache-Control: max-age=3600"
    ),
    not_reused(
        PARSING,
        "no-store on a line after max-age",
        "Cache-Control: max-age=3600",
        "Cache-Control: no-store",
    ),
    reused(
        LIFETIME,
        "the same value on two lines",
        "Cache-Control: max-age=3600",
        "Cache-Control: max-age=3600",
        level=MAY,
    ),
)
