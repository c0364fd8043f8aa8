"""Ranges of a stored response (RFC 9110 §14, §15.3.7, §15.5.17; RFC 9111 §3.3)."""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD,
    Case,
    case,
    fill,
    hit,
    made,
    miss,
    reply,
)

RANGE, IF_RANGE, PARTIAL, UNSATISFIABLE = (
    "9110 §14.2",
    "9110 §13.1.5",
    "9110 §15.3.7",
    "9110 §15.5.17",
)
SYNTAX, STORING = "9110 §14.1.1", "9111 §3.3"
_HOUR = "Cache-Control: max-age=3600"
_BODY = b"0123456789"
_FILL = fill(_HOUR, 'ETag: "a"', "Last-Modified: {-3600}", body=_BODY)

_SATISFIED = {
    "bytes=0-3": (b"0123", "0-3"),
    "bytes=0-0": (b"0", "0-0"),
    "bytes=4-6": (b"456", "4-6"),
    "bytes=5-": (b"56789", "5-9"),
    "bytes=9-9": (b"9", "9-9"),
    "bytes=5-99": (b"56789", "5-9"),
    "bytes=-3": (b"789", "7-9"),
    "bytes=-99": (b"0123456789", "0-9"),
    "bytes=0-": (b"0123456789", "0-9"),
    "bytes=0-9": (b"0123456789", "0-9"),
    "bytes=00-03": (b"0123", "0-3"),
    "bytes=5-99999999999999999999999999": (b"56789", "5-9"),
    "BYTES=0-3": (b"0123", "0-3"),
    "bytes=0-3, 99-": (b"0123", "0-3"),
}
_NONE_OF_IT = ("bytes=10-", "bytes=10-20", "bytes=99-, 50-60", "bytes=-0", f"bytes={'9' * 40}-")
_IGNORED = (
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=3-1",
    "bytes=0-3, 5-4",
    "bytes=1",
    "bytes 0-3",
    "bytes: 0-3",
    "=0-3",
    "0-3",
    "bytes=0x0-0x3",
    "bytes=+0-3",
    "bytes=0--3",
    "lines=0-3",
    "bits=0-3",
    "",
    "bytes=" + ",".join(["0-"] * 1000),
)


def _part(value: str, body: bytes, given: str) -> Case:
    answer = hit(
        f"Range: {value}",
        status=206,
        body=body,
        has=(f"Content-Range: bytes {given}/10", f"Content-Length: {len(body)}", "Age: 0"),
    )
    return case(RANGE, SHOULD, f"{value[:30]!r}", _FILL, answer)


def _conditional(title: str, condition: str, *, met: bool, stored: tuple[str, ...]) -> Case:
    filled = fill(_HOUR, *stored, body=_BODY)
    sends = ("Range: bytes=0-3", f"If-Range: {condition}")
    if met:
        return case(IF_RANGE, SHOULD, title, filled, hit(*sends, status=206, body=b"0123"))
    return case(IF_RANGE, MUST, title, filled, hit(*sends, status=200, body=_BODY))


_TAG, _TIME = ('ETag: "a"',), ("Last-Modified: {-3600}",)
_IF_RANGE = (
    _conditional("the same strong tag", '"a"', met=True, stored=_TAG),
    _conditional("another tag", '"b"', met=False, stored=_TAG),
    _conditional("a weak tag, stored strong", 'W/"a"', met=False, stored=_TAG),
    _conditional("a weak tag, stored weak", 'W/"a"', met=False, stored=('ETag: W/"a"',)),
    _conditional("a strong tag, stored weak", '"a"', met=False, stored=('ETag: W/"a"',)),
    _conditional("a tag, none stored", '"a"', met=False, stored=_TIME),
    _conditional("the same time", "{-3600}", met=True, stored=_TIME),
    _conditional("an earlier time", "{-3601}", met=False, stored=_TIME),
    _conditional("a later time", "{-3599}", met=False, stored=_TIME),
    _conditional("a time, none stored", "{-3600}", met=False, stored=_TAG),
    _conditional("no date", "yesterday", met=False, stored=_TIME),
    _conditional(
        "a time too close to Date to be strong", "{+0}", met=False, stored=("Last-Modified: {+0}",)
    ),
    case(
        IF_RANGE, MUST, "If-Range without Range is ignored", _FILL,
        hit('If-Range: "a"', status=200), hit('If-Range: "b"', status=200),
    ),
)  # fmt: skip

_FORM = (
    case(
        PARTIAL, MUST, "a part says what the whole would say",
        fill(_HOUR, 'ETag: "a"', "Content-Location: /a", "Vary: Foo", "Expires: {+3600}",
             "X-Foo: bar", "Content-Type: text/plain", body=_BODY),
        hit(
            "Range: bytes=0-3", status=206, body=b"0123", after=30,
            has=(_HOUR, 'ETag: "a"', "Content-Location: /a", "Vary: Foo", "Expires: {+3600}",
                 "X-Foo: bar", "Date: {+0}", "Content-Type: text/plain", "Age: 30"),
        ),
    ),
    case(
        PARTIAL, MUST_NOT, "several parts have no Content-Range of their own", _FILL,
        made(206, "Range: bytes=0-1, 8-9", lacks=("Content-Range",), has=("Age: 0",)),
    ),
    case(
        PARTIAL, MUST, "a part leaves the whole as it is", _FILL,
        hit("Range: bytes=0-3", status=206, body=b"0123"), hit(status=200, body=_BODY),
    ),
    case(
        RANGE, SHOULD, "the whole fifty times over is sent once", _FILL,
        made(
            range(200, 207), "Range: bytes=" + ",".join(["0-9"] * 50), has=("Content-Length: 10",)
        ),
    ),
    case(
        RANGE, MUST, "HEAD knows no range", _FILL,
        hit("Range: bytes=0-3", method="HEAD", status=200, has=("Content-Length: 10",)),
    ),
    *(
        case(
            RANGE, MUST_NOT, f"a range of {status} is the whole",
            fill(_HOUR, status=status, body=_BODY), hit("Range: bytes=0-3", status=status),
        )
        for status in (301, 404, 500)
    ),
)  # fmt: skip

_PARTS_FROM_ORIGIN = (
    case(
        STORING, MUST_NOT, "a part is not the whole",
        fill(_HOUR, 'ETag: "a"', "Content-Range: bytes 0-3/10", status=206, body=b"0123",
             sends=("Range: bytes=0-3",)),
        miss(),
    ),
    case(
        STORING, MUST_NOT, "a part is not another part",
        fill(_HOUR, 'ETag: "a"', "Content-Range: bytes 0-3/10", status=206, body=b"0123",
             sends=("Range: bytes=0-3",)),
        miss("Range: bytes=4-6"),
    ),
    case(
        STORING, MUST_NOT, "a part that nobody asked for is not the whole",
        fill(_HOUR, "Content-Range: bytes 0-3/10", status=206, body=b"0123"), miss(),
    ),
    case(
        STORING, MUST, "a range that is not stored reaches the origin",
        fill(_HOUR, "Content-Range: bytes 0-3/10", status=206, body=b"0123",
             sends=("Range: bytes=0-3", 'If-Range: "a"'),
             asks=("Range: bytes=0-3", 'If-Range: "a"')),
        miss(asks_not=("Range",)),
    ),
    case(
        STORING, MAY, "a whole answer to a range is stored",
        fill(_HOUR, body=_BODY, sends=("Range: bytes=0-3",)), hit(status=200, body=_BODY),
    ),
    case(
        STORING, MUST, "416 of the origin is passed on",
        miss("Range: bytes=99-", reply=reply("Content-Range: bytes */10", status=416)),
        fill(_HOUR, body=_BODY), hit(),
    ),
)  # fmt: skip

CASES = (
    *(_part(value, *wanted) for value, wanted in _SATISFIED.items()),
    *(
        case(
            UNSATISFIABLE, SHOULD, f"{value[:30]!r}", _FILL,
            made(416, f"Range: {value}", has=("Content-Range: bytes */10",)),
        )
        for value in _NONE_OF_IT
    ),
    *(
        case(SYNTAX, MUST, f"{value[:30]!r} of {len(value)} is ignored", _FILL,
             hit(f"Range: {value}", status=200, body=_BODY, lacks=("Content-Range",)))
        for value in _IGNORED
    ),
    *_IF_RANGE,
    *_FORM,
    *_PARTS_FROM_ORIGIN,
)  # fmt: skip
