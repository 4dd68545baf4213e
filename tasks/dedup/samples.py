"""Passages of the largest clusters, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

EXCERPT = 240  # characters


def top_clusters(path: str, documents: Mapping[str, str]) -> list[dict[str, Any]]:
    """The clusters of top.parquet, the largest first, as plain values.

    path: `tasks.dedup.removals.TOP`. documents: key -> path of the file. Each: cluster, documents, kept,
    samples [{id, survivor, similarity, text}], the survivor of most first.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in pq.read_table(path).to_pylist():
        entry = found.setdefault(
            row["cluster"],
            {**{name: row[name] for name in ("cluster", "documents", "kept")}, "samples": []},
        )
        sample = {name: row[name] for name in ("id", "survivor", "similarity")}
        entry["samples"].append({**sample, "text": _passage(documents[row["file"]], row["row"])})
    return list(found.values())


def _passage(path: str, row: int) -> str:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if row < rows:
                return _text(file, group, row)
            row -= rows
    return ""


def _text(file: pq.ParquetFile, group: int, row: int) -> str:
    """The beginning of a text; decodes what lies before it in its row group, nothing after it."""
    for batch in file.iter_batches(batch_size=1024, row_groups=[group], columns=["text"]):
        if row < batch.num_rows:
            return str((batch["text"][row].as_py() or "")[:EXCERPT])
        row -= batch.num_rows
    return ""
