"""Which fields are stored and replayed (RFC 9111 §3.1), and how a 304 changes them (§3.2)."""

from conformance.case import MUST, MUST_NOT, Case, case, fill, hit, reply, validated

STORED, UPDATED = "9111 §3.1", "9111 §3.2"
_HOUR = "Cache-Control: max-age=3600"
_SHORT = ("Cache-Control: max-age=100", 'ETag: "a"')

# Each name, a value, and a second one for the 304.
_FIELDS = {
    "Accept-Ranges": ("bytes", "none"),
    "Access-Control-Allow-Origin": ("*", "https://example.org"),
    "Allow": ("GET", "GET, HEAD"),
    "Alt-Svc": ('h3=":443"', "clear"),
    "Clear-Site-Data": ('"cache"', '"cookies"'),
    "Content-Disposition": ("attachment", "inline"),
    "Content-Language": ("en", "de"),
    "Content-Location": ("/elsewhere", "/nowhere"),
    "Content-Security-Policy": ("default-src 'self'", "default-src 'none'"),
    "Content-Security-Policy-Report-Only": ("default-src 'self'", "default-src 'none'"),
    "Content-Type": ("text/plain;charset=utf-8", "text/html"),
    "Content-Foo": ("bar", "baz"),
    "Cross-Origin-Resource-Policy": ("same-origin", "cross-origin"),
    "Link": ("</a>; rel=next", "</b>; rel=next"),
    "Location": ("/a", "/b"),
    "NEL": ('{"max_age":1}', '{"max_age":2}'),
    "Permissions-Policy": ("camera=()", "camera=*"),
    "Proxy-Foo": ("a", "b"),
    "Public-Key-Pins": ("max-age=1", "max-age=2"),
    "Referrer-Policy": ("no-referrer", "origin"),
    "Report-To": ('{"group":"a"}', '{"group":"b"}'),
    "Retry-After": ("5", "10"),
    "Server": ("one", "two"),
    "Server-Timing": ("db;dur=1", "db;dur=2"),
    "Set-Cookie": ("a=1", "a=2"),
    "Set-Cookie2": ("a=1", "a=2"),
    "SourceMap": ("/a.map", "/b.map"),
    "Strict-Transport-Security": ("max-age=1", "max-age=2"),
    "Surrogate-Key": ("one two", "three"),
    "Test-Header": ("foo", "bar"),
    "Timing-Allow-Origin": ("*", "https://example.org"),
    "Traceparent": ("00-1-2-00", "00-3-4-00"),
    "Via": ("1.1 a", "1.1 b"),
    "Warning": ('199 - "odd"', '199 - "even"'),
    "X-Content-Type-Options": ("nosniff", "sniff"),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-Request-Id": ("1", "2"),
    "X-Test-Header": ("foo", "bar"),
    "X-XSS-Protection": ("1", "0"),
}
_HOP_BY_HOP = {
    "Keep-Alive": "timeout=5",
    "Proxy-Connection": "keep-alive",
    "TE": "trailers",
    "Upgrade": "foo/1",
    "Proxy-Authenticate": "Basic",
    "Proxy-Authentication-Info": "nextnonce=1",
    "Proxy-Authorization": "Basic abc",
}


def _replayed(name: str, value: str) -> Case:
    line = f"{name}: {value}"
    return case(STORED, MUST, f"{name} is stored", fill(_HOUR, line), hit(has=(line,)))


def _hop_by_hop(name: str, value: str) -> Case:
    line = f"{name}: {value}"
    return case(STORED, MUST_NOT, f"{name} is not stored", fill(_HOUR, line), hit(lacks=(name,)))


def _replaced(name: str, before: str, after: str) -> Case:
    old, new = f"{name}: {before}", f"{name}: {after}"
    return case(
        UPDATED,
        MUST,
        f"a 304 replaces {name}",
        fill(*_SHORT, old),
        validated(after=150, reply=reply(*_SHORT, new, status=304), has=(new,)),
        hit(has=(new,)),
    )


_CONNECTION = (
    case(
        STORED, MUST_NOT, "Connection is not stored",
        fill(_HOUR, "Connection: x-foo"), hit(lacks=("Connection",)),
    ),
    case(
        STORED, MUST_NOT, "a field that Connection names is not stored",
        fill(_HOUR, "Connection: x-secret", "X-Secret: a", "X-Open: b"),
        hit(lacks=("X-Secret", "Connection"), has=("X-Open: b",)),
    ),
    case(
        STORED, MUST_NOT, "fields that Connection names in other case are not stored",
        fill(_HOUR, "Connection: X-One,\tx-TWO", "x-one: a", "X-Two: b"),
        hit(lacks=("X-One", "X-Two")),
    ),
    case(
        STORED, MUST_NOT, "fields named on two lines of Connection are not stored",
        fill(_HOUR, "Connection: x-one", "Connection: x-two", "X-One: a", "X-Two: b"),
        hit(lacks=("X-One", "X-Two")),
    ),
    case(
        STORED, MUST_NOT, "a field that the Connection of a 304 names is not taken over",
        fill(*_SHORT, "X-Secret: old"),
        validated(
            after=150,
            reply=reply(*_SHORT, "Connection: x-secret", "X-Secret: new", status=304),
        ),
        hit(has=("X-Secret: old",)),
    ),
)  # fmt: skip

_EXACT = (
    case(
        STORED, MUST, "lines of one name stay apart and in order",
        fill(_HOUR, "X-List: a", "X-Other: -", "X-List: b,  c", "X-List: a"),
        hit(has=("X-List: a", "X-List: b,  c", "X-List: a")),
    ),
    case(STORED, MUST, "an empty field is stored", fill(_HOUR, "X-Empty:"), hit(has=("X-Empty:",))),
    case(
        STORED, MUST, "bytes beyond ASCII are stored",
        fill(_HOUR, "X-Latin: caf\xe9 \xff\x80"), hit(has=("X-Latin: caf\xe9 \xff\x80",)),
    ),
    case(
        STORED, MUST, "Cache-Control itself is stored",
        fill(_HOUR, "Expires: {+60}"), hit(has=(_HOUR, "Expires: {+60}")),
    ),
    case(
        STORED, MUST, "a coded body keeps its coding",
        fill(_HOUR, "Content-Encoding: gzip", body=b"\x1f\x8b\x08 not unpacked"),
        hit(has=("Content-Encoding: gzip",)),
    ),
    case(
        STORED, MUST, "a hundred fields are stored",
        fill(_HOUR, *(f"X-Many-{number}: {number}" for number in range(90))),
        hit(has=tuple(f"X-Many-{number}: {number}" for number in range(90))),
    ),
)  # fmt: skip

_KEPT = (
    case(
        UPDATED, MUST, "what a 304 does not say stays",
        fill(*_SHORT, "X-Old: kept", "Expires: {+5}"),
        validated(after=150, reply=reply(*_SHORT, "X-New: added", status=304)),
        hit(has=("X-Old: kept", "X-New: added", "Expires: {+5}")),
    ),
    case(
        UPDATED, MUST_NOT, "Content-Length of a 304 changes nothing",
        fill(*_SHORT, body=b"0123456789"),
        validated(
            after=150, reply=reply(*_SHORT, "Content-Length: 0", status=304),
            has=("Content-Length: 10",),
        ),
        hit(has=("Content-Length: 10",), body=b"0123456789"),
    ),
    case(
        UPDATED, MUST, "one line of a 304 replaces two",
        fill(*_SHORT, "X-List: a", "X-List: b"),
        validated(after=150, reply=reply(*_SHORT, "X-List: c", status=304)),
        hit(has=("X-List: c",)),
    ),
    case(
        UPDATED, MUST, "two lines of a 304 replace one",
        fill(*_SHORT, "X-List: a"),
        validated(after=150, reply=reply(*_SHORT, "X-List: b", "X-List: c", status=304)),
        hit(has=("X-List: b", "X-List: c")),
    ),
)  # fmt: skip

CASES = (
    *(_replayed(name, values[0]) for name, values in _FIELDS.items()),
    *(_hop_by_hop(*pair) for pair in _HOP_BY_HOP.items()),
    *_CONNECTION,
    *_EXACT,
    *(
        _replaced(name, *values)
        for name, values in _FIELDS.items()
    ),
    *_KEPT,
)  # fmt: skip
