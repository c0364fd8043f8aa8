"""HEAD: answered from GET (RFC 9111 §4, RFC 9110 §9.3.2), and freshening it (§4.3.5)."""

from conformance.case import MAY, MUST, MUST_NOT, SHOULD, Case, Level, case, fill, hit, miss, reply

REUSE, HEAD, FRESHENING = "9111 §4", "9110 §9.3.2", "9111 §4.3.5"
_HOUR = "Cache-Control: max-age=3600"
_LIFE = "Cache-Control: max-age=100"
_BODY = b"0123456789"

_REUSED = (
    case(REUSE, MAY, "HEAD is answered from GET", fill(_HOUR), hit(method="HEAD")),
    case(
        HEAD, SHOULD, "HEAD says what GET says",
        fill(_HOUR, 'ETag: "a"', "X-Foo: bar", body=_BODY),
        hit(method="HEAD", has=('ETag: "a"', "X-Foo: bar", "Content-Length: 10")),
    ),
    case(
        REUSE, MUST_NOT, "HEAD does not answer GET",
        fill(_HOUR, method="HEAD"), miss(),
    ),
    case(
        REUSE, MUST, "GET after HEAD of a stored response has its body",
        fill(_HOUR, body=_BODY), hit(method="HEAD"), hit(body=_BODY),
    ),
    case(
        REUSE, MUST_NOT, "HEAD of a stale response",
        fill(_LIFE), miss(method="HEAD", after=150),
    ),
    case(
        REUSE, MUST_NOT, "HEAD of another variant",
        fill(_HOUR, "Vary: Foo", sends=("Foo: 1",)), miss("Foo: 2", method="HEAD"),
    ),
)  # fmt: skip


def _after_head(level: Level, title: str, *fields: str, fresh: bool, **more: object) -> Case:
    """Let a response with both validators become stale, ask HEAD, and then GET."""
    stored = (_LIFE, 'ETag: "a"', "Last-Modified: {-3600}", "X-Foo: old")
    answer = reply(*fields, **{"body": _BODY, **more})
    again = hit(of=1, has=("X-Foo: new",)) if fresh else miss()
    head = miss(method="HEAD", after=150, reply=answer)
    return case(FRESHENING, level, title, fill(*stored, body=_BODY), head, again)


_NEW = ("Cache-Control: max-age=100", "X-Foo: new")
_SAME_TAG, _SAME_TIME = 'ETag: "a"', "Last-Modified: {-3600}"

_FRESHENED = (
    _after_head(SHOULD, "the same validators", *_NEW, _SAME_TAG, _SAME_TIME, fresh=True),
    _after_head(SHOULD, "the same tag", *_NEW, _SAME_TAG, fresh=True),
    _after_head(SHOULD, "the same time", *_NEW, _SAME_TIME, fresh=True),
    _after_head(SHOULD, "another tag", *_NEW, 'ETag: "b"', _SAME_TIME, fresh=False),
    _after_head(
        SHOULD, "another time", *_NEW, _SAME_TAG, "Last-Modified: {-60}", fresh=False
    ),
    _after_head(
        SHOULD, "another length", *_NEW, _SAME_TAG, _SAME_TIME,
        fresh=False, body=b"longer than it was",
    ),
    _after_head(
        MUST_NOT, "404", _LIFE, _SAME_TAG, fresh=False, status=404,
    ),
    _after_head(
        MUST_NOT, "410", _LIFE, _SAME_TAG, fresh=False, status=410,
    ),
    case(
        FRESHENING, SHOULD, "another tag makes a fresh response stale",
        fill(_HOUR, 'ETag: "a"', body=_BODY), hit(),
        miss(
            "Cache-Control: no-cache", method="HEAD",
            reply=reply(_HOUR, 'ETag: "b"', body=_BODY),
        ),
        miss(),
    ),
    case(
        FRESHENING, SHOULD, "another length makes a fresh response stale",
        fill(_HOUR, 'ETag: "a"', body=_BODY), hit(),
        miss(
            "Cache-Control: no-cache", method="HEAD",
            reply=reply(_HOUR, 'ETag: "a"', body=b"longer than it was"),
        ),
        miss(),
    ),
    case(
        FRESHENING, MUST, "what HEAD freshened keeps its body",
        fill(_LIFE, _SAME_TAG, body=_BODY),
        miss(method="HEAD", after=150, reply=reply(*_NEW, _SAME_TAG, body=_BODY)),
        hit(of=1, body=_BODY, has=("Content-Length: 10",)),
    ),
)  # fmt: skip

CASES = (*_REUSED, *_FRESHENED)
