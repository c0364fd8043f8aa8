"""Make an entity tag from the bytes of a representation."""

from collections.abc import Sequence

from xxhash import xxh3_128, xxh3_128_hexdigest

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_MTIME = slice(4, 8)


def make_entity_tag(chunks: Sequence[bytes], *, gzipped: bool = False) -> bytes:
    """Return a weak tag, a function of the bytes alone: equal in every worker and release.

    Weak, because proxies that compress strip strong tags, and because one tag then serves every
    content coding. xxh3_128 takes 0.2 µs for 10 KB where sha1 takes 6.
    """
    if len(chunks) == 1 and not gzipped:
        return b'W/"%b"' % xxh3_128_hexdigest(chunks[0]).encode("ascii")
    digest = xxh3_128()
    for chunk in _without_gzip_time(chunks) if gzipped else chunks:
        digest.update(chunk)
    return b'W/"%b"' % digest.hexdigest().encode("ascii")


def _without_gzip_time(chunks: Sequence[bytes]) -> Sequence[bytes]:
    # Compressors write the time of day into the header (RFC 1952 §2.3.1): with it the tag of an
    # unchanged body would change every second.
    body = b"".join(chunks)
    if not body.startswith(_GZIP_MAGIC):
        return chunks
    return (body[: _GZIP_MTIME.start], body[_GZIP_MTIME.stop :])
