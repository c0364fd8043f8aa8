"""Refuse from where no answer can be returned: a dependency, a generator, a function called."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from chopin_mw.asgi.refusals import Refused
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.native import framework_of_call, native_response

# What each framework turns into an answer by itself: the module, and how a refusal is put into it.
_EXCEPTIONS = {
    "fastapi": "starlette.exceptions",
    "starlette": "starlette.exceptions",
    "litestar": "litestar.exceptions",
}


def refusal_to_raise(args: Sequence[Any], kwargs: Mapping[str, Any], refused: Refused) -> Exception:
    """Return the exception that the calling framework answers with this refusal.

    In Quart the answer is the refusal itself; in FastAPI, Starlette and Litestar its body has
    their own form. Others get ProblemError, which is a 500 before `install_json(app)`.
    """
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in refused.own_fields
    }
    framework = framework_of_call((*args, *kwargs.values()))
    if framework == "quart":
        response = native_response(
            args, kwargs, status=refused.status, headers=refused.headers, body=refused.body
        )
        answer: Exception = import_module("werkzeug.exceptions").HTTPException(response=response)
        return answer
    if framework in _EXCEPTIONS:
        kind = import_module(_EXCEPTIONS[framework]).HTTPException
        known: Exception = kind(status_code=refused.status, detail=refused.detail, headers=headers)
        return known
    return ProblemError(refused.status, refused.title, refused.detail, headers=headers)
