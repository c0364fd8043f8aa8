"""How old a response is (RFC 9111 §4.2.3), and what Age says (§5.1)."""

from conformance.case import (
    MUST,
    MUST_NOT,
    SHOULD,
    Case,
    case,
    fill,
    hit,
    miss,
    not_reused,
    reply,
    reused,
    validated,
)

CALCULATION, AGE, DATE = "9111 §4.2.3", "9111 §5.1", "9110 §6.6.1"
_HOUR = "Cache-Control: max-age=3600"

_COUNTED = (
    not_reused(CALCULATION, "Age beyond the lifetime", _HOUR, "Age: 7200"),
    not_reused(CALCULATION, "Age equal to the lifetime", _HOUR, "Age: 3600"),
    reused(CALCULATION, "Age below the lifetime", _HOUR, "Age: 3500", after=99),
    not_reused(CALCULATION, "Age and time here beyond it", _HOUR, "Age: 3500", after=100),
    not_reused(
        CALCULATION, "Age beyond s-maxage", "Cache-Control: s-maxage=60, max-age=9999", "Age: 90"
    ),
    not_reused(CALCULATION, "Age beyond Expires", "Expires: {+60}", "Age: 90"),
    not_reused(CALCULATION, "Date further past than the lifetime", _HOUR, "Date: {-7200}"),
    reused(CALCULATION, "Date past, within the lifetime", _HOUR, "Date: {-1800}", after=1799),
    not_reused(CALCULATION, "Date past, over by now", _HOUR, "Date: {-1800}", after=1801),
    reused(CALCULATION, "Date to come", _HOUR, "Date: {+600}", after=3599),
    not_reused(CALCULATION, "Date to come does not add life", _HOUR, "Date: {+600}", after=3600),
    not_reused(CALCULATION, "a slow answer ages on its way", _HOUR, delay=3600),
    not_reused(CALCULATION, "delay and Age add up", _HOUR, "Age: 3000", delay=600),
)

_IGNORED = (
    "abc",
    "-7200",
    "+7200",
    "7200.0",
    "7200a",
    "7200 s",
    "7200;foo=bar",
    "a7200",
    '"7200"',
    "'7200'",
    "",
    "0x7200",
)
_BEYOND = (
    "7200, 0",
    "7200,0",
    "7200, abc",
    "2147483648",
    "99999999999",
    "9" * 40,
    "9" * 5000,
    "00007200",
)

_GENERATED = (
    case(AGE, MUST, "a hit says its age", fill(_HOUR), hit(has=("Age: 0",))),
    case(AGE, MUST, "a hit says its age later", fill(_HOUR), hit(after=30, has=("Age: 30",))),
    case(
        AGE, MUST, "Age grows from hit to hit", fill(_HOUR), hit(after=10, has=("Age: 10",)),
        hit(after=20, has=("Age: 30",)),
    ),
    case(
        AGE, MUST, "Age replaces Age", fill(_HOUR, "Age: 100"), hit(after=30, has=("Age: 130",)),
    ),
    case(
        AGE, MUST, "Age replaces two lines of Age", fill(_HOUR, "Age: 100", "Age: 5"),
        hit(after=30, has=("Age: 130",)),
    ),
    case(
        AGE, MUST, "Age replaces what is no age", fill(_HOUR, "Age: old"),
        hit(after=30, has=("Age: 30",)),
    ),
    case(
        AGE, MUST, "Age counts the delay of a slow origin", fill(_HOUR, delay=5),
        hit(after=10, has=("Age: 15",)),
    ),
    case(
        AGE, MUST, "Age counts what was said, the delay and the time here",
        fill(_HOUR, "Age: 100", delay=5), hit(after=10, has=("Age: 115",)),
    ),
    case(
        AGE, MUST, "Age counts from an old Date", fill(_HOUR, "Date: {-100}"),
        hit(after=10, has=("Age: 110",)),
    ),
    case(
        AGE, MUST, "the greater of Date and Age counts", fill(_HOUR, "Date: {-50}", "Age: 100"),
        hit(after=10, has=("Age: 110",)),
    ),
    case(
        AGE, MUST, "a Date to come makes no negative age", fill(_HOUR, "Date: {+100}"),
        hit(after=10, has=("Age: 10",)),
    ),
    case(
        AGE, MUST, "a response passed on keeps the Age it came with",
        fill(_HOUR, "Age: 100", has=("Age: 100",)), hit(has=("Age: 100",)),
    ),
    case(
        AGE, MUST, "a response from the origin gets no Age", fill(_HOUR, lacks=("Age",)),
        hit(has=("Age: 0",)),
    ),
    case(
        AGE, MUST, "HEAD from a stored response says its age", fill(_HOUR),
        hit(method="HEAD", after=7, has=("Age: 7",)),
    ),
    case(
        AGE, MUST, "validation makes a response young",
        fill("Cache-Control: max-age=100", 'ETag: "a"'),
        validated(after=150, reply=reply("Cache-Control: max-age=100", status=304)),
        hit(after=10, has=("Age: 10",)),
    ),
    case(
        AGE, MUST, "Age of a 304 counts for what it freshens",
        fill("Cache-Control: max-age=100", 'ETag: "a"'),
        validated(after=150, reply=reply("Cache-Control: max-age=100", "Age: 40", status=304)),
        hit(after=10, has=("Age: 50",)),
    ),
    case(
        CALCULATION, MUST_NOT, "Age of a 304 beyond the lifetime",
        fill("Cache-Control: max-age=100", 'ETag: "a"'),
        validated(after=150, reply=reply("Cache-Control: max-age=100", "Age: 140", status=304)),
        validated(),
    ),
)  # fmt: skip

_DATES = (
    case(
        DATE, MUST_NOT, "Date stays what it was", fill(_HOUR, has=("Date: {+0}",)),
        hit(after=60, has=("Date: {+0}",)),
    ),
    case(
        DATE, MUST_NOT, "an old Date stays what it was", fill(_HOUR, "Date: {-60}"),
        hit(after=60, has=("Date: {-60}",)),
    ),
    case(
        DATE, MUST, "a response without Date gets one", fill(_HOUR, dated=False),
        hit(after=60, has=("Date: {+0}",)),
    ),
    case(
        DATE, MUST, "validation takes over a new Date",
        fill("Cache-Control: max-age=100", 'ETag: "a"'), validated(after=150),
        hit(has=("Date: {+150}",)),
    ),
)  # fmt: skip


def _first_counts(title: str, *ages: str, fresh: bool) -> Case:
    steps = (fill(_HOUR, *(f"Age: {age}" for age in ages)), hit() if fresh else miss())
    return case(AGE, SHOULD, title, *steps)


CASES = (
    *_COUNTED,
    *(
        reused(AGE, f"Age {age!r} is ignored", _HOUR, f"Age: {age}", level=SHOULD)
        for age in _IGNORED
    ),
    *(
        not_reused(AGE, f"Age {age if len(age) < 20 else len(age)!r} is old", _HOUR, f"Age: {age}")
        for age in _BEYOND
    ),
    _first_counts("of a list, the first: old", "7200, 0", fresh=False),
    _first_counts("of a list, the first: young", "0, 7200", fresh=True),
    _first_counts("of two lines, the first: old", "7200", "0", fresh=False),
    _first_counts("of two lines, the first: young", "0", "7200", fresh=True),
    *_GENERATED,
    *_DATES,
)
