"""HTTP dates: exactly the three formats of RFC 9110 §5.6.7, to seconds since the epoch and back.

Day, month and zone names match in any case (RFC 9111 §4.2); everything else about the formats is
strict, because a lenient reading turns a broken date into a long lifetime.
"""

import re
from datetime import UTC, datetime
from email.utils import formatdate

_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun",
           b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")  # fmt: skip
_MONTH_NUMBER = {name: number for number, name in enumerate(_MONTHS, start=1)}
_MONTH = rb"(?P<month>" + rb"|".join(_MONTHS) + rb")"
_TIME = rb"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"

# IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
_IMF_FIXDATE = re.compile(
    rb"(?i)(?:mon|tue|wed|thu|fri|sat|sun), "
    rb"(?P<day>[0-9]{2}) " + _MONTH + rb" (?P<year>[0-9]{4}) " + _TIME + rb" gmt"
)
# rfc850-date: Sunday, 06-Nov-94 08:49:37 GMT
_RFC850_DATE = re.compile(
    rb"(?i)(?:mon|tues|wednes|thurs|fri|satur|sun)day, "
    rb"(?P<day>[0-9]{2})-" + _MONTH + rb"-(?P<year>[0-9]{2}) " + _TIME + rb" gmt"
)
# asctime-date: Sun Nov  6 08:49:37 1994
_ASCTIME_DATE = re.compile(
    rb"(?i)(?:mon|tue|wed|thu|fri|sat|sun) "
    + _MONTH + rb" (?P<day>[0-9]{2}| [0-9]) " + _TIME + rb" (?P<year>[0-9]{4})"
)  # fmt: skip
_LONGEST = len(b"Wednesday, 06-Nov-94 08:49:37 GMT")
_LEAP_SECOND = 60


def parse_http_date(value: bytes, *, now: float) -> int | None:
    """Return seconds since the epoch, or None for anything but a valid HTTP date.

    `now` settles the century of a two-digit year: what looks more than 50 years ahead is past.
    """
    value = value.strip(b" \t")
    if len(value) > _LONGEST:
        return None
    if match := _IMF_FIXDATE.fullmatch(value) or _ASCTIME_DATE.fullmatch(value):
        return _timestamp(match, int(match["year"]))
    if match := _RFC850_DATE.fullmatch(value):
        return _timestamp(match, _full_year(int(match["year"]), now))
    return None


def format_http_date(timestamp: float) -> bytes:
    """Return an IMF-fixdate."""
    return formatdate(timestamp, usegmt=True).encode("ascii")


def _full_year(two_digits: int, now: float) -> int:
    this_year = datetime.fromtimestamp(now, UTC).year
    year = this_year - this_year % 100 + two_digits
    if year > this_year + 50:
        return year - 100
    return year + 100 if year <= this_year - 50 else year


def _timestamp(match: re.Match[bytes], year: int) -> int | None:
    second = int(match["second"])
    if second > _LEAP_SECOND:
        return None
    leap = second == _LEAP_SECOND
    try:
        moment = datetime(
            year,
            _MONTH_NUMBER[match["month"].lower()],
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            second - leap,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return int(moment.timestamp()) + leap
