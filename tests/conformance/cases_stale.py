"""Stale answers: on failure (RFC 9111 §4.2.4, RFC 5861 §4), and while refreshing (§3).

The proxy in front of these either raises where the origin fails or says 502; both count.
"""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD,
    SHOULD_NOT,
    Case,
    case,
    failed,
    fill,
    hit,
    miss,
    refreshed,
    reply,
    stale,
    validated,
)

SERVING, MUST_ASK, PROXY_MUST_ASK = "9111 §4.2.4", "9111 §5.2.2.2", "9111 §5.2.2.8"
ON_ERROR, REFRESHING = "5861 §4", "5861 §3"
_LIFE = "Cache-Control: max-age=100"
_ERRORS = (500, 502, 503, 504)


def _served(section: str, title: str, *fields: str, after: float = 150, **more: object) -> Case:
    return case(section, MAY, title, fill(*fields), hit(), stale(after=after, **more))


def _not_served(section: str, title: str, *fields: str, after: float = 150) -> Case:
    return case(section, MUST_NOT, title, fill(*fields), hit(), failed(after=after))


def _no_error_hidden(section: str, title: str, status: int, *fields: str) -> Case:
    error = miss(after=150, reply=reply(status=status))
    return case(section, MUST_NOT, title, fill(*fields), hit(), error)


_FORBIDDING = {
    MUST_ASK: "max-age=100, must-revalidate",
    PROXY_MUST_ASK: "max-age=100, proxy-revalidate",
    "9111 §5.2.2.10": "s-maxage=100",
}

_FAILURE = (
    _served(SERVING, "the origin closes the connection", _LIFE),
    _served(SERVING, "the origin closes the connection, with a tag", _LIFE, 'ETag: "a"'),
    _served(SERVING, "the origin closes the connection, with Expires", "Expires: {+100}"),
    *(
        _served(SERVING, f"the origin answers {status}", _LIFE, reply=reply(status=status))
        for status in _ERRORS
    ),
    *(
        _served(
            SERVING, f"the origin answers {status}, with a tag", _LIFE, 'ETag: "a"',
            reply=reply(status=status), asks=('If-None-Match: "a"',),
        )
        for status in _ERRORS
    ),
    *(
        _not_served(section, f"a closed connection with {value}", f"Cache-Control: {value}")
        for section, value in _FORBIDDING.items()
    ),
    *(
        _no_error_hidden(section, f"503 with {value}", 503, f"Cache-Control: {value}")
        for section, value in _FORBIDDING.items()
    ),
    case(
        "9111 §5.2.2.4", MUST_NOT, "a closed connection with no-cache",
        fill("Cache-Control: no-cache", 'ETag: "a"'), failed(),
    ),
    case(
        SERVING, MUST_NOT, "a closed connection with no-cache in CDN-Cache-Control",
        fill("CDN-Cache-Control: no-cache", 'ETag: "a"'), failed(),
    ),
    case(
        SERVING, MUST, "a stale answer says its age",
        fill(_LIFE), stale(after=150, has=("Age: 150",)),
    ),
    case(
        SERVING, MAY, "a stale answer is no fresh start",
        fill(_LIFE), stale(after=150), stale(after=10, has=("Age: 160",)),
        fill(_LIFE), hit(of=4),
    ),
    case(
        SERVING, MUST_NOT, "a client error is no failure",
        fill(_LIFE), hit(), miss(after=150, reply=reply(status=404)),
    ),
    case(
        SERVING, MUST_NOT, "another client error is no failure",
        fill(_LIFE), hit(), miss(after=150, reply=reply(status=403)),
    ),
    case(
        SERVING, MUST, "where nothing is stored, the failure is told",
        failed(), fill(_LIFE), hit(),
    ),
    case(
        SERVING, MUST_NOT, "a failure does not answer another variant",
        fill(_LIFE, "Vary: Foo", sends=("Foo: 1",)), hit("Foo: 1"),
        failed("Foo: 2", after=150),
    ),
    case(
        SERVING, MUST_NOT, "a stale response is served only where asking failed",
        fill(_LIFE), hit(), miss(after=150),
    ),
)  # fmt: skip

_SIE = "Cache-Control: max-age=100, stale-if-error=60"
_ON_ERROR = (
    *(
        _served(ON_ERROR, f"stale-if-error at {status}", _SIE, reply=reply(status=status))
        for status in _ERRORS
    ),
    _served(ON_ERROR, "stale-if-error at a closed connection", _SIE),
    _served(ON_ERROR, "stale-if-error at the end of its time", _SIE, after=159),
    case(
        ON_ERROR, SHOULD_NOT, "stale-if-error after its time, connection closed",
        fill(_SIE), hit(), failed(after=161),
    ),
    case(
        ON_ERROR, SHOULD_NOT, "stale-if-error after its time, 503",
        fill(_SIE), hit(), miss(after=161, reply=reply(status=503)),
    ),
    case(
        ON_ERROR, MUST_NOT, "must-revalidate beats stale-if-error",
        fill(f"{_SIE}, must-revalidate"), hit(), failed(after=150),
    ),
    case(
        ON_ERROR, SHOULD, "an answer within stale-if-error is still asked for each time",
        fill(_SIE), stale(after=110), stale(), miss(),
    ),
)  # fmt: skip

_SWR = "Cache-Control: max-age=100, stale-while-revalidate=60"


_WHILE = (
    case(REFRESHING, MAY, "within its time", fill(_SWR), refreshed(after=150)),
    case(
        REFRESHING, MUST, "its age is said", fill(_SWR),
        refreshed(after=150, has=("Age: 150",)),
    ),
    case(
        REFRESHING, SHOULD_NOT, "after its time", fill(_SWR), hit(), miss(after=161),
    ),
    case(
        REFRESHING, MAY, "the refresh is conditional", fill(_SWR, 'ETag: "a"'),
        refreshed(after=150, asks=('If-None-Match: "a"',), reply=reply(_SWR, status=304)),
        hit(eventually=True, has=("Age: 0",)),
    ),
    case(
        REFRESHING, MAY, "what the refresh fetched answers the next",
        fill(_SWR), refreshed(after=150, reply=reply(_SWR, body=b"refreshed")),
        hit(eventually=True, body=b"refreshed"),
    ),
    case(
        REFRESHING, SHOULD_NOT, "a refresh that fails does not prolong its time",
        fill(_SWR), refreshed(after=110, reply=reply(status=503)),
        miss(after=60, eventually=True),
    ),
    case(
        REFRESHING, MUST_NOT, "must-revalidate beats it",
        fill(f"{_SWR}, must-revalidate"), hit(), miss(after=150),
    ),
    case(
        REFRESHING, MUST_NOT, "proxy-revalidate beats it",
        fill(f"{_SWR}, proxy-revalidate"), hit(), miss(after=150),
    ),
    case(
        REFRESHING, MUST_NOT, "no-cache beats it",
        fill("Cache-Control: no-cache, stale-while-revalidate=60", 'ETag: "a"'), validated(),
    ),
    case(
        REFRESHING, MUST_NOT, "a request with max-age=0 is not answered so",
        fill(_SWR), hit(), miss("Cache-Control: max-age=0", after=150),
    ),
    case(
        REFRESHING, MAY, "in CDN-Cache-Control",
        fill(
            "CDN-Cache-Control: max-age=100, stale-while-revalidate=60", "Cache-Control: no-store"
        ),
        refreshed(after=150),
    ),
)  # fmt: skip

CASES = (*_FAILURE, *_ON_ERROR, *_WHILE)
