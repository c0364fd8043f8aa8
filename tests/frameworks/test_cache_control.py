"""Cache-Control by default and by decorator, in every framework, over real sockets."""

import httpx
import pytest

from frameworks.apps.shared import DEFAULT
from support.servers import Address, ask

CACHED = "public, max-age=60"


def test_the_default_stands_where_the_app_says_nothing(client: httpx.Client) -> None:
    """An answer without a Cache-Control of its own gets the default."""
    assert client.get("/flight").headers.get_list("cache-control") == [DEFAULT]


def test_the_decorator_speaks_for_its_handler(client: httpx.Client) -> None:
    """`@cache_control` on a plain handler, run in a thread or not, reaches the wire."""
    assert client.get("/cached").headers.get_list("cache-control") == [CACHED]


def test_304_repeats_the_policy(client: httpx.Client) -> None:
    """A 304 carries the Cache-Control that the 200 would have (RFC 9110 §15.4.5)."""
    tag = client.get("/cached").headers["etag"]

    answer = client.get("/cached", headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert answer.headers.get_list("cache-control") == [CACHED]


@pytest.mark.parametrize(("path", "status"), [(b"/missing", 404), (b"/crash", 500)])
def test_errors_get_no_cache_control(server: Address, path: bytes, status: int) -> None:
    """Neither default nor decorator lets an error be reused."""
    answer = ask(server, b"GET", path)

    assert answer.status == status
    assert answer.header(b"cache-control") is None
    assert answer.header(b"etag") is None


def test_answers_to_writes_get_no_default(client: httpx.Client) -> None:
    """The default speaks of GET and HEAD only."""
    assert "cache-control" not in client.post("/counter").headers
