"""Secret fields are left out by what install_json hooks into, also where our encoder gave up."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import blacksheep
import falcon.asgi
import pytest
import starlette.responses
from blacksheep.settings.json import json_settings
from quart import Quart, jsonify
from starlette.requests import Request
from starlette.responses import JSONResponse

from chopin_mw.integrations import starlette as our_starlette
from chopin_mw.integrations.install import install_json
from support.asgi_call import call
from support.frameworks import blacksheep_app, falcon_app, fastapi_app, quart_app, starlette_app
from support.json_corpus import User, nested

# Deeper than our encoders go: the framework's own does it.
DEEP = nested(300)
VALUES = {
    "ours": {"id": 1, "user": [{"password_hash": "x", "name": "a"}]},
    "the framework's": {"deep": DEEP, "user": [{"password_hash": "x", "name": "a"}]},
}


@pytest.fixture(autouse=True)
def _settings_as_before() -> Iterator[None]:
    yield
    json_settings.use()
    starlette.responses.JSONResponse.render = our_starlette._render_with_stdlib  # type: ignore[method-assign] # as it was


def in_fastapi(value: Any) -> Any:
    async def handler():
        return value

    return fastapi_app(handler)


def in_starlette(value: Any) -> Any:
    async def handler(request: Request) -> JSONResponse:
        return JSONResponse(value)

    return starlette_app(handler)


def in_quart(value: Any) -> Any:
    async def handler() -> Any:
        return jsonify(value)

    return quart_app(handler)


def in_falcon(value: Any) -> Any:
    async def responder(req: Any, resp: Any) -> None:
        resp.media = value

    app: falcon.asgi.App[Any, Any] = falcon_app(responder)
    return app


BUILT: dict[str, Callable[[Any], Any]] = {
    "fastapi": in_fastapi,
    "starlette": in_starlette,
    "quart": in_quart,
    "falcon": in_falcon,
}


@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_they_do_not_leave(build: Any, value: Any) -> None:
    """Whoever encoded the answer; its length is that of what is sent."""
    app = build(value)
    install_json(app)

    answer = await call(app)

    assert answer.json() == {**value, "user": [{"name": "a"}]}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_not_in_blacksheep_either(value: Any) -> None:
    """Its settings take text."""

    async def handler() -> blacksheep.Response:
        return blacksheep.json(value)

    app = await blacksheep_app(handler)
    install_json(app)

    assert json.loads((await call(app)).body) == {**value, "user": [{"name": "a"}]}


async def test_an_orm_row_in_fastapi_keeps_its_hash() -> None:
    """FastAPI takes the attributes of any object; this one does not leave."""
    app = in_fastapi([User(id=1, password_hash="x")])
    install_json(app)

    assert (await call(app)).json() == [{"id": 1}]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_quart_keeps_its_form(value: Any, debug: bool) -> None:
    """With compat=True, in debug mode with blanks after the names."""
    app = in_quart(value)
    app.debug = debug
    install_json(app, compat=True)

    answer = await call(app)

    assert json.loads(answer.body) == {**value, "user": [{"name": "a"}]}


def test_quarts_dumps_is_searched() -> None:
    """As text, in either form."""
    plain, compat = Quart("a"), Quart("b")
    install_json(plain)
    install_json(compat, compat=True)

    for app in (plain, compat):
        assert app.json.dumps({"password_hash": 1, "a": 2}) == '{"a":2}'
        assert json.loads(app.json.dumps({"deep": DEEP})) == {"deep": DEEP}
