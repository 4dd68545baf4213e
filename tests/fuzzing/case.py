"""A case: what is given to which target. It can be made again from the seed, and kept as two files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any


@dataclass(frozen=True)
class Case:
    """target: a name in `targets.TARGETS`; settings: plain JSON values; data: the bytes that were changed."""

    target: str
    data: bytes
    settings: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.bin").write_bytes(self.data)
        path = folder / f"{name}.json"
        path.write_text(json.dumps({"target": self.target, "settings": self.settings, "data": f"{name}.bin"}))
        return path

    @classmethod
    def load(cls, path: Path) -> Case:
        about = json.loads(path.read_text())
        return cls(about["target"], (path.parent / about["data"]).read_bytes(), about["settings"])


@dataclass(frozen=True)
class Target:
    """make: a case from a source of chance; check: raises if a law doesn't hold; weight: its share of the time.

    seconds, per_byte: CPU time that a case may take.
    """

    make: Callable[[Random], Case]
    check: Callable[[Case], None]
    weight: int = 1
    seconds: float = 3.0
    per_byte: float = 2e-5
