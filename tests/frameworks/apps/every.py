"""The small app in every framework, by name."""

from importlib import import_module
from typing import Any

FRAMEWORKS = ("bare", "django", "fastapi", "litestar", "quart", "starlette")


def app_of(framework: str, *, plain: bool = False) -> Any:
    """Build the small app; `plain` is without any line of ours but the decorators."""
    return import_module(f"frameworks.apps.{framework}_app").build(plain=plain)
