"""Everything chopin_mw raises.

ChopinError
├── ConfigurationError (ValueError)   the programmer's; raised at construction or decoration
├── MissingExtraError (ImportError)   names the package to install
└── ProblemError (ValueError)         carries the members of a problem answer; raise it in handlers
    ├── RequestBodyError              the client's body cannot be used
    └── CursorError                   the client's cursor is not one of ours
"""

from collections.abc import Mapping, Sequence

_ERROR_STATUSES = range(400, 600)


class ChopinError(Exception):
    """Catch this to catch anything that chopin_mw raises on purpose."""


class ConfigurationError(ChopinError, ValueError):
    """Report an option that cannot work: its name, the value given, what to do."""


class MissingExtraError(ChopinError, ImportError):
    """Report an optional package that is needed and not installed."""

    def __init__(self, package: str, *, extra: str | None = None, needed_for: str) -> None:
        install = f"chopin_mw[{extra}]" if extra else package
        super().__init__(f"{needed_for} needs {package}: pip install '{install}'", name=package)


class ProblemError(ChopinError, ValueError):
    """Answer a request with a problem, in the members of RFC 9457.

    `title` is the same for every occurrence, `detail` says what is wrong with this one. `code`
    names the kind for programs (`NO_SUCH_FLIGHT`); `errors` has one mapping for each part of the
    request that is at fault, such as `{"parameter": "limit", "detail": "…"}`; `headers` are fields
    for the answer, such as Retry-After. What is raised is sent to the client: put no secret into
    it. Frameworks answer it after `install_json(app)`, and `@json_response` does by itself. Raises
    ConfigurationError for a status that is not 400..599.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if type(status) is bool or status not in _ERROR_STATUSES:
            raise ConfigurationError(f"a problem has an error status, 400..599, got {status!r}")
        super().__init__(f"{int(status)} {title}: {detail}")
        self.status = int(status)
        self.title = title
        self.detail = detail
        self.code = code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class RequestBodyError(ProblemError):
    """Report a request body that cannot be used.

    `status` is 400 (broken body), 413 (too large), 415 (wrong media type) or 422 (not JSON).
    """


class CursorError(ProblemError):
    """Report a cursor that was not made here for this list, as a 400."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "Bad Request", detail, code="INVALID_CURSOR")
