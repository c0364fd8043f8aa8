"""Write dates, times and durations as JSON text: RFC 3339 and ISO 8601."""

from datetime import datetime, time, timedelta


def timestamp_text(value: datetime) -> str:
    """Return RFC 3339 text: `Z` for UTC, no offset for a naive value, offsets in whole minutes."""
    return value.replace(tzinfo=None).isoformat() + _offset_text(value.utcoffset())


def time_text(value: time) -> str:
    """Return the time of day, with its offset if it has one."""
    return value.replace(tzinfo=None).isoformat() + _offset_text(value.utcoffset())


def duration_text(value: timedelta) -> str:
    """Return an ISO 8601 duration in days and below: `-P1DT2H3M4.5S`, `PT0S`."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    if seconds or fraction:
        clock += f"{seconds}{fraction}S"
    days = f"{value.days}D" if value.days else ""
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{days}{'T' if clock else ''}{clock}"


def _offset_text(offset: timedelta | None) -> str:
    if offset is None:
        return ""
    if not offset:
        return "Z"
    sign = "-" if offset < timedelta() else "+"
    # RFC 3339 §5.6 has no seconds in an offset; local mean times before 1900 have them.
    hours, minutes = divmod((abs(offset) + timedelta(seconds=30)) // timedelta(minutes=1), 60)
    return f"{sign}{hours:02}:{minutes:02}"
