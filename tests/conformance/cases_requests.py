"""Methods and request directives (RFC 9111 §4, §5.2.1, §5.4)."""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD,
    SHOULD_NOT,
    Case,
    Step,
    case,
    fill,
    hit,
    made,
    miss,
    reply,
    validated,
)

REUSE, POST = "9111 §4", "9110 §9.3.3"
MAX_AGE, MAX_STALE, MIN_FRESH = "9111 §5.2.1.1", "9111 §5.2.1.2", "9111 §5.2.1.3"
NO_CACHE, NO_STORE, ONLY_CACHED = "9111 §5.2.1.4", "9111 §5.2.1.5", "9111 §5.2.1.7"
PRAGMA = "9111 §5.4"
_HOUR = "Cache-Control: max-age=3600"
_HUNDRED = "Cache-Control: max-age=100"


def _cc(value: str) -> str:
    return f"Cache-Control: {value}"


def _asked(section: str, title: str, stored: str, request: str, after: float = 0) -> Case:
    return case(section, SHOULD, title, fill(stored), hit(), miss(request, after=after))


def _answered(section: str, title: str, stored: str, request: str, after: float = 0) -> Case:
    return case(section, MAY, title, fill(stored), hit(request, after=after))


_MAX_AGE = (
    _asked(MAX_AGE, "max-age=0", _HOUR, _cc("max-age=0"), after=1),
    _asked(MAX_AGE, "max-age=0 in upper case", _HOUR, _cc("MAX-AGE=0"), after=1),
    _asked(MAX_AGE, "a response older than max-age", _HOUR, _cc("max-age=1"), after=3),
    _answered(MAX_AGE, "a response younger than max-age", _HOUR, _cc("max-age=60"), after=30),
    case(
        MAX_AGE, SHOULD, "Age counts against max-age",
        fill(_HOUR, "Age: 1800"), hit(_cc("max-age=2400")), miss(_cc("max-age=600")),
    ),
    case(
        MAX_AGE, MAY, "max-age=0 is answered by validation",
        fill(_HOUR, 'ETag: "a"'),
        validated(_cc("max-age=0"), after=1, asks=('If-None-Match: "a"',)),
    ),
    case(
        MAX_AGE, MUST_NOT, "max-age does not make a stale response fresh",
        fill(_HUNDRED), miss(_cc("max-age=3600"), after=101),
    ),
)  # fmt: skip

_MIN_FRESH = (
    _asked(MIN_FRESH, "a response that is not fresh for so long", _HUNDRED, _cc("min-fresh=101")),
    _asked(MIN_FRESH, "a response no longer fresh for so long", _HUNDRED, _cc("min-fresh=50"), 51),
    _answered(MIN_FRESH, "a response fresh for longer", _HUNDRED, _cc("min-fresh=50"), 49),
    case(
        MIN_FRESH, SHOULD, "Age counts against min-fresh",
        fill(_HOUR, "Age: 3000"), miss(_cc("min-fresh=1000")),
    ),
)  # fmt: skip


def _refused_stale(directive: str) -> Case:
    return case(
        "9111 §4.2.4",
        MUST_NOT,
        f"max-stale does not lift {directive}",
        fill(f"Cache-Control: max-age=100, {directive}"),
        hit(),
        miss(_cc("max-stale=1000"), after=150),
    )


_MAX_STALE = (
    _answered(MAX_STALE, "a response stale for less", _HUNDRED, _cc("max-stale=100"), after=150),
    _answered(MAX_STALE, "any stale response", _HUNDRED, _cc("max-stale"), after=5000),
    _asked(MAX_STALE, "a response stale for longer", _HUNDRED, _cc("max-stale=10"), after=150),
    case(
        MAX_STALE, MUST, "Age of a stale response",
        fill(_HUNDRED), hit(_cc("max-stale=100"), after=150, has=("Age: 150",)),
    ),
    case(
        MAX_STALE, MUST_NOT, "max-stale does not reach beyond the request's max-age",
        fill(_HUNDRED), miss(_cc("max-age=120, max-stale=100"), after=250),
    ),
    *map(_refused_stale, ("must-revalidate", "proxy-revalidate", "s-maxage=100")),
)  # fmt: skip

_NO_CACHE = (
    _asked(NO_CACHE, "no-cache", _HOUR, _cc("no-cache")),
    _asked(NO_CACHE, "no-cache in upper case", _HOUR, _cc("NO-CACHE")),
    _asked(NO_CACHE, "no-cache beside max-age", _HOUR, _cc("max-age=3600, no-cache")),
    case(
        NO_CACHE, MUST, "no-cache is answered by validation of a tag",
        fill(_HOUR, 'ETag: "a"'), validated(_cc("no-cache"), asks=('If-None-Match: "a"',)),
    ),
    case(
        NO_CACHE, MUST, "no-cache is answered by validation of a time",
        fill(_HOUR, "Last-Modified: {-60}"),
        validated(_cc("no-cache"), asks=("If-Modified-Since: {-60}",)),
    ),
    case(
        NO_CACHE, MAY, "what no-cache fetched answers the next",
        fill(_HOUR), fill(_HOUR, sends=(_cc("no-cache"),)), hit(of=2),
    ),
    _asked(PRAGMA, "Pragma: no-cache", _HOUR, "Pragma: no-cache"),
    case(
        PRAGMA, MAY, "Pragma beside Cache-Control means nothing",
        fill(_HOUR), hit("Pragma: no-cache", _cc("max-age=3600")),
    ),
    _answered(PRAGMA, "another Pragma", _HOUR, "Pragma: foo"),
)  # fmt: skip

_NO_STORE = (
    case(
        NO_STORE, MUST_NOT, "the answer to no-store is not stored",
        fill(_HOUR, sends=(_cc("no-store"),)), miss(),
    ),
    case(
        NO_STORE, MUST_NOT, "the answer to NO-STORE beside others is not stored",
        fill(_HOUR, sends=(_cc("max-age=60, NO-STORE"),)), miss(),
    ),
)  # fmt: skip

_ONLY_CACHED = (
    case(ONLY_CACHED, SHOULD, "nothing stored gives 504", made(504, _cc("only-if-cached"))),
    case(
        ONLY_CACHED, SHOULD, "something stale gives 504",
        fill(_HUNDRED), made(504, _cc("only-if-cached"), after=101),
    ),
    case(
        ONLY_CACHED, SHOULD, "another variant stored gives 504",
        fill(_HOUR, "Vary: Foo", sends=("Foo: 1",)),
        made(504, _cc("only-if-cached"), "Foo: 2"),
    ),
    case(ONLY_CACHED, SHOULD, "a fresh response", fill(_HOUR), hit(_cc("only-if-cached"))),
    case(
        ONLY_CACHED, SHOULD, "a stale response within max-stale",
        fill(_HUNDRED), hit(_cc("only-if-cached, max-stale=100"), after=150),
    ),
)  # fmt: skip


def _own(method: str, **more: object) -> Step:
    """Ask by a method whose answer looks as if it could be stored."""
    return miss(method=method, reply=reply(_HOUR), **more)


_METHODS = (
    *(
        case(
            REUSE, MUST_NOT, f"{method} is not answered from GET",
            fill(_HOUR), hit(), _own(method, payload=b"something"),
        )
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "M-SEARCH", "FOO")
    ),
    *(
        case(
            REUSE, MUST_NOT, f"the answer to {method} does not answer GET",
            _own(method, payload=b"something"), miss(),
        )
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "M-SEARCH", "FOO")
    ),
    case(
        REUSE, MUST_NOT, "OPTIONS is asked each time",
        fill(_HOUR, method="OPTIONS"), miss(method="OPTIONS"),
    ),
    case(
        POST, MUST_NOT, "POST is asked each time",
        fill(_HOUR, method="POST", payload=b"a"), miss(method="POST", payload=b"a"),
    ),
    case(
        POST, MAY, "POST whose Content-Location is its own URL answers GET",
        fill(_HOUR, "Content-Location: ?self", method="POST", payload=b"a", path="?self"),
        hit(path="?self"),
    ),
    case(
        POST, MUST_NOT, "POST with Content-Location without a lifetime",
        fill("Content-Location: ?self", method="POST", payload=b"a", path="?self"),
        miss(path="?self"),
    ),
    case(
        POST, MUST_NOT, "POST with another Content-Location",
        fill(_HOUR, "Content-Location: ?other", method="POST", payload=b"a", path="?self"),
        miss(path="?self"), miss(path="?other"),
    ),
    case(
        REUSE, MUST_NOT, "GET with a body is not stored",
        fill(_HOUR, payload=b"a"), miss(),
    ),
    case(
        REUSE, MUST_NOT, "GET with a body is not answered from the cache",
        fill(_HOUR), hit(), miss(payload=b"a"),
    ),
)  # fmt: skip

_KEY = (
    case(REUSE, MUST_NOT, "another query", fill(_HOUR, path="?a=1"), miss(path="?a=2")),
    case(REUSE, MUST_NOT, "a query after none", fill(_HOUR), miss(path="?a")),
    case(REUSE, MUST_NOT, "another path", fill(_HOUR, path="/a"), miss(path="/b")),
    case(REUSE, MUST_NOT, "an encoded slash", fill(_HOUR, path="/a/b"), miss(path="/a%2Fb")),
    case(REUSE, MUST_NOT, "the path in other case", fill(_HOUR, path="/a"), miss(path="/A")),
    case(
        REUSE, MUST, "two URLs live side by side",
        fill(_HOUR, path="?a=1"), fill(_HOUR, path="?a=2"),
        hit(path="?a=1", of=1), hit(path="?a=2", of=2),
    ),
)  # fmt: skip

CASES = (
    *_MAX_AGE,
    *_MIN_FRESH,
    *_MAX_STALE,
    *_NO_CACHE,
    *_NO_STORE,
    *_ONLY_CACHED,
    *_METHODS,
    *_KEY,
    case(
        "9111 §5.2.3",
        SHOULD_NOT,
        "a request directive nobody knows changes nothing",
        fill(_HOUR),
        hit(_cc('foo, bar="no-cache", max-age-foo=0')),
    ),
)
