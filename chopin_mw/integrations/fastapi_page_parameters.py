"""FastAPI: pagination as a dependency that documents its parameters and refuses none of them."""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import WithJsonSchema

from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.rules.page_policy import Meaning, PagePolicy
from chopin_mw.rules.pagination import Pagination

_DEFAULT_POLICY = PagePolicy()


def page_parameters(policy: PagePolicy | None = None) -> Callable[..., Any]:
    """Return a dependency that gives the `Pagination` of the request.

    OpenAPI shows the parameters with the bounds of the policy. Without one, the policy of the
    PaginationMiddleware around the app decides, and OpenAPI shows the default. What the policy
    refuses where no middleware has refused it is answered as FastAPI answers its own (422).

        Asked = Annotated[Pagination, Depends(page_parameters())]
    """
    if policy is not None and not isinstance(policy, PagePolicy):
        raise ConfigurationError(f"policy must be a PagePolicy or None, got {policy!r}")

    async def pagination(request: Request, **_: Any) -> Pagination:
        try:
            return Pagination.from_scope(request.scope, policy)
        except ProblemError as problem:
            raise RequestValidationError([_as_fastapi_has_it(e) for e in problem.errors]) from None

    # FastAPI reads the parameters off the signature, and would validate what we clamp.
    pagination.__signature__ = _signature(policy or _DEFAULT_POLICY)  # type: ignore[attr-defined] # functions take any
    return pagination


def _signature(policy: PagePolicy) -> Signature:
    request = Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request)
    documented = [
        Parameter(
            f"parameter_{at}",
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_documented(name.decode(), meaning, policy),
        )
        for at, (name, meaning) in enumerate(policy.meanings.items())
    ]
    return Signature([request, *documented], return_annotation=Pagination)


def _documented(name: str, meaning: Meaning, policy: PagePolicy) -> Any:
    # Defaults stand in the description: Swagger UI would send them, and a page wins over an offset.
    if meaning == "limit":
        least, most = 1, policy.max_limit
        description = f"How many rows to return; {policy.default_limit} if not given."
    elif meaning == "offset":
        least, most, description = 0, policy.max_offset, "How many rows to skip; 0 if not given."
    else:
        least, most = 1, policy.max_offset + 1
        description = "Which page to return, counted from 1."
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Annotated[Any, WithJsonSchema(schema), Query(alias=name, description=description)]


def _as_fastapi_has_it(error: Any) -> dict[str, Any]:
    return {
        "type": "pagination",
        "loc": ("query", error["parameter"]),
        "msg": error["detail"],
        "input": error["value"],
        "ctx": {"minimum": error["minimum"], "maximum": error["maximum"]},
    }
