"""Tell paths that every framework reads alike from those that some would route elsewhere."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes


def is_plain_path(scope: Mapping[str, Any]) -> bool:
    """Say whether `path` is all that the client asked for, and can be read in one way only.

    BlackSheep routes by `raw_path`, where `%2F` is no slash. Litestar cuts off what stands before
    `root_path` wherever that stands, and gives middleware of its own the rest of a mounted path.
    """
    path: str = scope["path"]
    raw: bytes | None = scope.get("raw_path")
    root: str | None = scope.get("root_path")
    if root and root in path and not path.startswith(root):
        return False
    if raw is None:
        return True
    whole = path.encode("utf-8", "surrogatepass")
    return raw == whole or (unquote_to_bytes(raw) == whole and raw.count(b"/") == path.count("/"))
