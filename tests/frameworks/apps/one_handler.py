"""One handler in every framework, async and plain, with what it does given from outside."""

from collections.abc import Callable
from typing import Any

import litestar
from starlette.requests import Request

from support.frameworks import (
    DjangoApp,
    blacksheep_app,
    falcon_app,
    fastapi_app,
    litestar_app,
    quart_app,
    starlette_app,
)

Do = Callable[[], Any]
Decorate = Callable[[Any], Any]
HANDLERS = (
    "blacksheep",
    "blacksheep plain",
    "django",
    "django plain",
    "falcon",
    "fastapi",
    "fastapi plain",
    "litestar",
    "litestar request",
    "quart",
    "quart plain",
    "starlette",
    "starlette plain",
)


async def app_with(handler: str, do: Do, decorate: Decorate) -> Any:  # noqa: C901 - one branch each
    """Return an app whose handler does this, decorated, on GET and POST of `/`."""

    @decorate
    async def without_arguments() -> Any:
        return do()

    @decorate
    def plain() -> Any:
        return do()

    @decorate
    async def with_request(request: Any) -> Any:
        return do()

    @decorate
    async def with_litestar_request(request: litestar.Request[Any, Any, Any]) -> Any:
        return do()

    @decorate
    def plain_with_request(request: Request) -> Any:
        return do()

    @decorate
    async def responder(req: Any, resp: Any) -> Any:
        return do()

    match handler:
        case "blacksheep":
            return await blacksheep_app(without_arguments)
        case "blacksheep plain":
            return await blacksheep_app(plain)
        case "django":
            return DjangoApp(with_request)
        case "django plain":
            return DjangoApp(plain_with_request)
        case "falcon":
            return falcon_app(responder)
        case "fastapi":
            return fastapi_app(without_arguments)
        case "fastapi plain":
            return fastapi_app(plain_with_request)
        case "litestar":
            return litestar_app(without_arguments)
        case "litestar request":
            return litestar_app(with_litestar_request)
        case "quart":
            return quart_app(without_arguments)
        case "quart plain":
            return quart_app(plain)
        case "starlette":
            return starlette_app(with_request)
    return starlette_app(plain_with_request)
