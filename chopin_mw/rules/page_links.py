"""Links to the other pages of a list, and its size, as header fields (RFC 8288)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

from chopin_mw.errors import ConfigurationError
from chopin_mw.exchange import current_scope, exchange_of, page_scope
from chopin_mw.rules.headers import Field
from chopin_mw.rules.page_query import find, with_value
from chopin_mw.rules.pagination import PAGE_KEY, Pagination
from chopin_mw.rules.uri import split_reference, target_uri

# What may stand in a URI reference as it is (RFC 3986 §2); the rest would end or break the field.
_SAFE = "/:@!$&'()*+,;=~%?[]"
_LONGEST_VALUE = 4096


class PageLinks(NamedTuple):
    """Hold what a PaginationMiddleware leaves for the handler of one request.

    `base_url` is what goes before the path in links; empty for relative ones, which clients resolve
    against the URL that they asked for (RFC 8288 §3.1). `total_count_header` is a field name.
    Where deeper pages are clamped to the one at the `deepest` offset, no link leads there.
    """

    pagination: Pagination
    base_url: bytes = b""
    total_count_header: bytes | None = None
    deepest: int | None = None

    @property
    def names(self) -> tuple[bytes | None, ...]:
        """The names of the fields."""
        return (b"link", self.total_count_header)

    def fields(
        self,
        scope: Mapping[str, Any],
        pagination: Pagination,
        *,
        has_next: bool,
        total: int | None = None,
    ) -> list[Field]:
        """Return the fields that announce one page of the list; `total` only if it is exact."""
        value = b""
        uri = target_uri(scope, b"")
        # An absolute-form target would name a host of the client's choice.
        if uri.path.startswith(b"/"):
            target = self.base_url + escaped_path(uri.path)
            value = link_value(
                target,
                uri.query or b"",
                pagination,
                has_next=has_next,
                total=total,
                deepest=self.deepest,
            )
        fields = [(b"link", value)] if value else []
        if total is not None and self.total_count_header is not None:
            fields.append((self.total_count_header, b"%d" % total))
        return fields


def announce(fields_of: Callable[[Mapping[str, Any], PageLinks], list[Field]]) -> None:
    """Leave fields for the answer to the request being handled, if PaginationMiddleware listens."""
    scope = current_scope()
    if scope is None or PAGE_KEY not in scope:
        # A layer outside of PaginationMiddleware has a scope of its own.
        scope = page_scope.get()
    links: PageLinks | None = None if scope is None else scope.get(PAGE_KEY)
    if scope is None or links is None:
        return
    exchange = exchange_of(scope)
    # The page that was made last is the one that is sent.
    others = [field for field in exchange.fields or () if field[0] not in links.names]
    exchange.fields = [*others, *fields_of(scope, links)]


def link_value(
    path: bytes,
    query: bytes,
    pagination: Pagination,
    *,
    has_next: bool,
    total: int | None = None,
    deepest: int | None = None,
) -> bytes:
    """Return the value of Link: first, prev, next, and last where the total is known.

    Each link has the effective limit, and every other parameter byte for byte in its place, but for
    bytes that have no place in a URI. None leads beyond the `deepest` offset. Empty where nothing
    names a position, or where links would take more of a header than proxies let pass.
    """
    name = pagination.position_name
    if name is None or len(query) > _LONGEST_VALUE:
        return b""
    query = _with_parameter(escaped(query), pagination.limit_name, pagination.limit)
    links = []
    for relation, offset in _offsets(pagination, has_next, total).items():
        if deepest is not None and offset > deepest:
            continue
        number = offset // pagination.limit + 1 if pagination.style == "page" else offset
        target = path + b"?" + _with_parameter(query, name, number)
        links.append(b'<%b>; rel="%b"' % (target, relation))
    value = b", ".join(links)
    return value if len(value) <= _LONGEST_VALUE else b""


def checked_base_url(given: str | None) -> bytes:
    """Return what goes before the paths of links, or raise ConfigurationError."""
    if given is None:
        return b""
    if isinstance(given, str) and given.isascii() and "#" not in given:
        base = given.encode("ascii")
        parts = split_reference(base)
        if parts.origin is not None and parts.query is None and escaped(base) == base:
            return base.rstrip(b"/")
    raise ConfigurationError(
        f"base_url must be http(s)://host[:port][/path] and no more, got {given!r}"
    )


def escaped_path(path: bytes) -> bytes:
    """Return the path of a link: an absolute one, and never the name of another host."""
    path = escaped(path).replace(b"?", b"%3F")
    # RFC 3986 §4.2: two slashes would begin an authority; the dot goes as the link is resolved.
    return b"/." + path if path.startswith(b"//") else path


def escaped(text: bytes) -> bytes:
    """Return part of a URI reference, with bytes that have no place in one percent-encoded."""
    return quote_from_bytes(text, safe=_SAFE).encode("ascii")


def _offsets(pagination: Pagination, has_next: bool, total: int | None) -> dict[bytes, int]:  # noqa: FBT001 - private, named by its caller
    offset, limit = pagination.offset, pagination.limit
    offsets = {b"first": 0}
    if offset:
        offsets[b"prev"] = max(0, offset - limit)
    if has_next:
        offsets[b"next"] = offset + limit
    if total is not None:
        # Pages are counted from where the client stands, between two of them too.
        shift = offset % limit
        last = (total - 1 - shift) // limit * limit + shift if total > shift else 0
        offsets[b"last"] = last
        if offset > last:
            offsets[b"prev"] = min(offsets[b"prev"], last)
    return offsets


def _with_parameter(query: bytes, name: str, value: int) -> bytes:
    """Return the query with this value wherever the parameter stands, else at the end."""
    segments = query.split(b"&") if query else []
    text = b"%d" % value
    found = find(segments, (name.encode(),))
    if not found:
        quoted = quote_from_bytes(name.encode(), safe="").encode()
        return b"&".join([*segments, quoted + b"=" + text])
    for where in found.values():
        for at, _ in where:
            segments[at] = with_value(segments[at], text)
    return b"&".join(segments)
