"""Which statuses are stored with a lifetime, and which without (RFC 9111 §3, §4.2.2)."""

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

STORING, GUESSING, UNDERSTAND = "9111 §3", "9111 §4.2.2", "9111 §5.2.2.3"
_HOUR = "Cache-Control: max-age=3600"
# A tenth of this time is a day.
_OLD = "Last-Modified: {-864000}"
_DAY = 86400

_EVERY_STATUS = (
    *(200, 201, 202, 203, 204, 226, 299),
    *(300, 301, 302, 303, 307, 308, 399),
    *(400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 414, 415, 422, 451, 499),
    *(500, 501, 502, 503, 504, 505, 599),
)
# RFC 9110 §15.1 and RFC 7725 §3, without 206, which only a cache of ranges could use.
_GUESSED = (200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501)
_NEVER_GUESSED = (201, 202, 302, 303, 307, 400, 403, 429, 499, 500, 502, 503, 504, 599)


def _explicit(status: int) -> Case:
    return case(
        STORING,
        MAY,
        f"{status} with max-age is reused while fresh, and then no more",
        fill("Cache-Control: max-age=100", status=status),
        hit(after=99),
        miss(after=2),
    )


CASES = (
    *map(_explicit, _EVERY_STATUS),
    *(
        not_reused(section, f"{status}, whatever its lifetime", _HOUR, status=status)
        for section, status in (
            ("6585 §3", 428),
            ("6585 §4", 429),
            ("6585 §5", 431),
            ("6585 §6", 511),
        )
    ),
    *(reused(GUESSING, f"a guess for {code}", _OLD, status=code, after=10) for code in _GUESSED),
    *(not_reused(GUESSING, f"no guess for {code}", _OLD, status=code) for code in _NEVER_GUESSED),
    not_reused(GUESSING, "no guess beyond a tenth", _OLD, level=SHOULD_NOT, after=_DAY + 1),
    not_reused(GUESSING, "no guess without Last-Modified", 'ETag: "a"', level=SHOULD_NOT),
    not_reused(GUESSING, "no guess from a Last-Modified to come", "Last-Modified: {+864000}"),
    not_reused(GUESSING, "no guess from what is no date", "Last-Modified: long ago"),
    not_reused(GUESSING, "no guess beside max-age", "Cache-Control: max-age=5", _OLD, after=6),
    not_reused(GUESSING, "no guess beside Expires", "Expires: {+5}", _OLD, after=6),
    not_reused(GUESSING, "no guess beside an Expires of 0", "Expires: 0", _OLD),
    not_reused(GUESSING, "no guess beside s-maxage", "Cache-Control: s-maxage=5", _OLD, after=6),
    not_reused(GUESSING, "a guess ages with Age", _OLD, f"Age: {_DAY + 1}"),
    reused(GUESSING, "public lets 599 be guessed", "Cache-Control: public", _OLD, status=599),
    reused(GUESSING, "public lets 302 be guessed", "Cache-Control: public", _OLD, status=302),
    not_reused(STORING, "private is nothing to guess", "Cache-Control: private", _OLD),
    case(
        GUESSING,
        MAY,
        "a guessed response says its age",
        fill(_OLD),
        hit(after=60, has=("Age: 60",)),
    ),
    reused(UNDERSTAND, "must-understand of 200", "Cache-Control: max-age=3600, must-understand"),
    *(
        reused(
            UNDERSTAND,
            f"must-understand of {code} lifts no-store",
            "Cache-Control: max-age=3600, must-understand, no-store",
            status=code,
            level=SHOULD,
        )
        for code in (200, 204, 404)
    ),
    reused(
        UNDERSTAND,
        "must-understand after no-store, in upper case",
        "Cache-Control: NO-STORE, MUST-UNDERSTAND, MAX-AGE=3600",
        level=SHOULD,
    ),
    *(
        not_reused(
            UNDERSTAND,
            f"must-understand of {code}",
            "Cache-Control: max-age=3600, must-understand",
            status=code,
        )
        for code in (299, 399, 499, 599)
    ),
    not_reused(
        UNDERSTAND,
        "must-understand of 599 with no-store",
        "Cache-Control: max-age=3600, must-understand, no-store",
        status=599,
    ),
    not_reused(
        STORING, "206 is no whole response", _HOUR, "Content-Range: bytes 0-3/9", status=206
    ),
    case(
        STORING,
        MUST,
        "a status nobody knows keeps its number",
        fill(_HOUR, status=599, body=b"odd"),
        hit(status=599, body=b"odd"),
    ),
    case(
        STORING,
        MUST_NOT,
        "a 206 for a range the client asked for is not the whole",
        fill(
            _HOUR,
            "Content-Range: bytes 0-3/9",
            status=206,
            body=b"0123",
            sends=("Range: bytes=0-3",),
        ),
        miss(),
    ),
)
