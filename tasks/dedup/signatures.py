"""The node dedup-signatures: what is compared of each document, one shard per file of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from tasks import node
from tasks.dedup.banding import choose_bands
from tasks.node import Inputs, Metrics, Shard, ShardResult, merge_metrics
from tasks.text.folding import FOLDING
from tasks.text.ngram import Ngram

VERSION = 2
PACKAGES = ("xxhash",)
INPUTS = ("filter/documents",)


class Config(node.Config):
    """ngram: words in a shingle, or "13 characters". bands, rows: two documents of similarity s meet with
    1 - (1 - s^rows)^bands. recall: the least probability with which a pair of similarity `threshold` meets; bands
    and rows follow from it (`tasks.dedup.banding.choose_bands`), whatever they say. seed: draws the permutations.
    sketches: whether sketches are kept, for other programs that compare by datasketch."""

    ngram: Ngram = 5
    bands: int = Field(default=14, ge=1)
    rows: int = Field(default=8, ge=1)
    recall: float | None = Field(default=None, gt=0, lt=1)
    threshold: float = Field(default=0.75, gt=0, le=1)
    seed: int = 1
    sketches: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Config:
        self.identity()
        return self

    def identity(self) -> dict[str, Any]:
        """Bands and rows as they are used; what they were chosen from is no part of it."""
        bands, rows = choose_bands(self.threshold, self.recall) if self.recall else (self.bands, self.rows)
        known = {
            name: value for name, value in super().identity().items() if name not in ("recall", "threshold")
        }
        return {**known, "bands": bands, "rows": rows}

    def resolved(self) -> Config:
        """The same with bands and rows as they are used."""
        known = self.identity()
        return Config(**{name: known[name] for name in Config.model_fields if name in known})


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    settings = {**config.identity(), "folding": FOLDING}
    return [Shard(file.key, settings, {"documents": [file]}) for file in inputs["filter/documents"]]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes signatures.parquet (`tasks.dedup.minhash.table.SIGNATURES` without bands), a row per document, in their
    order; bands.npy, copies.npy and ids.npy (`tasks.dedup.pairs.band_files`); words.bin (`tasks.dedup.pairs.word_hashes`);
    and, if they are to be kept, sketches.parquet (`tasks.dedup.minhash.table.sketch_table`).

    Memory: some 1,000 bytes for each document of the file, and 40 for each word of the longest one."""
    import pyarrow as pa

    from tasks.dedup.minhash.scheme import metadata
    from tasks.dedup.minhash.table import SIGNATURES, signatures, sketch_table
    from tasks.dedup.pairs.band_files import write_all
    from tasks.dedup.pairs.word_hashes import CodeWriter
    from tasks.document import TableWriter, read_batches

    config = Config(**{name: shard.config[name] for name in Config.model_fields if name in shard.config})
    columns = ["id", "text", "source", "date"]
    with CodeWriter(out / "words.bin") as words:
        batches = read_batches([file.path for file in shard.inputs["documents"]], columns)
        sketches: list[Any] = []
        keep = sketches.append if config.sketches else None
        parts = [signatures(batch, config, words.add, keep) for batch in batches]
    table = pa.concat_tables(parts or [SIGNATURES.empty_table()])
    write_all(out, table)
    kept = table.drop_columns(["bands"])
    with TableWriter(out / "signatures.parquet", kept.schema.with_metadata(metadata(config))) as writer:
        writer.write_table(kept)
    if config.sketches:
        rows = sketch_table(kept["id"], sketches, config)
        with TableWriter(out / "sketches.parquet", rows.schema) as writer:
            writer.write_table(rows)
    size = sum(kept["length"].to_pylist())
    count = kept.num_rows
    return ShardResult({"documents_in": count, "documents_out": count, "bytes_in": size, "bytes_out": size})


def finish(shards: list[Shard], results: list[ShardResult], out: Path) -> Metrics:
    metrics: dict[str, Any] = merge_metrics(result.metrics for result in results)
    return metrics
