"""The stage's nodes over files of documents, in a real store: what a run makes, and what it had to work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from flows.run.prepare import StoreInputs, prepare
from flows.run.stage import run_node
from flows.store.fingerprint import content_digest, digest
from flows.store.store import Store
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
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

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
    name = digest(
        [[key, [[item.id, item.text, item.source] for item in part]] for key, part in files.items()]
    )
    folder = store.artifact("filter", name)
    paths = {}
    for key, part in files.items():
        paths[key] = folder / "documents" / f"{key}.parquet"
        with DocumentWriter(paths[key]) as writer:
            for document in part:
                writer.add(document)
    with patch("os.fsync"):  # what a power cut would lose is no matter here, and most of a small run's time
        return run_nodes(store, name, paths, **settings)


def run_nodes(
    store: Store,
    filtered: str,
    paths: Mapping[str, Path],
    *,
    quality: Mapping[str, Mapping[str, float]] | None = None,
    backwards: bool = False,
    **settings: Any,
) -> Stage:
    """Runs dedup over the documents of filter's artifact `filtered`: key -> path of the file in it.

    quality: what filter-signals says of the documents of a file. backwards: shards end in the opposite order.
    """
    stage = Stage(store)
    stage.manifests = {"filter": _upstream(filtered, paths), "filter-signals": _signals(store, quality or {})}

    def mapper(function: Any, jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        if function.__name__ == "run_shard":
            stage.worked.extend(f"{job[0]} {job[1].key}" for job in jobs)
        if backwards:
            return [function(*job) for job in jobs[::-1]][::-1]
        return [function(*job) for job in jobs]

    with store.workspace("test") as work:
        for name in NODES:
            module = load(name)
            known = {key: value for key, value in settings.items() if key in module.Config.model_fields}
            config = module.Config(**known)
            if hasattr(module, "wanted") and not module.wanted(config):
                continue
            inputs = StoreInputs(store, store.root, None, stage.manifests)  # type: ignore[arg-type]
            prepared = prepare(name, config, inputs, stage.manifests)
            manifest, _ = run_node(prepared, store, work, mapper)
            stage.manifests[name] = manifest
            stage.folders[name] = store.artifact(name, manifest["fingerprint"])
            stage.metrics[name] = manifest["metrics"]
    return stage


def _upstream(name: str, paths: Mapping[str, Path]) -> dict[str, Any]:
    entries = [
        {"path": f"documents/{key}.parquet", "output": "documents", "shard": key, "digest": digest_of(path)}
        for key, path in paths.items()
    ]
    return {"fingerprint": name, "files": entries, "outputs": {"documents": {"digest": name}}}


@cache
def digest_of(path: Path) -> str:
    """The content digest of a file of documents, which nobody changes."""
    return content_digest(path)


def _signals(store: Store, quality: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    name = digest({key: {id: str(score) for id, score in scores.items()} for key, scores in quality.items()})
    folder = store.artifact("filter-signals", name)
    entries = []
    for key, scores in (quality or {"none": {}}).items():
        path = folder / f"signals/{key}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = {"id": pa.array(list(scores), pa.string())}
        if quality:
            columns["quality_score"] = pa.array(list(scores.values()), pa.float32())
        pq.write_table(pa.table(columns), path)
        place = f"signals/{key}.parquet"
        entries.append({"path": place, "output": "signals", "shard": key, "digest": content_digest(path)})
    return {"fingerprint": name, "files": entries, "outputs": {"signals": {"digest": name}}}
