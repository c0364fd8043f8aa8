"""One JSON codec: exact, strict, and as fast as the libraries that are installed."""

from chopin_mw.json.builtin_types import register_encoder
from chopin_mw.json.codec import Codec, JSONCodec, dumps, get_codec, json_codec, loads, set_codec

__all__ = [
    "Codec",
    "JSONCodec",
    "dumps",
    "get_codec",
    "json_codec",
    "loads",
    "register_encoder",
    "set_codec",
]
