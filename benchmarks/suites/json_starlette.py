"""JSON from bare ASGI and from Starlette: its own JSONResponse, and ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import starlette.responses
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.case import Budget, Case
from benchmarks.suites.json_cases import BARE_LIST, NOT_SLOWER, RECORDS, SMALL, json_case
from chopin_mw.asgi.types import Receive, Scope, Send
from chopin_mw.handlers.json_response import JSONResponse as AnyFrameworkJSONResponse
from chopin_mw.handlers.json_response import json_response
from chopin_mw.integrations.install import install_json

_render = starlette.responses.JSONResponse.render


@contextmanager
def as_shipped() -> Iterator[None]:
    """Give Starlette its own method back, which install_json replaces in the whole process."""
    replaced = starlette.responses.JSONResponse.render
    starlette.responses.JSONResponse.render = _render  # type: ignore[method-assign] # put back below
    try:
        yield
    finally:
        starlette.responses.JSONResponse.render = replaced  # type: ignore[method-assign] # as it was


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    yield json_case(BARE_LIST, _bare, RECORDS)
    yield json_case("bare ASGI, our JSONResponse, list", _bare_ours, RECORDS, base=BARE_LIST)
    plain, ours = _app(), _app()
    install_json(ours)
    for path, title, value in (("/", "list", RECORDS), ("/small", "small dict", SMALL)):
        default = f"Starlette JSONResponse, {title}"
        budget = Budget(times=1 / 5) if value is RECORDS else NOT_SLOWER
        yield json_case(default, plain, value, path=path, around=as_shipped)
        yield json_case(
            f"Starlette, install_json, {title}", ours, value, path=path, base=default, budget=budget
        )
        yield json_case(
            f"Starlette, @json_response, {title}",
            plain,
            value,
            path=f"/decorated{path}",
            base=default,
            budget=NOT_SLOWER if value is RECORDS else None,
        )


async def _bare(scope: Scope, receive: Receive, send: Send) -> None:
    body = orjson.dumps(RECORDS)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _bare_ours(scope: Scope, receive: Receive, send: Send) -> None:
    await AnyFrameworkJSONResponse(RECORDS)(scope, receive, send)


def _app() -> Starlette:
    return Starlette(
        routes=[
            Route("/", _records),
            Route("/small", _small),
            Route("/decorated/", _decorated_records),
            Route("/decorated/small", _decorated_small),
        ]
    )


async def _records(request: Request) -> JSONResponse:
    return JSONResponse(RECORDS)


async def _small(request: Request) -> JSONResponse:
    return JSONResponse(SMALL)


@json_response
async def _decorated_records(request: Request) -> object:
    return RECORDS


@json_response
async def _decorated_small(request: Request) -> object:
    return SMALL
