"""What a room's face hands on, loaded when it is first asked for."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


def hand_on(face: str) -> Callable[[str], Any]:
    """The `__getattr__` of a face: a package whose `__init__.py` lists under TYPE_CHECKING what others may use of it.

    The names stand once, where type checkers and readers see them; importing the package imports none of their homes,
    which may be heavy. A name is a definition, or a whole module of the package.
    """

    def load(name: str) -> Any:
        module = sys.modules[face]
        home = _homes(str(module.__file__)).get(name)
        if home is None:
            raise AttributeError(f"module {face!r} has no attribute {name!r}")
        if home == face:
            return importlib.import_module(f"{face}.{name}")
        value = getattr(importlib.import_module(home), name)
        setattr(module, name, value)
        return value

    return load


@cache
def _homes(path: str) -> dict[str, str]:
    """Name -> the module that it is imported from, as a face lists them."""
    imports = [
        node for node in ast.walk(ast.parse(Path(path).read_bytes())) if isinstance(node, ast.ImportFrom)
    ]
    return {name.name: str(node.module) for node in imports for name in node.names}
