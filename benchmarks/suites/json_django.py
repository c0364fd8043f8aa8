"""A Django project of one file."""

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from benchmarks.suites.json_cases import RECORDS, SMALL
from chopin_mw.asgi.types import ASGIApp
from chopin_mw.handlers.json_response import json_response
from chopin_mw.integrations.django import JSONResponse


def application() -> ASGIApp:
    """Return the project as an app, without any middleware."""
    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[])
    django.setup()
    app: ASGIApp = get_asgi_application()
    return app


async def _records(request: HttpRequest) -> JsonResponse:
    return JsonResponse(RECORDS, safe=False)


async def _small(request: HttpRequest) -> JsonResponse:
    return JsonResponse(SMALL)


async def _our_records(request: HttpRequest) -> JSONResponse:
    return JSONResponse(RECORDS)


async def _our_small(request: HttpRequest) -> JSONResponse:
    return JSONResponse(SMALL)


@json_response
async def _decorated_records(request: HttpRequest) -> object:
    return RECORDS


@json_response
async def _decorated_small(request: HttpRequest) -> object:
    return SMALL


urlpatterns = [
    path("", _records),
    path("small", _small),
    path("ours/", _our_records),
    path("ours/small", _our_small),
    path("decorated/", _decorated_records),
    path("decorated/small", _decorated_small),
]
