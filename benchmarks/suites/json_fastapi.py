"""JSON from FastAPI: what routes return, with and without an annotation."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from benchmarks.case import Budget, Case
from benchmarks.suites.json_cases import MODELS, NOT_SLOWER, RECORDS, SMALL, Flight, json_case
from benchmarks.suites.json_starlette import as_shipped
from chopin_mw.handlers.json_response import json_response
from chopin_mw.integrations.install import install_json

_TENTH = Budget(times=1 / 10)
# path, title, value, budget of install_json
_ROUTES: tuple[tuple[str, str, Any, Budget], ...] = (
    ("/", "un-annotated list of dicts", RECORDS, _TENTH),
    ("/models", "un-annotated list of models", RECORDS, _TENTH),
    ("/small", "un-annotated small dict", SMALL, NOT_SLOWER),
    ("/annotated", "-> list[Model]", RECORDS, NOT_SLOWER),
    ("/annotated-dicts", "-> list[dict]", RECORDS, NOT_SLOWER),
    ("/annotated-small", "-> dict, small", SMALL, NOT_SLOWER),
    ("/response", "returned JSONResponse", RECORDS, NOT_SLOWER),
)


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    plain, ours = _app(), _app()
    install_json(ours)
    for path, title, value, budget in _ROUTES:
        default = f"FastAPI, {title}"
        yield json_case(default, plain, value, path=path, around=as_shipped)
        yield json_case(
            f"{default}, install_json", ours, value, path=path, base=default, budget=budget
        )
        if path in {"/", "/small"}:
            yield json_case(
                f"{default}, @json_response",
                plain,
                value,
                path=f"/decorated{path}",
                base=default,
                budget=budget,
            )


def _app() -> FastAPI:
    app = FastAPI()
    app.add_api_route("/", _records)
    app.add_api_route("/models", _models)
    app.add_api_route("/small", _small)
    app.add_api_route("/annotated", _annotated)
    app.add_api_route("/annotated-dicts", _annotated_dicts)
    app.add_api_route("/annotated-small", _annotated_small)
    app.add_api_route("/response", _response)
    app.add_api_route("/decorated/", json_response(_records))
    app.add_api_route("/decorated/small", json_response(_small))
    return app


# Without annotations on purpose: that is the case.
async def _records():  # type: ignore[no-untyped-def] # see above
    return RECORDS


async def _models():  # type: ignore[no-untyped-def] # see above
    return MODELS


async def _small():  # type: ignore[no-untyped-def] # see above
    return SMALL


async def _annotated() -> list[Flight]:
    return MODELS


async def _annotated_dicts() -> list[dict[str, Any]]:
    return RECORDS


async def _annotated_small() -> dict[str, Any]:
    return SMALL


async def _response() -> JSONResponse:
    return JSONResponse(RECORDS)
