"""Write server-sent events, and read which of them a returning client has had (HTML §9.2)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeAlias

from chopin_mw.errors import ConfigurationError

EVENT_STREAM_MEDIA_TYPE = b"text/event-stream; charset=utf-8"
"""With a charset, because clients read text of unknown encoding as Latin-1."""

Dumps: TypeAlias = Callable[[Any], bytes]

_MOST_ID_BYTES = 1024
# Not `str.splitlines`: that breaks at six more characters, which are text here.
_line_breaks = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    r"""Hold one event: text in `data` is sent as it is, any other value as JSON.

    `id` is what the client names in Last-Event-ID when it comes back, "" makes it forget the last
    one; `retry` is how many milliseconds it waits before that. `comment` reaches no program.
    Without `data` the client is told the rest and dispatches no event.

        ServerSentEvent({"late": 12}, event="delay", id="UA-1545")
    """

    data: Any = None
    _: KW_ONLY
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        _check_line("event", self.event)
        _check_line("id", self.id)
        if self.retry is not None and (type(self.retry) is not int or self.retry < 0):
            raise ConfigurationError(
                f"retry must be a whole number of milliseconds, 0 or more, got {self.retry!r}"
            )
        if self.comment is not None and not isinstance(self.comment, str):
            raise ConfigurationError(f"comment must be text, got {self.comment!r}")

    def encode(self, dumps: Dumps) -> bytes:
        """Return the lines of this event and the empty line that ends it.

        `dumps` writes JSON on one line. Raises what it raises, and ValueError for text that is not
        Unicode.
        """
        lines = [] if self.comment is None else _lines(": ", self.comment)
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.event is not None:
            lines.append(f"event: {self.event}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        head = "".join([f"{line}\n" for line in lines]).encode()
        return head + (b"\n" if self.data is None else encode_data(self.data, dumps))


def encode_event(item: Any, dumps: Dumps) -> bytes:
    """Return an event as bytes; what is no ServerSentEvent is the data of one."""
    return item.encode(dumps) if isinstance(item, ServerSentEvent) else encode_data(item, dumps)


def encode_data(value: Any, dumps: Dumps) -> bytes:
    """Return an event that is nothing but data."""
    if not isinstance(value, str):
        return b"data: %b\n\n" % dumps(value)
    if "\n" in value or "\r" in value:
        value = "\n".join(_lines("data: ", value))
        return f"{value}\n\n".encode()
    return f"data: {value}\n\n".encode()


def last_event_id(scope: Mapping[str, Any]) -> str | None:
    """Return the id of the last event that the client has had, where it names one.

    Takes the scope of the request: `request.scope` in every framework. What is not UTF-8, holds
    NUL, is longer than 1 KiB or was sent twice is None. It is text from the client: look it up,
    never trust it.
    """
    headers: Iterable[tuple[bytes, bytes]] = scope.get("headers") or ()
    given = [value for name, value in headers if name.lower() == b"last-event-id"]
    if len(given) != 1 or not 0 < len(given[0]) <= _MOST_ID_BYTES or b"\0" in given[0]:
        return None
    try:
        return given[0].decode()
    except UnicodeDecodeError:
        return None


def _check_line(field: str, value: str | None) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise ConfigurationError(f"{field} must be text, got {value!r}")
    # Never stripped: what is left would be another name, or lines that somebody else wrote.
    if any(mark in value for mark in "\r\n\0"):
        raise ConfigurationError(f"{field} must not hold CR, LF or NUL, got {value!r}")


def _lines(prefix: str, text: str) -> list[str]:
    return [f"{prefix}{line}" for line in _line_breaks.split(text)]
