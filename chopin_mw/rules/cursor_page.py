"""One page of a list that is read by cursors."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Shown = TypeVar("Shown")


class CursorPage(dict[str, Any], Generic[Item]):
    """Hold the rows of one page, and the cursors of the pages before and after it.

    A dict, because that is what the encoders of all frameworks take, with the members `items`,
    `per_page`, `next_cursor`, `previous_cursor`; a cursor is null where there is no such page.
    There is no total: counting is what cursors save.
    """

    @classmethod
    def of(
        cls,
        rows: Iterable[Item],
        *,
        per_page: int,
        next_cursor: str | None,
        previous_cursor: str | None,
    ) -> "CursorPage[Item]":
        """Return the page with these rows."""
        return cls(
            items=list(rows),
            per_page=per_page,
            next_cursor=next_cursor,
            previous_cursor=previous_cursor,
        )

    @property
    def rows(self) -> list[Item]:
        """The member `items`, a name that means something else on a dict."""
        rows: list[Item] = self["items"]
        return rows

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins."""
        cursor: str | None = self["next_cursor"]
        return cursor

    @property
    def previous_cursor(self) -> str | None:
        """Where the previous page begins, counted from its end."""
        cursor: str | None = self["previous_cursor"]
        return cursor

    def map(self, change: Callable[[Item], Shown]) -> "CursorPage[Shown]":
        """Return the page with each row changed: `page.map(FlightOut.from_row)`."""
        return CursorPage[Shown]({**self, "items": [change(row) for row in self.rows]})

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let FastAPI validate and document `CursorPage[Flight]` as a response model."""
        (item,) = getattr(source, "__args__", (Any,))
        cursor = {"type": "nullable", "schema": {"type": "str"}}
        members = {
            "items": handler.generate_schema(list[item]),  # type: ignore[valid-type] # known at run time
            "per_page": {"type": "int"},
            "next_cursor": cursor,
            "previous_cursor": cursor,
        }
        fields = {
            name: {"type": "typed-dict-field", "schema": schema, "required": True}
            for name, schema in members.items()
        }
        return {"type": "typed-dict", "fields": fields}
