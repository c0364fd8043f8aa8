"""A problem that a handler raises is the same answer in every framework, and nothing else is."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import starlette.responses
from blacksheep.settings.json import json_settings

from chopin_mw.errors import ProblemError
from chopin_mw.handlers.json_response import json_response
from chopin_mw.integrations import starlette as our_starlette
from chopin_mw.integrations.install import install_json
from frameworks.apps.one_handler import HANDLERS, app_with
from support.asgi_call import Answer, call
from support.servers import uvicorn_thread

PROBLEM = {"title": "Too Many Requests", "status": 429, "detail": "Wait.\n\U0001f600\ufffd"}
ENVELOPE = {
    "success": False,
    "error": {"code": "TOO_MANY_REQUESTS", "message": "Wait.\n\U0001f600\ufffd"},
}
EACH = pytest.mark.parametrize("handler", HANDLERS)


@pytest.fixture(autouse=True)
def _settings_as_before() -> Iterator[None]:
    """Put back what install_json changes in the whole process."""
    render = our_starlette._render_with_stdlib
    yield
    json_settings.use()
    starlette.responses.JSONResponse.render = render  # type: ignore[method-assign] # as it was


def refuse() -> Any:
    raise ProblemError(
        429,
        "Too Many Requests",
        "Wait.\n\U0001f600\ud800",
        headers={"Retry-After": "30", "X-Split": "a\r\nb: c"},
    )


def fail() -> Any:
    raise RuntimeError("the secret of the house")


def itself(handler: Any) -> Any:
    return handler


def assert_refused(answer: Answer, *, envelope: bool) -> None:
    media_type = b"application/json" if envelope else b"application/problem+json"
    assert answer.status == 429
    assert answer.all(b"content-type")[0].split(b";")[0] == media_type
    assert answer.all(b"retry-after") == [b"30"]
    assert answer.all(b"x-split") == [b"a b: c"]
    assert answer.all(b"content-length") == [str(len(answer.body)).encode()]
    assert json.loads(answer.body) == (ENVELOPE if envelope else PROBLEM)


@pytest.mark.parametrize("envelope", [False, True])
@EACH
async def test_after_install_json_every_framework_answers(handler: str, envelope: bool) -> None:
    """With problem details, or in the envelope where the app has asked for it."""
    app = await app_with(handler, refuse, itself)
    report = install_json(app, envelope=envelope)

    assert_refused(await call(app), envelope=envelope)
    assert any("ProblemError" in change for change in report.changed)
    assert install_json(app, envelope=envelope).changed == report.changed


@pytest.mark.parametrize("envelope", [False, True])
@EACH
async def test_json_response_answers_by_itself(handler: str, envelope: bool) -> None:
    """Nothing has to be installed for that."""
    app = await app_with(handler, refuse, json_response(envelope=envelope))

    assert_refused(await call(app), envelope=envelope)


@EACH
async def test_the_decorator_goes_before_the_app(handler: str) -> None:
    """Handlers may have envelopes in an app that has none, and the other way round."""
    with_envelope = await app_with(handler, refuse, json_response(envelope=True))
    install_json(with_envelope)
    without = await app_with(handler, refuse, json_response)
    install_json(without, envelope=True)

    assert_refused(await call(with_envelope), envelope=True)
    assert_refused(await call(without), envelope=False)


DECORATORS: dict[str, Callable[[Any], Any]] = {
    "installed": itself,
    "decorated": json_response,
    "enveloped": json_response(envelope=True),
}


@pytest.mark.parametrize("decorate", DECORATORS.values(), ids=DECORATORS)
@EACH
async def test_other_errors_stay_the_frameworks(handler: str, decorate: Any) -> None:
    """What is no ProblemError is not caught, and none of its text is in the answer."""
    app = await app_with(handler, fail, decorate)
    install_json(app, envelope=True)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/")

    assert answer.status_code == 500
    assert "problem" not in answer.headers["content-type"]
    assert "success" not in answer.text
    assert "the secret of the house" not in answer.text


@pytest.mark.parametrize("handler", ["fastapi", "starlette", "quart", "litestar", "falcon"])
async def test_a_refusal_of_head_has_no_body(handler: str) -> None:
    """A server sends the same status and fields for HEAD, and nothing after them."""
    app = await app_with(handler, refuse, json_response)

    with uvicorn_thread(app) as server, server.client() as client:
        got, head = client.get("/"), client.request("HEAD", "/")

    assert got.status_code == 429
    assert got.json() == PROBLEM
    assert head.status_code in (405, 429)
    assert head.content == b""
