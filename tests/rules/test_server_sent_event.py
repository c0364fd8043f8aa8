import json
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError
from chopin_mw.rules.server_sent_event import (
    ServerSentEvent,
    encode_data,
    encode_event,
    last_event_id,
)


def dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass
class Client:
    """Read events as a browser does (HTML §9.2.6), character by character where it matters."""

    dispatched: list[tuple[str, str, str]] = field(default_factory=list)
    last_id: str = ""
    retry: int | None = None

    def read(self, stream: bytes) -> "Client":
        text = stream.decode().removeprefix("\ufeff")
        kind = ""
        lines: list[str] = []
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        for line in text.split("\n")[:-1]:
            name, colon, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                if lines:
                    self.dispatched.append((kind or "message", "\n".join(lines), self.last_id))
                kind, lines = "", []
            elif colon and not name:
                continue
            elif name == "event":
                kind = value
            elif name == "data":
                lines.append(value)
            elif name == "id" and "\0" not in value:
                self.last_id = value
            elif name == "retry" and value.isascii() and value.isdigit():
                self.retry = int(value)
        return self


WRITTEN = [
    (ServerSentEvent("late"), b"data: late\n\n"),
    (ServerSentEvent(""), b"data: \n\n"),
    (ServerSentEvent({"late": 12}), b'data: {"late":12}\n\n'),
    (ServerSentEvent([1, 2]), b"data: [1,2]\n\n"),
    (ServerSentEvent(0), b"data: 0\n\n"),
    (ServerSentEvent("a\nb\r\nc\rd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
    (ServerSentEvent("a\n"), b"data: a\ndata: \n\n"),
    (ServerSentEvent("a\x0b\x0c\x85\u2028b"), "data: a\x0b\x0c\x85\u2028b\n\n".encode()),
    (ServerSentEvent(" spaced"), b"data:  spaced\n\n"),
    (ServerSentEvent("ü", event="delay", id="7"), "id: 7\nevent: delay\ndata: ü\n\n".encode()),
    (ServerSentEvent(id=""), b"id: \n\n"),
    (ServerSentEvent(retry=3000), b"retry: 3000\n\n"),
    (ServerSentEvent(comment="one\ntwo"), b": one\n: two\n\n"),
    (ServerSentEvent("x", comment="why", retry=0), b": why\nretry: 0\ndata: x\n\n"),
]


@pytest.mark.parametrize(("event", "written"), WRITTEN)
def test_events_are_written_as_the_standard_has_them(
    event: ServerSentEvent, written: bytes
) -> None:
    """Text as it is, other values as JSON, a line for each line of the text."""
    assert event.encode(dumps) == written
    assert encode_event(event, dumps) == written


@pytest.mark.parametrize("item", ["text", {"late": 12}, None, 7, True])
def test_what_is_no_event_is_the_data_of_one(item: object) -> None:
    """A plain item is text or JSON; None is JSON's null."""
    data = item if isinstance(item, str) else dumps(item).decode()

    assert encode_event(item, dumps) == f"data: {data}\n\n".encode()


@pytest.mark.parametrize("field_name", ["event", "id"])
@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\0"])
def test_a_name_or_id_of_two_lines_is_refused(field_name: str, mark: str) -> None:
    """Stripped, it would be another one; sent, it would be somebody's own event."""
    with pytest.raises(ConfigurationError, match=field_name):
        ServerSentEvent("x", **{field_name: f"a{mark}data: forged"})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    "options",
    [
        {"retry": -1},
        {"retry": True},
        {"retry": 1.5},
        {"retry": "3000"},
        {"event": 7},
        {"id": b"7"},
        {"comment": 7},
    ],
)
def test_what_no_client_reads_is_refused(options: dict[str, object]) -> None:
    """A reconnection time is digits; the rest is text."""
    with pytest.raises(ValueError, match=next(iter(options))):
        ServerSentEvent("x", **options)  # type: ignore[arg-type]  # wrong on purpose


def test_a_lone_surrogate_is_an_error() -> None:
    """What is no Unicode text cannot be sent, and is not replaced."""
    with pytest.raises(ValueError, match="surrogates"):
        encode_data("\ud800", dumps)


texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))


@given(texts, names, names, st.integers(0, 10**9), texts)
def test_a_client_reads_what_was_written(
    data: str, name: str, ident: str, retry: int, comment: str
) -> None:
    """Whatever the text, one event arrives, with its lines, name and id; line breaks are LF."""
    event = ServerSentEvent(data, event=name, id=ident, retry=retry, comment=comment)

    client = Client().read(b":\n\n" + event.encode(dumps))

    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert client.dispatched == [(name or "message", lines, ident)]
    assert (client.last_id, client.retry) == (ident, retry)


@given(st.lists(texts))
def test_events_do_not_run_into_each_other(items: list[str]) -> None:
    """As many arrive as were written."""
    client = Client().read(b"".join(encode_event(item, dumps) for item in items))

    assert len(client.dispatched) == len(items)


def test_a_megabyte_of_line_breaks_takes_no_time() -> None:
    """Splitting is linear."""
    began = time.process_time()

    written = encode_data("\r\n\r" * 350_000, dumps)

    assert written.count(b"\ndata: ") == 700_000
    assert time.process_time() - began < 1


def scope(*values: bytes) -> dict[str, object]:
    return {"type": "http", "headers": [(b"Last-Event-ID", value) for value in values]}


@pytest.mark.parametrize(
    ("headers", "read"),
    [
        (scope(b"UA-1545"), "UA-1545"),
        (scope("späť".encode()), "späť"),
        (scope(b"x" * 1024), "x" * 1024),
        (scope(b"x" * 1025), None),
        (scope(b""), None),
        (scope(b"a\0b"), None),
        (scope(b"\xff"), None),
        (scope(b"\xed\xa0\x80"), None),
        (scope(b"1", b"2"), None),
        (scope(), None),
        ({"type": "http"}, None),
        ({"type": "http", "headers": None}, None),
    ],
)
def test_the_last_event_id_is_text_or_nothing(headers: dict[str, object], read: str | None) -> None:
    """UTF-8 of at most 1 KiB, without NUL, sent once."""
    assert last_event_id(headers) == read


@given(st.lists(st.tuples(st.sampled_from([b"last-event-id", b"x"]), st.binary())))
def test_no_header_makes_it_raise(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever the client sends, there is an answer."""
    read = last_event_id({"headers": headers})

    assert read is None or (0 < len(read.encode()) <= 1024 and "\0" not in read)
