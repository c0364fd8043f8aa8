"""`Pagination` and `Page`: what a handler of a list is asked for, and what it answers."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Generic, TypeVar

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.page_links import announce
from chopin_mw.rules.pagination import Pagination

__all__ = ["Page", "Pagination"]

Item = TypeVar("Item")


class Page(dict[str, Any], Generic[Item]):
    """Hold the rows of one page and what a client needs to know of the others.

    A dict, because that is what the encoders of all frameworks take, with the members `items`,
    `total`, `page`, `per_page`, `total_pages`, `has_next`. `total` and `total_pages` are absent
    where the total is unknown, `page` is null where the offset is between two pages,
    `total_is_capped` says that there are more. Make it with `Page.of`.

        rows = await fetch(limit=pagination.limit + 1, offset=pagination.offset)
        return Page.of(rows, pagination)
    """

    @classmethod
    def of(
        cls,
        rows: Iterable[Item],
        pagination: Pagination,
        *,
        total: int | None = None,
        total_is_capped: bool = False,
    ) -> "Page[Item]":
        """Return the page with these rows, and have Link sent if PaginationMiddleware listens.

        Give `limit + 1` rows, which tells whether there is a next page for nothing, or a `total`,
        or both; with neither, a full page looks like the last one. More rows than that are cut off.
        `total_is_capped` says that counting was stopped at `total`.
        """
        if total is not None and (isinstance(total, bool) or total < 0):
            raise ConfigurationError(f"total must be a number of rows, got {total!r}")
        taken = list(islice(rows, pagination.limit + 1))
        items = taken[: pagination.limit]
        has_next = len(taken) > len(items) or pagination.offset + len(items) < (total or 0)
        exact = None if total_is_capped else total
        announce(
            lambda scope, links: links.fields(scope, pagination, has_next=has_next, total=exact)
        )
        page: Page[Item] = cls(items=items)
        if total is not None:
            page["total"] = total
        page.update(page=pagination.page, per_page=pagination.limit)
        if total is not None:
            page["total_pages"] = -(-total // pagination.limit)
        page["has_next"] = has_next
        if total is not None and total_is_capped:
            page["total_is_capped"] = True
        return page

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let FastAPI validate and document `Page[Flight]` as a response model."""
        (item,) = getattr(source, "__args__", (Any,))
        number = {"type": "int"}
        members = {
            "items": (handler.generate_schema(list[item]), True),  # type: ignore[valid-type] # known at run time
            "total": (number, False),
            "page": ({"type": "nullable", "schema": number}, True),
            "per_page": (number, True),
            "total_pages": (number, False),
            "has_next": ({"type": "bool"}, True),
            "total_is_capped": ({"type": "bool"}, False),
        }
        fields = {
            name: {"type": "typed-dict-field", "schema": schema, "required": required}
            for name, (schema, required) in members.items()
        }
        return {"type": "typed-dict", "fields": fields}
