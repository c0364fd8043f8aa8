"""The envelope of the guide, in its order of members and with its codes."""

import json
from typing import Any

import pytest

from chopin_mw.errors import ProblemError
from chopin_mw.rules.envelope import default_code, success_envelope
from chopin_mw.rules.problem import answer_to


def test_a_success_has_its_data() -> None:
    """What is JSON already is put into it as it is."""
    assert success_envelope(b'{"id":1}') == b'{"success":true,"data":{"id":1}}'
    assert success_envelope(b"null") == b'{"success":true,"data":null}'


def test_an_error_has_code_and_message() -> None:
    """With its own status, as application/json, and without `data`."""
    answer = answer_to(ProblemError(404, "Not Found", "There is no flight 7."), envelope=True)

    assert answer.status == 404
    assert answer.headers == [(b"content-type", b"application/json")]
    assert json.loads(answer.body) == {
        "success": False,
        "error": {"code": "NOT_FOUND", "message": "There is no flight 7."},
    }
    assert answer.body.startswith(b'{"success": false, "error": {"code"')


CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "CONTENT_TOO_LARGE",
    414: "URI_TOO_LONG",
    415: "UNSUPPORTED_MEDIA_TYPE",
    416: "RANGE_NOT_SATISFIABLE",
    422: "VALIDATION_ERROR",
    429: "TOO_MANY_REQUESTS",
    499: "HTTP_499",
    500: "INTERNAL_ERROR",
    503: "SERVICE_UNAVAILABLE",
}


@pytest.mark.parametrize(("status", "code"), CODES.items())
def test_every_status_has_a_code(status: int, code: str) -> None:
    """The same in every release of Python."""
    assert default_code(status) == code


def enveloped(error: ProblemError) -> Any:
    return json.loads(answer_to(error, envelope=True).body)["error"]


def test_a_code_of_its_own_wins() -> None:
    """The default is for problems without one."""
    assert enveloped(ProblemError(409, "Conflict", "no", code="SEAT_TAKEN"))["code"] == "SEAT_TAKEN"


def test_without_a_detail_the_title_is_the_message() -> None:
    """A message is never empty."""
    assert enveloped(ProblemError(409, "Conflict", ""))["message"] == "Conflict"


def test_parts_at_fault_are_fields() -> None:
    """Whatever they are called in the problem; what is no part is left out."""
    errors: Any = [
        {"parameter": "limit", "detail": "not a number"},
        {"pointer": "/age", "detail": "negative", "code": "MIN"},
        {"field": "name", "message": "empty"},
        {"detail": "of nothing"},
        "not a mapping",
    ]

    assert enveloped(ProblemError(422, "Unprocessable Content", "no", errors=errors)) == {
        "code": "VALIDATION_ERROR",
        "message": "no",
        "fields": [
            {"field": "limit", "message": "not a number"},
            {"field": "/age", "message": "negative", "code": "MIN"},
            {"field": "name", "message": "empty"},
            {"field": None, "message": "of nothing"},
        ],
    }
