"""What docs/streaming.md shows runs as pasted, behind a real server; its tables are complete."""

import asyncio
import json
from dataclasses import fields
from inspect import Parameter, signature
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from chopin_mw import (
    EventStream,
    ServerSentEvent,
    event_stream,
    json_array_stream,
    ndjson_stream,
)
from chopin_mw.errors import ConfigurationError
from support.documents import broken_links, document, rows, section, starts
from support.pasted import pasted
from support.servers import RawConnection, uvicorn_thread

DOC = document("streaming.md")
STARTS = starts(DOC)
MAKERS = (ndjson_stream, json_array_stream, event_stream)
EVENTS = b':\n\nid: 1\nevent: delay\ndata: {"late":12}\n\ndata: {"late":15}\n\n'


@pytest.mark.parametrize("framework", ["bare", "fastapi", "quart"])
def test_a_start_sends_rows_and_events(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the document promises, under the header of a stream."""
    if framework == "bare":
        # This process has loaded every framework, and a bare app has none to be told by.
        monkeypatch.setattr(
            "chopin_mw.integrations.native_stream.framework_of_call", lambda _: None
        )
    module = pasted(STARTS[framework], tmp_path)

    with uvicorn_thread(module.app) as address, address.client() as client:
        lines, live = client.get("/flights"), client.get("/live")

    assert lines.content == b'{"id":1}\n{"id":2}\n{"id":3}\n'
    assert live.content == EVENTS
    for answer in (lines, live):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-length" not in answer.headers
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert live.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_rows_come_from_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a session that the generator opens."""
    monkeypatch.chdir(tmp_path)
    module = pasted(STARTS["database"], tmp_path)

    async def fill() -> None:
        async with module.engine.begin() as connection:
            await connection.run_sync(module.Base.metadata.create_all)
        async with AsyncSession(module.engine) as session:
            session.add_all(module.Flight(id=number, origin="JFK") for number in range(1, 251))
            await session.commit()
        await module.engine.dispose()

    asyncio.run(fill())
    with uvicorn_thread(module.app) as address, address.client() as client:
        answer = client.get("/flights")
    asyncio.run(module.engine.dispose())

    seen = [json.loads(line) for line in answer.text.splitlines()]
    assert seen == [{"id": number, "origin": "JFK"} for number in range(1, 251)]


def test_a_client_that_comes_back_goes_on(tmp_path: Path) -> None:
    """After the event it names, whatever it names, until there is nothing more."""
    module = pasted(STARTS["resumed"], tmp_path)

    with uvicorn_thread(module.app) as address, address.client() as client:
        texts = {
            named: client.get("/live", headers={"Last-Event-ID": named}).text
            for named in ("", "0", "2", "-1", "x" * 2000)
        }
        over = client.get("/live", headers={"Last-Event-ID": "3"})

    assert [text.count("data: ") for text in texts.values()] == [3, 3, 1, 3, 3]
    assert "id: 3\n" in texts["2"]
    assert over.status_code == 204


def test_the_example_of_a_shutdown_streams(tmp_path: Path) -> None:
    """That it says farewell at SIGTERM is shown in tests/streaming/test_shutdown.py."""
    module = pasted(STARTS["shutdown"], tmp_path)

    with uvicorn_thread(module.app) as address, RawConnection(address) as connection:
        connection.send(b"GET", b"/live")
        assert b"data: hello\n\n" in connection.read_until(b"data: hello\n\n")


def test_every_option_is_explained_with_its_default() -> None:
    """Of all three, which agree where they share one."""
    explained = rows(section(DOC, "## Options"))
    options = {
        name: option.default
        for make in MAKERS
        for name, option in signature(make).parameters.items()
        if option.kind is Parameter.KEYWORD_ONLY
    }

    assert explained.keys() == options.keys()
    for name, default in options.items():
        assert explained[name][0].strip("`") == repr(default), name
    for make in (*MAKERS, EventStream):
        for name, option in signature(make).parameters.items():
            assert name not in options or option.default == options[name]


def test_options_of_one_form_are_said_to_be_its_own() -> None:
    """Those that all have are not."""
    for name, (_, meaning) in rows(section(DOC, "## Options")).items():
        owners = [make.__name__ for make in MAKERS if name in signature(make).parameters]
        assert meaning.startswith(f"of `{owners[0]}`") == (len(owners) == 1), name


def test_every_field_of_an_event_is_explained() -> None:
    """A row names each."""
    explained = rows(section(DOC, "## Server-sent events"))

    assert {field.name for field in fields(ServerSentEvent)} == explained.keys() - {
        "ServerSentEvent"
    }


@pytest.mark.parametrize("name", ["Content-Length", "Connection", "Transfer-Encoding"])
def test_fields_that_are_refused_are_named(name: str) -> None:
    """In the row of `headers`."""
    assert name in rows(section(DOC, "## Options"))["headers"][1]
    with pytest.raises(ConfigurationError):
        ndjson_stream([], headers={name: "x"})


def test_every_link_leads_somewhere() -> None:
    """To a document beside it, or a heading."""
    assert broken_links(DOC) == []
