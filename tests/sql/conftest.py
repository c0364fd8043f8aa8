import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from support.postgresql import new_database, postgresql_server

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with postgresql_server() as server, new_database(server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Connect to an empty database; what is done there is gone when the connection closes."""
    url = "sqlite+aiosqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")

    @asynccontextmanager
    async def connected() -> AsyncIterator[AsyncConnection]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    return connected


@pytest.fixture
async def sqlite() -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine("sqlite+aiosqlite://")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """Run many examples of one property on one loop."""
    with asyncio.Runner() as runner:
        yield runner
