"""Variants of one URL (RFC 9111 §4.1)."""

from conformance.case import MAY, MUST, MUST_NOT, Case, case, fill, hit, miss

SECTION = "9111 §4.1"
_HOUR = "Cache-Control: max-age=3600"
_VARIES = (_HOUR, "Vary: Foo")

_BY_VALUE = (
    case(SECTION, MAY, "the same value", fill(*_VARIES, sends=("Foo: 1",)), hit("Foo: 1")),
    case(SECTION, MUST_NOT, "another value", fill(*_VARIES, sends=("Foo: 1",)), miss("Foo: 2")),
    case(SECTION, MUST_NOT, "no value", fill(*_VARIES, sends=("Foo: 1",)), miss()),
    case(SECTION, MUST_NOT, "a value where there was none", fill(*_VARIES), miss("Foo: 1")),
    case(SECTION, MAY, "absent both times", fill(*_VARIES), hit()),
    case(SECTION, MUST_NOT, "empty where it was absent", fill(*_VARIES), miss("Foo:")),
    case(SECTION, MUST_NOT, "absent where it was empty", fill(*_VARIES, sends=("Foo:",)), miss()),
    case(SECTION, MAY, "empty both times", fill(*_VARIES, sends=("Foo:",)), hit("Foo:")),
    case(
        SECTION, MUST_NOT, "a value that begins alike",
        fill(*_VARIES, sends=("Foo: 1",)), miss("Foo: 10"),
    ),
    case(
        SECTION, MUST_NOT, "a value in other case",
        fill(*_VARIES, sends=("Foo: a",)), miss("Foo: A"),
    ),
    case(
        SECTION, MAY, "the name in other case",
        fill(_HOUR, "Vary: fOO", sends=("Foo: 1",)), hit("foo: 1"),
    ),
    case(
        SECTION, MAY, "a field it does not name",
        fill(*_VARIES, sends=("Foo: 1", "Bar: 1")), hit("Foo: 1", "Bar: 2"),
    ),
    case(SECTION, MAY, "an empty Vary", fill(_HOUR, "Vary:", sends=("Foo: 1",)), hit("Foo: 2")),
    case(
        SECTION, MUST_NOT, "another Cookie",
        fill(_HOUR, "Vary: Cookie", sends=("Cookie: a=1",)), miss("Cookie: a=2"),
    ),
    case(
        SECTION, MUST_NOT, "another User-Agent",
        fill(_HOUR, "Vary: User-Agent", sends=("User-Agent: a",)), miss("User-Agent: b"),
    ),
    case(
        SECTION, MUST_NOT, "another Origin",
        fill(_HOUR, "Vary: Origin", sends=("Origin: https://a.example",)),
        miss("Origin: https://b.example"),
    ),
)  # fmt: skip

_SIDE_BY_SIDE = (
    case(
        SECTION, MUST, "two variants live side by side",
        fill(*_VARIES, sends=("Foo: 1",)), fill(*_VARIES, sends=("Foo: 2",)),
        hit("Foo: 1", of=1), hit("Foo: 2", of=2), hit("Foo: 1", of=1),
    ),
    case(
        SECTION, MUST, "three variants live side by side",
        fill(*_VARIES, sends=("Foo: 1",)), fill(*_VARIES, sends=("Foo: 2",)), fill(*_VARIES),
        hit("Foo: 1", of=1), hit("Foo: 2", of=2), hit(of=3),
    ),
    case(
        SECTION, MUST, "one variant over does not end the others",
        fill("Cache-Control: max-age=10", "Vary: Foo", sends=("Foo: 1",)),
        fill(*_VARIES, sends=("Foo: 2",)),
        miss("Foo: 1", after=11), hit("Foo: 2", of=2),
    ),
    case(
        SECTION, MUST_NOT, "a later response that varies by more",
        fill(*_VARIES, sends=("Foo: 1", "Bar: 1")),
        fill(_HOUR, "Vary: Foo, Bar", sends=("Foo: 2", "Bar: 1")),
        miss("Foo: 2", "Bar: 2"),
    ),
    case(
        SECTION, MUST_NOT, "a later response that varies where none did",
        fill("Cache-Control: max-age=10"),
        fill(*_VARIES, sends=("Foo: 1",), after=11),
        miss("Foo: 2"),
    ),
    case(
        SECTION, MUST, "the newest of two that match",
        fill(*_VARIES, sends=("Foo: 1", "Bar: 1")),
        fill(*_VARIES, sends=("Foo: 1", "Bar: 1", "Cache-Control: no-cache"), after=5),
        hit("Foo: 1", of=2),
    ),
)  # fmt: skip

_NAMES = (
    case(
        SECTION, MAY, "two names, both the same",
        fill(_HOUR, "Vary: Foo, Bar", sends=("Foo: 1", "Bar: 2")), hit("Bar: 2", "Foo: 1"),
    ),
    case(
        SECTION, MUST_NOT, "two names, the second other",
        fill(_HOUR, "Vary: Foo, Bar", sends=("Foo: 1", "Bar: 2")), miss("Foo: 1", "Bar: 3"),
    ),
    case(
        SECTION, MUST_NOT, "two names, the second missing",
        fill(_HOUR, "Vary: Foo, Bar", sends=("Foo: 1", "Bar: 2")), miss("Foo: 1"),
    ),
    case(
        SECTION, MUST_NOT, "two names, values exchanged",
        fill(_HOUR, "Vary: Foo, Bar", sends=("Foo: 1", "Bar: 2")), miss("Foo: 2", "Bar: 1"),
    ),
    case(
        SECTION, MUST_NOT, "two lines, the second other",
        fill(_HOUR, "Vary: Foo", "Vary: Bar", sends=("Foo: 1", "Bar: 2")),
        miss("Foo: 1", "Bar: 3"),
    ),
    case(
        SECTION, MAY, "two lines, both the same",
        fill(_HOUR, "Vary: Foo", "Vary: Bar", sends=("Foo: 1", "Bar: 2")),
        hit("Foo: 1", "Bar: 2"),
    ),
    case(
        SECTION, MUST_NOT, "names with odd commas and spaces",
        fill(_HOUR, "Vary: ,\tFoo ,, Bar\t,", sends=("Foo: 1", "Bar: 2")),
        miss("Foo: 1", "Bar: 3"),
    ),
    case(
        SECTION, MUST_NOT, "three names, the third other",
        fill(_HOUR, "Vary: Foo, Bar, Baz", sends=("Foo: 1", "Bar: 2", "Baz: 3")),
        miss("Foo: 1", "Bar: 2", "Baz: 4"),
    ),
)  # fmt: skip


def _star(title: str, *lines: str) -> Case:
    return case(SECTION, MUST_NOT, title, fill(_HOUR, *lines), miss())


_STARS = (
    _star("a star", "Vary: *"),
    _star("a star last in a list", "Vary: Foo, *"),
    _star("a star first in a list", "Vary: *, Foo"),
    _star("a star amid commas", "Vary: , *,"),
    _star("a star on a second line", "Vary: Foo", "Vary: *"),
    _star("a star on a first line", "Vary: *", "Vary: Foo"),
)


def _alike(title: str, before: tuple[str, ...], after: tuple[str, ...]) -> Case:
    return case(SECTION, MAY, title, fill(*_VARIES, sends=before), hit(*after))


def _unlike(title: str, before: tuple[str, ...], after: tuple[str, ...]) -> Case:
    return case(SECTION, MUST_NOT, title, fill(*_VARIES, sends=before), miss(*after))


_NORMALISED = (
    _alike("space after a comma", ("Foo: 1,2",), ("Foo: 1, 2",)),
    _alike("space before a comma", ("Foo: 1, 2",), ("Foo: 1 , 2",)),
    _alike("tabs around a comma", ("Foo: 1, 2",), ("Foo: 1\t,\t2",)),
    _alike("space around the value", ("Foo: 1",), ("Foo: \t 1  ",)),
    _alike("two lines for one", ("Foo: 1, 2",), ("Foo: 1", "Foo: 2")),
    _alike("one line for two", ("Foo: 1", "Foo: 2"), ("Foo: 1,2",)),
    _unlike("the other order", ("Foo: 1, 2",), ("Foo: 2, 1",)),
    _unlike("two lines in the other order", ("Foo: 1", "Foo: 2"), ("Foo: 2", "Foo: 1")),
    _unlike("one member less", ("Foo: 1, 2",), ("Foo: 1",)),
    _unlike("one member twice", ("Foo: 1",), ("Foo: 1, 1",)),
    _unlike("space inside a value", ("Foo: a b",), ("Foo: ab",)),
    _unlike("a space, not a comma", ("Foo: a, b",), ("Foo: a b",)),
    _unlike("space inside quotes", ('Foo: "a,b"',), ('Foo: "a, b"',)),
    _unlike("bytes beyond ASCII", ("Foo: \xe9",), ("Foo: \xe8",)),
    *(
        case(
            SECTION, MAY, f"{name} in other case",
            fill(_HOUR, f"Vary: {name}", sends=(f"{name}: {before}",)), hit(f"{name}: {after}"),
        )
        for name, before, after in (
            ("Accept-Language", "en, de", "eN, De"),
            ("Accept-Encoding", "gzip, br", "GZIP, Br"),
        )
    ),
    *(
        case(
            SECTION, MUST_NOT, f"another {name}, {before!r} and {after!r}",
            fill(_HOUR, f"Vary: {name}", sends=(f"{name}: {before}",)), miss(f"{name}: {after}"),
        )
        for name, before, after in (
            ("Accept-Language", "en", "de"),
            ("Accept-Language", "en", "en-GB"),
            ("Accept-Encoding", "gzip", "identity"),
            ("Accept-Encoding", "gzip", "gzip;q=0"),
            ("Accept", "text/html", "application/json"),
        )
    ),
)  # fmt: skip

CASES = (*_BY_VALUE, *_SIDE_BY_SIDE, *_NAMES, *_STARS, *_NORMALISED)
