"""The ledger of the public API: a change of it shows in the diff of public_api.txt."""

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import chopin_mw

LEDGER = Path(__file__).with_name("public_api.txt")


def default_of(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return ""
    default = parameter.default
    # The order of a set is an accident.
    return f" = {sorted(default) if isinstance(default, frozenset) else default!r}"


def parameters_of(thing: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(thing).parameters.values())
    except ValueError:
        # A kind of dict, made by a method of its own.
        return []


def lines() -> list[str]:
    shown: list[str] = []
    for name in sorted(chopin_mw.__all__):
        thing = getattr(chopin_mw, name)
        if isinstance(thing, type) and issubclass(thing, BaseException):
            bases = ", ".join(base.__name__ for base in thing.__bases__)
            shown.append(f"{name}({bases})")
            continue
        parameters = parameters_of(thing)
        shown.append(name)
        shown += [f"    {p.name}{default_of(p)}" for p in parameters]
        if isinstance(thing, type):
            fields = (
                {f.name for f in dataclasses.fields(thing)}
                if dataclasses.is_dataclass(thing)
                else set()
            )
            methods = [m for m in vars(thing) if not m.startswith("_") and m not in fields]
            shown += [f"    .{method}" for method in sorted(methods)]
    return shown


def test_the_public_api_is_what_the_ledger_says() -> None:
    """Regenerate with: python tests/test_public_api.py."""
    assert LEDGER.read_text().splitlines() == lines()


def test_all_names_exist_once() -> None:
    """`__all__` is a promise; the linter keeps its order."""
    assert len(set(chopin_mw.__all__)) == len(chopin_mw.__all__)
    assert all(hasattr(chopin_mw, name) for name in chopin_mw.__all__)


if __name__ == "__main__":
    LEDGER.write_text("\n".join(lines()) + "\n")
