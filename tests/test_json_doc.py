"""What docs/json.md shows runs as pasted, behind a real server."""

import json
import re
from pathlib import Path

from chopin_mw.json.secret_fields import SECRET_FIELDS
from support.pasted import pasted
from support.servers import uvicorn_thread

DOC = (Path(__file__).parent.parent / "docs" / "json.md").read_text()
STARTS = dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", DOC, re.DOTALL))
SHOWN = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)]


def test_the_problem_is_the_one_that_is_shown(tmp_path: Path) -> None:
    """With its fields, and nothing of it where there is none."""
    module = pasted(STARTS["errors"], tmp_path)

    with uvicorn_thread(module.app) as address, address.client() as client:
        there, missing = client.get("/flights/7"), client.get("/flights/10000")

    assert there.json() == {"number": 7}
    assert (missing.status_code, missing.json()) == (404, SHOWN[0])
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.headers["cache-control"] == "no-store"


def test_fields_are_those_that_are_asked_for(tmp_path: Path) -> None:
    """Of what is allowed, in both spellings, also in the envelope."""
    module = pasted(STARTS["fields"], tmp_path)

    with uvicorn_thread(module.app) as address, address.client() as client:
        some = client.get("/flights", params={"fields": "origin.name"})
        one = client.get("/flight", params={"fields": "origin(gates),carrier"})
        refused = client.get("/flights", params={"fields": "id,cost"})

    assert some.json() == [{"id": 1, "origin": {"name": "Newark"}}] * 100
    assert one.json() == {"success": True, "data": {"carrier": "UA", "origin": {"gates": 96}}}
    assert refused.status_code == 400


def test_every_secret_field_is_named() -> None:
    """In snake_case; the others are the same in camelCase."""
    named = {name for name in SECRET_FIELDS if "_" in name}

    assert all(f"`{name}`" in DOC for name in named)
    assert {name.replace("_", "").lower() for name in SECRET_FIELDS} == {
        name.replace("_", "") for name in named
    }
