"""JSON from Quart: `jsonify`, and returned lists and dicts."""

from collections.abc import Iterator

from quart import Quart, Response, jsonify

from benchmarks.case import Budget, Case
from benchmarks.suites.json_cases import NOT_SLOWER, RECORDS, SMALL, json_case
from chopin_mw.handlers.json_response import json_response
from chopin_mw.integrations.install import install_json

_HALF = Budget(times=1 / 2)
_ROUTES = (
    ("/", "jsonify, list", RECORDS, _HALF),
    ("/returned", "returned list", RECORDS, _HALF),
    ("/small", "jsonify, small dict", SMALL, NOT_SLOWER),
    ("/returned-small", "returned small dict", SMALL, NOT_SLOWER),
)


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    plain, ours, compatible = _app(), _app(), _app()
    install_json(ours)
    install_json(compatible, compat=True)
    for path, title, value, budget in _ROUTES:
        default = f"Quart, {title}"
        yield json_case(default, plain, value, path=path)
        yield json_case(
            f"{default}, install_json", ours, value, path=path, base=default, budget=budget
        )
    default = "Quart, jsonify, list"
    yield json_case(
        f"{default}, install_json(compat=True)", compatible, RECORDS, base=default, budget=_HALF
    )
    yield json_case(
        f"{default}, @json_response",
        plain,
        RECORDS,
        path="/decorated",
        base=default,
        budget=_HALF,
    )


def _app() -> Quart:
    app = Quart(__name__)
    app.add_url_rule("/", view_func=_jsonified)
    app.add_url_rule("/returned", view_func=_returned)
    app.add_url_rule("/small", view_func=_jsonified_small)
    app.add_url_rule("/returned-small", view_func=_returned_small)
    app.add_url_rule("/decorated", "decorated", json_response(_returned))
    return app


async def _jsonified() -> Response:
    return jsonify(RECORDS)


async def _returned() -> list[dict[str, object]]:
    return RECORDS


async def _jsonified_small() -> Response:
    return jsonify(SMALL)


async def _returned_small() -> dict[str, object]:
    return SMALL
