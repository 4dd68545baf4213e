"""Documents and ledger of one file after its duplicates are known."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.dedup.paragraphs import RULE, without
from tasks.document import DOCUMENTS, EDIT_SAMPLES, EDITS, LEDGER, TableWriter, ledger_writer, read_batches
from tasks.node import Metrics

NEAR = "near-duplicate"
# Of the paragraphs that are cut from a file's documents the first ones are shown, each once.
MOST_SAMPLES = 12
SAMPLE_BYTES = 400


def ledger_rows(ids: pa.Array, removed: pa.Table, limits: Mapping[str, float | None]) -> pa.Table:
    """The ledger of documents in their order. removed: `tasks.dedup.clusters.removals.REMOVED`, `row` counted from the
    first of these. limits: rule -> threshold; exact duplicates have none."""
    places = np.full(len(ids), -1, np.int64)
    places[removed["row"].to_numpy()] = np.arange(removed.num_rows)
    rows = removed.take(pa.array(places, mask=places < 0)).combine_chunks()
    rule = rows["rule"]
    gone = rule.is_valid()
    similarity = rows["similarity"]
    known = pa.array(list(limits), pa.string())
    limit = pa.array(list(limits.values()), pa.float64()).take(pc.index_in(rule, known).combine_chunks())
    columns: dict[str, Any] = {
        "id": ids,
        "verdict": pc.if_else(gone, "dropped", "kept"),
        "rule": rule,
        "failed_rules": _lists(rule),
        "score": similarity,
        "threshold": limit,
        "matched_id": rows["survivor"],
        "similarity": similarity,
    }
    return pa.table([columns[name] for name in LEDGER.names], schema=LEDGER)


def _lists(rules: pa.ChunkedArray) -> pa.Array:
    """[rule], or [] where there is none."""
    flat = rules.combine_chunks()
    counts = flat.is_valid().to_numpy(zero_copy_only=False).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *counts]), pa.int32()), flat.drop_null())


def write_file(paths: Mapping[str, str], limits: Mapping[str, float | None], out: Path) -> Metrics:
    """Writes documents.parquet and ledger.parquet, where there are cuts edits.parquet and samples.parquet, too;
    returns the counts.

    paths: documents, removed; cuts and drops (`tasks.dedup.paragraphs.duplicates`) where paragraphs are cut.
    """
    table = pa.concat_tables([pq.read_table(paths[name]) for name in ("removed", "drops") if name in paths])
    table = table.sort_by("row")
    cuts = np.load(paths["cuts"]) if "cuts" in paths else None
    places = table["row"].to_numpy()
    counts = _Counts()
    shown: dict[str, str] = {}
    first = 0
    with (
        TableWriter(out / "documents.parquet", DOCUMENTS) as kept,
        ledger_writer(out / "ledger.parquet") as ledger,
        nullcontext() if cuts is None else TableWriter(out / "edits.parquet", EDITS, sort_by="id") as edits,
    ):
        for batch in read_batches([paths["documents"]], DOCUMENTS.names):
            start, stop = np.searchsorted(places, [first, first + batch.num_rows])
            here = table.slice(start, stop - start)
            here = here.set_column(0, "row", pa.array(places[start:stop] - first))
            rows = ledger_rows(batch["id"], here, limits)
            ledger.write_table(rows)
            counts.add(batch, rows)
            if cuts is not None and edits is not None:
                low, high = np.searchsorted(cuts["row"], [first, first + batch.num_rows])
                here = cuts[low:high].copy()
                here["row"] -= first
                _show(batch, here, shown)
                batch, edited = _cut(batch, here)
                edits.write_table(edited)
                counts.edit(edited)
            kept.write_table(batch.filter(pc.equal(rows["verdict"], "kept").combine_chunks()))
            first += batch.num_rows
    if cuts is not None:
        with TableWriter(out / "samples.parquet", EDIT_SAMPLES) as samples:
            for text, id in shown.items():
                samples.write({"id": id, "rule": RULE, "text": text, "replacement": ""})
    return counts.metrics()


def _show(batch: pa.RecordBatch, cuts: np.ndarray, shown: dict[str, str]) -> None:
    """Adds passages that are cut, and the ids of their documents, until there are enough."""
    for row, start, end in zip(
        cuts["row"].tolist(), cuts["start"].tolist(), cuts["end"].tolist(), strict=True
    ):
        if len(shown) == MOST_SAMPLES:
            return
        passage = batch["text"][row].as_buffer()[start : min(end, start + SAMPLE_BYTES)]
        shown.setdefault(passage.to_pybytes().decode("utf-8", "ignore").strip(), batch["id"][row].as_py())


def _cut(batch: pa.RecordBatch, cuts: np.ndarray) -> tuple[pa.RecordBatch, pa.Table]:
    """The documents without their repeated paragraphs, and what was taken out, as `EDITS`.

    cuts: theirs, rows counted from the first of them.
    """
    texts, removed = without(batch["text"], cuts)
    rows, count = np.unique(cuts["row"], return_counts=True)
    edited = [
        batch["id"].take(pa.array(rows)),
        pa.array([RULE] * len(rows), pa.string()),
        count,
        removed[rows],
    ]
    batch = batch.set_column(DOCUMENTS.names.index("text"), DOCUMENTS.field("text"), texts)
    return batch, pa.table(edited, names=EDITS.names).cast(EDITS)


class _Counts:
    """Documents and bytes by source and by rule, and what edits took out."""

    def __init__(self) -> None:
        self._parts: list[pa.Table] = []
        self._edits: dict[str, dict[str, int]] = {}

    def edit(self, edits: pa.Table) -> None:
        """edits: `EDITS`, of one rule."""
        rule = self._edits.setdefault(RULE, {"documents": 0, "count": 0, "bytes": 0})
        rule["documents"] += edits.num_rows
        for name in ("count", "bytes"):
            rule[name] += pc.sum(edits[name]).as_py() or 0

    def add(self, batch: pa.RecordBatch, ledger: pa.Table) -> None:
        columns = {
            "source": batch["source"].fill_null(""),
            "rule": ledger["rule"].fill_null(""),
            "bytes": pc.binary_length(batch["text"]).fill_null(0).cast(pa.int64()),
        }
        grouped = pa.table(columns).group_by(["source", "rule"])
        self._parts.append(grouped.aggregate([("bytes", "sum"), ("bytes", "count")]))

    def metrics(self) -> Metrics:
        metrics: Metrics = dict.fromkeys(("documents_in", "documents_out", "bytes_in", "bytes_out"), 0)
        dropped: dict[str, dict[str, int]] = {}
        sources: dict[str, dict[str, int]] = {}
        for row in (row for part in self._parts for row in part.to_pylist()):
            source = sources.setdefault(row["source"], {"documents_in": 0, "documents_out": 0})
            documents, size = row["bytes_count"], row["bytes_sum"]
            metrics["documents_in"] += documents
            metrics["bytes_in"] += size
            source["documents_in"] += documents
            if row["rule"]:
                rule = dropped.setdefault(row["rule"], {"documents": 0, "bytes": 0})
                rule["documents"] += documents
                rule["bytes"] += size
            else:
                metrics["documents_out"] += documents
                metrics["bytes_out"] += size
                source["documents_out"] += documents
        if self._edits:
            metrics["edits"] = self._edits
            metrics["bytes_out"] -= sum(rule["bytes"] for rule in self._edits.values())
        return {**metrics, "dropped": dict(sorted(dropped.items())), "sources": dict(sorted(sources.items()))}
