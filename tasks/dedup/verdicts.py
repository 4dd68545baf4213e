"""Documents and ledger of one file after its duplicates are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.document import DOCUMENTS, LEDGER, TableWriter, ledger_writer, read_batches
from tasks.node import Metrics

EXACT = "exact-duplicate"


def ledger_rows(ids: pa.Array, removed: pa.Table, threshold: float) -> pa.Table:
    """The ledger of documents in their order. removed: `tasks.dedup.removals.REMOVED`, `row` counted from the
    first of these. A near-duplicate's score is its similarity; an exact one has no threshold."""
    places = np.full(len(ids), -1, np.int64)
    places[removed["row"].to_numpy()] = np.arange(removed.num_rows)
    rows = removed.take(pa.array(places, mask=places < 0)).combine_chunks()
    rule = rows["rule"]
    gone = rule.is_valid()
    similarity = rows["similarity"]
    limit = pc.if_else(
        pc.equal(rule, EXACT).fill_null(True), pa.scalar(None, pa.float64()), pa.scalar(threshold)
    )
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


def write_file(documents: str, removed: str, threshold: float, out: Path) -> Metrics:
    """Writes documents.parquet and ledger.parquet, returns the funnel's counts."""
    table = pq.read_table(removed)
    places = table["row"].to_numpy()
    counts = _Counts()
    first = 0
    with (
        TableWriter(out / "documents.parquet", DOCUMENTS) as kept,
        ledger_writer(out / "ledger.parquet") as ledger,
    ):
        for batch in read_batches([documents], DOCUMENTS.names):
            start, stop = np.searchsorted(places, [first, first + batch.num_rows])
            here = table.slice(start, stop - start)
            here = here.set_column(0, "row", pa.array(places[start:stop] - first))
            rows = ledger_rows(batch["id"], here, threshold)
            ledger.write_table(rows)
            kept.write_table(batch.filter(pc.equal(rows["verdict"], "kept").combine_chunks()))
            counts.add(batch, rows)
            first += batch.num_rows
    return counts.metrics()


class _Counts:
    """Documents and bytes by source and by rule."""

    def __init__(self) -> None:
        self._parts: list[pa.Table] = []

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
        return {**metrics, "dropped": dict(sorted(dropped.items())), "sources": dict(sorted(sources.items()))}
