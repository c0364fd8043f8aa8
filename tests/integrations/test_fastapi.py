"""install_json makes un-annotated FastAPI routes fast and changes nothing else."""

import functools
from collections import deque, namedtuple
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pydantic
import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi import routing as fastapi_routing
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse

from chopin_mw.errors import RequestBodyError
from chopin_mw.integrations.fastapi import JSONRoute
from chopin_mw.integrations.fastapi_encoder import DirectField
from chopin_mw.integrations.install import install_json
from chopin_mw.json import json_codec, register_encoder, set_codec
from support.asgi_call import JSON, Answer, call
from support.json_corpus import (
    Account,
    Colour,
    Identifier,
    Moment,
    Plain,
    Real,
    Slotted,
    User,
    nested,
)

Pair = namedtuple("Pair", "a b")  # noqa: PYI024 - the untyped kind has no annotations to go by


class Item(pydantic.BaseModel):
    item_id: int = pydantic.Field(alias="itemId")
    price: Decimal = Decimal("1.10")
    when: datetime = datetime(2026, 1, 1, tzinfo=UTC)


class Public(pydantic.BaseModel):
    name: str


class Customised(pydantic.BaseModel):
    price: Decimal
    when: datetime

    @pydantic.field_serializer("price")
    def as_cents(self, price: Decimal) -> int:
        return int(price * 100)

    @pydantic.computed_field  # type: ignore[prop-decorator] # as pydantic documents it
    @property
    def doubled(self) -> float:
        return float(self.price * 2)


class OwnDump(pydantic.BaseModel):
    secret: str

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {"secret": "***"}


class Anything:
    def __init__(self) -> None:
        self.visible = 1


NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
RETURNED: dict[str, Any] = {
    "dict": {"id": 1, "name": "é€😀", "tags": ["a", None, True, 1.5]},
    "list": [{"id": n} for n in range(100)],
    "scalar": 1,
    "text": "a",
    "null": None,
    "dates": [NOON, NOON.replace(tzinfo=None), date(2026, 1, 1), time(1, 2), Moment(2026, 1, 1)],
    "aware time": [time(1, 2, tzinfo=UTC)],
    "decimals": [Decimal("1.10"), Decimal(3), Decimal("1E+3")],
    "timedelta": timedelta(minutes=1.5),
    "uuids": [UUID(int=1), Identifier(int=2)],
    "path and address": [Path("/a"), ip_address("::1")],
    "bytes": b"abc",
    "enum": [Colour.RED, {Colour.TWO: 1}],
    "sets": [{1}, frozenset([2]), deque([3]), (4,), Pair(5, 6)],
    "float subclass": Real(1.5),
    "dataclasses": [Plain("a"), Slotted("b", Plain("c"))],
    "model": Item(itemId=1),
    "models": [Item(itemId=n) for n in range(3)],
    "models with serialisers": [Customised(price=Decimal("1.10"), when=NOON)] * 2,
    "models in a dict": {"items": [Item(itemId=1)], "one": Public(name="x")},
    "model with a dump of its own": [OwnDump(secret="x")],
    "arbitrary object": [Anything()],
    "ORM instance": [User(id=1, password_hash="x")],
    "ORM dataclass": [Account(id=1, password_hash="x")],
    "big integers": [2**64, -(2**70)],
    "integer keys": {1: 1, "1": 2, None: 3, False: 4, UUID(int=1): 5},
    "_sa members": {"_sa_hidden": 1, "shown": "_sa_value"},
    "deep": nested(300),
    "str enum of secrets": [pydantic.SecretStr("x")],
}


def app_returning(values: dict[str, Any], *, plain: bool = False) -> FastAPI:
    app = FastAPI()
    for name, value in values.items():
        app.get(f"/{name.replace(' ', '-')}")(handler_for(value, plain=plain))
    return app


def handler_for(value: Any, *, plain: bool) -> Any:
    async def handler():
        return value

    def plain_handler():
        return value

    return plain_handler if plain else handler


@pytest.fixture
def _no_secrets() -> Iterator[None]:
    """Leave in what FastAPI would have sent."""
    set_codec(json_codec(secret_fields=()))
    yield
    set_codec(None)


@pytest.mark.usefixtures("_no_secrets")
@pytest.mark.parametrize("plain", [False, True], ids=["async", "plain"])
@pytest.mark.parametrize("name", RETURNED)
async def test_the_wire_is_fastapis(name: str, plain: bool) -> None:
    """Status, headers and body are byte for byte what FastAPI would have sent."""
    path = f"/{name.replace(' ', '-')}"
    bare = await call(app_returning({name: RETURNED[name]}, plain=plain), path)
    app = app_returning({name: RETURNED[name]}, plain=plain)
    install_json(app)

    assert await call(app, path) == bare


async def test_a_generator_is_encoded_whole() -> None:
    """An iterator returned by a handler loses nothing to a first attempt."""
    app = FastAPI()
    install_json(app)

    @app.get("/")
    async def handler():
        return {"a": (n for n in "ab"), 1: 2}

    assert (await call(app)).json() == {"a": ["a", "b"], "1": 2}


async def test_nan_is_null_instead_of_an_error() -> None:
    """Where FastAPI answers 500, the installed app answers null, as on annotated routes."""
    bare = app_returning({"nan": {"x": float("nan")}})
    with pytest.raises(ValueError, match="Out of range"):
        await call(bare, "/nan")
    install_json(bare)

    assert (await call(bare, "/nan")).json() == {"x": None}


async def test_a_strict_codec_keeps_nan_an_error() -> None:
    """With nan="error" in force FastAPI's own encoder decides."""
    set_codec(json_codec(nan="error"))
    try:
        app = app_returning({"nan": {"x": float("nan")}, "null": {"x": None}, "one": [1]})
        install_json(app)
    finally:
        set_codec(None)

    assert (await call(app, "/null")).json() == {"x": None}
    assert (await call(app, "/one")).json() == [1]
    with pytest.raises(ValueError, match="Out of range"):
        await call(app, "/nan")


async def test_what_fastapi_cannot_encode_fails_as_before() -> None:
    """An error stays the error that it was."""
    app = app_returning({"bytes": b"\xff", "surrogate": "\ud800"})
    install_json(app)

    with pytest.raises(UnicodeDecodeError):
        await call(app, "/bytes")
    with pytest.raises(UnicodeEncodeError):
        await call(app, "/surrogate")


class Upper:
    def dumps(self, value: Any, /) -> bytes:
        return f'"{value}"'.upper().encode()

    def loads(self, document: str | bytes, /) -> Any:
        return document


async def test_a_codec_of_the_users_own_is_used() -> None:
    """What set_codec was given encodes the routes too."""
    set_codec(Upper())
    try:
        app = app_returning({"a": "abc"})
        install_json(app)
    finally:
        set_codec(None)

    assert (await call(app, "/a")).body == b'"ABC"'


async def test_registered_encoders_are_used() -> None:
    """register_encoder reaches un-annotated routes."""

    class Money:
        pass

    register_encoder(Money, lambda _: {"amount": "1.10"})
    app = app_returning({"money": [Money()]})
    install_json(app)

    assert (await call(app, "/money")).json() == [{"amount": "1.10"}]


def app_with_everything() -> FastAPI:  # noqa: C901 - one route of each kind
    app = FastAPI()

    def depend(response: Response) -> str:
        response.headers["x-dependency"] = "yes"
        response.set_cookie("seen", "1")
        return "injected"

    @app.post("/status", status_code=201)
    async def status(
        response: Response, tasks: BackgroundTasks, value: Annotated[str, Depends(depend)]
    ):
        response.headers["x-handler"] = "yes"
        tasks.add_task(done.append, "background")
        return {"value": value}

    @app.get("/override", status_code=201)
    def override(response: Response):
        response.status_code = 202
        return {"a": 1}

    @app.delete("/nothing", status_code=204)
    async def nothing():
        return None

    @app.get("/filtered", response_model=Public)
    async def filtered():
        return {"name": "a", "password": "secret"}

    @app.get("/unfiltered", response_model=None)
    async def unfiltered() -> dict[str, str]:
        return {"name": "a"}

    @app.get("/ready")
    async def ready():
        return PlainTextResponse("ready", 203)

    @app.get("/annotated-response")
    async def annotated_response() -> Response:
        return PlainTextResponse("ready")

    @app.get("/missing")
    async def missing():
        raise HTTPException(404, "gone")

    @app.get("/needs/{number}")
    async def needs(number: int):
        return number

    @app.post("/body")
    async def body(item: Item):
        return item

    @app.get("/lines")
    async def lines():
        yield {"n": 1}
        yield {"n": 2}

    @app.get("/events", response_class=EventSourceResponse)
    async def events():
        yield {"n": 1}

    @app.get("/plain-lines")
    def plain_lines() -> Iterator[Item]:
        yield Item(itemId=1)

    @app.get("/raw", response_class=StreamingResponse)
    async def raw() -> AsyncIterator[bytes]:
        yield b"raw"

    @app.get("/text", response_class=PlainTextResponse)
    async def text():
        return "text"

    return app


done: list[str] = []
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/status", {}),
    ("GET", "/override", {}),
    ("DELETE", "/nothing", {}),
    ("GET", "/filtered", {}),
    ("GET", "/unfiltered", {}),
    ("GET", "/ready", {}),
    ("GET", "/annotated-response", {}),
    ("GET", "/missing", {}),
    ("GET", "/needs/1", {}),
    ("GET", "/needs/x", {}),
    ("POST", "/needs/1", {}),
    ("POST", "/body", {"body": b'{"itemId":3}', "headers": [JSON]}),
    ("POST", "/body", {"body": b'{"itemId":', "headers": [JSON]}),
    ("GET", "/lines", {}),
    ("GET", "/events", {}),
    ("GET", "/plain-lines", {}),
    ("GET", "/raw", {}),
    ("GET", "/text", {}),
    ("GET", "/nowhere", {}),
]


@pytest.mark.parametrize(("method", "path", "request_"), REQUESTS)
async def test_everything_else_stays_fastapis(method: str, path: str, request_: Any) -> None:
    """Status, headers, cookies, filters, errors, streams: the same answers as before."""
    bare = await call(app_with_everything(), path, method, **request_)
    app = app_with_everything()
    install_json(app)

    assert await call(app, path, method, **request_) == bare


async def test_background_tasks_run() -> None:
    """Tasks added to an injected BackgroundTasks run once, after the answer."""
    app = app_with_everything()
    install_json(app)
    done.clear()

    await call(app, "/status", "POST")

    assert done == ["background"]


def test_openapi_is_the_same() -> None:
    """The schema does not tell that anything was installed."""
    app = app_with_everything()
    install_json(app)

    assert app.openapi() == app_with_everything().openapi()


def test_the_report_says_what_was_left_alone_and_why() -> None:
    """Routes that FastAPI encodes natively, streams and own response classes are named."""
    report = install_json(app_with_everything())

    reasons = dict(report.left_alone)
    assert report.framework == "FastAPI"
    assert reasons["GET /filtered"] == "annotated: FastAPI encodes it natively"
    assert reasons["GET /lines"] == reasons["GET /events"] == reasons["GET /raw"] == "streams"
    assert reasons["GET /text"] == "has a response class of its own"
    assert "GET /ready" not in reasons
    assert str(report).startswith("install_json: FastAPI\n  + 9 routes encode directly")
    assert "\n  - left alone: GET /lines (streams)" in str(report)


def encodes_directly(answer: Answer) -> bool:
    # FastAPI's own path refuses NaN.
    return answer.status == 200 and answer.body == b'{"x":null}'


async def nan():
    return {"x": float("nan")}


ORDERS = ["install first", "install last", "install between", "install twice", "after requests"]


@pytest.mark.parametrize("order", ORDERS)
async def test_routers_are_reached(order: str) -> None:
    """Included routers, nested ones and routes added later all encode directly, prefix and all."""
    app, outer, inner = FastAPI(), APIRouter(prefix="/outer"), APIRouter()
    seen: list[str] = []

    async def guard() -> None:
        seen.append("guard")

    if order in ("install first", "install twice"):
        install_json(app)
    inner.get("/before")(nan)
    outer.include_router(inner, prefix="/inner", dependencies=[Depends(guard)])
    if order == "install between":
        install_json(app)
    app.include_router(outer)
    if order == "after requests":
        assert (await call(app, "/nowhere")).status == 404
        with pytest.raises(ValueError, match="Out of range"):
            await call(app, "/outer/inner/before")
    if order != "install first":
        install_json(app)
    inner.get("/after")(nan)
    late = APIRouter()
    late.get("/late")(nan)
    inner.include_router(late)
    app.get("/direct")(nan)
    app.router.get("/router")(nan)
    seen.clear()

    paths = ["/outer/inner/before", "/outer/inner/after", "/outer/inner/late", "/direct", "/router"]
    assert [encodes_directly(await call(app, path)) for path in paths] == [True] * 5
    assert seen == ["guard"] * 3


async def test_an_included_routers_response_class_is_respected() -> None:
    """A response class that comes with the inclusion leaves the route alone."""
    app, router = FastAPI(), APIRouter()
    router.get("/nan")(nan)
    router.get("/one")(handler_for({"x": 1}, plain=False))

    class Marked(JSONResponse):
        media_type = "application/vnd.marked+json"

    app.include_router(router, default_response_class=Marked)
    install_json(app)

    assert (await call(app, "/one")).all(b"content-type") == [b"application/vnd.marked+json"]
    with pytest.raises(ValueError, match="Out of range"):
        await call(app, "/nan")


async def test_a_default_response_class_is_respected() -> None:
    """An app that chose a response class keeps it."""

    class Marked(JSONResponse):
        media_type = "application/vnd.marked+json"

    app = FastAPI(default_response_class=Marked)
    install_json(app)
    app.get("/")(handler_for({"x": 1}, plain=False))

    assert (await call(app)).all(b"content-type") == [b"application/vnd.marked+json"]


class Stamped(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def handle_and_stamp(request: Request) -> Response:
            response = await handle(request)
            assert isinstance(response, JSONResponse)
            response.headers["x-stamp"] = "1"
            return response

        return handle_and_stamp


async def test_route_classes_of_the_apps_own_stay() -> None:
    """Routes of another class are left alone, and so is a router that makes them."""
    app, router = FastAPI(), APIRouter(route_class=Stamped)
    router.get("/one")(handler_for({"x": 1}, plain=False))
    app.include_router(router)

    report = install_json(app)

    assert (await call(app, "/one")).all(b"x-stamp") == [b"1"]
    assert (
        dict(report.left_alone)["GET /one"]
        == "has a route class of its own: derive it from JSONRoute"
    )
    assert "routes to come with Stamped" in dict(report.left_alone)
    assert router.route_class is Stamped


async def test_a_route_class_may_build_on_ours() -> None:
    """JSONRoute can be given to a router, and derived from."""

    class Counted(JSONRoute):
        pass

    app, router = FastAPI(), APIRouter(route_class=Counted)
    router.get("/nan")(nan)
    app.include_router(router)
    install_json(app)

    assert encodes_directly(await call(app, "/nan"))
    assert router.route_class is Counted


async def test_wrapped_routes_stay() -> None:
    """A route whose app somebody wrapped keeps the wrapper."""
    app = FastAPI()
    app.get("/one")(handler_for({"x": 1}, plain=False))
    (route,) = (route for route in app.router.routes if isinstance(route, APIRoute))
    inner, calls = route.app, []

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:
        calls.append(scope["path"])
        await inner(scope, receive, send)

    route.app = wrapper

    report = install_json(app)

    await call(app, "/one")
    assert calls == ["/one"]
    assert "wrapped by" in dict(report.left_alone)["GET /one"]


async def test_mounted_apps_are_left_to_themselves() -> None:
    """A mounted app is named, not changed."""
    app, mounted = FastAPI(), FastAPI()
    mounted.get("/nan")(nan)
    app.mount("/sub", mounted)

    report = install_json(app)

    assert dict(report.left_alone)["mount /sub"] == "an app of its own: call install_json for it"
    with pytest.raises(ValueError, match="Out of range"):
        await call(app, "/sub/nan")


async def test_body_limits_survive() -> None:
    """The route's own limit on the request body is in force after its handler was made again."""
    app = FastAPI()

    @app.post("/", max_body_size=4)
    async def handler(request: Request):
        return len(await request.body())

    install_json(app)

    assert (await call(app, "/", "POST", body=b"1234")).body == b"4"
    assert (await call(app, "/", "POST", body=b"12345")).status == 413


class Answering:
    async def __call__(self) -> Any:
        return await nan()


Answering.__call__.__annotations__.clear()


async def test_endpoints_of_any_kind() -> None:
    """Partials, callable objects and plain functions that return a coroutine are all awaited."""
    app = FastAPI()

    def returns_a_coroutine():
        return nan()

    async def with_argument(value):
        return {"x": value}

    app.get("/object")(Answering())
    app.get("/coroutine")(returns_a_coroutine)
    app.get("/partial")(functools.partial(with_argument, value=float("nan")))
    app.get("/plain")(handler_for({"x": float("nan")}, plain=True))
    install_json(app)

    for path in ("/object", "/coroutine", "/partial", "/plain"):
        assert encodes_directly(await call(app, path)), path


async def test_older_releases_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the newer internals the routes still work."""
    app = app_returning({"a": {"x": float("nan")}})
    monkeypatch.delattr(fastapi_routing, "wrap_app_with_body_limit")
    install_json(app)

    assert encodes_directly(await call(app, "/a"))
    assert DirectField().serialize({"when": NOON}) == {"when": NOON.isoformat()}


async def test_refused_bodies_are_answered() -> None:
    """RequestBodyError becomes a problem answer; a started app says that it is too late."""
    app = FastAPI()

    @app.get("/")
    async def refuse():
        raise RequestBodyError(413, "Content Too Large", "too much")

    install_json(app)

    answer = await call(app)
    assert answer.status == 413
    assert answer.all(b"content-type") == [b"application/problem+json"]
    assert answer.json() == {"title": "Content Too Large", "status": 413, "detail": "too much"}


async def test_a_started_app_says_what_it_cannot_do() -> None:
    """Exception handlers are read once, at the first request."""
    app = app_returning({"a": {"x": float("nan")}})
    assert (await call(app, "/nowhere")).status == 404

    report = install_json(app)

    assert "ProblemError" in dict(report.left_alone)
    assert encodes_directly(await call(app, "/a"))
