"""The stage's nodes over files of documents, in a real store: what a run makes, and what it had to work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from flows.fingerprint import content_digest, digest
from flows.prepare import StoreInputs, prepare
from flows.stage import run_node
from flows.store import Store
from tasks.document import Document, DocumentWriter
from tasks.nodes import load, stages

NODES = stages()["dedup"]
Files = Mapping[str, Sequence[Document]]


@dataclass
class Stage:
    """What one run left: the artifacts' folders and metrics by node, and the shards that did work."""

    store: Store
    folders: dict[str, Path] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    manifests: dict[str, Any] = field(default_factory=dict)
    worked: list[str] = field(default_factory=list)

    def table(self, name: str) -> pa.Table:
        """documents or ledger, all files, ordered by id; or clusters."""
        folder = self.folders["dedup"]
        if name == "clusters":
            return pq.read_table(folder / "clusters.parquet")
        paths = sorted((folder / name).glob("*.parquet"))
        return pa.concat_tables([pq.read_table(path) for path in paths]).sort_by("id")

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self.table(name).to_pylist()

    def bytes(self) -> dict[str, bytes]:
        """Every file of the stage's artifacts but the manifests, by node and path."""
        return {
            f"{node}/{path.relative_to(folder)}": path.read_bytes()
            for node, folder in self.folders.items()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "manifest.json"
        }


def run_stage(root: Path, files: Files, **settings: Any) -> Stage:
    """Runs dedup over files of documents (key -> documents) in the store at `root`, which may hold former runs."""
    store = Store(root)
    store.prepare()
    stage = Stage(store)
    manifests: dict[str, Any] = {"filter": _upstream(store, "filter", "documents", files)}
    manifests["filter-signals"] = _signals(store)

    def mapper(function: Any, jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        if function.__name__ == "run_shard":
            stage.worked.extend(f"{job[0]} {job[1].key}" for job in jobs)
        return [function(*job) for job in jobs]

    # What a power cut would lose is no matter here, and waiting for the disk is most of a small run's time.
    with store.workspace("test") as work, patch("os.fsync"):
        for name in NODES:
            module = load(name)
            known = {key: value for key, value in settings.items() if key in module.Config.model_fields}
            inputs = StoreInputs(store, root, None, manifests)  # type: ignore[arg-type]
            prepared = prepare(name, module.Config(**known), inputs, manifests)
            manifests[name], _ = run_node(prepared, store, work, mapper)
            stage.folders[name] = store.artifact(name, manifests[name]["fingerprint"])
            stage.metrics[name] = manifests[name]["metrics"]
    stage.manifests = manifests
    return stage


def _upstream(store: Store, node: str, output: str, files: Files) -> dict[str, Any]:
    name = digest(
        [[key, [[item.id, item.text, item.source] for item in part]] for key, part in files.items()]
    )
    folder = store.artifact(node, name)
    entries = []
    for key, part in files.items():
        path = folder / output / f"{key}.parquet"
        with DocumentWriter(path) as writer:
            for document in part:
                writer.add(document)
        place = f"{output}/{key}.parquet"
        entries.append({"path": place, "output": output, "shard": key, "digest": content_digest(path)})
    return {"fingerprint": name, "files": entries, "outputs": {output: {"digest": name}}}


def _signals(store: Store) -> dict[str, Any]:
    path = store.artifact("filter-signals", "none") / "signals/none.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), path)
    entry = {"path": "signals/none.parquet", "output": "signals", "shard": "none", "digest": "none"}
    return {"fingerprint": "none", "files": [entry], "outputs": {"signals": {"digest": "none"}}}
