"""A performance layer for ASGI apps that already exist.

    from chopin_mw import ChopinMiddleware, cache_control, install_json

Everything here works without any optional package.
"""

from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.selection import CacheRule
from chopin_mw.errors import (
    ChopinError,
    ConfigurationError,
    MissingExtraError,
    RequestBodyError,
)
from chopin_mw.handlers.cache_control import cache_control
from chopin_mw.handlers.cache_response import cache_response, no_store
from chopin_mw.handlers.etag import etag
from chopin_mw.handlers.invalidates import invalidates
from chopin_mw.handlers.json_response import JSONResponse, json_response
from chopin_mw.handlers.read_json import read_json
from chopin_mw.integrations.install import install_json
from chopin_mw.json import register_encoder
from chopin_mw.middleware.cache_control import CacheControlMiddleware, CacheControlRule
from chopin_mw.middleware.etag import ETagMiddleware
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.stack import ChopinMiddleware
from chopin_mw.stores.memory import MemoryStore

__version__ = "0.1.0"

__all__ = [
    "CacheControlMiddleware",
    "CacheControlRule",
    "CachePolicy",
    "CacheRule",
    "ChopinError",
    "ChopinMiddleware",
    "ConfigurationError",
    "ETagMiddleware",
    "HTTPCache",
    "HTTPCacheMiddleware",
    "JSONResponse",
    "MemoryStore",
    "MissingExtraError",
    "RequestBodyError",
    "cache_control",
    "cache_response",
    "etag",
    "install_json",
    "invalidates",
    "json_response",
    "no_store",
    "read_json",
    "register_encoder",
]
