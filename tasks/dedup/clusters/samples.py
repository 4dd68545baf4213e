"""Passages of the largest clusters, for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow.parquet as pq

EXCERPT = 240  # characters


def top_clusters(path: str, documents: Sequence[str]) -> list[dict[str, Any]]:
    """The clusters of top.parquet, the largest first, as plain values.

    path: `tasks.dedup.clusters.removals.TOP`. documents: paths of the files, by number. Each: cluster, documents, kept,
    samples [{id, survivor, similarity, text}], the survivor of most first.
    """
    rows = pq.read_table(path).to_pylist()
    texts = {
        file: _passages(documents[file], sorted(row["row"] for row in rows if row["file"] == file))
        for file in sorted({row["file"] for row in rows})
    }
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(
            row["cluster"],
            {**{name: row[name] for name in ("cluster", "documents", "kept")}, "samples": []},
        )
        sample = {name: row[name] for name in ("id", "survivor", "similarity")}
        entry["samples"].append({**sample, "text": texts[row["file"]][row["row"]]})
    return list(found.values())


def _passages(path: str, rows: Sequence[int]) -> dict[int, str]:
    """The beginnings of the texts in these rows, ascending; decodes a row group as far as the last one in it."""
    found: dict[int, str] = {}
    with pq.ParquetFile(path) as file:
        first = 0
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            wanted = [row for row in rows if first <= row < end]
            batches = file.iter_batches(batch_size=1024, row_groups=[group], columns=["text"])
            while wanted and (batch := next(batches, None)) is not None:
                while wanted and wanted[0] < first + batch.num_rows:
                    row = wanted.pop(0)
                    found[row] = (batch["text"][row - first].as_py() or "")[:EXCERPT]
                first += batch.num_rows
            first = end
    return found
