"""What the JSON suites share: the values, the models, and how an answer is judged."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pydantic import BaseModel

from benchmarks.apps import http_scope
from benchmarks.case import Answer, Budget, Case

TOPIC = "json"
# Two apps that do the same differ by up to this much, by where their objects lie in memory.
NOT_SLOWER = Budget(times=1.05)
BARE_LIST = "bare ASGI, orjson, list"


class Flight(BaseModel):
    """A flat record of eight fields."""

    id: int
    carrier: str
    airline: str
    origin: str
    destination: str
    scheduled_departure: str
    delay_minutes: float
    cancelled: bool


MODELS = [
    Flight(
        id=336_776 + number,
        carrier="UA",
        airline="United",
        origin="EWR",
        destination="IAH",
        scheduled_departure=f"2013-01-01T05:{number % 60:02}:00",
        delay_minutes=number * 0.25,
        cancelled=number % 50 == 0,
    )
    for number in range(100)
]
RECORDS = [model.model_dump() for model in MODELS]
SMALL = {"id": 1, "name": "Frédéric", "active": True}


def json_case(
    name: str,
    app: Any,
    value: Any,
    *,
    path: str = "/",
    base: str | None = None,
    budget: Budget | None = None,
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Case:
    """Return a case whose answer must be the value, as JSON."""

    def is_right(answer: Answer) -> bool:
        media_type = answer.headers[b"content-type"].partition(b";")[0]
        return (
            answer.status == 200
            and media_type == b"application/json"
            and json.loads(answer.body) == value
        )

    return Case(
        name=name,
        topic=TOPIC,
        app=app,
        scope=http_scope("GET", path=path),
        is_right=is_right,
        base=base,
        budget=budget,
        around=around,
    )
