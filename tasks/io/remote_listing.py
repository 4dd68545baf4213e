"""What a folder or glob of a remote store holds, through fsspec."""

from __future__ import annotations

from typing import Any

from tasks.io.answers import Refused
from tasks.io.fsspec_body import filesystem, translated
from tasks.io.location import root_of, shown
from tasks.io.retry import Broken, Effort, Patience


def listing(pattern: str, patience: Patience | None = None) -> list[str]:
    """The addresses of the files that a glob matches, or below a folder (`.../`), sorted.

    Hidden files and folders are left out. What can't be listed holds nothing. Raises TransientError when the store
    doesn't answer for long.
    """
    from tasks.io import remote_file

    effort = Effort(patience or remote_file.PATIENCE, shown(pattern))
    system, path = filesystem(pattern)
    while True:
        try:
            with effort.waiting():
                entries = _entries(system, path, pattern)
            break
        except Broken as error:
            effort.failed(error)
        except Refused:
            return []
    root = root_of(pattern)
    _, above = filesystem(root)
    found = []
    for name, info in entries.items():
        inner = name.removeprefix(above).lstrip("/")
        if info.get("type") != "file" or any(part.startswith(".") for part in inner.split("/")):
            continue
        found.append(root + inner)
    return sorted(found)


def _entries(system: Any, path: str, pattern: str) -> dict[str, dict[str, Any]]:
    try:
        if pattern.endswith("/"):
            return dict(system.find(path, detail=True))
        return dict(system.glob(path, detail=True))
    except Exception as error:
        raise translated(error, pattern) from None
