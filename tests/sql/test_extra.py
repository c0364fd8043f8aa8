"""What is said where the extra is not installed."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("package", "module"),
    [("sqlalchemy", "chopin_mw.sql.keyset"), ("itsdangerous", "chopin_mw.rules.cursor")],
)
def test_a_missing_package_is_named_with_its_extra(package: str, module: str) -> None:
    """As for tokens: the error is the command that mends it."""
    code = f"import sys; sys.modules[{package!r}] = None; import {module}"

    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert failed.returncode == 1
    said = failed.stderr.decode().splitlines()[-1]
    assert f"needs {package}: pip install 'chopin_mw[sql]'" in said
