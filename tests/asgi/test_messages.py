"""Short replies."""

import json

from chopin_mw.asgi.messages import not_modified, precondition_failed, problem, reply


def test_a_reply_is_two_messages() -> None:
    """Start and the whole body."""
    assert reply(204, [(b"a", b"b")]) == [
        {"type": "http.response.start", "status": 204, "headers": [(b"a", b"b")]},
        {"type": "http.response.body", "body": b"", "more_body": False},
    ]


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    """And says its exact length."""
    start, body = problem(
        422, "Unprocessable Content", "not JSON at byte 7", headers=[(b"a", b"b")]
    )

    assert json.loads(body["body"]) == {
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "not JSON at byte 7",
    }
    assert dict(start["headers"]) == {
        b"a": b"b",
        b"content-type": b"application/problem+json",
        b"content-length": b"%d" % len(body["body"]),
    }


def test_304_and_412_keep_different_fields() -> None:
    """An error must not take over the freshness of what it replaces."""
    fields = [(b"Cache-Control", b"max-age=9"), (b"Vary", b"a"), (b"X", b"1"), (b"ETag", b'"a"')]

    assert not_modified(fields)[0]["headers"] == [fields[0], fields[1], fields[3]]
    assert precondition_failed(fields)[0]["headers"][0] == fields[1]
    assert b"Cache-Control" not in dict(precondition_failed(fields)[0]["headers"])
