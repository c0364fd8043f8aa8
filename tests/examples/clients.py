"""Serves example apps over a database of the test's choice and talks to them over real HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from examples.server import free_port, serving

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Apps:
    """A client of each example app, and of FastAPI's without chopin_mw."""

    fastapi: httpx.Client
    quart: httpx.Client
    plain: httpx.Client

    @property
    def both(self) -> tuple[httpx.Client, httpx.Client]:
        return self.fastapi, self.quart


@contextmanager
def clients_of(database_url: str, **apps: str) -> Iterator[dict[str, httpx.Client]]:
    """Serve each app ("module:name") over this database and yield a client of each."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DATABASE_URL", database_url)
            # The same for all: a cursor of one app is good in another.
            environment.setenv("CURSOR_SECRET", "a secret that all apps of the tests share")
            servers = {
                name: stack.enter_context(serving(app, free_port())) for name, app in apps.items()
            }
        for server in servers.values():
            server.wait_until_open()
        yield {
            name: stack.enter_context(httpx.Client(base_url=server.url, timeout=TIMEOUT_SECONDS))
            for name, server in servers.items()
        }
