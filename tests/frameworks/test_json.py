"""`install_json` changes the speed and not the values, and sends the codec's bytes everywhere."""

import httpx
import pytest

from chopin_mw.json import dumps
from frameworks.apps.every import FRAMEWORKS, app_of
from frameworks.apps.shared import FLIGHT, ROWS

ANSWERS = pytest.mark.parametrize(("path", "value"), [("/flight", FLIGHT), ("/rows", ROWS)])


@ANSWERS
def test_the_bytes_are_those_of_the_codec(client: httpx.Client, path: str, value: object) -> None:
    """What is sent is what `dumps` makes, as application/json."""
    answer = client.get(path)

    assert answer.content == dumps(value)
    assert answer.headers["content-type"] == "application/json"


@ANSWERS
@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_the_value_is_that_of_the_app_without_us(
    framework: str, path: str, value: object
) -> None:
    """The app without our lines sends the same value in its own way."""
    transport = httpx.ASGITransport(app_of(framework, plain=True))

    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", trust_env=False
    ) as client:
        answer = await client.get(path)

    assert answer.json() == value
    assert "etag" not in answer.headers
