"""ChopinMiddleware: everything in its fixed order."""

from typing import Any

import pytest

from chopin_mw import CacheControlRule, ChopinMiddleware, ConfigurationError
from support.calls import answering, call


async def test_it_is_safe_on_any_app_without_configuration() -> None:
    """Conditional requests on; no Cache-Control that nobody asked for."""
    answer = await call(ChopinMiddleware(answering()))

    assert [name for name, _ in answer.headers] == [b"etag"]


async def test_a_304_carries_the_default_cache_control() -> None:
    """The ETag layer stands outside the default."""
    app = ChopinMiddleware(answering(), cache_control="max-age=60")
    tag = (await call(app))[b"etag"]
    assert tag is not None

    answer = await call(app, headers=[(b"if-none-match", tag)])

    assert answer.status == 304
    assert answer[b"cache-control"] == b"max-age=60"


async def test_steps_can_be_switched_off_and_configured() -> None:
    """Each option reaches its middleware."""
    rules = [CacheControlRule(path="/a", cache_control="no-cache")]
    plain = ChopinMiddleware(answering(), etag=False, cache_control_rules=rules)
    small = ChopinMiddleware(answering(), etag_limit_bytes=4)

    assert (await call(plain, path="/a")).headers == [(b"cache-control", b"no-cache")]
    assert (await call(small)).headers == []


@pytest.mark.parametrize("options", [{"etag_limit_bytes": -1}, {"cache_control": "max-age=x"}])
def test_options_are_checked_at_construction(options: dict[str, Any]) -> None:
    """Not at the first request."""
    with pytest.raises(ConfigurationError):
        ChopinMiddleware(answering(), **options)
