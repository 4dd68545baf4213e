"""The tables beside this module: languages by their names, as GitHub's linguist has them, and patterns and phrases."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
# Language -> extensions, whole file names, interpreters without version numbers, other names of it.
_LANGUAGES: dict[str, dict[str, Any]] = json.loads((_FOLDER / "languages.json").read_bytes())
LANGUAGES = frozenset(_LANGUAGES)
# Formats of data: taken only when `languages` names them.
DATA = frozenset(language for language, about in _LANGUAGES.items() if about.get("data"))


@cache
def languages_of(key: str) -> dict[str, tuple[str, ...]]:
    """Name -> its languages, of the names under a key: "extensions", "filenames", "interpreters" or "aliases"."""
    found: dict[str, tuple[str, ...]] = {}
    for language, about in _LANGUAGES.items():
        for name in about.get(key, ()):
            found[name] = (*found.get(name, ()), language)
    return found


@cache
def patterns(name: str) -> Any:
    """A table of patterns or phrases, `<name>.yaml`. Planning asks for none."""
    import yaml

    return yaml.load((_FOLDER / f"{name}.yaml").read_bytes(), yaml.CSafeLoader)
