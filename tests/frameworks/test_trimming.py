"""A client gets the members that it asks for, and never more than is allowed."""

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from chopin_mw import ChopinMiddleware, HTTPCacheMiddleware
from chopin_mw.handlers.json_response import json_response
from chopin_mw.handlers.pagination import Page
from chopin_mw.rules.cache_policy import CachePolicy
from chopin_mw.rules.fieldset import FieldPolicy
from frameworks.apps.one_handler import HANDLERS, app_with
from support.frameworks import fastapi_app
from support.servers import uvicorn_thread

ROWS = [
    {"id": 1, "carrier": "UA", "origin": {"name": "Newark", "city": "NY"}, "cost": 9},
    {"id": 2, "carrier": "AA", "origin": None, "cost": 8},
]
FIELDS = FieldPolicy(allow="id,carrier,origin(name)", always="id")
EACH = pytest.mark.parametrize("handler", HANDLERS)
ALL = '[{"id":1,"carrier":"UA","origin":{"name":"Newark"}},{"id":2,"carrier":"AA","origin":null}]'
ANSWERS = {
    "": ALL,
    "?fields=carrier": '[{"id":1,"carrier":"UA"},{"id":2,"carrier":"AA"}]',
    "?x=1&fields=origin/name": '[{"id":1,"origin":{"name":"Newark"}},{"id":2,"origin":null}]',
    "?%66ields=id": '[{"id":1},{"id":2}]',
}


async def asked(app: Any, query: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(f"/{query}")


@EACH
async def test_what_is_asked_for_is_sent(handler: str) -> None:
    """Without any middleware: the handler's request is found where its framework has it."""
    app = await app_with(handler, lambda: ROWS, json_response(fields=FIELDS))

    for query, text in ANSWERS.items():
        answer = await asked(app, query)
        assert (answer.status_code, answer.text) == (200, text), query
        assert answer.headers["content-type"] == "application/json"


@EACH
async def test_what_is_not_allowed_is_refused(handler: str) -> None:
    """With its name and position, before the handler runs."""
    ran: list[int] = []
    app = await app_with(handler, lambda: ran.append(1), json_response(fields=FIELDS))

    answer = await asked(app, "?fields=id,cost")

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"] == [
        {
            "parameter": "fields",
            "detail": "The parameter fields names 'cost' at 4, which is no field of this answer.",
            "position": 4,
        }
    ]
    assert ran == []


@EACH
async def test_an_envelope_goes_around_what_is_left(handler: str) -> None:
    """The items of a page are trimmed, its own members stay; a refusal is in the envelope too."""
    page: Page[Any] = Page({"items": ROWS, "total": 2, "page": 1, "per_page": 20, "total_pages": 1})
    app = await app_with(
        handler, lambda: page, json_response(envelope=True, fields="id,carrier,origin.name")
    )

    answer, refused = await asked(app, "?fields=id"), await asked(app, "?fields=cost")

    assert answer.text == (
        '{"success":true,"data":{"items":[{"id":1},{"id":2}],'
        '"total":2,"page":1,"per_page":20,"total_pages":1}}'
    )
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "INVALID_FIELDS"
    assert refused.json()["error"]["fields"][0]["field"] == "fields"


@json_response(fields=FIELDS)
def plain() -> Any:
    return ROWS


async def test_a_plain_fastapi_handler_needs_a_middleware_or_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It runs in a thread that knows of no request: all that is allowed, and one warning."""
    bare, app = fastapi_app(plain), fastapi_app(plain)
    app.add_middleware(ChopinMiddleware)

    with caplog.at_level(logging.WARNING, "chopin_mw"):
        for _ in range(2):
            assert (await asked(bare, "?fields=carrier")).text == ALL
    warnings = [r.getMessage() for r in caplog.records if r.name == "chopin_mw"]
    assert (await asked(app, "?fields=carrier")).text == ANSWERS["?fields=carrier"]
    assert len(warnings) == 1
    assert "test_trimming.plain does not see the request" in warnings[0]


def test_trimmed_answers_are_entries_of_their_own() -> None:
    """The query is part of the cache's key, and the ETag is that of the trimmed bytes."""
    app, ran = FastAPI(), []

    @app.get("/flights")
    @json_response(fields=FIELDS)
    async def flights() -> Any:
        ran.append(1)
        return ROWS

    app.add_middleware(HTTPCacheMiddleware, policy=CachePolicy(ttl=60))
    with uvicorn_thread(app) as server, server.client() as client:
        answers = {query: [client.get(f"/flights{query}") for _ in range(2)] for query in ANSWERS}

    assert len(ran) == len(ANSWERS)
    for query, (first, again) in answers.items():
        assert first.text == again.text == ANSWERS[query]
        assert "age" not in first.headers
        assert "age" in again.headers
    assert len({first.headers["etag"] for first, _ in answers.values()}) == len(ANSWERS)


def test_a_refusal_is_not_kept() -> None:
    """The next request with the same junk is judged again."""
    app = FastAPI()
    app.get("/flights")(plain)
    app.add_middleware(HTTPCacheMiddleware, policy=CachePolicy(ttl=60))

    with uvicorn_thread(app) as server, server.client() as client:
        answers = [client.get("/flights?fields=%ff%00(") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert all("age" not in answer.headers for answer in answers)
