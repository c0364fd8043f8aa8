"""What needs SQLAlchemy."""

from importlib.util import find_spec

from chopin_mw.errors import MissingExtraError

if find_spec("sqlalchemy") is None:
    raise MissingExtraError("sqlalchemy", extra="sql", needed_for="chopin_mw.sql")
