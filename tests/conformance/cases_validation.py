"""Stale responses are validated (RFC 9111 §4.3.1, §4.3.3) and freshened (§4.3.4)."""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD,
    Case,
    case,
    fill,
    hit,
    miss,
    reply,
    validated,
)

SENDING, RECEIVING, FRESHENING = "9111 §4.3.1", "9111 §4.3.3", "9111 §4.3.4"
_LIFE = "Cache-Control: max-age=100"
_TAGGED = (_LIFE, 'ETag: "a"')
_LM = "Last-Modified: {-3600}"


def _sent(title: str, *fields: str, asks: tuple[str, ...], **more: object) -> Case:
    return case(SENDING, MUST, title, fill(_LIFE, *fields), validated(after=150, asks=asks, **more))


_SENT = (
    _sent("a strong tag is sent", 'ETag: "a"', asks=('If-None-Match: "a"',)),
    _sent("a weak tag is sent", 'ETag: W/"a"', asks=('If-None-Match: W/"a"',)),
    _sent("a tag without quotes is sent as it is", "ETag: a", asks=("If-None-Match: a",)),
    _sent("a tag with a comma is sent", 'ETag: "a,b"', asks=('If-None-Match: "a,b"',)),
    _sent("a time is sent", _LM, asks=("If-Modified-Since: {-3600}",)),
    _sent(
        "a tag and a time are both sent", 'ETag: "a"', _LM,
        asks=('If-None-Match: "a"', "If-Modified-Since: {-3600}"),
    ),
    _sent(
        "a time in an obsolete format is sent as the same time", "Last-Modified: {-3600:rfc850}",
        asks=("If-Modified-Since: *",),
    ),
    _sent("the client's fields are sent on", 'ETag: "a"', asks=('If-None-Match: "a"',)),
    case(
        SENDING, MUST_NOT, "without a validator nothing is asked with a condition",
        fill(_LIFE), miss(after=150, asks_not=("If-None-Match", "If-Modified-Since")),
    ),
    case(
        SENDING, SHOULD, "a response that must be revalidated is validated",
        fill("Cache-Control: max-age=100, must-revalidate", 'ETag: "a"'), hit(),
        validated(after=150, asks=('If-None-Match: "a"',)),
    ),
    case(
        SENDING, MUST_NOT, "a validator of another variant that does not match is not sent alone",
        fill(*_TAGGED, "Vary: Foo", sends=("Foo: 1",)),
        fill(_LIFE, "Vary: Foo", 'ETag: "b"', sends=("Foo: 2",)),
        validated("Foo: 2", after=150, of=2),
    ),
)  # fmt: skip

_CLIENT = (
    case(
        SENDING, MUST, "a client whose tag is the stored one gets 304",
        fill(*_TAGGED), hit(),
        validated('If-None-Match: "a"', after=150, status=304, asks=("If-None-Match: *",)),
    ),
    case(
        RECEIVING, MUST_NOT, "a client whose tag is another one gets the whole",
        fill(*_TAGGED),
        validated(
            'If-None-Match: "b"', after=150, status=200,
            reply=reply(*_TAGGED, status=304),
        ),
    ),
    case(
        RECEIVING, MUST, "a client's own tag that is current again reaches the client as 304",
        fill(*_TAGGED), hit(),
        validated(
            'If-None-Match: "b"', after=150, status=304,
            reply=(reply(_LIFE, 'ETag: "b"', status=304),) * 2,
        ),
    ),
    case(
        RECEIVING, MUST, "a client without a condition never gets a 304",
        fill(*_TAGGED), validated(after=150, status=200),
    ),
    case(
        RECEIVING, MUST, "without anything stored, a client's condition and its 304 pass",
        miss('If-None-Match: "a"', reply=reply('ETag: "a"', status=304),
             asks=('If-None-Match: "a"',)),
        fill(*_TAGGED), hit(),
    ),
    case(
        RECEIVING, MUST_NOT, "a 304 that passed is not stored as a response",
        miss('If-None-Match: "a"', reply=reply(*_TAGGED, status=304)), miss(),
    ),
)  # fmt: skip

_RECEIVED = (
    case(
        RECEIVING, MUST, "a new response replaces the stale one",
        fill(*_TAGGED),
        miss(after=150, reply=reply(_LIFE, 'ETag: "b"'), asks=('If-None-Match: "a"',)),
        hit(of=2, has=('ETag: "b"',)),
    ),
    case(
        RECEIVING, MUST, "404 replaces the stale response",
        fill(*_TAGGED), miss(after=150, reply=reply(_LIFE, status=404)), hit(of=2, status=404),
    ),
    case(
        RECEIVING, MUST, "a response that must not be stored ends the stale one",
        fill(*_TAGGED), miss(after=150, reply=reply("Cache-Control: no-store")),
        miss(),
    ),
)  # fmt: skip

_FRESHENED = (
    case(
        FRESHENING, MUST, "a 304 with a lifetime makes a response fresh for as long",
        fill(*_TAGGED),
        validated(after=150, reply=reply("Cache-Control: max-age=1000", status=304)),
        hit(after=999), validated(after=1),
    ),
    case(
        FRESHENING, MUST, "a 304 without a lifetime makes it fresh by its own",
        fill(*_TAGGED), validated(after=150), hit(after=99), validated(after=1),
    ),
    case(
        FRESHENING, MUST, "a 304 with a new Expires counts",
        fill("Expires: {+100}", 'ETag: "a"'),
        validated(after=150, reply=reply("Expires: {+250}", status=304)),
        hit(after=99), validated(after=1),
    ),
    case(
        FRESHENING, MUST, "a 304 with a shorter lifetime counts",
        fill(*_TAGGED), validated(after=150, reply=reply("Cache-Control: max-age=10", status=304)),
        validated(after=11),
    ),
    case(
        FRESHENING, MUST_NOT, "a 304 with no-store leaves nothing to reuse",
        fill(*_TAGGED),
        validated(after=150, reply=reply("Cache-Control: no-store", 'ETag: "a"', status=304)),
        miss(),
    ),
    case(
        FRESHENING, MUST, "a 304 with the same strong tag",
        fill(*_TAGGED), validated(after=150, reply=reply(*_TAGGED, status=304)), hit(),
    ),
    case(
        FRESHENING, MUST, "a 304 with the same weak tag",
        fill(_LIFE, 'ETag: W/"a"'),
        validated(after=150, reply=reply(_LIFE, 'ETag: W/"a"', status=304)), hit(),
    ),
    case(
        FRESHENING, MUST, "a 304 with the same time",
        fill(_LIFE, _LM), validated(after=150, reply=reply(_LIFE, _LM, status=304)), hit(),
    ),
    case(
        FRESHENING, MUST_NOT, "a 304 with another strong tag freshens nothing",
        fill(*_TAGGED),
        miss(
            after=150,
            reply=(reply(_LIFE, 'ETag: "b"', status=304), reply(_LIFE, 'ETag: "b"')),
        ),
        hit(of=2, has=('ETag: "b"',)),
    ),
    case(
        FRESHENING, MUST, "another variant is as it was",
        fill(*_TAGGED, "Vary: Foo", "X-Test: one", sends=("Foo: 1",)),
        fill("Cache-Control: max-age=1000", 'ETag: "b"', "Vary: Foo", "X-Test: two",
             sends=("Foo: 2",)),
        validated("Foo: 1", after=150, of=1,
                  reply=reply(_LIFE, 'ETag: "a"', "X-Test: new", "Vary: Foo", status=304)),
        hit("Foo: 2", of=2, has=("X-Test: two", "Age: 150")),
        hit("Foo: 1", of=1, has=("X-Test: new", "Age: 0")),
    ),
    case(
        FRESHENING, MAY, "validation goes on for ever",
        fill(*_TAGGED), *(validated(after=150) for _ in range(4)),
    ),
)  # fmt: skip

CASES = (*_SENT, *_CLIENT, *_RECEIVED, *_FRESHENED)
