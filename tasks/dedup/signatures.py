"""The node dedup-signatures: what is compared of each document, one shard per file of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tasks.dedup.config import Config
from tasks.node import Inputs, Shard, ShardResult
from tasks.text import FOLDING

VERSION = 2
PACKAGES = ("xxhash",)
KERNELS = ("tasks.dedup.kernels.sketches",)
INPUTS = ("filter/documents",)


def partition(config: Config, inputs: Inputs) -> list[Shard]:
    settings = {**config.identity(), "folding": FOLDING}
    return [Shard(file.key, settings, {"documents": [file]}) for file in inputs["filter/documents"]]


def process(shard: Shard, out: Path) -> ShardResult:
    """Writes signatures.parquet (`tasks.dedup.minhash.table.SIGNATURES` without bands), a row per document, in their
    order; bands.npy, copies.npy and ids.npy (`tasks.dedup.pairs.band_files`); words.bin (`tasks.dedup.pairs.word_hashes`);
    and, if they are to be kept, sketches.parquet (`tasks.dedup.minhash.table.sketch_table`).

    Memory: some 1,000 bytes for each document of the file, and 40 for each word of the longest one."""
    import pyarrow as pa

    from tasks.dedup.minhash import SIGNATURES, metadata, signatures, sketch_table
    from tasks.dedup.pairs import CodeWriter, write_all
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
