"""Expires and Date (RFC 9111 §5.3, §4.2; RFC 9110 §5.6.7)."""

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

EXPIRES, FORMATS, DATES = "9111 §5.3", "9110 §5.6.7", "9111 §4.2"

_LIFETIMES = (
    case(
        EXPIRES, MUST, "Expires counts from Date", fill("Expires: {+100}"), hit(after=99),
        miss(after=1),
    ),
    not_reused(EXPIRES, "Expires in the past", "Expires: {-100}"),
    not_reused(EXPIRES, "Expires equal to Date", "Expires: {+0}"),
    not_reused(EXPIRES, "Expires before a Date to come", "Date: {+100}", "Expires: {+50}"),
    reused(EXPIRES, "Expires without Date", "Expires: {+100}", dated=False, after=50),
    not_reused(EXPIRES, "Expires without Date, over", "Expires: {+100}", dated=False, after=101),
    case(
        EXPIRES, MUST_NOT, "the lifetime ends before Expires where the origin's clock is ahead",
        fill("Date: {+3600}", "Expires: {+3700}"), hit(after=99), miss(after=2),
    ),
    not_reused(
        EXPIRES, "Expires in our past, where the origin's clock is behind",
        "Date: {-3600}", "Expires: {-3500}",
    ),
    not_reused(
        EXPIRES, "a Date ahead, and Age past the lifetime",
        "Date: {+3600}", "Expires: {+3610}", "Age: 25",
    ),
    not_reused(
        EXPIRES, "a Date behind, and Age past the lifetime",
        "Date: {-10}", "Expires: {+10}", "Age: 25",
    ),
    reused(
        EXPIRES, "a Date ahead, and Age within the lifetime",
        "Date: {+3600}", "Expires: {+3700}", "Age: 25",
    ),
    not_reused(EXPIRES, "two lines, the first past", "Expires: {-100}", "Expires: {+100}"),
    not_reused(
        EXPIRES, "two lines, joined no date", "Expires: {+100}", "Expires: {+200}",
        level=SHOULD_NOT,
    ),
    reused(EXPIRES, "Date is no date", "Date: yesterday", "Expires: {+100}", level=MAY, after=50),
)  # fmt: skip

_NOT_A_DATE = (
    "0",
    "-1",
    "",
    "never",
    "3600",
    "99999999999",
    "Thu, 8 Aug 2050 02:01:18 GMT",
    "Thu, 18 Aug 50 02:01:18 GMT",
    "Thu, 18-Aug-2050 02:01:18 GMT",
    "Thu, 18 Aug 2050 02:01:18 AEST",
    "Thu, 18 Aug 2050 02:01:18 PST",
    "Thu, 18 Aug 2050 02:01:18 UTC",
    "Thu, 18 Aug 2050 02:01:18 +0000",
    "Thu, 18 Aug 2050 02:01:18",
    "Thu 18 Aug 2050 02:01:18 GMT",
    "18 Aug 2050 02:01:18 GMT",
    "Thu, 18 Aug 2050 02.01.18 GMT",
    "Thu, 18 Aug 2050 2:01:18 GMT",
    "Thu, 18 Aug 2050 02:01 GMT",
    "Thu, 18 Aug 2050 02:01:18.5 GMT",
    "Thu, 18 Aug 2050 24:01:18 GMT",
    "Thu, 18 Aug 2050 02:60:18 GMT",
    "Thu, 32 Aug 2050 02:01:18 GMT",
    "Tue, 30 Feb 2050 02:01:18 GMT",
    "Thu, 00 Aug 2050 02:01:18 GMT",
    "Thu, 18 Agu 2050 02:01:18 GMT",
    "Thursday, 18 Aug 2050 02:01:18 GMT",
    "Thu,  18 Aug 2050 02:01:18 GMT",
    "Thu, 18  Aug 2050 02:01:18 GMT",
    "Thu, 18 Aug  2050 02:01:18 GMT",
    "Thu, 18 Aug 2050  02:01:18 GMT",
    "Thu, 18 Aug 2050 02:01:18  GMT",
    "Thu,18 Aug 2050 02:01:18 GMT",
    "Thu, 18 Aug 2050 02:01:18 GMT; foo=bar",
    "Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT",
    '"Thu, 18 Aug 2050 02:01:18 GMT"',
    "2050-08-18T02:01:18Z",
    "Thu Aug 18 02:01:18 2050 GMT",
    "Thu Aug 8 02:01:18 2050",
    "Thursday, 18-Aug-2030 02:01:18 GMT",
    "Thu, 18 Aug 02050 02:01:18 GMT",
)

_A_DATE = {
    "IMF-fixdate": "{+100}",
    "rfc850-date": "{+100:rfc850}",
    "asctime-date": "{+100:asctime}",
    "with space around it": " \t {+100} \t ",
}
_IN_ANY_CASE = (
    "THU, 18 Aug 2050 02:01:18 GMT",
    "thu, 18 Aug 2050 02:01:18 GMT",
    "Thu, 18 AUG 2050 02:01:18 GMT",
    "Thu, 18 aug 2050 02:01:18 GMT",
    "Thu, 18 Aug 2050 02:01:18 gmt",
    "Thu, 18 Aug 2050 02:01:18 gMt",
    "tHu AuG 18 02:01:18 2050",
    "THURSDAY, 18-aug-50 02:01:18 gMt",
)
_FAR_AHEAD = (
    "Tue, 19 Jan 2038 03:14:08 GMT",
    "Sun, 21 Nov 2106 06:28:16 GMT",
    "Fri, 31 Dec 2100 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri Dec 31 23:59:59 9999",
)
_TWO_DIGIT_YEAR = "Sunday, 06-Nov-94 08:49:37 GMT"


def _valid(title: str, value: str) -> Case:
    field = f"Expires: {value}"
    return case(FORMATS, MUST, title, fill(field), hit(after=99), miss(after=2))


CASES = (
    *_LIFETIMES,
    *(
        not_reused(EXPIRES, f"{value!r} is no date", f"Expires: {value}")
        for value in _NOT_A_DATE
    ),
    not_reused(
        EXPIRES,
        "an invalid date does not leave the way to a guess",
        "Expires: 0",
        "Last-Modified: {-864000}",
    ),
    not_reused(FORMATS, "a year in two digits more than 50 ahead", f"Expires: {_TWO_DIGIT_YEAR}"),
    *(_valid(title, value) for title, value in _A_DATE.items()),
    *(
        reused(DATES, f"{value!r} in its case", f"Expires: {value}", level=SHOULD, after=3600)
        for value in _IN_ANY_CASE
    ),
    *(
        reused(EXPIRES, f"{value!r} is far ahead", f"Expires: {value}", level=MUST, after=3600)
        for value in _FAR_AHEAD
    ),
)  # fmt: skip
