"""Put the codec into an app that exists: `print(install_json(app))`."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from chopin_mw.errors import ConfigurationError
from chopin_mw.integrations.installation import JSONInstallation
from chopin_mw.integrations.native import Framework, look_up_class

_APPS: dict[tuple[str, str], Framework] = {
    ("fastapi", "FastAPI"): "fastapi",
    ("starlette", "Starlette"): "starlette",
    ("quart", "Quart"): "quart",
    ("litestar", "Litestar"): "litestar",
    ("django", "ASGIHandler"): "django",
    ("falcon", "App"): "falcon",
    ("blacksheep", "Application"): "blacksheep",
}
# Options that only one framework has a use for.
_OPTIONS: dict[str, tuple[Framework, Any]] = {
    "compat": ("quart", False),
    "patch": ("starlette", True),
}

_MOST_LAYERS = 100


def install_json(
    app: Any, *, envelope: bool = False, compat: bool = False, patch: bool = True
) -> JSONInstallation:
    """Make an app encode and decode JSON with the codec, through its framework's own hook.

    `app` is the app object of FastAPI, Starlette, Quart, Litestar, Django, Falcon or BlackSheep, or
    one wrapped in middleware. A ProblemError is answered with problem details from then on, or with
    `envelope` as `{"success": false, "error": …}`; successes get no envelope from it. `compat`
    keeps Quart's wire format; `patch=False` leaves Starlette's own JSONResponse class as it is.
    Call it once, before the first request; again does no harm. Raises ConfigurationError for
    anything else. docs/json.md says what changes on the wire.
    """
    for candidate in _layers_of(app):
        framework = look_up_class(type(candidate), _APPS)
        if framework is not None:
            options = _options_for(framework, compat=compat, patch=patch)
            module = import_module(f"chopin_mw.integrations.{framework}")
            installation: JSONInstallation = module.install(candidate, envelope=envelope, **options)
            return installation
    raise ConfigurationError(
        f"install_json does not know {type(app).__module__}.{type(app).__qualname__}; "
        "it takes an app of FastAPI, Starlette, Quart, Litestar, Django (ASGI), Falcon, BlackSheep"
    )


def _layers_of(app: Any) -> Iterator[Any]:
    """Give the app, what it wraps as `.app`, and the object of a method such as `asgi_app`."""
    for _ in range(_MOST_LAYERS):
        if app is None:
            return
        yield app
        app = getattr(app, "app", None) or getattr(app, "__self__", None)


def _options_for(framework: Framework, **given: Any) -> dict[str, Any]:
    options = {}
    for name, value in given.items():
        owner, standard = _OPTIONS[name]
        if owner == framework:
            options[name] = value
        elif value != standard:
            raise ConfigurationError(
                f"{name}={value!r} is for {owner}, and this app is {framework}"
            )
    return options
