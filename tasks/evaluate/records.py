"""The tables that an evaluation leaves: one record per scored sample, one per held-out document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
        # right | wrong | no answer | passed | failed | timeout | crashed | not scored
        ("outcome", pa.string()),
        ("detail", pa.string()),
        ("contaminated", pa.bool_()),
        ("metrics", pa.string()),  # a JSON object: every metric of the task for this item
    ]
)

DOCUMENTS = pa.schema(
    [("id", pa.string()), ("bits", pa.float64()), ("bytes", pa.int64()), ("tokens", pa.int64())]
)


def _write(path: Path, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> None:
    with TableWriter(path, schema) as writer:
        for row in rows:
            writer.write(row)


Hits = frozenset[tuple[str, str]]


@dataclass
class Evaluation:
    """What an evaluation found; `write` leaves it as the files of the artifact.

    scores: the content of scores.json. samples: benchmark -> one record per sample. generations: {prompt,
    text}. documents: {id, bits, bytes, tokens} per held-out document. metrics: scores in short, counts,
    seconds, hardware.
    """

    scores: dict[str, Any] = field(default_factory=lambda: {"benchmarks": {}})
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    generations: list[dict[str, str]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)

    def write(self, out: Path) -> None:
        """Writes scores.json, samples/*.parquet, generations.jsonl and held_out.parquet into a folder."""
        out.mkdir(parents=True, exist_ok=True)
        (out / "scores.json").write_text(json.dumps(self.scores, indent=1, allow_nan=False) + "\n", "utf-8")
        with (out / "generations.jsonl").open("w", encoding="utf-8") as file:
            for row in self.generations:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        for name, rows in self.samples.items():
            _write(out / "samples" / f"{name}.parquet", SAMPLES, rows)
        _write(out / "held_out.parquet", DOCUMENTS, self.documents)
