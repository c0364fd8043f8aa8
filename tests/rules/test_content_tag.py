"""Entity tags made from bytes."""

import gzip
import subprocess
import sys

from chopin_mw.rules.content_tag import make_entity_tag
from chopin_mw.rules.entity_tag import parse_entity_tag


def test_a_tag_is_weak_and_well_formed() -> None:
    """What we send, we can read."""
    tag = parse_entity_tag(make_entity_tag((b"body",)))

    assert tag is not None
    assert tag.weak


def test_a_tag_depends_on_the_bytes_and_not_on_their_chunks() -> None:
    """One body, one tag, however the app cut it."""
    assert make_entity_tag((b"bo", b"dy")) == make_entity_tag((b"body",))
    assert make_entity_tag((b"body",)) != make_entity_tag((b"bodY",))


def test_a_tag_is_equal_in_every_process() -> None:
    """No salted hash: a fleet and a restart agree."""
    code = "from chopin_mw.rules.content_tag import *; print(make_entity_tag((b'body',)).decode())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert other.stdout.strip() == make_entity_tag((b"body",)).decode()


def test_the_time_in_a_gzip_header_does_not_count() -> None:
    """A body that is compressed again a second later is the same body."""
    one, other = gzip.compress(b"body", mtime=1), gzip.compress(b"body", mtime=2)

    assert make_entity_tag((one,), gzipped=True) == make_entity_tag((other,), gzipped=True)
    assert make_entity_tag((one,)) != make_entity_tag((other,))
    assert make_entity_tag((one[:5], one[5:]), gzipped=True) == make_entity_tag(
        (one,), gzipped=True
    )


def test_the_file_name_in_a_gzip_header_does_not_count() -> None:
    """Django writes one of random length; other flags are left alone."""
    plain = gzip.compress(b"body", mtime=1)
    named = plain[:3] + b"\x08" + plain[4:10] + b"aaaa\x00" + plain[10:]
    flagged = plain[:3] + b"\x04" + plain[4:]

    assert make_entity_tag((named,), gzipped=True) == make_entity_tag((plain,), gzipped=True)
    assert make_entity_tag((flagged,), gzipped=True) == make_entity_tag((flagged,))


def test_what_only_claims_to_be_gzip_is_hashed_whole() -> None:
    """Without the magic bytes there is no header to leave out."""
    assert make_entity_tag((b"0123a",), gzipped=True) != make_entity_tag((b"0123b",), gzipped=True)
    assert make_entity_tag((b"",), gzipped=True) == make_entity_tag((b"",))
