"""Answer a problem where no framework does: in bare ASGI, or by hand."""

from chopin_mw.errors import ProblemError
from chopin_mw.integrations.native import Answer, with_content_length
from chopin_mw.rules.problem import answer_to


def problem_response(error: ProblemError, *, envelope: bool = False) -> Answer:
    """Turn a problem into an ASGI app that answers with problem details (RFC 9457).

    With `envelope` the body is `{"success": false, "error": {…}}`.

        await problem_response(error)(scope, receive, send)
    """
    status, headers, body = answer_to(error, envelope=envelope)
    return Answer(status, with_content_length(headers, status, body), body)
