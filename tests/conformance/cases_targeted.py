"""CDN-Cache-Control, a targeted field for caches like this one (RFC 9213)."""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD_NOT,
    Case,
    case,
    fill,
    hit,
    miss,
    not_reused,
    reused,
    validated,
)

TARGETED, STRUCTURE = "9213 §2.2", "9213 §2.1"
_FRESH, _NEVER = "Cache-Control: max-age=3600", "Cache-Control: no-store"


def _line(value: str) -> str:
    return f"CDN-Cache-Control: {value}"


_OBEYED = (
    reused(TARGETED, "max-age", _line("max-age=3600")),
    not_reused(TARGETED, "max-age, over", _line("max-age=100"), after=101),
    not_reused(TARGETED, "max-age=0", _line("max-age=0")),
    not_reused(TARGETED, "no-store", _line("no-store")),
    not_reused(TARGETED, "private", _line("private, max-age=3600")),
    not_reused(TARGETED, "no-cache", _line("no-cache, max-age=3600")),
    case(
        TARGETED, MAY, "no-cache is stored to be validated",
        fill(_line("no-cache"), 'ETag: "a"'), validated(),
    ),
    reused(TARGETED, "s-maxage", _line("s-maxage=3600")),
    not_reused(TARGETED, "Age beyond it", _line("max-age=3600"), "Age: 7200"),
    not_reused(TARGETED, "Date further past than it", _line("max-age=3600"), "Date: {-7200}"),
    reused(TARGETED, "an extension beside max-age", _line("max-age=3600, foo=bar, baz")),
    reused(TARGETED, "a parameter on max-age is ignored", _line("max-age=3600;foo=bar")),
    reused(TARGETED, "members on two lines", _line("max-age=3600"), _line("public")),
    not_reused(TARGETED, "no-store on a second line", _line("max-age=3600"), _line("no-store")),
    reused(TARGETED, "the last of two members counts, long", _line("max-age=1, max-age=99"),
           after=50, level=MUST),
    not_reused(TARGETED, "the last of two members counts, short",
               _line("max-age=99, max-age=10"), after=50),
)  # fmt: skip

# In the place of Cache-Control and Expires, whatever they say.
_INSTEAD = (
    reused(TARGETED, "max-age over no-store", _line("max-age=99"), _NEVER, level=MUST),
    reused(TARGETED, "max-age over private", _line("max-age=99"), "Cache-Control: private",
           level=MUST),
    reused(TARGETED, "max-age over no-cache", _line("max-age=99"), "Cache-Control: no-cache",
           level=MUST),
    reused(TARGETED, "max-age over max-age=0", _line("max-age=99"), "Cache-Control: max-age=0",
           after=50, level=MUST),
    reused(TARGETED, "max-age over s-maxage=0", _line("max-age=99"), "Cache-Control: s-maxage=0",
           after=50, level=MUST),
    reused(TARGETED, "max-age over a past Expires", _line("max-age=99"), "Expires: {-60}",
           level=MUST),
    reused(TARGETED, "max-age over Expires: 0", _line("max-age=99"), "Expires: 0", level=MUST),
    not_reused(TARGETED, "max-age=0 over max-age", _line("max-age=0"), _FRESH),
    not_reused(TARGETED, "max-age=0 over Expires", _line("max-age=0"), "Expires: {+3600}"),
    not_reused(TARGETED, "a shorter max-age", _line("max-age=10"), _FRESH, after=11),
    not_reused(TARGETED, "a shorter max-age than s-maxage", _line("max-age=10"),
               "Cache-Control: s-maxage=3600", after=11),
    not_reused(TARGETED, "a shorter max-age than Expires", _line("max-age=10"),
               "Expires: {+3600}", after=11),
    not_reused(TARGETED, "no-store over max-age", _line("no-store"), _FRESH),
    not_reused(TARGETED, "private over max-age", _line("private"), _FRESH),
    not_reused(TARGETED, "no-cache over max-age", _line("no-cache"), _FRESH),
    not_reused(TARGETED, "no-store over Expires", _line("no-store"), "Expires: {+3600}"),
    not_reused(TARGETED, "an extension alone over max-age", _line("foo=bar"), _FRESH),
    not_reused(TARGETED, "public in Cache-Control does not count beside it", _line("max-age=99"),
               "Cache-Control: max-age=99, public", sends=("Authorization: Basic abc",)),
)  # fmt: skip

# Not a dictionary, or a member of the wrong type: as if the field were not there.
_IGNORED = (
    'max-age="3600"',
    "max-age=3600.0",
    "max-age",
    "max-age=?1",
    "max-age=(3600)",
    "max-age=:MzYwMA==:",
    "max-age=a3600",
    "max-age=3600a",
    "MaX-aGe=3600",
    "max-age =3600",
    "max-age= 3600",
    "max-age=3600,",
    "max-age=3600,,public",
    "max-age=9999999999999999",
    "max-age=3600; FOO",
    "max-age=3600 public",
    "&&&&&",
    "=",
    "",
)


def _ignored(value: str) -> tuple[Case, Case]:
    """Were the field read leniently, the first would be reused and the second not."""
    stale = value.replace("3600", "0", 1)
    return (
        not_reused(STRUCTURE, f"{value!r} is ignored, and no-store obeyed", _line(value), _NEVER),
        reused(
            STRUCTURE, f"{value!r} is ignored, and max-age obeyed", _line(stale), _FRESH, level=MUST
        ),
    )


_FORWARDED = (
    case(
        TARGETED, MUST, "the field reaches the client",
        fill(_line("max-age=3600"), has=(_line("max-age=3600"),)),
        hit(has=(_line("max-age=3600"),)),
    ),
    case(
        TARGETED, MUST, "a field that is ignored reaches the client",
        fill(_line("&&&"), _FRESH, has=(_line("&&&"),)), hit(has=(_line("&&&"),)),
    ),
    case(
        TARGETED, MUST, "Cache-Control reaches the client beside it",
        fill(_line("max-age=3600"), _NEVER, has=(_NEVER,)), hit(has=(_NEVER,)),
    ),
)  # fmt: skip

CASES = (
    *_OBEYED,
    *_INSTEAD,
    *(each for value in _IGNORED for each in _ignored(value)),
    reused(TARGETED, "the longest integer", _line("max-age=999999999999999"), after=86400,
           level=MUST),
    not_reused(TARGETED, "a negative max-age", _line("max-age=-1"), level=SHOULD_NOT),
    not_reused(TARGETED, "a negative max-age beside no-store", _line("max-age=-1"), _NEVER),
    case(
        TARGETED, MUST_NOT, "must-revalidate in Cache-Control does not count beside it",
        fill(_line("max-age=10"), "Cache-Control: max-age=10, must-revalidate"),
        hit("Cache-Control: max-stale=100", after=20),
    ),
    case(
        TARGETED, MUST, "must-revalidate in it counts",
        fill(_line("max-age=10, must-revalidate"), _FRESH),
        miss("Cache-Control: max-stale=100", after=20),
    ),
)  # fmt: skip
