"""Whatever a handler puts into a problem, the answer is small and valid."""

import json
from datetime import date
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopin_mw.errors import ConfigurationError, CursorError, ProblemError, RequestBodyError
from chopin_mw.rules.problem import answer_to, problem_body


class Code(Enum):
    TAKEN = "SEAT_TAKEN"


def body_of(error: ProblemError, **options: Any) -> Any:
    # As strict a parser as there is: no lone surrogates, no NaN.
    return msgspec.json.decode(answer_to(error, **options).body)


def test_the_members_are_those_of_the_standard() -> None:
    """Without a type, and with nothing that was not given (RFC 9457 §4.2.1)."""
    answer = answer_to(ProblemError(404, "Not Found", "There is no flight 7."))

    assert answer.status == 404
    assert answer.headers == [(b"content-type", b"application/problem+json")]
    assert json.loads(answer.body) == {
        "title": "Not Found",
        "status": 404,
        "detail": "There is no flight 7.",
    }


def test_code_and_errors_are_extensions() -> None:
    """They come after the standard's members."""
    errors = [{"parameter": "limit", "detail": "not a number"}]

    body = body_of(ProblemError(422, "Unprocessable Content", "no", code="BAD", errors=errors))

    assert list(body) == ["title", "status", "detail", "code", "errors"]
    assert (body["code"], body["errors"]) == ("BAD", errors)


@pytest.mark.parametrize(
    "error", [RequestBodyError(413, "Content Too Large", "no"), CursorError("not ours")]
)
def test_every_kind_is_answered(error: ProblemError) -> None:
    """What is derived from ProblemError needs nothing of its own."""
    assert answer_to(error).status == error.status == body_of(error)["status"]


SHOWN: dict[str, tuple[Any, Any]] = {
    "null": (None, None),
    "boolean": (True, True),
    "text": ("é😀\x00\n", "é😀\x00\n"),
    "lone surrogate": ("a\ud800b", "a\ufffdb"),
    "surrogates that are a pair": ("\ud83d\ude00", "😀"),
    "byte order mark": ("\ufeffa", "\ufeffa"),
    "number": (1.5, 1.5),
    "status": (HTTPStatus.OK, 200),
    "NaN": (float("nan"), None),
    "infinity": (float("-inf"), None),
    "huge number": (10**100_000, "a number of many digits"),
    "enum": (Code.TAKEN, "SEAT_TAKEN"),
    "date": (date(2026, 3, 4), "2026-03-04"),
    "decimal": (Decimal("1.10"), "1.10"),
    "UUID": (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "list": ([1, "a"], [1, "a"]),
    "set": ({1}, [1]),
    "list in a list": ([(1,)], ["tuple"]),
    "an exception keeps its secret": (KeyError("password"), "KeyError"),
    "bytes": (b"secret", "bytes"),
    "odd key": ({1: 2, b"x": 3}, {"1": 2, "bytes": 3}),
    "too deep": ({"a": {"b": 1}}, {"a": "dict"}),
}


@pytest.mark.parametrize(("value", "shown"), SHOWN.values(), ids=SHOWN)
def test_any_value_may_be_in_errors(value: Any, shown: Any) -> None:
    """What JSON has no form for is named by its class, and never shown."""
    assert body_of(ProblemError(400, "Bad Request", "no", errors=[{"value": value}])) == {
        "title": "Bad Request",
        "status": 400,
        "detail": "no",
        "errors": [{"value": shown}],
    }


def test_long_texts_are_cut() -> None:
    """A detail of ten million characters is two thousand and an ellipsis."""
    body = body_of(ProblemError(400, "t" * 10**7, "\ud800" * 10**7))

    assert len(body["title"]) == len(body["detail"]) == 2_049
    assert body["title"].endswith("t…")


@pytest.mark.parametrize("envelope", [False, True])
def test_errors_beyond_measure_are_left_out(envelope: bool) -> None:
    """A hundred of them are sent; more than 64 KiB are not."""
    many = [{"parameter": "a", "detail": "x"}] * 10_000
    large = [{"parameter": "a", "detail": "x" * 2_000}] * 100

    body = body_of(ProblemError(400, "Bad", "no", errors=many), envelope=envelope)
    kept = body["error"]["fields"] if envelope else body["errors"]
    assert len(kept) == 100
    body = body_of(ProblemError(400, "Bad", "no", errors=large), envelope=envelope)
    assert "fields" not in body.get("error", body)
    assert "errors" not in body


@pytest.mark.parametrize("status", [99, 200, 204, 304, 399, 600, True, "404", None, 404.5])
def test_only_error_statuses_are_problems(status: Any) -> None:
    """Others are a mistake in the program, reported where it is made."""
    with pytest.raises(ConfigurationError, match=r"400\.\.599"):
        ProblemError(status, "a", "b")


def test_a_status_may_be_an_enum() -> None:
    """It is sent as a number."""
    error = ProblemError(HTTPStatus.CONFLICT, "Conflict", "no")

    assert (type(error.status), body_of(error)["status"]) == (int, 409)
    assert str(error) == "409 Conflict: no"


def test_headers_are_sent() -> None:
    """With lower-case names, after the type."""
    error = ProblemError(429, "Too Many Requests", "wait", headers={"Retry-After": "30"})

    assert answer_to(error).headers[1:] == [(b"retry-after", b"30")]


def test_headers_that_cannot_be_sent_are_not() -> None:
    """No header splits an answer or changes what its body is."""
    odd: Any = {
        "X-Split": "a\r\nset-cookie: b=1\x00",
        "x euro": "no name",
        "é": "no name",
        "": "no name",
        "X-Euro": "\u20ac\ud800",
        "Content-Type": "text/html",
        "Content-Length": "1",
        "X-Number": 30,
    }

    headers = answer_to(ProblemError(400, "a", "b", headers=odd)).headers

    assert headers == [
        (b"content-type", b"application/problem+json"),
        (b"x-split", b"a set-cookie: b=1"),
        (b"x-euro", b"??"),
        (b"x-number", b"30"),
    ]


@given(st.text(), st.text(), st.none() | st.text(), st.lists(st.dictionaries(st.text(), st.text())))
def test_every_problem_is_json(title: str, detail: str, code: str | None, errors: Any) -> None:
    """In both forms, for the strictest parser."""
    error = ProblemError(400, title, detail, code=code, errors=errors)

    for envelope in (False, True):
        body_of(error, envelope=envelope)


def test_a_body_can_be_made_without_an_error() -> None:
    """As middleware does."""
    assert json.loads(problem_body(401, "Unauthorized", "no", code="A")) == {
        "title": "Unauthorized",
        "status": 401,
        "detail": "no",
        "code": "A",
    }


def test_deep_values_end() -> None:
    """A value that contains itself is cut like any other."""
    loop: list[Any] = []
    loop.append(loop)

    assert body_of(ProblemError(400, "a", "b", errors=[{"loop": loop}]))
