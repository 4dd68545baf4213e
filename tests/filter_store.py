"""The store of a run that went up to the filter: real verdicts and ledgers, from signals that a test writes down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.document import DOCUMENTS, ledger_writer
from tasks.filter import signals, verdicts
from tasks.filter.text_signals.scoring import SCHEMA
from tasks.filter.urls import blocklists
from tasks.node import Input

# A document that passes every rule of the default profiles.
FINE: dict[str, Any] = {
    "language": "en", "language_score": 0.95, "characters": 2000, "words": 400, "real_words": 350, "stop_words": 6,
    "lines": 20, "paragraphs": 5, "max_line_length": 120, "c4_sentences": 20, "mean_word_length": 4.8,
    "alphabetic_word_ratio": 0.9, "mean_line_length": 90.0, "terminal_line_ratio": 0.8, "short_line_ratio": 0.1,
    "newline_word_ratio": 0.05, "letter_ratio": 0.95, "alphanumeric_ratio": 0.8,
}  # fmt: skip
URL = vars(blocklists.Measured())  # of a URL with nothing against it
RUN = "20261122-063000-ab12"
# The node whose documents the filter judges.
JUDGED = next(name for name in verdicts.INPUTS if name.endswith("/documents")).split("/")[0]


def write_store(
    root: Path,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    config: Mapping[str, Any] | None = None,
    mark: str = "",
) -> Path:
    """Writes pipeline.yaml and a store for documents (id, what differs from `FINE`); two sources take turns.

    `kind`, `url` and `text` among the differences are the document's. Returns the pipeline file.
    """
    file = root / "pipeline.yaml"
    sources = [{"kind": "jsonl", "name": name, "paths": ["no.jsonl"]} for name in ("web", "wiki")]
    settings = {"store": "store", "ingest": {"sources": sources}, "filter": dict(config or {})}
    file.write_text(json.dumps(settings))
    parts = {name: rows[at::2] for at, name in enumerate(("web", "wiki"))}
    names = dict.fromkeys(("ingest", JUDGED, "filter-signals", "filter"))
    folders = {name: root / "store" / name / (name[-4:] * 16) for name in names}
    results = []
    for name, part in parts.items():
        file_name = f"{name}-00000.parquet"
        documents = [_document(id, name, changes, mark) for id, changes in part]
        for node in {"ingest", JUDGED}:
            _write(folders[node] / "documents" / file_name, documents, DOCUMENTS)
        (folders["ingest"] / "ledger").mkdir(exist_ok=True)
        with ledger_writer(folders["ingest"] / "ledger" / file_name, [("url", pa.string())]) as ledger:
            for row in documents:
                ledger.write({"id": row["id"], "verdict": "kept", "failed_rules": [], "url": row["url"]})
        _write(folders["filter-signals"] / "signals" / file_name, [_signals(id, changes) for id, changes in part],
               _signal_schema(part))  # fmt: skip
        results.append(_judge(folders, file_name, config or {}))
    folders["filter"].mkdir(parents=True, exist_ok=True)
    counts = {"documents_in": len(rows), "documents_out": len(rows)}
    configs = {
        "filter-signals": signals.Config().model_dump(mode="json"),
        "filter": verdicts.Config.model_validate(config or {}).model_dump(mode="json"),
    }
    metrics = {"filter": verdicts.merge_metrics(results)}
    for name, folder in folders.items():
        _manifest(name, folder, configs.get(name, {}), metrics.get(name, counts))
    _record(root / "store", folders, settings)
    return file


def _document(id: str, source: str, changes: Mapping[str, Any], mark: str) -> dict[str, Any]:
    return {"id": id, "text": changes.get("text", f"The text of {id}.\nIt has two lines.{mark}"), "source": source,
            "url": changes.get("url", f"http://{source}.test/{id}{mark}"), "kind": changes.get("kind", "web"),
            "metadata": "{}"}  # fmt: skip


def _signals(id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": id, "bytes": 1000} | dict.fromkeys(SCHEMA.names, 0) | URL | FINE | {
        name: value for name, value in changes.items() if name not in ("kind", "url", "text")
    }  # fmt: skip


def _signal_schema(part: Sequence[tuple[str, Mapping[str, Any]]]) -> pa.Schema:
    head = [("id", pa.string()), ("language", pa.string()), ("language_score", pa.float64())]
    scored = any("quality_score" in changes for _, changes in part)
    return pa.schema(
        [
            *head,
            *SCHEMA,
            *blocklists.schema(),
            ("bytes", pa.int64()),
            *([("quality_score", pa.float64())] if scored else []),
        ]
    )


def _write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=7)


def _judge(folders: Mapping[str, Path], name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The filter's own work on one shard."""

    class Inputs:
        def __getitem__(self, output: str) -> list[Input]:
            node, kind = output.split("/")
            return [Input(kind, str(folders[node] / kind / name), "")]

    work = folders["filter"].parent / "work"
    work.mkdir(parents=True, exist_ok=True)
    (shard,) = verdicts.partition(verdicts.Config.model_validate(config), Inputs())
    result = verdicts.process(shard, work)
    for output in ("documents", "ledger"):
        (folders["filter"] / output).mkdir(parents=True, exist_ok=True)
        (work / f"{output}.parquet").rename(folders["filter"] / output / name)
    return result.metrics


def _manifest(node: str, folder: Path, config: dict[str, Any], metrics: dict[str, Any]) -> None:
    files = [
        {"path": str(path.relative_to(folder)), "size": path.stat().st_size, "output": path.parent.name}
        for path in sorted(folder.rglob("*.parquet"))
    ]
    told = {"format": 1, "node": node, "stage": node.split("-")[0], "fingerprint": folder.name, "config": config,
            "metrics": metrics, "files": files, "shards": [], "seconds": 1.0}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(told))


def _record(store: Path, folders: Mapping[str, Path], settings: dict[str, Any]) -> None:
    nodes = [
        {"node": name, "stage": name.split("-")[0], "status": "done", "fingerprint": folder.name}
        for name, folder in folders.items()
    ]
    folder = store / ".runs" / RUN
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(
        json.dumps({"id": RUN, "status": "done", "settings": settings, "nodes": nodes})
    )
    (store / ".runs" / "latest").symlink_to(RUN)
