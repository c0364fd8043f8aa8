"""install_json gives Quart our codec as its JSON provider."""

import dataclasses
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask.json.provider import DefaultJSONProvider
from quart import Quart, jsonify, render_template_string, request
from quart.typing import ResponseReturnValue

from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.install import install_json
from chopin_mw.integrations.quart import JSONProvider
from chopin_mw.json import json_codec, set_codec
from support.asgi_call import JSON, call

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclasses.dataclass
class Row:
    name: str


class Html:
    def __html__(self) -> str:
        return "<b>"


def app_returning(value: Any) -> Quart:
    app = Quart("flights")

    @app.get("/")
    async def handler() -> Any:
        return value

    @app.get("/jsonify")
    async def jsonified() -> Any:
        return jsonify(value)

    @app.get("/created")
    async def created() -> ResponseReturnValue:
        return {"a": 1}, 201, {"x-a": "1"}

    @app.post("/echo")
    async def echo() -> Any:
        return jsonify(str(await request.get_json()))

    @app.get("/template")
    async def template() -> str:
        return await render_template_string("{{ value|tojson }}", value={"b": "</script>", "a": 1})

    return app


VALUE = {"b": NOON, "a": Decimal("1.10"), "é": [UUID(int=1), Row("x"), date(2026, 1, 1)]}


@pytest.mark.parametrize("path", ["/", "/jsonify"])
async def test_the_codec_encodes(path: str) -> None:
    """Dates are RFC 3339 text, members keep their order, text stays UTF-8, no newline ends it."""
    app = app_returning(VALUE)
    report = install_json(app)

    answer = await call(app, path)

    expected = (
        '{"b":"2026-03-04T12:00:00Z","a":"1.10",'
        '"é":["00000000-0000-0000-0000-000000000001",{"name":"x"},"2026-01-01"]}'
    )
    assert answer.body.decode() == expected
    assert answer.all(b"content-type") == [b"application/json"]
    assert answer.all(b"content-length") == [str(len(expected.encode())).encode()]
    assert report.framework == "Quart"


async def test_lists_statuses_and_headers() -> None:
    """Returned lists and tuples work as before."""
    app = app_returning([1, 2])
    install_json(app)

    assert (await call(app)).json() == [1, 2]
    created = await call(app, "/created")
    assert (created.status, created.body, created.all(b"x-a")) == (201, b'{"a":1}', [b"1"])


COMPATIBLE: dict[str, Any] = {
    "everything": VALUE,
    "text": {"a": 'é€😀\u2028"\\/\x7f\x00', "😀": 1},
    "order": {"b": 1, "a": {"d": 1, "c": 2}, "é": 3},
    "floats": [1.5, 1e22, 0.1],
    "integers": [2**63, 2**70],
    "integer keys": {2: 1, 1: 2},
    "markup": [Html()],
    "ascii": {"a": [None, True]},
}


@pytest.mark.parametrize("path", ["/", "/jsonify"])
@pytest.mark.parametrize("value", COMPATIBLE.values(), ids=COMPATIBLE.keys())
async def test_compat_keeps_quarts_form(value: Any, path: str) -> None:
    """With compat=True the bytes are Quart's: dates, order, escapes, newline."""
    bare = await call(app_returning(value), path)
    app = app_returning(value)
    install_json(app, compat=True)

    assert await call(app, path) == bare


@pytest.mark.parametrize(
    "setting",
    [{"sort_keys": False}, {"ensure_ascii": False}, {"compact": False}, {"mimetype": "text/json"}],
)
async def test_compat_keeps_the_apps_settings(setting: dict[str, Any]) -> None:
    """What was set on the old provider holds for the new one."""
    bare, app = app_returning(VALUE), app_returning(VALUE)
    for each in (bare, app):
        for name, value in setting.items():
            setattr(each.json, name, value)
    install_json(app, compat=True)

    assert await call(app) == await call(bare)


async def test_compat_is_readable_in_debug_mode() -> None:
    """Indentation in debug mode is part of Quart's form."""
    bare, app = app_returning(VALUE), app_returning(VALUE)
    bare.debug = app.debug = True
    install_json(app, compat=True)

    assert await call(app) == await call(bare)


async def test_compat_without_orjson_is_quarts_own() -> None:
    """With another encoder in use there is nothing faster in this form."""
    set_codec(json_codec("stdlib"))
    try:
        app = app_returning(VALUE)
        install_json(app, compat=True)
    finally:
        set_codec(None)

    assert await call(app) == await call(app_returning(VALUE))


async def test_what_the_codec_refuses_goes_quarts_way() -> None:
    """Objects with __html__ worked before and still do; NaN is null now."""
    app = app_returning([Html()])
    install_json(app)
    assert (await call(app)).json() == ["<b>"]
    assert app.json.dumps([Html()]) == '["<b>"]'

    app = app_returning([float("nan")])
    install_json(app)
    assert (await call(app)).body == b"[null]"


async def test_bodies_are_decoded_exactly() -> None:
    """request.get_json goes through the codec; NaN is refused with Quart's own 400."""
    app = app_returning(None)
    install_json(app)
    echo: dict[str, Any] = {"path": "/echo", "method": "POST", "headers": [JSON]}

    assert (await call(app, **echo, body=b'{"id":18446744073709551616}')).json() == str(
        {"id": 2**64}
    )
    assert (await call(app, **echo, body=b"NaN")).status == 400
    assert (await call(app, **echo, body=b"{")).status == 400


async def test_templates_and_callers_with_arguments_get_quarts_form() -> None:
    """`tojson` and dumps with options of json.dumps are as before."""
    bare, app = app_returning(None), app_returning(None)
    install_json(app)

    assert (await call(app, "/template")).body == (await call(bare, "/template")).body
    assert app.json.dumps({"a": 1}, indent=1) == json.dumps({"a": 1}, indent=1)
    assert app.json.dumps({"b": 1, "a": 2}) == '{"b":1,"a":2}'
    assert app.json.loads("1.5", parse_float=str) == "1.5"


def test_a_provider_of_the_apps_own_stays() -> None:
    """A custom provider, or a custom default, is left alone and named."""

    class Own(DefaultJSONProvider):
        pass

    app = app_returning(None)
    app.json = provider = Own(app)

    report = install_json(app)

    assert app.json is provider
    assert dict(report.left_alone) == {"app.json": "the app has its own Own"}

    app = app_returning(None)
    app.json.default = str  # type: ignore[attr-defined] # on the default provider
    install_json(app)
    assert type(app.json) is DefaultJSONProvider


def test_installing_twice_is_installing_once() -> None:
    """The second time changes nothing."""
    app = app_returning(None)

    first, second = install_json(app), install_json(app)

    assert first == second
    assert type(app.json) is JSONProvider


async def test_refused_bodies_are_answered() -> None:
    """RequestBodyError becomes a problem answer."""
    app = Quart("flights")

    @app.get("/")
    async def refuse() -> str:
        raise RequestBodyError(422, "Unprocessable Content", "no")

    install_json(app)

    answer = await call(app)
    assert answer.status == 422
    assert answer.json() == {"title": "Unprocessable Content", "status": 422, "detail": "no"}


async def test_a_started_app_is_reached() -> None:
    """Quart takes a provider at any time."""
    app = app_returning([1])
    assert (await call(app)).body == b"[1]\n"

    install_json(app)

    assert (await call(app)).body == b"[1]"


def test_the_escape_handler_is_for_encoding_only() -> None:
    """Used for decoding, it raises what it was given."""
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "chopin_mw.json_escape")
