"""Former runs, read from the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.errors import StageError
from tasks.nodes import stage_of
from tasks.story import Node, Run, read_json


def load_run(store: Path, run: Path | None = None) -> Run:
    """The run recorded in the folder `run`, the last one without it.

    Raises StageError where the store holds no run, or the folder holds no record.
    """
    folder = Path(run) if run is not None else Path(store) / ".runs" / "latest"
    record = read_json(folder / "run.json")
    if not record:
        what = f"no run is recorded in {folder}" if run is not None else f"no run yet in the store {store}"
        raise StageError(f"{what}: start one with `smelt run`")
    entries = [entry for entry in record.get("nodes") or [] if isinstance(entry, dict) and entry.get("node")]
    nodes = [_load_node(Path(store), entry) for entry in entries]
    return Run(Path(store), folder, record, {node.name: node for node in nodes})


def past_runs(store: Path) -> Iterator[Run]:
    """The runs of a store, the newest first."""
    folders = [path for path in (Path(store) / ".runs").glob("*") if not path.is_symlink()]
    for folder in sorted(folders, key=lambda path: path.name, reverse=True):
        if (folder / "run.json").is_file():
            yield load_run(store, folder)


def _load_node(store: Path, entry: dict[str, Any]) -> Node:
    name, fingerprint = str(entry["node"]), str(entry.get("fingerprint") or "")
    plain = fingerprint.isalnum() and name.replace("-", "").isalnum()
    folder = store / name / fingerprint if plain else store / ".none"
    manifest = read_json(folder / "manifest.json") if entry.get("status") in ("done", "reused") else {}
    return Node(name, str(entry.get("stage") or stage_of(name)), entry, folder, manifest or None)
