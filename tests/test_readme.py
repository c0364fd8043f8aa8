"""What the README shows runs as pasted, behind a real server."""

import re
import subprocess
from pathlib import Path

import pytest

from support.pasted import pasted
from support.servers import uvicorn_thread

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
STARTS = dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", README, re.DOTALL))


def test_both_starts_are_there() -> None:
    """And they are short."""
    assert set(STARTS) == {"fastapi", "quart"}
    assert all(len(code.strip().splitlines()) <= 14 for code in STARTS.values())


@pytest.mark.parametrize("framework", ["fastapi", "quart"])
def test_a_start_answers_200_and_then_304(framework: str, tmp_path: Path) -> None:
    """With the headers that the README promises."""
    module = pasted(STARTS[framework], tmp_path)

    with uvicorn_thread(module.app) as address, address.client() as client:
        first = client.get("/flights")
        again = client.get("/flights", headers={"If-None-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert len(first.json()) == 100
    assert first.headers["cache-control"] == "public, max-age=60"
    assert (again.status_code, again.content) == (304, b"")
    assert "age" in again.headers
    assert again.headers["cache-control"] == "public, max-age=60"


def test_every_link_leads_somewhere() -> None:
    """To a file of the repository."""
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_every_make_target_named_is_there() -> None:
    """`make -n` finds a rule for each."""
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))

    assert {"demo", "demo-quart", "test", "bench"} <= targets
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)
