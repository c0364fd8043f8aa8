"""The rules of the house that neither linter nor import contracts can see."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chopin_mw

PACKAGE = Path(chopin_mw.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# The frameworks and packages that a floor may name at module level.
THIRD_PARTY = {
    "auth/pyjwt_backend.py": {"jwt"},
    "rules/cache_status.py": {"http_sf"},
    "rules/content_tag.py": {"xxhash"},
    "rules/cursor.py": {"itsdangerous"},
    "rules/targeted.py": {"http_sf"},
    "stores/sieve.py": {"cachetools"},
}


def middleware_classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Middleware"):
                yield path, node


def test_there_are_middlewares_to_check() -> None:
    """The tests below look at something."""
    assert {node.name for _, node in middleware_classes()} >= {
        "ETagMiddleware",
        "CacheControlMiddleware",
        "ChopinMiddleware",
    }


def test_no_middleware_keeps_request_state() -> None:
    """Nothing is assigned to self after __init__."""
    for path, cls in middleware_classes():
        for method in cls.body:
            if (
                isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
                and method.name != "__init__"
            ):
                stored = [
                    ast.unparse(node)
                    for node in ast.walk(method)
                    if isinstance(node, ast.Attribute)
                    and isinstance(node.ctx, ast.Store)
                    and ast.unparse(node.value) == "self"
                ]
                assert not stored, f"{path.name}: {cls.name}.{method.name} assigns {stored}"


def test_every_middleware_is_made_like_any_other() -> None:
    """(self, app, *, options): Starlette passes app by position, Litestar by name."""
    for _, cls in middleware_classes():
        init = next(m for m in cls.body if isinstance(m, ast.FunctionDef) and m.name == "__init__")
        assert [argument.arg for argument in init.args.args] == ["self", "app"], cls.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_read_in_one_sitting(path: Path) -> None:
    """At most 300 lines, and functions of at most 60."""
    assert len(path.read_text().splitlines()) <= 300
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, node.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    """A tangle is fixed by moving the shared piece down."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            hidden = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not hidden, f"line {hidden[0].lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_integrations_know_third_parties(path: Path) -> None:
    """A framework is named in its own file, and nowhere else."""
    name = path.relative_to(PACKAGE).as_posix()
    if name.startswith("integrations/"):
        return
    roots = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    foreign = roots - set(sys.stdlib_module_names) - {"chopin_mw"}
    if name.startswith("sql/"):
        foreign -= {"sqlalchemy"}
    assert foreign <= THIRD_PARTY.get(name, set())


def test_the_front_door_opens_without_any_extra() -> None:
    """No framework, no optional package, and orjson only when JSON is made."""
    code = (
        "import sys, chopin_mw;"
        "bad = {'orjson', 'msgspec', 'pydantic', 'starlette', 'fastapi', 'quart', 'litestar',"
        " 'django', 'falcon', 'blacksheep', 'sqlalchemy', 'jwt', 'itsdangerous', 'redis',"
        " 'opentelemetry', 'httpx'};"
        "print(sorted(bad & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=True
    )

    assert shown.stdout.decode().strip() == "[]"
