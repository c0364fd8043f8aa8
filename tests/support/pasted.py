"""Import code that a document shows, as a reader would who pastes it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def pasted(code: str, folder: Path) -> ModuleType:
    """Import the code as an `app.py` in this folder."""
    path = folder / "app.py"
    path.write_text(code)
    spec = importlib.util.spec_from_file_location(f"pasted_{folder.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Litestar reads the annotations of a handler in its module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
