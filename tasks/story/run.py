"""A run as it lies on disk: its record, its artifacts' manifests and their files.

Everything here tolerates what is not there: a run in progress, a failed or partial one, a collected artifact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Node:
    """One node of a run: what the run says of it, and its artifact where there is one."""

    name: str
    stage: str
    entry: dict[str, Any]
    folder: Path
    manifest: dict[str, Any] | None

    @property
    def metrics(self) -> dict[str, Any]:
        return mapping((self.manifest or {}).get("metrics"))

    @property
    def config(self) -> dict[str, Any]:
        return mapping((self.manifest or {}).get("config"))

    @property
    def outputs(self) -> dict[str, Any]:
        return mapping((self.manifest or {}).get("outputs"))

    @property
    def status(self) -> str:
        """waiting | running | done | failed | interrupted | reused"""
        return str(self.entry.get("status") or ("done" if self.manifest else "waiting"))

    @property
    def fingerprint(self) -> str:
        return str(self.entry.get("fingerprint") or "")

    @property
    def seconds(self) -> float | None:
        """What this run spent on the node; a reused one took next to nothing."""
        return seconds_of(self.entry)

    @property
    def first_seconds(self) -> float | None:
        """What the artifact took when it was made."""
        return seconds_of(self.manifest or {})

    def files(self, output: str, suffix: str = "") -> list[Path]:
        """The files of an output that exist, by path."""
        listed = [
            self.folder / str(item["path"])
            for item in (self.manifest or {}).get("files") or []
            if isinstance(item, dict) and item.get("output") == output and item.get("path")
        ]
        return sorted(path for path in listed if path.name.endswith(suffix) and path.is_file())

    def file(self, path: str) -> Path | None:
        """A file of the artifact by its path, where it exists; volatile ones of an unfinished node too."""
        found = self.folder / path
        return found if found.is_file() else None


@dataclass(frozen=True)
class Run:
    """A run's record and its nodes, in the order in which they run."""

    store: Path
    folder: Path
    record: dict[str, Any]
    nodes: dict[str, Node] = field(default_factory=dict)

    def node(self, name: str) -> Node | None:
        """The node, where this run had it and its artifact is there."""
        found = self.nodes.get(name)
        return found if found is not None and found.manifest is not None else None

    def having(self, output: str) -> Node | None:
        """The first node whose artifact is there and has this output."""
        return next((node for node in self.nodes.values() if output in node.outputs), None)

    def metrics(self, name: str) -> dict[str, Any]:
        found = self.nodes.get(name)
        return found.metrics if found is not None else {}

    @property
    def id(self) -> str:
        return str(self.record.get("id") or self.folder.name)

    @property
    def status(self) -> str:
        """running | done | failed | interrupted"""
        return str(self.record.get("status") or "unknown")

    @property
    def stages(self) -> dict[str, list[Node]]:
        """Stage -> its nodes."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            found.setdefault(node.stage, []).append(node)
        return found


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


def numeric(value: Any) -> float | int | None:
    """The value if it is a number (and no bool), else None."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def seconds_of(record: dict[str, Any]) -> float | None:
    """The `seconds` of a record."""
    found = numeric(record.get("seconds"))
    return None if found is None else float(found)


def json_object(text: Any) -> dict[str, Any]:
    """The object that a JSON text holds, else an empty one."""
    try:
        return mapping(json.loads(text or "{}"))
    except (TypeError, ValueError):
        return {}


def read_json(path: Path | None) -> dict[str, Any]:
    """A JSON object; a missing, unreadable or other file is an empty one."""
    try:
        return json_object(path and path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}
