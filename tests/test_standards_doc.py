"""docs/standards.md counts the wire cases of each section as they are."""

import re
from collections import Counter
from pathlib import Path

from conformance.every import CASES

DOC = Path(__file__).parent.parent / "docs" / "standards.md"


def counted() -> dict[str, int]:
    """Return the number that the document gives for each section that has wire cases."""
    found, document = {}, ""
    for line in DOC.read_text().splitlines():
        if heading := re.match(r"## RFC ([0-9]+)", line):
            document = heading[1]
        if row := re.match(r"\| (?:RFC ([0-9]+) )?§([0-9.]+)[^|]*\| ([0-9]+) \|", line):
            found[f"{row[1] or document} §{row[2]}"] = int(row[3])
    return found


def test_every_section_has_its_number() -> None:
    """No section is missing, and none is counted twice."""
    assert counted() == Counter(case.section for case in CASES)


def test_the_levels_add_up() -> None:
    """The first paragraph says how many there are of each."""
    text = DOC.read_text()

    assert f"There are {len(CASES):,} of them" in text
    for level, number in Counter(case.level for case in CASES).items():
        assert re.search(rf"\b{number} {level}[,)]", text), (level, number)


def test_every_file_named_is_there() -> None:
    """Tables and tests."""
    tests = DOC.parent.parent / "tests"
    names = set(re.findall(r"`(?:tests/)?([\w/]+\.py)`", DOC.read_text()))
    tables = set(re.findall(r"`(cases_\w+)`", DOC.read_text()))

    places = [tests, tests / "conformance"]
    assert [name for name in names if not any((place / name).exists() for place in places)] == []
    assert {path.stem for path in (tests / "conformance").glob("cases_*.py")} == tables
