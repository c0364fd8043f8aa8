"""Links from one page of a cursor-paged list to its neighbours (RFC 8288)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.rules.headers import Field
from chopin_mw.rules.page_links import escaped, escaped_path
from chopin_mw.rules.page_query import find
from chopin_mw.rules.uri import target_uri

_LONGEST_VALUE = 4096


def cursor_link_fields(
    scope: Mapping[str, Any], base_url: bytes, parameter: str, page: CursorPage[Any]
) -> list[Field]:
    """Return a Link to the first page, and to those before and after this one.

    Links have every other parameter of the request byte for byte, so the clamped limit too. There
    is none for what would take more of a header than proxies let pass.
    """
    uri = target_uri(scope, b"")
    query = uri.query or b""
    # An absolute-form target would name a host of the client's choice.
    if not uri.path.startswith(b"/") or len(query) > _LONGEST_VALUE:
        return []
    segments = query.split(b"&") if query else []
    named = find(segments, (parameter.encode(),))
    ours = {at for given in named.values() for at, _ in given}
    others = [segment for at, segment in enumerate(segments) if at not in ours]
    name = quote(parameter, safe="")
    cursors = {"first": None, "prev": page.previous_cursor, "next": page.next_cursor}
    links = []
    for relation, cursor in cursors.items():
        if cursor is None and relation != "first":
            continue
        placed = others if cursor is None else [*others, f"{name}={cursor}".encode()]
        target = base_url + escaped_path(uri.path)
        if placed:
            target += b"?" + escaped(b"&".join(placed))
        links.append(b'<%b>; rel="%b"' % (target, relation.encode()))
    value = b", ".join(links)
    return [(b"link", value)] if len(value) <= _LONGEST_VALUE else []
