"""What a document shows: blocks of code that it promises to run, and the names in its tables."""

import re
from pathlib import Path

_DOCS = Path(__file__).parent.parent.parent / "docs"


def document(name: str) -> str:
    """Return the text of a document in `docs/`."""
    return (_DOCS / name).read_text("utf-8")


def starts(text: str) -> dict[str, str]:
    """Return the blocks that are marked with `<!-- runs: name -->`, by name."""
    return dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", text, re.DOTALL))


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of the same rank or a higher one."""
    rank = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{rank}}} |\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert found is not None, heading
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """Return the other cells of the table rows whose first cell is one name in code."""
    lines = re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split(" | ")] for name, cells in lines}


def broken_links(text: str) -> list[str]:
    """Return the targets of links that are neither a file beside the document nor a heading."""
    targets = re.findall(r"\]\(([^)]+)\)", text)
    return [
        target for target in targets if "://" not in target and not _leads_somewhere(target, text)
    ]


def _leads_somewhere(target: str, text: str) -> bool:
    name, _, anchor = target.partition("#")
    if name and not (_DOCS / name).exists():
        return False
    headings = re.findall(r"^#+ (.*)$", document(name) if name else text, re.MULTILINE)
    return not anchor or anchor in map(_anchor, headings)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
