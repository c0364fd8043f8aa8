"""install_json finds the app, uses its framework's hook, and says what it did."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import blacksheep
import falcon
import falcon.testing
import pytest
from blacksheep.settings.json import json_settings
from falcon.media import JSONHandler
from fastapi import FastAPI
from litestar import Litestar, get
from quart import Quart

from chopin_mw.errors import ConfigurationError, RequestBodyError
from chopin_mw.integrations.django import JSONResponse, problem_response
from chopin_mw.integrations.install import install_json
from support.asgi_call import JSON, call
from support.frameworks import DjangoApp, blacksheep_app, falcon_app

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
VALUE = {"b": NOON, "a": [Decimal("1.10"), 2**70]}
BODY = b'{"b":"2026-03-04T12:00:00Z","a":["1.10",1180591620717411303424]}'


class Layer:
    def __init__(self, app: Any) -> None:
        self.app = app


def test_wrapped_apps_are_unwrapped() -> None:
    """Middleware around the app is looked through, as are methods of the app."""
    assert install_json(Layer(Layer(FastAPI()))).framework == "FastAPI"
    assert install_json(Layer(Quart("a").asgi_app)).framework == "Quart"


@pytest.mark.parametrize("app", [None, object(), lambda scope: None, Layer(Layer(3))])
def test_unknown_apps_are_refused(app: Any) -> None:
    """The error names the type and what is supported."""
    with pytest.raises(ConfigurationError, match=type(app).__qualname__) as raised:
        install_json(app)

    assert "FastAPI, Starlette, Quart, Litestar, Django (ASGI), Falcon, BlackSheep" in str(
        raised.value
    )


def test_an_app_that_wraps_itself_ends() -> None:
    """A loop of layers is refused like any other unknown app."""
    layer = Layer(None)
    layer.app = layer

    with pytest.raises(ConfigurationError):
        install_json(layer)


def test_options_of_another_framework_are_refused() -> None:
    """An option without effect is an error, with its name."""
    with pytest.raises(
        ConfigurationError, match="compat=True is for quart, and this app is fastapi"
    ):
        install_json(FastAPI(), compat=True)
    with pytest.raises(ConfigurationError, match="patch=False is for starlette"):
        install_json(FastAPI(), patch=False)


async def refuse(*_: Any) -> Any:
    raise RequestBodyError(413, "Content Too Large", "no")


PROBLEM = {"title": "Content Too Large", "status": 413, "detail": "no"}


async def test_falcon_uses_the_codec_on_both_sides() -> None:
    """Media are encoded and decoded by the codec, through Falcon's synchronous short cut."""

    async def handler(req: Any, resp: Any) -> None:
        resp.media = VALUE if req.method == "GET" else str(await req.get_media())

    app = falcon_app(handler)
    report = install_json(app)
    assert install_json(app) == report

    assert (await call(app)).body == BODY
    big = await call(app, method="POST", headers=[JSON], body=b'{"id":18446744073709551616}')
    assert big.json() == str({"id": 2**64})
    assert (await call(app, method="POST", headers=[JSON], body=b"NaN")).status == 400
    assert report.left_alone == ()
    assert type(app.resp_options.media_handlers[falcon.MEDIA_JSON]) is JSONHandler


async def test_falcon_encodes_what_it_could_before() -> None:
    """What the codec refuses goes Falcon's own way."""
    deep: Any = [1]
    for _ in range(300):
        deep = [deep]

    async def handler(req: Any, resp: Any) -> None:
        resp.media = deep

    app = falcon_app(handler)
    install_json(app)

    assert (await call(app)).json() == deep


async def test_falcons_own_handlers_stay() -> None:
    """A media handler of the app's own is left alone and named."""
    own, derived = JSONHandler(dumps=repr), type("Derived", (JSONHandler,), {})()
    app = falcon_app(refuse)
    app.req_options.media_handlers[falcon.MEDIA_JSON] = derived
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = own

    report = install_json(app)

    assert [reason for _, reason in report.left_alone] == ["the app has a handler of its own"] * 2
    assert app.resp_options.media_handlers[falcon.MEDIA_JSON] is own
    answer = await call(app)
    assert (answer.status, answer.json()) == (413, PROBLEM)


def test_falcon_wsgi_apps_are_served_too() -> None:
    """Falcon's handlers are the same there."""

    class Resource:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.media = VALUE

        def on_post(self, req: Any, resp: Any) -> None:
            raise RequestBodyError(413, "Content Too Large", "no")

    app = falcon.App()
    app.add_route("/", Resource())
    install_json(app)
    client = falcon.testing.TestClient(app)

    assert client.simulate_get("/").content == BODY
    assert client.simulate_post("/").json == PROBLEM


async def test_litestar_is_left_as_fast_as_it_is() -> None:
    """Only the error answer is registered; the report says why."""

    @get("/")
    async def handler() -> dict[str, Any]:
        return {"when": NOON}

    @get("/refuse")
    async def refusing() -> None:
        await refuse()

    app = Litestar([handler, refusing], openapi_config=None)
    report = install_json(app)
    assert install_json(app) == report

    assert (await call(app)).json() == {"when": "2026-03-04T12:00:00Z"}
    answer = await call(app, "/refuse")
    assert (answer.status, answer.json()) == (413, PROBLEM)
    assert dict(report.left_alone)["JSON of responses"].startswith("Litestar encodes with msgspec")


async def test_django_says_what_to_use() -> None:
    """JSON is left as it is; the response class does the work."""

    async def view(request: Any) -> Any:
        if request.method == "POST":
            return problem_response(RequestBodyError(413, "Content Too Large", "no"))
        return JSONResponse(VALUE, 201, {"x-a": "1"})

    app = DjangoApp(view)
    report = install_json(app)

    answer = await call(app)
    assert (answer.status, answer.body, answer.all(b"x-a")) == (201, BODY, [b"1"])
    assert answer.all(b"content-type") == [b"application/json"]
    refused = await call(app, method="POST")
    assert (refused.status, refused.json()) == (413, PROBLEM)
    assert install_json(app) == report
    assert report.changed == ("ProblemError is answered with problem details",)
    assert "integrations.django.JSONResponse" in dict(report.left_alone)["JsonResponse"]


async def test_blacksheep_uses_the_codec_in_the_whole_process() -> None:
    """Its settings are global, and the report says so."""
    try:

        async def handler(request: blacksheep.Request) -> Any:
            if request.method == "POST":
                return await request.json()
            return blacksheep.json(VALUE)

        app = await blacksheep_app(handler)
        report = install_json(app)
        assert install_json(app) == report

        assert (await call(app)).body == BODY
        big = await call(app, method="POST", headers=[JSON], body=b'{"id":18446744073709551616}')
        assert json.loads(big.body) == {"id": 2**64}
        assert json_settings.dumps([b"abc"]) == '["YWJj"]'
        assert "every BlackSheep app of this process" in report.changed[1]

        async def refuse_request(request: blacksheep.Request) -> None:
            await refuse()

        refusing = await blacksheep_app(refuse_request)
        install_json(refusing)
        answer = await call(refusing)
        assert (answer.status, json.loads(answer.body)) == (413, PROBLEM)
    finally:
        json_settings.use()


async def test_blacksheep_settings_of_the_apps_own_stay() -> None:
    """What somebody put into the settings is left alone."""
    json_settings.use(dumps=repr)
    try:
        report = install_json(blacksheep.Application())

        assert json_settings.dumps([1]) == "[1]"
        assert dict(report.left_alone) == {"json_settings": "something else is in use there"}
    finally:
        json_settings.use()
