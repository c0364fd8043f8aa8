import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from chopin_mw.json import json_codec, set_codec
from chopin_mw.streaming.framing import event_stream, json_array, json_lines

texts = st.text(st.sampled_from('},{"\\[]\n\u2028x'), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | texts
# What brackets and commas could be taken for the ends of rows.
inner = st.lists(st.dictionaries(texts, scalars, max_size=2), max_size=3)
objects = st.dictionaries(texts, scalars | inner, max_size=3)
batches = st.lists(scalars | objects, min_size=1, max_size=5) | st.lists(
    objects, min_size=1, max_size=5
)


@settings(max_examples=50)
@given(st.lists(batches, max_size=3))
def test_lines_are_the_rows(given_batches: list[list[Any]]) -> None:
    """One line for each row, whatever brackets and commas its texts hold."""
    framing = json_lines()

    body = b"".join(framing.encode(batch, 0) for batch in given_batches)

    read = [json.loads(line) for line in body.decode().split("\n")[:-1]]
    assert read == [row for batch in given_batches for row in batch]


@settings(max_examples=50)
@given(st.lists(batches, max_size=3))
def test_an_array_is_the_rows(given_batches: list[list[Any]]) -> None:
    """Batches are joined to one array."""
    framing, count, body = json_array(), 0, b"["
    for batch in given_batches:
        body += framing.encode(batch, count)
        count += len(batch)

    read = json.loads(body + framing.closing(count))

    assert read == [row for batch in given_batches for row in batch]


@settings(max_examples=50)
@given(st.lists(batches, max_size=3))
def test_events_are_the_values(given_batches: list[list[Any]]) -> None:
    """One event for each value; text is sent as it is."""
    framing = event_stream(retry=None, farewell=None)
    given_values = [value for batch in given_batches for value in batch]

    body = b"".join(framing.encode(batch, 0) for batch in given_batches).decode()

    events = body.split("\n\n")[:-1]
    texts = ["\n".join(line[6:] for line in event.split("\n")) for event in events]
    assert [
        text if isinstance(value, str) else json.loads(text)
        for text, value in zip(texts, given_values, strict=True)
    ] == given_values


@dataclass
class Flight:
    id: int
    at: datetime


class Model(BaseModel):
    id: int
    late: float | None = None


@pytest.mark.parametrize("framing", [json_lines(), json_array()], ids=["lines", "array"])
def test_rows_are_whatever_the_codec_knows(framing: Any) -> None:
    """Dataclasses, models and dicts, in one batch."""
    batch = [Flight(1, datetime(2013, 1, 1, tzinfo=UTC)), Model(id=2), {"id": 3}]

    body = framing.encode(batch, 0)

    assert body.rstrip().replace(b"\n", b",") == (
        b'{"id":1,"at":"2013-01-01T00:00:00Z"},{"id":2,"late":null},{"id":3}'
    )


class Spaced:
    """A codec of the app's own, which puts spaces where ours puts none."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    loads = staticmethod(json.loads)


@pytest.mark.parametrize("codec", [Spaced(), json_codec("stdlib"), json_codec("msgspec")])
def test_another_codec_writes_the_same_rows(codec: Any) -> None:
    """No trick depends on how the codec puts its spaces."""
    batch = [{"a": "},{"}, {"b": [{}, {}]}]
    set_codec(codec)
    try:
        body = json_lines().encode(batch, 0)
    finally:
        set_codec(None)

    assert [json.loads(line) for line in body.splitlines()] == batch
