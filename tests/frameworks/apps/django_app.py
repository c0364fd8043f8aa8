"""The small app in Django, over ASGI."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.views import View

from chopin_mw import ChopinMiddleware, cache_control, etag
from chopin_mw.integrations.django import JSONResponse
from frameworks.apps.shared import (
    CACHED,
    CHUNKS,
    DEFAULT,
    EVENTS,
    FLIGHT,
    OWN_TAG,
    OWN_TEXT,
    ROWS,
    State,
)

# Settings are one per process and other tests have theirs: it must not matter who comes first.
if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="test")
if not hasattr(settings, "ROOT_URLCONF"):
    # Django asks for it even where each app brings routes of its own.
    settings.ROOT_URLCONF = ""


class PlainMiddleware:
    """Be a middleware that knows nothing of async: Django moves what is below to other threads."""

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class URLs:
    """Hold the routes of one app, as Django's resolver takes them in place of a module."""

    def __init__(self, *routes: Any) -> None:
        self.urlpatterns = list(routes)


# What `startproject` puts there and what declares Content-Length. Django 5.2 sends from a task of
# its own: without a declared length nobody can hold its answer back to tag it.
COMMON = "django.middleware.common.CommonMiddleware"
PLAIN = f"{__name__}.PlainMiddleware"


def handler_for(urls: URLs, *middleware: str) -> ASGIHandler:
    """Return Django's ASGI app for these routes, whatever other tests have put into settings."""
    request_class = type("Request", (ASGIRequest,), {"urlconf": urls})
    handler_class = type("Handler", (ASGIHandler,), {"request_class": request_class})
    with override_settings(MIDDLEWARE=middleware):
        handler: ASGIHandler = handler_class()
    return handler


def build(*, plain: bool = False) -> Any:  # noqa: C901 - it counts a branch for each route
    state = State()
    answer_json = JsonResponse if plain else JSONResponse

    async def flight(request: HttpRequest) -> HttpResponse:
        return answer_json(FLIGHT)

    async def rows(request: HttpRequest) -> HttpResponse:
        return JsonResponse(ROWS, safe=False) if plain else JSONResponse(ROWS)

    async def own_tag(request: HttpRequest) -> HttpResponse:
        return HttpResponse(OWN_TEXT, headers={"ETag": OWN_TAG}, content_type="text/plain")

    async def stream(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(state.parts(*CHUNKS), content_type="text/plain")

    async def events(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(state.parts(*EVENTS), content_type="text/event-stream")

    async def release(request: HttpRequest) -> HttpResponse:
        state.release()
        return HttpResponse(status=204)

    @cache_control(**CACHED)
    def cached(request: HttpRequest) -> HttpResponse:
        return answer_json(FLIGHT)

    @cache_control(**CACHED)
    async def missing(request: HttpRequest) -> HttpResponse:
        raise Http404

    @cache_control(**CACHED)
    async def crash(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("crash")

    @etag(lambda view, request: state.tag())
    class Counter(View):  # type: ignore[misc]  # Django has no types
        async def get(self, request: HttpRequest) -> HttpResponse:
            return answer_json({"version": state.version})

        async def post(self, request: HttpRequest) -> HttpResponse:
            return answer_json(state.count())

    app = handler_for(
        URLs(
            path("flight", flight),
            path("rows", rows),
            path("own-tag", own_tag),
            path("stream", stream),
            path("events", events),
            path("release", release),
            path("cached", cached),
            path("missing", missing),
            path("crash", crash),
            path("counter", Counter.as_view()),
        ),
        COMMON,
    )
    return app if plain else ChopinMiddleware(app, cache_control=DEFAULT)
