"""The tables that an evaluation leaves: one record per scored sample, one per held-out document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.document import TableWriter

SAMPLES = pa.schema(
    [
        ("benchmark", pa.string()),
        ("item", pa.string()),
        ("sample", pa.int32()),  # which of an item's generations
        ("prompt", pa.large_string()),
        ("target", pa.large_string()),
        ("output", pa.large_string()),  # the generated text, or the choice made
        ("correct", pa.bool_()),  # null where nothing was scored
        (
            "outcome",
            pa.string(),
        ),  # right | wrong | no answer | passed | failed | timeout | crashed | not scored
        ("detail", pa.string()),
        ("contaminated", pa.bool_()),
        ("metrics", pa.string()),  # a JSON object: every metric of the task for this item
    ]
)

DOCUMENTS = pa.schema(
    [("id", pa.string()), ("bits", pa.float64()), ("bytes", pa.int64()), ("tokens", pa.int64())]
)


def write_samples(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes samples/<benchmark>.parquet."""
    _write(path, SAMPLES, rows)


def write_documents(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes held_out.parquet."""
    _write(path, DOCUMENTS, rows)


def _write(path: Path, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> None:
    with TableWriter(path, schema) as writer:
        for row in rows:
            writer.write(row)
