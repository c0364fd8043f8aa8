"""Sends the requests of a tour, and writes down what each one showed."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import httpx

LONG_VALUE = re.compile(r"(?<==[^&]{4})[^&]{28,}")
"""All but the beginning of a cursor: there is room for no more in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop of the tour; no problems means that it showed what it should."""

    request: str
    answer: str
    milliseconds: float
    bytes_on_wire: int
    shows: str
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request that was answered, and how long that took."""

    response: httpx.Response
    milliseconds: float

    @property
    def bytes_on_wire(self) -> int:
        """Count status line, header fields and body as HTTP/1.1 sends them."""
        response = self.response
        status_line = len(f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n")
        fields = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
        return status_line + fields + 2 + response.num_bytes_downloaded


def send(
    client: httpx.Client,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: dict[str, object] | None = None,
) -> Visit:
    started = time.perf_counter()
    response = client.request(method, path, headers=headers, json=body)
    return Visit(response, (time.perf_counter() - started) * 1_000)


def stop(visit: Visit, shows: str, *problems: str | None) -> Stop:
    request = visit.response.request
    return Stop(
        request=f"{request.method} {LONG_VALUE.sub('…', request.url.raw_path.decode())}",
        answer=str(visit.response.status_code),
        milliseconds=visit.milliseconds,
        bytes_on_wire=visit.bytes_on_wire,
        shows=shows,
        problems=[problem for problem in problems if problem],
    )


def expect(visit: Visit, status: int) -> str | None:
    got = visit.response.status_code
    return unless(got == status, f"expected {status}, got {got}")


def unless(condition: object, problem: str) -> str | None:
    return None if condition else problem


def lower_quartile(visits: Sequence[Visit]) -> Visit:
    # Not the median: whatever else the machine does only ever makes a request slower.
    return sorted(visits, key=attrgetter("milliseconds"))[len(visits) // 4]
