"""A performance layer for ASGI apps that already exist.

    from chopin_mw import ChopinMiddleware, cache_control, install_json

Everything here works without any optional package.
"""

from chopin_mw.errors import (
    ChopinError,
    ConfigurationError,
    MissingExtraError,
    RequestBodyError,
)
from chopin_mw.handlers.cache_control import cache_control
from chopin_mw.handlers.etag import etag
from chopin_mw.handlers.json_response import JSONResponse, json_response
from chopin_mw.handlers.read_json import read_json
from chopin_mw.integrations.install import install_json
from chopin_mw.json import register_encoder
from chopin_mw.middleware.cache_control import CacheControlMiddleware, CacheControlRule
from chopin_mw.middleware.etag import ETagMiddleware
from chopin_mw.stack import ChopinMiddleware

__version__ = "0.1.0"

__all__ = [
    "CacheControlMiddleware",
    "CacheControlRule",
    "ChopinError",
    "ChopinMiddleware",
    "ConfigurationError",
    "ETagMiddleware",
    "JSONResponse",
    "MissingExtraError",
    "RequestBodyError",
    "cache_control",
    "etag",
    "install_json",
    "json_response",
    "read_json",
    "register_encoder",
]
