"""What response directives, credentials and broken transfers say about storing (RFC 9111 §3)."""

from conformance.case import (
    MAY,
    MUST,
    MUST_NOT,
    SHOULD_NOT,
    Case,
    Source,
    Step,
    case,
    fill,
    hit,
    miss,
    not_reused,
    reply,
    reused,
    validated,
)

NO_STORE, PRIVATE, NO_CACHE = "9111 §5.2.2.5", "9111 §5.2.2.7", "9111 §5.2.2.4"
AUTHORIZATION, INCOMPLETE, PRAGMA = "9111 §3.5", "9111 §3.3", "9111 §5.4"
_HOUR = "Cache-Control: max-age=3600"
_BASIC = "Authorization: Basic Zm9vOmJhcg=="

_NOT_STORED = (
    "no-store",
    "No-StOrE",
    "NO-STORE",
    "no-store, max-age=3600",
    "max-age=3600, no-store",
    "max-age=3600,no-store",
    "max-age=3600 ,  no-store  ",
    "max-age=3600\t,\tno-store\t",
    ", , no-store, max-age=3600,",
    "no-store, public, max-age=3600",
    "s-maxage=3600, no-store",
    'foo="bar", no-store, max-age=3600',
    'foo="a, \\"b", no-store, max-age=3600',
)
_NOT_SHARED = (
    *(value.replace("no-store", "private") for value in _NOT_STORED[3:]),
    "PrIvAtE, max-age=3600",
    "private, max-age=3600, s-maxage=3600",
    "private, must-revalidate, max-age=3600",
)
_VALIDATED_FIRST = (
    *(value.replace("no-store", "no-cache") for value in _NOT_STORED[3:]),
    "No-CaChE, max-age=3600",
    "no-cache",
    "no-cache, s-maxage=3600",
)


def _directive(section: str, value: str) -> Case:
    return not_reused(section, f"{value!r}", f"Cache-Control: {value}", "Expires: {+3600}")


_NO_CACHE = (
    case(
        NO_CACHE, MAY, "no-cache is stored to be validated",
        fill("Cache-Control: no-cache", 'ETag: "a"'), validated(asks=('If-None-Match: "a"',)),
    ),
    case(
        NO_CACHE, MUST_NOT, "no-cache asks each time",
        fill("Cache-Control: no-cache, max-age=3600", 'ETag: "a"'), validated(), validated(),
    ),
    case(
        NO_CACHE, MAY, "no-cache is validated by time",
        fill("Cache-Control: no-cache", "Last-Modified: {-3600}"),
        validated(asks=("If-Modified-Since: {-3600}",)),
    ),
    case(
        NO_CACHE, MUST_NOT, "a field that no-cache names is not replayed",
        fill('Cache-Control: max-age=3600, no-cache="x-secret"', "X-Secret: a", "X-Open: b"),
        hit(lacks=("X-Secret",), has=("X-Open: b",)),
    ),
    case(
        NO_CACHE, MUST_NOT, "fields that no-cache names are not replayed, in any case and order",
        fill('Cache-Control: no-cache="X-One, x-TWO", max-age=99', "X-One: a", "X-Two: b"),
        hit(lacks=("X-One", "X-Two")),
    ),
)  # fmt: skip

_PRIVATE_FIELDS = (
    case(
        PRIVATE, MUST_NOT, "a field that private names is not stored",
        fill('Cache-Control: max-age=3600, private="x-secret"', "X-Secret: a", "X-Open: b"),
        hit(lacks=("X-Secret",), has=("X-Open: b",)),
    ),
    case(
        PRIVATE, MUST_NOT, "a field that private names without quotes is not stored",
        fill("Cache-Control: max-age=3600, private=x-secret", "X-Secret: a"),
        hit(lacks=("X-Secret",)),
    ),
    case(
        PRIVATE, MUST_NOT, "fields that private names are not stored, in any case and order",
        fill('Cache-Control: private="X-One,x-TWO", max-age=99', "X-One: a", "X-Two: b"),
        hit(lacks=("X-One", "X-Two")),
    ),
)  # fmt: skip

_PRAGMA = (
    reused(PRAGMA, "Pragma means nothing in a response", _HOUR, "Pragma: no-cache"),
    reused(PRAGMA, "Pragma means nothing beside Expires", "Expires: {+99}", "Pragma: no-cache"),
)


def _authorized(title: str, value: str, *, may: bool) -> Case:
    """Somebody with credentials fills the cache; somebody without asks next."""
    level = MAY if may else MUST_NOT
    filled = fill(f"Cache-Control: {value}", sends=(_BASIC,))
    return case(AUTHORIZATION, level, title, filled, hit() if may else miss())


_AUTHORIZATION = (
    _authorized("credentials with max-age", "max-age=3600", may=False),
    _authorized("credentials with max-age and an extension", "max-age=99, foo=public", may=False),
    _authorized("credentials with proxy-revalidate", "max-age=9, proxy-revalidate", may=False),
    _authorized("credentials with public", "max-age=3600, public", may=True),
    _authorized("credentials with must-revalidate", "max-age=99, must-revalidate", may=True),
    _authorized("credentials with s-maxage", "s-maxage=3600", may=True),
    _authorized("credentials with public and private", "public, private, max-age=9", may=False),
    _authorized("credentials with public and no-store", "public, no-store, max-age=9", may=False),
    case(
        AUTHORIZATION, MUST_NOT, "credentials with Expires",
        fill("Expires: {+3600}", sends=(_BASIC,)), miss(),
    ),
    case(
        AUTHORIZATION, MUST_NOT, "credentials for others with credentials",
        fill(_HOUR, sends=(_BASIC,)), miss("Authorization: Bearer other"),
    ),
    case(
        AUTHORIZATION, MUST_NOT, "credentials in a lower-case field",
        fill(_HOUR, sends=(_BASIC.lower(),)), miss(),
    ),
    case(AUTHORIZATION, MAY, "what all may see answers credentials", fill(_HOUR), hit(_BASIC)),
)  # fmt: skip

_COOKIES = (
    case("9111 §4", MAY, "Cookie tells nothing apart", fill(_HOUR, sends=("Cookie: a=1",)), hit()),
    case(
        "9111 §4", MAY, "another Cookie tells nothing apart",
        fill(_HOUR, sends=("Cookie: a=1",)), hit("Cookie: a=2"),
    ),
    case(
        "9111 §7.3", MAY, "Set-Cookie is stored and replayed",
        fill(_HOUR, "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2, c=3"),
        hit(has=("Set-Cookie: a=1; Path=/", "Set-Cookie: b=2, c=3")),
    ),
)  # fmt: skip


def _broken(title: str, **how: object) -> Case:
    reply_ = reply(_HOUR, 'ETag: "a"', body=b"0123456789" * 400, **how)
    cut = Step(source=Source.FAILURE, status=200, replies=(reply_,))
    return case(INCOMPLETE, MUST_NOT, title, cut, miss())


_INCOMPLETE = (
    _broken("a response shorter than it said", ending="cut short"),
    _broken("chunks without an end", ending="cut short", framing="chunked"),
    case(
        INCOMPLETE, MAY, "a response in chunks is stored",
        fill(_HOUR, framing="chunked"), hit(),
    ),
    case(
        INCOMPLETE, MAY, "a response that ends with its connection is stored",
        fill(_HOUR, framing="until close"), hit(),
    ),
    case(INCOMPLETE, MAY, "an empty response is stored", fill(_HOUR, status=204), hit()),
    case(
        INCOMPLETE, MUST, "a long response is stored whole",
        fill(_HOUR, body=b"0123456789" * 30_000), hit(),
    ),
)  # fmt: skip

CASES = (
    *(_directive(NO_STORE, value) for value in _NOT_STORED),
    *(_directive(PRIVATE, value) for value in _NOT_SHARED),
    *(_directive(NO_CACHE, value) for value in _VALIDATED_FIRST),
    not_reused(NO_STORE, "no-store with a value", "Cache-Control: max-age=9, no-store=x",
               level=SHOULD_NOT),
    not_reused(NO_STORE, "no-store with a quoted value", 'Cache-Control: max-age=9, no-store="x"',
               level=SHOULD_NOT),
    not_reused(NO_STORE, "semicolons for commas", "Cache-Control: max-age=60;no-store",
               level=SHOULD_NOT),
    not_reused(PRIVATE, "semicolons for commas", "Cache-Control: max-age=60;private",
               level=SHOULD_NOT),
    *_NO_CACHE,
    *_PRIVATE_FIELDS,
    *_PRAGMA,
    *_AUTHORIZATION,
    *_COOKIES,
    *_INCOMPLETE,
)  # fmt: skip
