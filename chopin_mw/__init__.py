"""A performance layer for ASGI apps that already exist.

    from chopin_mw import ChopinMiddleware, cache_control, install_json

Everything here works without any optional package.
"""

from chopin_mw.auth.jwks import JWKSURL
from chopin_mw.auth.verifier import TokenVerifier
from chopin_mw.cache.http_cache import HTTPCache
from chopin_mw.cache.selection import CacheRule
from chopin_mw.errors import (
    ChopinError,
    ConfigurationError,
    CursorError,
    MissingExtraError,
    ProblemError,
    RequestBodyError,
)
from chopin_mw.handlers.cache_control import cache_control
from chopin_mw.handlers.cache_response import cache_response, no_store
from chopin_mw.handlers.etag import etag
from chopin_mw.handlers.identity import current_token, identity
from chopin_mw.handlers.invalidates import invalidates
from chopin_mw.handlers.json_response import JSONResponse, json_response
from chopin_mw.handlers.pagination import Page, Pagination
from chopin_mw.handlers.read_json import read_json
from chopin_mw.handlers.require_token import require_token
from chopin_mw.handlers.streams import event_stream, json_array_stream, ndjson_stream
from chopin_mw.integrations.install import install_json
from chopin_mw.json import register_encoder
from chopin_mw.middleware.cache_control import CacheControlMiddleware, CacheControlRule
from chopin_mw.middleware.etag import ETagMiddleware
from chopin_mw.middleware.http_cache import HTTPCacheMiddleware
from chopin_mw.middleware.jwt import JWTMiddleware
from chopin_mw.middleware.pagination import PageRule, PaginationMiddleware
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.cursor_page import CursorPage
from chopin_mw.rules.fieldset import FieldPolicy
from chopin_mw.rules.page_policy import PagePolicy
from chopin_mw.rules.server_sent_event import ServerSentEvent, last_event_id
from chopin_mw.rules.token import VerifiedToken
from chopin_mw.rules.token_policy import TokenPolicy
from chopin_mw.stack import ChopinMiddleware
from chopin_mw.stores.memory import MemoryStore
from chopin_mw.streaming.event_stream import EventStream
from chopin_mw.streaming.shutdown import stop_signal

__version__ = "0.1.0"

__all__ = [
    "JWKSURL",
    "CacheControlMiddleware",
    "CacheControlRule",
    "CachePolicy",
    "CacheRule",
    "ChopinError",
    "ChopinMiddleware",
    "ConfigurationError",
    "CursorError",
    "CursorPage",
    "ETagMiddleware",
    "EventStream",
    "FieldPolicy",
    "HTTPCache",
    "HTTPCacheMiddleware",
    "JSONResponse",
    "JWTMiddleware",
    "MemoryStore",
    "MissingExtraError",
    "Page",
    "PagePolicy",
    "PageRule",
    "Pagination",
    "PaginationMiddleware",
    "ProblemError",
    "RequestBodyError",
    "ServerSentEvent",
    "TokenPolicy",
    "TokenVerifier",
    "VerifiedToken",
    "cache_control",
    "cache_response",
    "current_token",
    "etag",
    "event_stream",
    "identity",
    "install_json",
    "invalidates",
    "json_array_stream",
    "json_response",
    "last_event_id",
    "ndjson_stream",
    "no_store",
    "read_json",
    "register_encoder",
    "require_token",
    "stop_signal",
]
