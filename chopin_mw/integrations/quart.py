"""Quart: our codec as its JSON provider: `jsonify`, returned dicts and lists, `request.get_json`.

The wire changes: dates are RFC 3339 text instead of RFC 822, members keep their order, text stays
UTF-8 and no newline ends the body. `JSONProvider(app, compat=True)` keeps Quart's form.
"""

import codecs
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from flask.json.provider import DefaultJSONProvider
from quart import Quart, Response

from chopin_mw.asgi.types import Headers
from chopin_mw.errors import ProblemError
from chopin_mw.integrations.installation import OWN_ANSWER, JSONInstallation, answers_problems
from chopin_mw.json import dumps, get_codec, loads
from chopin_mw.json.codec import without_secrets
from chopin_mw.json.fast import Dumps
from chopin_mw.rules.problem import answer_to

_REFUSALS = (TypeError, ValueError, RecursionError)


class JSONProvider(DefaultJSONProvider):
    """Encode and decode with our codec; what it refuses goes Quart's own way.

    Calls with arguments of `json.dumps`, as the template filter `tojson` has them, are Quart's.
    """

    def __init__(self, app: Quart, *, compat: bool = False) -> None:
        super().__init__(app)
        self.compat = compat
        self._compat_dumps = _compat_encoder(self.default) if compat else None

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return text, as Quart's callers expect."""
        if kwargs:
            return super().dumps(obj, **kwargs)
        if not self.compat:
            with suppress(*_REFUSALS):
                return dumps(obj).decode()
        return without_secrets(super().dumps(obj).encode()).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return the value, with integers exact and NaN refused."""
        return super().loads(s, **kwargs) if kwargs else loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a response that holds the bytes as they were encoded."""
        value = self._prepare_response_obj(args, kwargs)
        try:
            body = self._compat_body(value) if self.compat else dumps(value)
        except _REFUSALS:
            body = self._quarts_body(value)
        body = without_secrets(body)
        return self._app.response_class(body, mimetype=self.mimetype)  # type: ignore[arg-type] # typed for Flask

    def _compat_body(self, value: Any) -> bytes:
        if self._compat_dumps is None or self._is_readable() or not self.sort_keys:
            raise TypeError("is for Quart's own encoder")
        body = self._compat_dumps(value)
        if not self.ensure_ascii or (body.isascii() and b"\x7f" not in body):
            return body
        # The standard library escapes DEL with the rest; orjson leaves it.
        return body.decode().encode("ascii", _ESCAPE).replace(b"\x7f", b"\\u007f")

    def _quarts_body(self, value: Any) -> bytes:
        form = {"indent": 2} if self._is_readable() else {"separators": (",", ":")}
        return f"{super().dumps(value, **form)}\n".encode()

    def _is_readable(self) -> bool:
        return self.compact is False or (self.compact is None and self._app.debug)


def install(app: Quart, *, envelope: bool = False, compat: bool = False) -> JSONInstallation:
    """Set the provider, unless the app has one of its own, and register the error answer."""
    changed, left_alone = [], []
    if _is_quarts_own(app.json):
        provider = JSONProvider(app, compat=compat)
        # Settings such as `app.json.mimetype = ...` stay in force.
        vars(provider).update({**vars(app.json), **vars(provider)})
        app.json = provider
        form = "in Quart's form" if compat else "dates, order, escapes and the last newline change"
        changed.append(f"app.json is JSONProvider: {form}")
    else:
        left_alone.append(("app.json", f"the app has its own {type(app.json).__name__}"))
    present: Any = app.error_handler_spec[None][None].get(ProblemError)
    if present in (None, _answer_in_envelope, _answer_with_details):
        answer = _answer_in_envelope if envelope else _answer_with_details
        app.register_error_handler(ProblemError, answer)
        changed.append(answers_problems(envelope=envelope))
    else:
        left_alone.append(OWN_ANSWER)
    return JSONInstallation(framework="Quart", changed=tuple(changed), left_alone=tuple(left_alone))


def respond(_: Sequence[Any], status: int, headers: Headers, body: bytes) -> Response:
    """Return a Quart response with these fields and no others than Content-Length."""
    response = Response(body, status=status)
    del response.headers["Content-Type"]
    for name, value in headers:
        if name.lower() != b"content-length":
            response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return response


def _is_quarts_own(provider: Any) -> bool:
    return type(provider) in (DefaultJSONProvider, JSONProvider) and "default" not in vars(provider)


def _compat_encoder(default: Callable[[Any], Any]) -> Dumps | None:
    """Return an encoder for Quart's form, with Quart's rules for types, where orjson is in use."""
    if getattr(get_codec(), "encoder", None) != "orjson":
        return None
    orjson = import_module("orjson")
    options = (
        orjson.OPT_SORT_KEYS
        | orjson.OPT_APPEND_NEWLINE
        | orjson.OPT_PASSTHROUGH_DATETIME
        | orjson.OPT_PASSTHROUGH_DATACLASS
    )
    return lambda value: orjson.dumps(value, default, options)


async def _answer_with_details(error: ProblemError) -> Response:
    return respond((), *answer_to(error))


async def _answer_in_envelope(error: ProblemError) -> Response:
    return respond((), *answer_to(error, envelope=True))


_ESCAPE = "chopin_mw.json_escape"


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Replace what ASCII has no room for by JSON escapes: pairs beyond the 16th bit."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


codecs.register_error(_ESCAPE, _escape)
