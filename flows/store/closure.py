"""A digest of the code that a node runs: the files of this project that it imports, and the data that these name."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flows.store.fingerprint import checksum, digest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("tasks.", "model.")
IMPORT = re.compile(r"^[ \t]*((?:from|import) (?:tasks|model)\b[^\n(]*(?:\([^)]*\))?)", re.MULTILINE)
CHECKED = re.compile(r"^([ \t]*)if TYPE_CHECKING:\n(?:\1[ \t]+.*\n|[ \t]*\n)+", re.MULTILINE)
STRING = re.compile(r'"([\w./-]+)"')


def source_closure(module_file: str, root: Path = ROOT) -> str:
    """The digest of a node's code: of what it imports, not of what lies beside it."""
    return digest({_shown(path, root): _checksum(path) for path in closure(Path(module_file), root)})


def closure(start: Path, root: Path = ROOT) -> set[Path]:
    """A module's file, the files of the project below `root` that it reaches by imports, wherever in a file they
    stand but under TYPE_CHECKING, and the data beside them.

    A name that a face hands on (`tasks.faces`) stands for the module that it is from. A module that is run or
    loaded by its name counts as imported where the name is a string; a file or a folder without code, where its name
    (of a table that of its kind can be left out) is a string in a module beside it.
    """
    found: set[Path] = set()
    ahead = [start]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead += _needs(path, root) if path.suffix == ".py" else ()
    return found


_checksum = cache(checksum)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


@cache
def _needs(path: Path, root: Path) -> list[Path]:
    text = path.read_text(encoding="utf-8")
    needed = [home for name, item in _imports(CHECKED.sub("", text)) if (home := _home(name, item, root))]
    strings = set(STRING.findall(text))
    needed += [file for name in strings if name.startswith(FLOORS) and (file := _file(name, root))]
    for entry in _entries(path.parent):
        stem, _, kind = entry.name.rpartition(".")
        if entry.name in strings or (kind in ("json", "yaml") and stem in strings):
            needed += _data(Path(entry.path))
    return needed


def _imports(text: str) -> Iterator[tuple[str, str | None]]:
    """(module, name in it, or None) of the project's imports. Parsing whole files would take most of a plan's time."""
    for found in IMPORT.findall(text):
        [statement] = ast.parse(found).body
        module = statement.module if isinstance(statement, ast.ImportFrom) else None
        yield from ((module or name.name, module and name.name) for name in statement.names)


def _data(path: Path) -> list[Path]:
    """A file, or all files of a folder, if there is no code among them."""
    if path.is_file():
        return [path]
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    return [] if any(file.suffix in (".py", ".pyc") for file in files) else files


@cache
def _entries(folder: Path) -> list[os.DirEntry[str]]:
    return list(os.scandir(folder))


@cache
def _home(module: str, name: str | None, root: Path) -> Path | None:
    """The file that an imported name is from, through however many faces."""
    if name and (whole := _file(f"{module}.{name}", root)):
        return whole
    path = _file(module, root)
    if name and path and path.name == "__init__.py":
        for target, item in _imports(path.read_text(encoding="utf-8")):
            if item == name:
                return _home(target, item, root)
    return path


@cache
def _file(module: str, root: Path) -> Path | None:
    """Where a module of the project lies: its .py, or its folder's __init__.py."""
    place = root.joinpath(*module.split("."))
    for path in (place.with_name(place.name + ".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None
