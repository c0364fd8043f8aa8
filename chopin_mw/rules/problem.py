"""Problem details: the body of a precise error answer (RFC 9457)."""

import json

PROBLEM_MEDIA_TYPE = b"application/problem+json"


def problem_body(status: int, title: str, detail: str) -> bytes:
    """Return the JSON of a problem without a type of its own (`about:blank`, RFC 9457 §4.2.1)."""
    return json.dumps({"title": title, "status": status, "detail": detail}).encode("ascii")
