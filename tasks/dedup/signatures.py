"""The node dedup-signatures: what is compared of each document, one shard per file of documents."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from pydantic import Field

from tasks import node
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics

VERSION = 1
PACKAGES = ("xxhash",)
INPUTS = ("filter/documents",)


class Config(node.Config):
    """ngram: words in a shingle. bands, rows: two documents of similarity s meet with 1 - (1 - s^rows)^bands.
    seed: draws the permutations."""

    ngram: int = Field(default=5, ge=1)
    bands: int = Field(default=14, ge=1)
    rows: int = Field(default=8, ge=1)
    seed: int = 1


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    settings = {**config.identity(), "unicode": unicodedata.unidata_version}
    return [Shard(file.key, settings, {"documents": [file]}) for file in inputs["filter/documents"]]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes signatures.parquet (`tasks.dedup.index.SIGNATURES`), a row per document, in their order."""
    from tasks.dedup.index import SIGNATURES, signatures
    from tasks.document import TableWriter, read_batches

    config = Config(**{name: shard.config[name] for name in Config.model_fields})
    columns = ["id", "text", "source", "date"]
    size = 0
    with TableWriter(out / "signatures.parquet", SIGNATURES) as writer:
        for batch in read_batches([file.path for file in shard.inputs["documents"]], columns):
            rows = signatures(batch, config)
            size += sum(rows["length"].to_pylist())
            writer.write_table(rows)
        return ShardResult(
            {"documents_in": writer.rows, "documents_out": writer.rows, "bytes_in": size, "bytes_out": size}
        )


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    metrics: dict[str, Any] = merge_metrics(result.metrics for result in results)
    return metrics
