"""What docs/http-cache.md shows runs as pasted, behind a real server; its tables are complete."""

import re
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.urls import path

from chopin_mw import CachePolicy
from chopin_mw.rules.storability import Refusal
from support.pasted import pasted
from support.servers import Address, uvicorn_thread

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "http-cache.md").read_text()
STARTS = dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", DOC, re.DOTALL))
ALICE = {"Authorization": "alice"}


def twice(address: Address, headers: dict[str, str]) -> list[httpx.Response]:
    with address.client() as client:
        return [client.get("/flights", headers=headers) for _ in range(2)]


@pytest.mark.parametrize("framework", sorted(STARTS.keys() - {"django"}))
def test_a_start_answers_the_second_request_from_the_cache(framework: str, tmp_path: Path) -> None:
    """Only a stored answer has an Age."""
    module = pasted(STARTS[framework], tmp_path)

    with uvicorn_thread(module.app) as address:
        first, again = twice(address, ALICE if framework == "users" else {})

    assert (first.status_code, again.status_code) == (200, 200)
    assert "age" not in first.headers
    assert "age" in again.headers
    assert again.content == first.content


def test_djangos_start_does_so_too(tmp_path: Path) -> None:
    """With the view in the project's URLs."""
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="for tests", USE_I18N=False)
    module = pasted(STARTS["django"], tmp_path)
    module.urlpatterns = [path("flights", module.flights)]  # type: ignore[attr-defined] # a module of URLs
    settings.ROOT_URLCONF = module

    with uvicorn_thread(module.application) as address:
        first, again = twice(address, {})

    assert first.status_code == 200
    assert "age" not in first.headers
    assert "age" in again.headers


def test_each_user_of_the_example_has_his_own(tmp_path: Path) -> None:
    """And who has no name is not cached."""
    module = pasted(STARTS["users"], tmp_path)

    with uvicorn_thread(module.app) as address:
        twice(address, ALICE)
        bob, bob_again = twice(address, {"Authorization": "bob"})
        _, nobody = twice(address, {})

    assert bob.json() == bob_again.json() == {"of": "bob"}
    assert "age" in bob_again.headers
    assert "age" not in nobody.headers


def test_every_option_of_a_policy_is_explained() -> None:
    """A row names each."""
    rows = {
        name
        for row in re.findall(r"^\| (`.*?) \|", DOC, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }

    assert {field.name for field in fields(CachePolicy)} <= rows


def test_every_reason_is_explained() -> None:
    """A row names each."""
    rows = re.findall(r"^\| (`.*?) \|", DOC, re.MULTILINE)
    reasons = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}

    assert set(Refusal) <= reasons
    assert {"decorator", "guarded", "stream", "no-body", "too-large", "length"} <= reasons
    assert {"personal", "identity", "precondition", "body"} <= reasons
