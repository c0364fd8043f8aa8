"""What docs/pagination.md shows runs as pasted, behind a real server; its tables are true."""

import re
from dataclasses import fields
from inspect import signature
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from chopin_mw import PagePolicy, PaginationMiddleware
from chopin_mw.rules.pagination import judge
from chopin_mw.sql.keyset import keyset_page
from support.documents import broken_links, document, rows, section, starts
from support.pasted import pasted
from support.servers import uvicorn_thread

DOC = document("pagination.md")
STARTS = starts(DOC)
CLAMPED = section(DOC, "## What is done to a query")


@pytest.mark.parametrize("framework", ["bare", "fastapi", "quart"])
def test_a_start_clamps_and_leads_to_the_next_page(framework: str, tmp_path: Path) -> None:
    """As the document promises, to the last page."""
    module = pasted(STARTS[framework], tmp_path)

    with uvicorn_thread(module.app) as address, address.client() as client:
        first = client.get("/flights?limit=500&q=a")
        second = client.get(first.links["next"]["url"])
        last = client.get(second.links["next"]["url"])
        refused = client.get("/flights?offset=10001")

    assert first.headers["x-pagination-clamped"] == "limit=100"
    assert [len(answer.json()["items"]) for answer in (first, second, last)] == [100, 100, 50]
    assert [answer.json()["page"] for answer in (first, second, last)] == [1, 2, 3]
    assert not last.json()["has_next"]
    assert "next" not in last.links
    assert second.request.url.query == b"limit=100&q=a&offset=100"
    assert "x-pagination-clamped" not in second.headers
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_PAGINATION")


def test_the_refusal_is_the_one_that_is_shown(tmp_path: Path) -> None:
    """Member by member."""
    module = pasted(STARTS["fastapi"], tmp_path)
    shown = re.search(r"```json\n(\{\"title\".*?)```", DOC, re.DOTALL)

    with uvicorn_thread(module.app) as address, address.client() as client:
        refused = client.get("/flights?offset=10001")

    assert shown is not None
    assert re.sub(r"\s", "", refused.text) == re.sub(r"\s", "", shown[1])


def test_openapi_has_the_parameters(tmp_path: Path) -> None:
    """With their bounds."""
    module = pasted(STARTS["fastapi"], tmp_path)

    parameters = module.app.openapi()["paths"]["/flights"]["get"]["parameters"]

    bounds = {each["name"]: each["schema"]["maximum"] for each in parameters}
    assert bounds["limit"] == 100
    assert bounds["offset"] == 10_000


def test_cursors_lead_through_the_whole_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And anybody else's cursor is a 400."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CURSOR_SECRET", "a secret of exactly 32 bytes, so")
    module = pasted(STARTS["keyset"], tmp_path)
    module.Base.metadata.create_all(module.engine)
    with Session(module.engine) as session:
        session.add_all(module.Flight(id=number, hour=number % 3) for number in range(1, 26))
        session.commit()

    with uvicorn_thread(module.app) as address, address.client() as client:
        answers = [client.get("/flights?limit=10")]
        while "next" in answers[-1].links:
            answers.append(client.get(answers[-1].links["next"]["url"]))
        forged = client.get("/flights?cursor=abc")
    module.engine.dispose()

    seen = [(row["hour"], row["id"]) for answer in answers for row in answer.json()["items"]]
    assert seen == sorted((number % 3, number) for number in range(1, 26))
    assert (forged.status_code, forged.json()["code"]) == (400, "INVALID_CURSOR")


def read(cell: str, policy: PagePolicy) -> list[tuple[str, bool]]:
    """Return what becomes of each query in the first cell of a row, and whether it is refused."""
    verdicts = [judge(query.encode(), policy) for query in re.findall(r"`([^`]+)`", cell)]
    return [(verdict.query.decode(), bool(verdict.faults)) for verdict in verdicts]


def test_each_query_becomes_what_the_table_says() -> None:
    """Where it says that as a query, or a refusal."""
    checked = 0
    for line in re.findall(r"^\| (`[^|]*) \| ([^|]*) \| [^|]* \|$", CLAMPED, re.MULTILINE):
        sent, reads = line
        if "digits" in sent or " and " in sent:
            continue
        for query, is_refused in read(sent, PagePolicy()):
            checked += 1
            expected = re.match(r"`([^`]+)`", reads)
            assert is_refused == (reads == "422"), query
            assert expected is None or query == expected[1], line
    assert checked > 20


def test_each_query_is_refused_in_strict_mode_where_the_table_says_so() -> None:
    """And only there."""
    for sent, strict in re.findall(r"^\| (`[^|]*) \| [^|]* \| ([^|]*) \|$", CLAMPED, re.MULTILINE):
        refusals = [refused for _, refused in read(sent, PagePolicy(mode="strict"))]
        if strict == "422":
            assert all(refusals), sent
        elif strict == "the same":
            given = [refused for _, refused in read(sent, PagePolicy())]
            assert refusals == given, sent


def test_every_option_is_explained_with_its_default() -> None:
    """Of the policy, the middleware and `keyset_page`."""
    policy = rows(section(DOC, "### `PagePolicy`"))
    middleware = rows(section(DOC, "### `PaginationMiddleware`"))
    keyset = rows(section(DOC, "## Cursors"))

    assert list(policy) == [field.name for field in fields(PagePolicy) if field.init]
    assert list(middleware) == list(signature(PaginationMiddleware).parameters)[1:]
    assert list(keyset) == list(signature(keyset_page).parameters)[2:]
    for name, (default, _) in policy.items():
        shown = default.strip("`").replace("10,000", "10000")
        assert shown.replace('"', "'") == repr(getattr(PagePolicy(), name)), name


def test_the_table_is_read_whole() -> None:
    """All its lines have three cells, so that none escapes the tests above."""
    lines = [line for line in CLAMPED.splitlines() if line.startswith("|")]

    assert all(one.count("|") == other.count("|") == 4 for one, other in pairwise(lines))


def test_every_link_leads_somewhere() -> None:
    """To a document beside it, or a heading."""
    assert broken_links(DOC) == []
