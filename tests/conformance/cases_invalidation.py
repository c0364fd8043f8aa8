"""Unsafe methods end what is stored (RFC 9111 §4.4)."""

from conformance.case import MAY, MUST, MUST_NOT, Case, case, fill, hit, miss, reply

SECTION = "9111 §4.4"
_HOUR = "Cache-Control: max-age=3600"
_UNSAFE = ("POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "FOO", "post")


def _invalidates(method: str, status: int) -> Case:
    return case(
        SECTION, MUST, f"{method} with {status}", fill(_HOUR), hit(),
        miss(method=method, payload=b"a", reply=reply(status=status)), miss(),
    )  # fmt: skip


def _leaves(method: str, status: int) -> Case:
    return case(
        SECTION, MAY, f"{method} with {status} leaves what is stored", fill(_HOUR), hit(),
        miss(method=method, payload=b"a", reply=reply(status=status)), hit(of=1),
    )  # fmt: skip


def _named(
    field: str, title: str, url: str, *, own: bool, method: str = "POST", status: int = 201
) -> Case:
    """Store `/stored`, and send to `/form/sent`, whose answer names a URL."""
    return case(
        SECTION, MUST if own else MUST_NOT, f"{field} of {title} after {method}",
        fill(_HOUR, path="/stored"), hit(path="/stored"),
        miss(
            method=method, path="/form/sent", payload=b"a",
            reply=reply(f"{field}: {url}", status=status),
        ),
        miss(path="/stored") if own else hit(path="/stored", of=1),
    )  # fmt: skip


_FIELDS = tuple(
    each
    for field in ("Location", "Content-Location")
    for each in (
        _named(field, "a relative path", "../stored", own=True),
        _named(field, "an absolute path", "/{path}/stored", own=True),
        _named(field, "an absolute path with a dot in it", "/{path}/./x/../stored", own=True),
        _named(field, "a path with a fragment", "/{path}/stored#here", own=True),
        _named(field, "a whole URL", "http://{host}/{path}/stored", own=True),
        _named(field, "a URL without scheme", "//{host}/{path}/stored", own=True),
        _named(
            field, "a URL with its scheme in upper case", "HTTP://{host}/{path}/stored", own=True
        ),
        _named(field, "another host", "http://other.example/{path}/stored", own=False),
        _named(field, "another host without scheme", "//other.example/{path}/stored", own=False),
        _named(field, "another port", "http://127.0.0.1:1/{path}/stored", own=False),
        _named(field, "another scheme", "https://{host}/{path}/stored", own=False),
        _named(field, "another path", "/{path}/elsewhere", own=False),
        _named(field, "junk", "http://[", own=False),
        _named(field, "a path after an error", "/{path}/stored", own=False, status=500),
        *(
            _named(field, "a path", "/{path}/stored", own=True, method=method)
            for method in ("PUT", "DELETE", "PATCH", "M-SEARCH", "FOO")
        ),
    )
)

CASES = (
    *(_invalidates(method, 200) for method in _UNSAFE),
    *(_invalidates("POST", status) for status in (201, 202, 204, 299, 301, 302, 303, 307)),
    *(_leaves(method, 500) for method in ("POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "FOO")),
    *(_leaves("POST", status) for status in (400, 403, 404, 412, 499, 502, 503, 504, 599)),
    _leaves("OPTIONS", 200),
    *_FIELDS,
    case(
        SECTION, MUST, "all variants end",
        fill(_HOUR, "Vary: Foo", sends=("Foo: 1",)), fill(_HOUR, "Vary: Foo", sends=("Foo: 2",)),
        hit("Foo: 1", of=1), miss("Foo: 1", method="POST", payload=b"a"),
        miss("Foo: 2"), miss("Foo: 1"),
    ),
    case(
        SECTION, MAY, "another query stays",
        fill(_HOUR, path="?a"), fill(_HOUR, path="?b"),
        miss(method="POST", path="?a", payload=b"a"), hit(path="?b", of=2), miss(path="?a"),
    ),
    case(
        SECTION, MAY, "what is fetched afterwards is stored",
        fill(_HOUR), miss(method="POST", payload=b"a"), fill(_HOUR, after=1), hit(of=3),
    ),
    case(
        SECTION, MUST, "a response that was stale ends too",
        fill("Cache-Control: max-age=10", 'ETag: "a"'),
        miss(method="DELETE", after=20),
        miss("Cache-Control: max-stale"),
    ),
)  # fmt: skip
