"""@json_response and JSONResponse with an envelope, with fields, and around a ProblemError."""

import json
from functools import wraps
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Response
from starlette.responses import PlainTextResponse

from chopin_mw.errors import ConfigurationError, ProblemError
from chopin_mw.handlers.json_response import JSONResponse, json_response
from chopin_mw.handlers.problem_response import problem_response
from chopin_mw.integrations.django import JSONResponse as DjangoJSONResponse
from chopin_mw.rules.fieldset import FieldPolicy
from support.asgi_call import call
from support.frameworks import DjangoApp, falcon_app, fastapi_app, quart_app, starlette_app

ROW = {"id": 1, "name": "a", "cost": 2}


async def test_bare_asgi_answers_in_an_envelope() -> None:
    """With type and exact length, like any other answer."""
    answer = await call(JSONResponse(ROW, 201, envelope=True))

    assert (answer.status, answer.json()) == (201, {"success": True, "data": ROW})


async def test_nothing_is_null_in_an_envelope() -> None:
    """The member is there."""
    assert JSONResponse(None, envelope=True).body == b'{"success":true,"data":null}'

    @json_response(envelope=True)
    async def handler() -> Any:
        return None

    assert (await call(fastapi_app(handler))).body == b'{"success":true,"data":null}'


async def test_django_has_the_envelope_too() -> None:
    """In its own response class."""

    async def view(request: Any) -> Any:
        return DjangoJSONResponse(ROW, 201, {"x-a": "1"}, envelope=True)

    answer = await call(DjangoApp(view))

    assert (answer.status, answer.json()) == (201, {"success": True, "data": ROW})


async def test_a_response_gets_no_envelope() -> None:
    """Nor is anything of it trimmed."""

    @json_response(envelope=True, fields="id")
    async def handler() -> Any:
        return PlainTextResponse("ready")

    assert (await call(fastapi_app(handler))).body == b"ready"


async def test_falcons_own_way_gets_no_envelope() -> None:
    """A responder that returns nothing has answered."""

    @json_response(envelope=True)
    async def responder(req: Any, resp: Any) -> Any:
        resp.media = ROW

    assert (await call(falcon_app(responder))).json() == ROW


@json_response(status=201, headers={"x-a": "1"}, fields=["id", "name"])
async def trimmed() -> Any:
    return [ROW]


async def test_fields_go_with_the_other_options() -> None:
    """A list of names is an allow-list; status and headers are as ever."""
    answer = await call(fastapi_app(trimmed))

    assert (answer.status, answer.all(b"x-a")) == (201, [b"1"])
    assert answer.json() == [{"id": 1, "name": "a"}]


@pytest.mark.parametrize("fields", ["a,", (), [1], "(("])
def test_fields_that_cannot_be_are_reported_when_decorating(fields: Any) -> None:
    """They never reach a request."""
    with pytest.raises(ConfigurationError, match="allow"):
        json_response(fields=fields)


def refuse(**options: Any) -> Any:
    raise ProblemError(409, "Conflict", "The seat is taken.", **options)


PROBLEM = {"title": "Conflict", "status": 409, "detail": "The seat is taken."}


async def test_a_hidden_coroutine_that_raises_is_answered() -> None:
    """Also where only awaiting it shows the problem."""

    async def handler() -> Any:
        refuse()

    @wraps(handler)
    def hiding() -> Any:
        return handler()

    answer = await call(fastapi_app(json_response(hiding)))

    assert (answer.status, answer.json()) == (409, PROBLEM)


async def test_what_a_handler_did_before_it_raised_is_dropped() -> None:
    """No background task runs and no injected header is sent, as where FastAPI sees the error."""
    done: list[str] = []
    app = FastAPI()

    @app.get("/")
    @json_response
    async def handler(response: Response, tasks: BackgroundTasks) -> Any:
        tasks.add_task(done.append, "ran")
        response.headers["x-a"] = "1"
        response.set_cookie("a", "1")
        refuse(headers={"x-b": "2"})

    answer = await call(app)

    assert (answer.status, answer.json(), done) == (409, PROBLEM, [])
    assert (answer.all(b"x-a"), answer.all(b"set-cookie")) == ([], [])
    assert answer.all(b"x-b") == [b"2"]


async def test_an_error_of_the_encoder_is_not_a_problem() -> None:
    """It is the program's, and goes the framework's way."""

    @json_response
    async def handler(request: Any) -> Any:
        return object()

    with pytest.raises(TypeError, match="has no JSON form"):
        await call(starlette_app(handler))


@pytest.mark.parametrize("envelope", [False, True])
async def test_problems_are_answered_in_bare_asgi(envelope: bool) -> None:
    """By an ASGI app made of the error."""
    error = ProblemError(401, "Unauthorized", "no", headers={"WWW-Authenticate": "Bearer"})

    answer = await call(problem_response(error, envelope=envelope))

    assert answer.status == 401
    assert answer.all(b"www-authenticate") == [b"Bearer"]
    assert ("success" in answer.json()) is envelope


async def test_a_bare_asgi_handler_is_trimmed_by_its_scope() -> None:
    """The scope is among its arguments."""
    policy = FieldPolicy(allow="id,name", parameter="only")

    @json_response(fields=policy)
    async def handler(scope: Any, receive: Any, send: Any) -> Any:
        return JSONResponse(ROW)

    @json_response(fields=policy)
    async def encoded(scope: Any) -> Any:
        return ROW

    answer = await encoded({"type": "http", "query_string": b"only=name"})

    assert json.loads(answer.body) == {"name": "a"}
    assert (await handler({"type": "http"}, None, None)).status == 200


@pytest.mark.parametrize("answer", [({"id": 1}, 202), ({"id": 1}, {"x-a": "b"}), ([1], 202, {})])
async def test_a_status_in_quarts_own_form_is_not_sent_as_an_array(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The decorator takes it; a handler that had one is told."""
    sent = await call(quart_app(json_response(lambda: answer)))

    assert sent.status == 500
    assert "give status and headers to the decorator" in caplog.text


@pytest.mark.parametrize("answer", [(1, "two"), ("one",), (1, 2, 3, 4)])
async def test_other_tuples_are_arrays(answer: Any) -> None:
    """In Quart as everywhere."""
    sent = await call(quart_app(json_response(lambda: answer)))

    assert sent.json() == list(answer)
