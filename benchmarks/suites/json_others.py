"""JSON from Litestar, Falcon, BlackSheep and Django."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import falcon
import falcon.asgi
from blacksheep import Application, Request, Response
from blacksheep import json as blacksheep_json
from blacksheep.settings.json import json_settings
from litestar import Litestar, get

from benchmarks.case import Case
from benchmarks.suites import json_django
from benchmarks.suites.json_cases import NOT_SLOWER, RECORDS, SMALL, json_case
from chopin_mw.handlers.json_response import json_response
from chopin_mw.integrations.install import install_json

_VALUES = (("/", "list", RECORDS), ("/small", "small dict", SMALL))


def cases() -> Iterator[Case]:
    """Yield the cases, bases first."""
    yield from _on_litestar()
    yield from _on_falcon()
    yield from _on_blacksheep()
    yield from _on_django()


def _on_litestar() -> Iterator[Case]:
    plain, ours = _litestar(), _litestar()
    install_json(ours)
    yield from _pairs("Litestar", plain, ours)


def _litestar() -> Litestar:
    # Handlers belong to one app: each gets its own.
    @get("/")
    async def records() -> list[dict[str, object]]:
        return RECORDS

    @get("/small")
    async def small() -> dict[str, object]:
        return SMALL

    @get("/decorated/")
    @json_response
    async def decorated_records() -> list[dict[str, object]]:
        return RECORDS

    @get("/decorated/small")
    @json_response
    async def decorated_small() -> dict[str, object]:
        return SMALL

    return Litestar([records, small, decorated_records, decorated_small], openapi_config=None)


class _Media:
    def __init__(self, value: object) -> None:
        self._value = value

    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        response.media = self._value


class _Decorated:
    def __init__(self, value: object) -> None:
        self._value = value

    @json_response
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> object:
        return self._value


def _on_falcon() -> Iterator[Case]:
    plain, ours = _falcon(), _falcon()
    install_json(ours)
    yield from _pairs("Falcon", plain, ours)


def _falcon() -> Any:
    app = falcon.asgi.App()
    for path, _, value in _VALUES:
        app.add_route(path, _Media(value))
        app.add_route(f"/decorated{path}", _Decorated(value))
    return app


def _on_blacksheep() -> Iterator[Case]:
    plain = _blacksheep()
    # BlackSheep leaves some of its functions without types.
    settings: Any = json_settings
    install_json(plain)
    decode, encode, pretty = settings._loads, settings._dumps, settings._pretty_dumps  # noqa: SLF001 - there is no other way to ask
    settings.use()

    @contextmanager
    def installed() -> Iterator[None]:
        # BlackSheep's settings are those of the process, so they can only be ours in turns.
        settings.use(loads=decode, dumps=encode, pretty_dumps=pretty)
        try:
            yield
        finally:
            settings.use()

    for path, title, value in _VALUES:
        default = f"BlackSheep, {title}"
        yield json_case(default, plain, value, path=path)
        yield json_case(
            f"{default}, install_json",
            plain,
            value,
            path=path,
            base=default,
            budget=NOT_SLOWER,
            around=installed,
        )
        yield json_case(
            f"{default}, @json_response",
            plain,
            value,
            path=f"/decorated{path}",
            base=default,
            budget=NOT_SLOWER if value is RECORDS else None,
        )


def _blacksheep() -> Application:
    app = Application()

    async def records(request: Request) -> Response:
        return blacksheep_json(RECORDS)

    async def small(request: Request) -> Response:
        return blacksheep_json(SMALL)

    @json_response
    async def decorated_records(request: Request) -> object:
        return RECORDS

    @json_response
    async def decorated_small(request: Request) -> object:
        return SMALL

    app.router.add_get("/", records)
    app.router.add_get("/small", small)
    app.router.add_get("/decorated/", decorated_records)
    app.router.add_get("/decorated/small", decorated_small)
    asyncio.run(cast("Any", app).start())
    return app


def _on_django() -> Iterator[Case]:
    app = json_django.application()
    for path, title, value in _VALUES:
        default = f"Django JsonResponse, {title}"
        yield json_case(default, app, value, path=path)
        for prefix, what in (("/ours", "our JSONResponse"), ("/decorated", "@json_response")):
            yield json_case(
                f"Django, {what}, {title}",
                app,
                value,
                path=prefix + path,
                base=default,
                budget=NOT_SLOWER,
            )


def _pairs(framework: str, plain: Any, ours: Any) -> Iterator[Case]:
    for path, title, value in _VALUES:
        default = f"{framework}, {title}"
        yield json_case(default, plain, value, path=path)
        yield json_case(
            f"{default}, install_json", ours, value, path=path, base=default, budget=NOT_SLOWER
        )
        yield json_case(
            f"{default}, @json_response",
            plain,
            value,
            path=f"/decorated{path}",
            base=default,
            budget=NOT_SLOWER if value is RECORDS else None,
        )
