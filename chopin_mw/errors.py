"""Everything chopin_mw raises.

ChopinError
├── ConfigurationError (ValueError)   the programmer's; raised at construction or decoration
├── MissingExtraError (ImportError)   names the package to install
└── RequestBodyError (ValueError)     the client's; carries the members of a problem answer
"""


class ChopinError(Exception):
    """Catch this to catch anything that chopin_mw raises on purpose."""


class ConfigurationError(ChopinError, ValueError):
    """Report an option that cannot work: its name, the value given, what to do."""


class MissingExtraError(ChopinError, ImportError):
    """Report an optional package that is needed and not installed."""

    def __init__(self, package: str, *, extra: str | None = None, needed_for: str) -> None:
        install = f"chopin_mw[{extra}]" if extra else package
        super().__init__(f"{needed_for} needs {package}: pip install '{install}'", name=package)


class RequestBodyError(ChopinError, ValueError):
    """Report a request body that cannot be used, in the members of RFC 9457.

    `status` is 400 (broken body), 413 (too large), 415 (wrong media type) or 422 (not JSON);
    `title` is the same for every occurrence, `detail` says what was wrong with this one.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
