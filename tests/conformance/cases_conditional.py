"""Conditions of clients, evaluated on a fresh stored response (RFC 9111 §4.3.2; RFC 9110 §13)."""

from conformance.case import (
    MUST,
    MUST_NOT,
    SHOULD,
    SHOULD_NOT,
    Case,
    case,
    fill,
    hit,
    made,
    miss,
    reply,
)

REQUESTS = "9111 §4.3.2"
IF_MATCH, NONE_MATCH = "9110 §13.1.1", "9110 §13.1.2"
MODIFIED, UNMODIFIED = "9110 §13.1.3", "9110 §13.1.4"
ORDER, ONLY, NOT_MODIFIED = "9110 §13.2.2", "9110 §13.2.1", "9110 §15.4.5"
_HOUR = "Cache-Control: max-age=3600"

# What is stored, and the condition.
_SAME_TAG = {
    "a strong tag": ('"a"', '"a"'),
    "a weak tag": ('W/"a"', 'W/"a"'),
    "a weak tag for a strong one": ('"a"', 'W/"a"'),
    "a strong tag for a weak one": ('W/"a"', '"a"'),
    "first of a list": ('"a"', '"a", "b"'),
    "last of a list": ('"a"', '"b", "c", "a"'),
    "last of a list without spaces": ('"a"', '"b","c","a"'),
    "in a list with odd commas": ('"a"', ',, "b" ,\t"a",'),
    "a weak one in a list": ('"a"', '"b", W/"a"'),
    "beside a tag with a comma": ('"a"', '"b,c", "a"'),
    "a tag with a comma": ('"a,b"', '"a,b"'),
    "the empty tag": ('""', '""'),
    "a star": ('"a"', "*"),
    "a tag beyond ASCII": ('"\xe9"', '"\xe9"'),
    "a tag with signs": ('"!#$&\'()*+-./:<=>?@[]^_`{|}~"', '"!#$&\'()*+-./:<=>?@[]^_`{|}~"'),
}
_OTHER_TAG = {
    "another tag": ('"a"', '"b"'),
    "a tag in other case": ('"a"', '"A"'),
    "the beginning of a tag": ('"abc"', '"ab"'),
    "a longer tag": ('"ab"', '"abc"'),
    "a tag that has it inside a comma list": ('"a"', '"b,a,c"'),
    "a tag without quotes": ('"a"', "a"),
    "a tag in single quotes": ('"a"', "'a'"),
    "a star in quotes": ('"a"', '"*"'),
    "a lower-case w": ('"a"', 'w/"a"'),
    "a w without a slash": ('"a"', 'W"a"'),
    "an empty field": ('"a"', ""),
    "an open quote": ('"a"', '"a'),
    "tags without a comma": ('"a"', '"b" "a"'),
}


def _tag(title: str, stored: str, condition: str, *, same: bool) -> Case:
    filled = fill(_HOUR, f"ETag: {stored}")
    line = f"If-None-Match: {condition}"
    if same:
        answer = made(304, line, has=(f"ETag: {stored}",), lacks=("Content-Length",))
        return case(NONE_MATCH, MUST, f"{title} gives 304", filled, answer)
    return case(NONE_MATCH, MUST_NOT, f"{title} gives no 304", filled, hit(line))


_NONE_MATCH = (
    *(_tag(title, *pair, same=True) for title, pair in _SAME_TAG.items()),
    *(_tag(title, *pair, same=False) for title, pair in _OTHER_TAG.items()),
    case(
        NONE_MATCH, MUST, "a tag on the second line gives 304",
        fill(_HOUR, 'ETag: "a"'), made(304, 'If-None-Match: "b"', 'If-None-Match: "a"'),
    ),
    case(
        NONE_MATCH, MUST, "HEAD with the tag gives 304",
        fill(_HOUR, 'ETag: "a"'), made(304, 'If-None-Match: "a"', method="HEAD"),
    ),
    case(
        NONE_MATCH, MUST, "any tag where none is stored",
        fill(_HOUR), hit('If-None-Match: "a"'),
    ),
    case(
        NONE_MATCH, MUST, "a star matches what has no tag",
        fill(_HOUR), made(304, "If-None-Match: *"),
    ),
)  # fmt: skip

_LM = "Last-Modified: {-3600}"


def _since(title: str, condition: str, *, modified: bool, stored: str = _LM) -> Case:
    filled, line = fill(_HOUR, stored), f"If-Modified-Since: {condition}"
    if modified:
        return case(MODIFIED, MUST, f"{title} gives no 304", filled, hit(line))
    return case(MODIFIED, SHOULD, f"{title} gives 304", filled, made(304, line))


_MODIFIED = (
    _since("the same time", "{-3600}", modified=False),
    _since("a later time", "{-3599}", modified=False),
    _since("a time to come", "{+3600}", modified=False),
    _since("the same time as rfc850-date", "{-3600:rfc850}", modified=False),
    _since("the same time as asctime-date", "{-3600:asctime}", modified=False),
    _since("an earlier time", "{-3601}", modified=True),
    _since("no date", "yesterday", modified=True),
    _since("a zero", "0", modified=True),
    _since("a date in another zone", "Thu, 18 Aug 2050 02:01:18 PST", modified=True),
    _since("an empty field", "", modified=True),
    case(
        MODIFIED, SHOULD, "the time of Date where no Last-Modified is stored",
        fill(_HOUR), made(304, "If-Modified-Since: {+0}"),
    ),
    case(
        MODIFIED, MUST, "a time before Date where no Last-Modified is stored",
        fill(_HOUR), hit("If-Modified-Since: {-1}"),
    ),
    case(
        MODIFIED, SHOULD, "HEAD with the time",
        fill(_HOUR, _LM), made(304, "If-Modified-Since: {-3600}", method="HEAD"),
    ),
)  # fmt: skip

_BOTH = (_HOUR, 'ETag: "a"', "Last-Modified: {-3600}")
_ORDER = (
    case(
        ORDER, MUST, "a tag that matches beats a time that does not",
        fill(*_BOTH), made(304, 'If-None-Match: "a"', "If-Modified-Since: {-9999}"),
    ),
    case(
        ORDER, MUST_NOT, "a time that matches does not help a tag that does not",
        fill(*_BOTH), hit('If-None-Match: "b"', "If-Modified-Since: {-3600}"),
    ),
    case(
        ORDER, MUST_NOT, "a time does not help where a tag is asked and none stored",
        fill(_HOUR, _LM), hit('If-None-Match: "b"', "If-Modified-Since: {-3600}"),
    ),
    case(
        ORDER, MUST, "a condition comes before a range",
        fill(*_BOTH), made(304, 'If-None-Match: "a"', "Range: bytes=0-3"),
    ),
)  # fmt: skip

_NOT_OURS = (
    # §4.3.2: If-Match and If-Unmodified-Since are for the origin, not for a cache.
    *(
        case(
            section, MUST, f"{line.split(':')[0]} is the origin's, which says {status}",
            fill(_HOUR, 'ETag: "a"', _LM), hit(),
            miss(line, asks=(line,), reply=reply('ETag: "a"', _LM, status=status)),
        )
        for section, line in (
            (IF_MATCH, 'If-Match: "a"'),
            (UNMODIFIED, "If-Unmodified-Since: {-3600}"),
        )
        for status in (200, 412)
    ),
    case(
        IF_MATCH, SHOULD_NOT, "If-Match is not evaluated on what the origin answered to it",
        fill(_HOUR, 'ETag: "a"'), hit(), miss('If-Match: "a"'),
    ),
    *(
        case(
            ONLY, MUST, f"a condition does not make a 304 of {status}",
            fill(_HOUR, 'ETag: "a"', status=status), hit('If-None-Match: "a"'),
        )
        for status in (301, 404, 410, 500, 503)
    ),
    case(
        ONLY, MUST_NOT, "a condition on POST is not answered from the cache",
        fill(_HOUR, 'ETag: "a"'), hit(), miss('If-None-Match: "a"', method="POST", payload=b"a"),
    ),
)  # fmt: skip

_CARRIED = (
    "Cache-Control: max-age=3600",
    "Content-Location: /here",
    'ETag: "a"',
    "Expires: {+3600}",
    "Vary: Foo",
    "Date: {-10}",
)
_FORM = (
    case(
        NOT_MODIFIED, MUST, "a 304 says what a 200 would say",
        fill(*_CARRIED), made(304, 'If-None-Match: "a"', has=_CARRIED),
    ),
    case(
        "9111 §5.1", MUST, "a 304 says its age",
        fill(_HOUR, 'ETag: "a"'), made(304, 'If-None-Match: "a"', after=30, has=("Age: 30",)),
    ),
    case(
        NOT_MODIFIED, MUST_NOT, "a 304 leaves the stored response as it is",
        fill(_HOUR, 'ETag: "a"', "X-Foo: bar"),
        made(304, 'If-None-Match: "a"'), hit(has=("X-Foo: bar", 'ETag: "a"')),
    ),
    case(
        REQUESTS, MUST, "the variant that was chosen is compared",
        fill(_HOUR, "Vary: Foo", 'ETag: "a"', sends=("Foo: 1",)),
        fill(_HOUR, "Vary: Foo", 'ETag: "b"', sends=("Foo: 2",)),
        hit("Foo: 2", 'If-None-Match: "a"', of=2),
        made(304, "Foo: 1", 'If-None-Match: "a"'),
    ),
)  # fmt: skip

CASES = (*_NONE_MATCH, *_MODIFIED, *_ORDER, *_NOT_OURS, *_FORM)
