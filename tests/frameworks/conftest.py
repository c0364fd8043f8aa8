"""One uvicorn and one client per framework for the whole run."""

from collections.abc import Iterator

import httpx
import pytest

from frameworks.apps.every import FRAMEWORKS, app_of
from support.servers import Address, uvicorn_thread


@pytest.fixture(scope="session", params=FRAMEWORKS)
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    with uvicorn_thread(app_of(request.param)) as address:
        yield address


@pytest.fixture(scope="session")
def client(server: Address) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client
